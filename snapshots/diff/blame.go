package diff

import (
	"iter"

	"tenure/snapshots/document"
)

// Version is one document of an object's history; nil is the object's end.
type Version[T document.Content] struct {
	ID  string // the snapshot's
	Doc *T
}

// Origin says which snapshot, by its id, last set a member.
type Origin struct {
	Member string
	// Snapshot is the one that gave the member its value, or took it away. It is
	// empty for a member that never had one.
	Snapshot string
	Set      bool // the member has a value in the last document
}

// Blame goes once through an object's documents, oldest first, and says of each
// top-level member, in table order, which snapshot last set it. Another order of
// a set does not set it. The end of an object unsets all. It holds two documents
// at a time; the first error of the sequence ends it.
func Blame[T document.Content](versions iter.Seq2[Version[T], error]) ([]Origin, error) {
	last := document.Members(new(T))
	origins := make([]Origin, len(last))
	for i, m := range last {
		origins[i].Member = m.Name
	}
	doc := new(T)
	for v, err := range versions {
		if err != nil {
			return nil, err
		}
		next := v.Doc
		if next == nil {
			next = new(T)
		}
		members := document.Members(next)
		var changed map[string]bool
		for i, m := range members {
			if m.Value == last[i].Value {
				continue
			}
			if changed == nil {
				changed = changedMembers(doc, next)
			}
			if changed[m.Name] {
				origins[i].Snapshot = v.ID
			}
		}
		doc, last = next, members
	}
	for i, m := range last {
		origins[i].Set = m.Value != ""
	}
	return origins, nil
}

func changedMembers[T document.Content](from, to *T) map[string]bool {
	changed := map[string]bool{}
	for _, r := range walk(from, to, walker{}).rows {
		changed[r.Member] = true
	}
	return changed
}
