package diff

import (
	"slices"
	"strings"

	"tenure/snapshots/document"
)

// works are the members that a rule of document.Works reads.
func works(rule string) []string {
	at := slices.IndexFunc(document.Works, func(w document.Work) bool { return w.Name == rule })
	return document.Works[at].Fields
}

// breaks says the words at the first changed member of those that a rule of
// document.Works reads, if the change breaks the rule. A new client may break one
// by what it leaves out: then they are said at its first member.
func breaks(rule, words string) func(*input, *row) string {
	members := works(rule)
	return func(in *input, r *row) string {
		at := in.firstOf(func(one *row) bool { return slices.Contains(members, one.name) })
		if at == nil && in.fresh {
			at = in.first()
		}
		if at == r && slices.Contains(in.broken(), rule) {
			return words
		}
		return ""
	}
}

// first is the first row that is a change, nil if there is none.
func (in *input) first() *row { return in.firstOf(func(*row) bool { return true }) }

// firstOf is first among those of a kind.
func (in *input) firstOf(kind func(*row) bool) *row {
	for i := range in.rows {
		if r := &in.rows[i]; r.Kind != Equal && kind(r) {
			return r
		}
	}
	return nil
}

// withWorks are the rules about a member and all of document.Works, in the order of
// the table.
func withWorks(member string) []*rule {
	var all []*rule
	for i := range rules {
		r := &rules[i]
		of := slices.ContainsFunc(document.Works, func(w document.Work) bool { return w.Name == r.name })
		if of || r.members == nil || slices.Contains(r.members, member) {
			all = append(all, r)
		}
	}
	return all
}

// unregistered tells of a value that is not registered. none for an encryption is
// nevisMeta's way to ask for no encryption.
func unregistered(_ *input, r *row) string {
	off := r.New.Text == document.MethodNone && strings.Contains(r.name, "encrypt")
	if r.Kind == Removed || off || document.Registered(r.name, r.New.Text) {
		return ""
	}
	return words(r.name) + " has a value that is not registered"
}

// brokenWorks names the rules of document.Works that a change of a client breaks, which
// is in rows.
func brokenWorks[T document.Content](from, to *T, rows []row, setup *document.Setup) []string {
	client, ok := any(to).(*document.Client)
	if !ok || client == nil {
		return nil
	}
	base, _ := any(from).(*document.Client)
	var changed, names []string
	for i := range rows {
		if r := &rows[i]; r.Kind != Equal && !slices.Contains(changed, r.Member) {
			changed = append(changed, r.Member)
		}
	}
	for _, w := range document.Broken(client, base, changed, setup) {
		names = append(names, w.Name)
	}
	return names
}
