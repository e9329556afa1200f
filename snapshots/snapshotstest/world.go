// Package snapshotstest makes what tests of snapshots, and of what is built on
// them, need: a World of organizations with a setup. Only tests import it. It may
// import snapshots, document, tenancy, tenancytest and what is below.
package snapshotstest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/holdings"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// Clock stands still until a test moves it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock stands a while after everything that tenancytest has written.
func NewClock() *Clock { return &Clock{now: tenancytest.Start.Add(time.Minute)} }

// Now is the instant at which the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock; a negative d moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set puts the clock to an instant.
func (c *Clock) Set(at history.Millis) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at.Time()
}

// Millis is the clock's instant as valid_from counts it.
func (c *Clock) Millis() history.Millis { return history.Millis(c.Now().UnixMilli()) }

// Node is one server's view of a database.
type Node struct {
	DB      *db.DB
	Log     *history.Log
	Tenancy *tenancy.Store
	Store   *snapshots.Store
}

// OpenNode opens the database as a server does when it starts; without a clock
// it goes by the system's.
func OpenNode(t testing.TB, dsn string, clock *Clock, dbOpts db.Options, opts snapshots.Options) *Node {
	t.Helper()
	n, err := openNode(t, dsn, clock, dbOpts, opts)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func openNode(t testing.TB, dsn string, clock *Clock, dbOpts db.Options, opts snapshots.Options) (*Node, error) {
	t.Helper()
	ctx := context.Background()
	wall := time.Now
	if clock != nil {
		wall = clock.Now
	}
	n := &Node{DB: dbtest.Open(t, dsn, dbOpts), Log: history.New(wall, nil)}
	if err := n.Log.Load(ctx, n.DB); err != nil {
		return nil, err
	}
	ids := tenancy.NewIDs(nil)
	var err error
	if n.Tenancy, err = tenancy.Open(ctx, n.DB, n.Log, ids); err != nil {
		return nil, err
	}
	n.Store, err = snapshots.Open(ctx, n.DB, n.Log, ids, opts)
	return n, err
}

// World is tenancytest's tree of organizations (root → north and south, north
// → harbour) and a quay below harbour, with a module, a setup of north, and a
// clock that stands still. Every step that its methods make ends with the
// consistency check.
type World struct {
	t testing.TB
	*Node
	DSN     string
	Clock   *Clock
	Options snapshots.Options

	Root, North, South, Harbour, Quay tenancy.OrgID
	Setup                             snapshots.EntityID

	tree    *tenancytest.World
	quay    map[tenancy.Role]string
	ordered atomic.Pointer[func()]
}

// InOrder makes writes wait in the order in which they are queued, whoever makes
// them, and calls queued of each; nil ends that.
func (w *World) InOrder(queued func()) {
	if queued == nil {
		w.ordered.Store(nil)
		return
	}
	w.ordered.Store(&queued)
}

func (w *World) lane(lane string) string {
	if queued := w.ordered.Load(); queued != nil {
		(*queued)()
		return ""
	}
	return lane
}

// Module is the one that every World has.
const Module = snapshots.DefaultModule

// New makes a World in the empty database dsn.
func New(t testing.TB, dsn string, opts snapshots.Options) *World {
	t.Helper()
	tree := tenancytest.New(t, dsn)
	w := &World{t: t, DSN: dsn, Clock: NewClock(), Options: opts, tree: tree, quay: make(map[tenancy.Role]string),
		Root: tree.Root, North: tree.North, South: tree.South, Harbour: tree.Harbour}
	w.Quay = tree.MustOrg(t, w.Harbour, "quay")
	for _, role := range tenancytest.Roles() {
		_, w.quay[role] = tree.MustKey(t, tenancy.NewKey{Org: w.Quay, Name: string(role), Role: role})
	}
	if err := tree.DB.Close(); err != nil {
		t.Fatal(err)
	}
	w.Node = OpenNode(t, dsn, w.Clock, db.Options{Lane: w.lane}, opts)
	w.Must(w.Store.CreateModule(context.Background(), w.Admin(w.Root), Module))
	w.Setup = w.NewSetup(w.Admin(w.North), MinimalSetup("plain")).Entity.ID
	w.Tick()
	return w
}

// Reopen closes the database and opens it again, as a restart does.
func (w *World) Reopen(opts db.Options) {
	w.t.Helper()
	if err := w.DB.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.Node = OpenNode(w.t, w.DSN, w.Clock, opts, w.Options)
}

// Orgs lists the organizations, parents first.
func (w *World) Orgs() []tenancy.OrgID {
	return []tenancy.OrgID{w.Root, w.North, w.South, w.Harbour, w.Quay}
}

// OrgName is how a failing test calls an organization.
func (w *World) OrgName(id tenancy.OrgID) string {
	i := slices.Index(w.Orgs(), id)
	if i < 0 {
		return string(id)
	}
	return []string{"root", "north", "south", "harbour", "quay"}[i]
}

// Scope is what an organization's key of a role may do, acting for it.
func (w *World) Scope(org tenancy.OrgID, role tenancy.Role) tenancy.Scope {
	w.t.Helper()
	return w.ScopeOn(w.Node, org, role, org)
}

// ScopeOn is Scope on another node and acting for another organization.
func (w *World) ScopeOn(n *Node, org tenancy.OrgID, role tenancy.Role, acting tenancy.OrgID) tenancy.Scope {
	w.t.Helper()
	key := w.tree.Key(org, role)
	if org == w.Quay {
		key = w.quay[role]
	}
	p, err := n.Tenancy.Authenticate(key)
	if err != nil {
		w.t.Fatal(err)
	}
	scope, err := n.Tenancy.Authorize(p, acting, 0, "test", "because of a test")
	if err != nil {
		w.t.Fatal(err)
	}
	return scope
}

// Admin is the scope of an organization's administrator.
func (w *World) Admin(org tenancy.OrgID) tenancy.Scope {
	w.t.Helper()
	return w.Scope(org, tenancy.Admin)
}

// MustOrg makes an organization.
func (w *World) MustOrg(parent tenancy.OrgID, name string) tenancy.OrgID {
	w.t.Helper()
	o, err := w.Tenancy.CreateOrganization(context.Background(), w.Admin(w.Root), parent, name)
	w.Must(err)
	return o.ID
}

// Tick moves the clock on by a second, which is more than any burst may run ahead.
func (w *World) Tick() { w.Clock.Advance(time.Second) }

// In is the instant d from now.
func (w *World) In(d time.Duration) *history.Millis {
	at := w.Clock.Millis() + history.Millis(d.Milliseconds())
	return &at
}

// Must fails the test if a step failed or left the database inconsistent.
func (w *World) Must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	w.Sound()
}

// Sound fails the test if the consistency check finds anything.
func (w *World) Sound() {
	w.t.Helper()
	problems, err := snapshots.Check(context.Background(), w.DB)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range problems {
		w.t.Error(p)
	}
	if len(problems) > 0 {
		w.t.FailNow()
	}
}

// Refused fails the test unless err is a fault of the kind with the code, and
// the database is consistent.
func (w *World) Refused(err error, kind fault.Kind, code string) {
	w.t.Helper()
	if !fault.Is(err, kind) || fault.Of(err).Code != code {
		w.t.Fatalf("got %v, want a fault of kind %s with code %q", err, kind, code)
	}
	w.Sound()
}

// RefusedAt is Refused for a broken rule at a path.
func (w *World) RefusedAt(err error, path, rule string) {
	w.t.Helper()
	if !fault.Is(err, fault.Invalid) || !slices.ContainsFunc(fault.Of(err).Fields,
		func(f fault.Field) bool { return f.Path == path && f.Rule == rule }) {
		w.t.Fatalf("got %v, want the rule %s broken at %s", err, rule, path)
	}
	w.Sound()
}

// To is a change to a document, whatever stands there.
func To[T document.Content](doc T) snapshots.Change[T] {
	return snapshots.Change[T]{Apply: func(*T, *document.Setup) (*T, error) {
		next := doc
		return &next, nil
	}}
}

// ToAt is To at an instant.
func ToAt[T document.Content](doc T, at *history.Millis) snapshots.Change[T] {
	ch := To(doc)
	ch.ValidFrom = at
	return ch
}

// MinimalSetup has a name and nothing else.
func MinimalSetup(name string) document.Setup { return document.Setup{Name: name} }

// Named is a small client.
func Named(name string) document.Client {
	return document.Client{ClientName: name, RedirectURIs: []string{"https://" + name + ".example/cb"},
		ResponseTypes: []string{"code"}, TokenEndpointAuthMethod: "client_secret_basic"}
}

// NewSetup makes a setup of the acting organization.
func (w *World) NewSetup(scope tenancy.Scope, doc document.Setup) snapshots.Outcome[document.Setup] {
	w.t.Helper()
	out, err := w.Store.CreateSetup(context.Background(), scope, Module, To(doc))
	w.Must(err)
	return out
}

// DeleteSetup deletes a setup with the clients that it has.
func DeleteSetup(d *db.DB, s *snapshots.Store, scope tenancy.Scope, setup snapshots.EntityID) error {
	ctx, clients := context.Background(), int64(0)
	if err := d.View(ctx, func(c *db.Conn) (err error) {
		clients, err = holdings.ClientsOf(c, string(setup))
		return err
	}); err != nil {
		return err
	}
	return s.DeleteSetup(ctx, scope, snapshots.SetupRef(Module, setup), nil, clients)
}

// NewClient registers a client in the World's setup, owned by the acting organization.
func (w *World) NewClient(scope tenancy.Scope, clientID string, ch snapshots.Change[document.Client]) snapshots.Outcome[document.Client] {
	w.t.Helper()
	out, err := w.Store.CreateClient(context.Background(), scope,
		snapshots.NewClient{Module: Module, Setup: w.Setup, ClientID: clientID, Surface: "test"}, ch)
	w.Must(err)
	if !out.Changed || out.Entity.ClientID != clientID || out.Entity.Surface != "test" {
		w.t.Fatalf("created %+v", out)
	}
	return out
}

// Ref names a client of the World's setup.
func (w *World) Ref(id snapshots.EntityID) snapshots.Ref {
	return snapshots.Ref{Module: Module, Setup: w.Setup, Entity: id}
}

// Edit changes a client of the World's setup.
func (w *World) Edit(scope tenancy.Scope, id snapshots.EntityID, ch snapshots.Change[document.Client]) snapshots.Outcome[document.Client] {
	w.t.Helper()
	out, err := snapshots.Edit(context.Background(), w.Store, scope, w.Ref(id), ch)
	w.Must(err)
	return out
}

// Active resolves a client of the World's setup.
func (w *World) Active(scope tenancy.Scope, id snapshots.EntityID) snapshots.Resolved[document.Client] {
	w.t.Helper()
	found, err := snapshots.Resolve[document.Client](context.Background(), w.Store, scope, snapshots.ByRef(w.Ref(id)), snapshots.Instant{})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// History lists the ids of a client's snapshots.
func (w *World) History(scope tenancy.Scope, id snapshots.EntityID, withdrawn bool) []snapshots.SnapshotID {
	w.t.Helper()
	ids, err := snapshots.Snapshots[document.Client](context.Background(), w.Store, scope, w.Ref(id), nil, withdrawn)
	if err != nil {
		w.t.Fatal(err)
	}
	return ids
}

// Count is the number that a query gives.
func (w *World) Count(query string, args ...any) int64 {
	w.t.Helper()
	var n int64
	if err := w.DB.View(context.Background(), func(c *db.Conn) error { return c.Get(&n, query, args...) }); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// Events lists the log from an entry on.
func (w *World) Events(from int64) []history.Envelope {
	w.t.Helper()
	var events []history.Envelope
	if err := w.DB.View(context.Background(), func(c *db.Conn) error {
		return c.Each(func(scan func(...any) error) error {
			var text string
			if err := scan(&text); err != nil {
				return err
			}
			e, err := history.DecodeEnvelope([]byte(text))
			events = append(events, e)
			return err
		}, "SELECT envelope FROM log_event WHERE idx >= ? ORDER BY idx", from)
	}); err != nil {
		w.t.Fatal(err)
	}
	return events
}
