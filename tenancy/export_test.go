package tenancy

// Miss makes s believe that it failed to follow a commit.
func (s *Store) Miss() { s.stale.Store(true) }
