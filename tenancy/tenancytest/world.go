package tenancytest

import (
	"context"
	"io"
	"math/rand/v2"
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// Roles lists every role.
func Roles() []tenancy.Role {
	return []tenancy.Role{tenancy.Reader, tenancy.Auditor, tenancy.Editor, tenancy.Admin}
}

// World is one installation.
type World struct {
	DSN   string
	DB    *db.DB
	Log   *history.Log
	Store *tenancy.Store
	Clock *Clock

	Root, North, South, Harbour tenancy.OrgID

	Options db.Options // of the next opening

	random io.Reader
	keys   map[tenancy.OrgID]map[tenancy.Role]credential
}

type credential struct{ id, text string }

// New makes a World in the empty database dsn.
func New(t testing.TB, dsn string) *World {
	t.Helper()
	w := &World{DSN: dsn, Clock: &Clock{now: Start}, random: rand.NewChaCha8([32]byte{}),
		keys: make(map[tenancy.OrgID]map[tenancy.Role]credential)}
	w.open(t)
	root, made, err := w.Store.Bootstrap(context.Background(), w.Store.Operator("test"), "root")
	if err != nil || !made {
		t.Fatalf("bootstrap: made %t, %v", made, err)
	}
	w.Root = root
	w.North = w.MustOrg(t, root, "north")
	w.South = w.MustOrg(t, root, "south")
	w.Harbour = w.MustOrg(t, w.North, "harbour")
	for _, org := range w.Orgs() {
		w.keys[org] = make(map[tenancy.Role]credential)
		for _, role := range Roles() {
			k, text := w.MustKey(t, tenancy.NewKey{Org: org, Name: string(role), Role: role})
			w.keys[org][role] = credential{k.ID, text}
		}
	}
	return w
}

func (w *World) open(t testing.TB) {
	t.Helper()
	w.DB = dbtest.Open(t, w.DSN, w.Options)
	ids := tenancy.NewIDs(w.random) // which may be read side by side; the source may not
	w.Log = history.New(w.Clock.Now, ids)
	w.Log.AgeBy(w.Clock.Reading)
	if err := w.Log.Load(context.Background(), w.DB); err != nil {
		t.Fatal(err)
	}
	store, err := tenancy.Open(context.Background(), w.DB, w.Log, ids)
	if err != nil {
		t.Fatal(err)
	}
	w.Store = store
}

// Reopen closes the database and opens it again, as a restart does.
func (w *World) Reopen(t testing.TB) {
	t.Helper()
	if err := w.DB.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t)
}

// Another is a further node of the installation, on the same clock. It learns of changes
// of the first only when it polls, which it does when somebody asks it to.
func (w *World) Another(t testing.TB) *World {
	t.Helper()
	other := *w
	other.open(t)
	return &other
}

// Orgs lists the four organizations, parents first.
func (w *World) Orgs() []tenancy.OrgID {
	return []tenancy.OrgID{w.Root, w.North, w.South, w.Harbour}
}

// Key is the text of the key that org has for role.
func (w *World) Key(org tenancy.OrgID, role tenancy.Role) string { return w.keys[org][role].text }

// KeyID is the id of the key that org has for role.
func (w *World) KeyID(org tenancy.OrgID, role tenancy.Role) string { return w.keys[org][role].id }

// Scope is what org's key for role may do, acting for org.
func (w *World) Scope(t testing.TB, org tenancy.OrgID, role tenancy.Role) tenancy.Scope {
	t.Helper()
	return w.ScopeFor(t, org, role, org)
}

// ScopeFor is Scope acting for another organization.
func (w *World) ScopeFor(t testing.TB, org tenancy.OrgID, role tenancy.Role, acting tenancy.OrgID) tenancy.Scope {
	t.Helper()
	p, err := w.Store.Authenticate(w.Key(org, role))
	if err != nil {
		t.Fatal(err)
	}
	scope, err := w.Store.Authorize(p, acting, 0, "test", "because of a test")
	if err != nil {
		t.Fatal(err)
	}
	return scope
}

// MustOrg makes an organization.
func (w *World) MustOrg(t testing.TB, parent tenancy.OrgID, name string) tenancy.OrgID {
	t.Helper()
	o, err := w.Store.CreateOrganization(context.Background(), w.Store.Operator("test"), parent, name)
	if err != nil {
		t.Fatalf("create organization %s: %v", name, err)
	}
	return o.ID
}

// MustChain makes n organizations, each below the one before, and returns the last.
func (w *World) MustChain(t testing.TB, below tenancy.OrgID, n int) tenancy.OrgID {
	t.Helper()
	for range n {
		below = w.MustOrg(t, below, "link")
	}
	return below
}

// MustKey makes a key and returns its text with it.
func (w *World) MustKey(t testing.TB, k tenancy.NewKey) (tenancy.Key, string) {
	t.Helper()
	made, text, err := w.Store.CreateKey(context.Background(), w.Store.Operator("test"), k)
	if err != nil {
		t.Fatalf("create key %s: %v", k.Name, err)
	}
	return made, text
}

// Events lists the log.
func (w *World) Events(t testing.TB) []history.Envelope {
	t.Helper()
	var texts []string
	if err := w.DB.View(context.Background(), func(c *db.Conn) error {
		return c.Select(&texts, "SELECT envelope FROM log_event ORDER BY idx")
	}); err != nil {
		t.Fatal(err)
	}
	events := make([]history.Envelope, len(texts))
	for i, text := range texts {
		e, err := history.DecodeEnvelope([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		events[i] = e
	}
	return events
}

// Check fails the test if the log is not sound.
func (w *World) Check(t testing.TB) {
	t.Helper()
	if err := w.DB.View(context.Background(), func(c *db.Conn) error {
		problems, err := history.Check(c)
		for _, p := range problems {
			t.Error(p)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
