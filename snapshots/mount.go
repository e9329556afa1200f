package snapshots

import (
	"context"

	"tenure/snapshots/document"
	"tenure/tenancy"
)

// Ref names the entity as a path does.
func (e Entity) Ref() Ref { return Ref{e.Module, e.Setup, e.ID} }

// Mounted is the setup that a request is about, if the scope may use it: the one
// of an id, in a module if one is named. NotFound with CodeSetupUnknown.
func (s *Store) Mounted(ctx context.Context, scope tenancy.Scope, module string, id EntityID) (Entity, error) {
	found, err := Resolve[document.Setup](ctx, s, scope, ByRef(SetupRef(module, id)), Instant{})
	return found.Entity, err
}
