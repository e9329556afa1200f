package diff

import (
	"time"

	"tenure/snapshots/document"
)

// Kind says what happened to a thing.
type Kind string

// The kinds. A thing in another place of a set is no change; Equal is only
// ever the kind of a row (see Rows).
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
	Equal   Kind = "equal"
)

// Value is one side of a change; the zero one is a side that has nothing.
type Value struct {
	// Text is for people, neither quoted nor escaped: a text as it is, a lifetime
	// with its unit, a key and a certificate in a sentence, else JSON.
	Text string
	// JSON is the value for programs, canonical for whatever stands in a document.
	// A key is {kty, kid, use, alg, thumbprint, certificates} and a certificate
	// {subject, issuer, serial, not_before, not_after, sha256}: the serial
	// hexadecimal, the times RFC 3339.
	JSON string
}

// Set reports whether the side has a value.
func (v Value) Set() bool { return v.JSON != "" }

// Change is one difference.
type Change struct {
	// Path is an RFC 6901 pointer by metadata names: into the old document for
	// what is removed, else into the new one.
	Path string
	// Member is the top-level member that the path is in.
	Member string
	// Label names the thing without its place: the item of a set, a key by
	// thumbprint, a localized text by name and locale.
	Label    string
	Kind     Kind
	Old, New Value
	Risks    []Risk // in the order of the table of rules; none is routine
	// OldFrom and NewFrom are the ids of the setup's snapshots that the sides are
	// inherited from; empty where the document itself has the value, or there is
	// none. Only Effective sets them.
	OldFrom, NewFrom string
}

// Inherited reports whether a side is inherited from a setup.
func (c *Change) Inherited() bool { return c.OldFrom != "" || c.NewFrom != "" }

// Level is the highest of the change's risks.
func (c *Change) Level() Level {
	level := Routine
	for _, r := range c.Risks {
		level = max(level, r.Level)
	}
	return level
}

// Result is the semantic difference of two documents.
type Result struct {
	// Changes are in table order, and within a member by what they are about, not
	// by where it stands.
	Changes []Change
	// Reordered are the members that mean the same but are written in another
	// order, or with an item once more. They are no changes; a patch holds them.
	Reordered []string
	// Stored are the members that a client begins or ceases to set itself while
	// the value in force stays the same. They are no changes; a patch holds them.
	// Only Effective finds them.
	Stored []string
}

// Empty reports whether the documents mean the same.
func (r *Result) Empty() bool { return len(r.Changes) == 0 }

// Level is the highest of all risks.
func (r *Result) Level() Level {
	level := Routine
	for i := range r.Changes {
		level = max(level, r.Changes[i].Level())
	}
	return level
}

// Options are what the risks depend on besides the documents.
type Options struct {
	// At is the instant for which certificates are judged, usually when the new
	// document takes effect. The zero one leaves those rules out.
	At time.Time
	// From and To are the setups that clients inherit from before and after; nil
	// acts as one without defaults.
	From, To *document.Setup
}

// Of compares two documents of one kind. A nil document is an empty one; with
// a nil from nothing runs yet, so only rules about what the new document allows
// apply, none about what it relaxes or breaks.
func Of[T document.Content](from, to *T, o Options) Result {
	w := walk(from, to, walker{})
	return Result{Changes: w.changes(inputOf(from, to, o, w.rows)), Reordered: w.reordered}
}

// changes are the rows with their risks.
func (w *walker) changes(in *input) []Change {
	var all []Change
	if len(w.rows) > 0 {
		all = make([]Change, len(w.rows))
	}
	for i := range w.rows {
		r := &w.rows[i]
		if r.Kind != Equal {
			r.Risks = in.risks(r)
		}
		all[i] = r.Change
	}
	return all
}
