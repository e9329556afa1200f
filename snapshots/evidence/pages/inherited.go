package pages

import (
	"slices"
	"strings"

	"tenure/snapshots/diff"
	"tenure/snapshots/document"
	"tenure/tenancy/history"
)

// effective reports whether the pages speak of what is in force, what clients inherit
// included: the first form did not.
func (m *maker) effective() bool { return m.b.Form > FormOld }

// setupOf is the page of the setup that a client is in; nil where the bundle has none.
func (m *maker) setupOf(client string) *titled {
	t := m.titles[m.b.Names.Clients[client].Setup]
	if t == nil || t.Kind != history.ObjectSetup {
		return nil
	}
	return t
}

// setupBefore is the version of a client's setup that is in force right before an
// instant, with its id; nil where the bundle does not have it.
func (m *maker) setupBefore(client string, at history.Millis) (*document.Setup, string, error) {
	t := m.setupOf(client)
	if t == nil {
		return nil, "", nil
	}
	v := t.line.before(at)
	if v == nil || m.b.Erased[v.id] {
		return nil, "", nil
	}
	if m.setupID != v.id {
		content, err := m.b.Content(v.id)
		if err != nil {
			return nil, "", err
		}
		m.setupID, m.setup = v.id, nil
		if doc, err := document.Decode[document.Setup](content); err == nil {
			m.setup = doc
		}
	}
	return m.setup, v.id, nil
}

// setupChange is a change of a setup that changed something which clients inherit.
type setupChange struct {
	event             *Event
	before, after     *document.Setup
	beforeID, afterID string
}

// changesOfSetup are those of a client's setup, in the log's order. What was withdrawn
// changed nothing, and before the first version that is here nothing is known.
func (m *maker) changesOfSetup(client *titled) ([]setupChange, error) {
	t := m.setupOf(client.ID)
	if client.Kind != history.ObjectClient || t == nil || !m.effective() {
		return nil, nil
	}
	if t.asked {
		return t.changes, nil
	}
	t.asked = true
	versions := make(map[string]bool, len(t.line))
	for _, v := range t.line {
		versions[v.id] = true
	}
	for _, e := range t.events {
		env := &e.Envelope
		if !versions[env.Ref] || title(env.Kind) == titles["withdrawn"] {
			continue
		}
		c := setupChange{event: e}
		var err error
		if c.before, c.beforeID, err = m.setupBefore(client.ID, env.Effective); err == nil && c.before != nil {
			c.after, c.afterID, err = m.setupBefore(client.ID, env.Effective+1)
		}
		if err != nil {
			return nil, err
		}
		if c.after != nil && len(diff.Reached(&document.Client{}, c.before, c.after)) > 0 {
			t.changes = append(t.changes, c)
		}
	}
	return t.changes, nil
}

// inherited says what a change of its setup changed in a client; nil if it changed
// nothing, and of a client whose content of that time was erased. Where the client's
// version of that time is older than the bundle nothing but the change of the setup is
// known: the client may set all of it itself.
func (m *maker) inherited(client *titled, c *setupChange) (*entry, error) {
	at := c.event.Envelope.Effective
	if client.goneBefore(at) {
		return nil, nil
	}
	made := m.entry(c.event)
	made.FromSetup = true
	own := client.line.before(at)
	switch {
	case own == nil && (client.First == 1 || client.erased()):
		return nil, nil // it was not there yet, or what it was is nowhere
	case own == nil:
		made.Unknown, made.Page = true, strings.TrimPrefix(made.Page, Dir)
		return &made, nil
	}
	content, err := m.content(own.id)
	if err != nil || content == nil {
		return nil, err
	}
	doc, err := document.Decode[document.Client](content)
	if err != nil || len(content) > maxCompared {
		return nil, nil // its own events say that it cannot be read
	}
	result := diff.Effective(diff.InForce{Client: doc, Setup: c.before, From: c.beforeID}, diff.InForce{Client: doc, Setup: c.after, From: c.afterID}, at.Time())
	if result.Empty() {
		return nil, nil
	}
	made.comparison.take(&result)
	return &made, nil
}

// erased reports whether an object's contents were erased in the bundle's time.
func (t *titled) erased() bool {
	return slices.ContainsFunc(t.events, func(e *Event) bool { return title(e.Envelope.Kind) == titles["erased"] })
}

// goneBefore reports whether a client was deleted before an instant and not restored
// by then.
func (t *titled) goneBefore(at history.Millis) bool {
	gone := history.Millis(0)
	for _, e := range t.events {
		if _, verb, _ := strings.Cut(string(e.Envelope.Kind), "."); verb == "deleted" && e.Envelope.Effective < at {
			gone = e.Envelope.Effective
		}
	}
	v := t.line.before(at)
	return gone != 0 && (v == nil || v.effective <= gone)
}

// take takes over what a comparison found.
func (c *comparison) take(result *diff.Result) {
	c.Level, c.Reordered, c.Stored = result.Level(), result.Reordered, result.Stored
	for i := range result.Changes {
		c.Changes = append(c.Changes, changeOf(&result.Changes[i]))
	}
}

// inheritedTerm is the row of the glossary that forms since the second have.
var inheritedTerm = term{"Inherited", "What a client does not set itself comes from its setup: grant types, the duty to sign in again, and four lifetimes. A change of the setup changes it."}
