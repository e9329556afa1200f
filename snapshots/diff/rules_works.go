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
// document.Works reads, if the change breaks the rule.
func breaks(rule, words string) func(*input, *row) string {
	members := works(rule)
	return func(in *input, r *row) string {
		for i := range in.rows {
			if one := &in.rows[i]; one.Kind != Equal && slices.Contains(members, one.name) {
				if one.Path == r.Path && slices.Contains(in.broken(), rule) {
					return words
				}
				return ""
			}
		}
		return ""
	}
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

// brokenWorks names the rules of document.Works that a change of a client
// breaks.
func brokenWorks[T document.Content](from, to *T, setup *document.Setup) []string {
	client, ok := any(to).(*document.Client)
	if !ok || client == nil {
		return nil
	}
	base, _ := any(from).(*document.Client)
	var names []string
	for _, w := range document.Broken(client, base, setup) {
		names = append(names, w.Name)
	}
	return names
}
