package diff

import (
	"slices"
	"time"

	"tenure/snapshots/document"
)

// InForce is a client with the setup that it inherits from at the same instant.
type InForce struct {
	Client *document.Client // nil for none
	Setup  *document.Setup  // nil acts as one without defaults
	From   string           // id of the setup's snapshot
}

// Effective compares what is in force on both sides: what a client leaves to its
// setup counts with the setup's value, so a change that only the setup made is a
// change, with its risks. Paths point into the documents in force. A nil client is
// an empty document that inherits nothing; from nothing only rules about what the
// new document allows apply, as in Of. at is Options.At.
func Effective(from, to InForce, at time.Time) Result {
	w := walkInForce(from, to, walker{})
	result := Result{Changes: from.changes(to, w, at), Reordered: w.reordered}
	if from.Client == nil || to.Client == nil {
		return result
	}
	stored := walk(from.Client, to.Client, walker{})
	for i := range stored.rows {
		name := stored.rows[i].Member
		told := slices.ContainsFunc(result.Changes, func(c Change) bool { return c.Member == name })
		if !told && !slices.Contains(result.Stored, name) {
			result.Stored = append(result.Stored, name)
		}
	}
	return result
}

// EffectiveRows is to Effective what Rows is to Of.
func EffectiveRows(from, to InForce, at time.Time, equal bool) []Change {
	return from.changes(to, walkInForce(from, to, walker{equal: equal}), at)
}

// EffectiveUnified is to Effective what Unified is to Of. A line of an inherited
// value ends with the setup's snapshot.
func EffectiveUnified(from, to InForce, oldName, newName string, context int) string {
	return unified(linesOf(walkInForce(from, to, walker{equal: true, details: true})), oldName, newName, context)
}

// Reached lists the members of a client, in table order, whose value in force is
// another one after a change of its setup.
func Reached(c *document.Client, before, after *document.Setup) []string {
	var names []string
	for _, r := range walkInForce(InForce{Client: c, Setup: before}, InForce{Client: c, Setup: after}, walker{}).rows {
		if !slices.Contains(names, r.Member) {
			names = append(names, r.Member)
		}
	}
	return names
}

// walkInForce walks over what acts on both sides, and marks what is inherited.
func walkInForce(from, to InForce, w walker) *walker {
	whole := from.Client != nil && to.Client != nil
	walked := walk(from.acting(whole), to.acting(whole), w)
	old, new := from.inherited(), to.inherited()
	for i := range walked.rows {
		r := &walked.rows[i]
		if r.Old.Set() && slices.Contains(old, r.Member) {
			r.OldFrom = from.From
		}
		if r.New.Set() && slices.Contains(new, r.Member) {
			r.NewFrom = to.From
		}
	}
	return walked
}

func (f InForce) changes(to InForce, w *walker, at time.Time) []Change {
	return w.changes(inputOf(f.Client, to.Client, Options{At: at, From: f.Setup, To: to.Setup}, w.rows))
}

// acting is the client as it acts, or an empty document. Grant types that nobody
// sets act as an empty list; beside a side that has no client they stay unset, so
// that nothing is said of them.
func (f InForce) acting(whole bool) *document.Client {
	if f.Client == nil {
		return nil
	}
	acts := document.Effective(f.Client, f.setup())
	if !whole && f.Client.GrantTypes == nil && f.setup().GrantTypes == nil {
		acts.GrantTypes = nil
	}
	return &acts
}

func (f InForce) setup() *document.Setup {
	if f.Setup == nil {
		return &document.Setup{}
	}
	return f.Setup
}

// inherited lists the members that the client has of the setup.
func (f InForce) inherited() []string {
	if f.Client == nil {
		return nil
	}
	return document.Inherited(f.Client, f.setup())
}
