package evidence

// Snapshots are the ids of the snapshots whose contents the bundle has, as far as it has
// been written. Those that were erased count too.
func (b *Bundle) Snapshots() []string {
	ids := make([]string, len(b.refs))
	for i, ref := range b.refs {
		ids[i] = ref.ID
	}
	return ids
}
