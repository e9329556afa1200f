package handlers_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// above is the parent rule, written without the program's own tree.
func (f *family) above(a, b string) bool {
	for ; b != ""; b = f.parents[b] {
		if a == b {
			return true
		}
	}
	return false
}

// target is one object of each kind, owned by "owner" in a setup of setupOwner.
type target struct {
	setup, client, server          snapshots.EntityID
	deletedClient, deletedSetup    snapshots.EntityID
	deletedOrg                     tenancy.OrgID
	spare                          snapshots.EntityID // a setup with one client that is nobody's default, for deletion
	clientPlan, setupPlan, srvPlan snapshots.SnapshotID
	org                            tenancy.OrgID
	key                            string
	initial                        string // id of an initial access token
	clientID                       string // of its own: a lookup over all setups counts who bears one
}

func (f *family) target(t *testing.T, setupOwner string) target {
	t.Helper()
	on := f.small(t, setupOwner)
	on.more(t, f, f.scope(t, setupOwner))
	return on
}

// targetOf is a target with what one route needs; most need few of all the objects.
func (f *family) targetOf(t *testing.T, setupOwner string, route web.Route) target {
	t.Helper()
	if needsMore(route) {
		return f.target(t, setupOwner)
	}
	return f.small(t, setupOwner)
}

// small is a target without what only deletions and restorations need.
func (f *family) small(t *testing.T, setupOwner string) target {
	t.Helper()
	ctx, store := context.Background(), f.stores.Snapshots
	scope := f.scope(t, setupOwner)
	f.Clock.Advance(100 * time.Millisecond) // one object's changes run ahead of the clock
	later := f.Log.Now().Millis() + 3_600_000
	now, then := setupChange("s", nil), setupChange("planned", &later)
	setup, err := store.CreateSetup(ctx, scope, snapshots.DefaultModule, now)
	must(t, err)
	made := target{setup: setup.Entity.ID, clientID: fmt.Sprintf("the-client-%d", f.Log.Size())}
	setupRef := snapshots.SetupRef(snapshots.DefaultModule, made.setup)
	plannedSetup, err := snapshots.Edit(ctx, store, scope, setupRef, then)
	must(t, err)
	made.setupPlan = plannedSetup.ID

	server, err := store.CreateResourceServer(ctx, scope, snapshots.DefaultModule, made.setup, serverChange("r", nil))
	must(t, err)
	made.server = server.Entity.ID
	ref := snapshots.Ref{Module: snapshots.DefaultModule, Setup: made.setup, Entity: made.server}
	plannedServer, err := snapshots.Edit(ctx, store, scope, ref, serverChange("planned", &later))
	must(t, err)
	made.srvPlan = plannedServer.ID

	client, err := store.CreateClient(ctx, scope, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: made.setup,
		ClientID: made.clientID, Owner: f.ids["owner"], Surface: "test"}, clientChange("c", nil))
	must(t, err)
	made.client = client.Entity.ID
	ref.Entity = made.client
	plannedClient, err := snapshots.Edit(ctx, store, scope, ref, clientChange("planned", &later))
	must(t, err)
	made.clientPlan = plannedClient.ID

	made.org = f.MustOrg(t, f.ids["owner"], "leaf") // below the owner, seen as the owner is but by the child
	_, err = f.Store.SetDefaultSetup(ctx, f.scope(t, "root"), f.Root, string(made.setup), func(*db.Tx) error { return nil })
	must(t, err)
	key, _ := f.MustKey(t, tenancy.NewKey{Org: f.ids["owner"], Name: "k", Role: tenancy.Reader})
	made.key = key.ID
	initial, _, err := store.CreateInitialToken(ctx, scope, made.setup, snapshots.InitialToken{Name: "i"})
	must(t, err)
	made.initial = initial.ID
	return made
}

// more makes a setup that can be deleted, and what routes that restore bring back.
func (on *target) more(t *testing.T, f *family, scope tenancy.Scope) {
	t.Helper()
	ctx, store := context.Background(), f.stores.Snapshots
	spare, err := store.CreateSetup(ctx, scope, snapshots.DefaultModule, setupChange("spare", nil))
	must(t, err)
	on.spare = spare.Entity.ID
	_, err = store.CreateClient(ctx, scope, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: on.spare, ClientID: "spare's",
		Owner: f.ids["owner"], Surface: "test"}, clientChange("c", nil))
	must(t, err)
	setup, err := store.CreateSetup(ctx, scope, snapshots.DefaultModule, setupChange("deleted", nil))
	must(t, err)
	on.deletedSetup = setup.Entity.ID
	must(t, snapshots.Delete[document.Setup](ctx, store, scope, setup.Entity.Ref(), nil))
	client, err := store.CreateClient(ctx, scope, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: on.setup,
		ClientID: on.clientID + "-deleted", Owner: f.ids["owner"], Surface: "test"}, clientChange("c", nil))
	must(t, err)
	on.deletedClient = client.Entity.ID
	must(t, snapshots.Delete[document.Client](ctx, store, scope, client.Entity.Ref(), nil))
	on.deletedOrg = f.MustOrg(t, f.ids["owner"], "deleted")
	must(t, f.Store.DeleteOrganization(ctx, f.scope(t, "root"), on.deletedOrg, false, snapshots.Contents()))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *family) scope(t *testing.T, org string) tenancy.Scope {
	t.Helper()
	p, err := f.Store.Authenticate(f.keys[org][tenancy.Admin])
	must(t, err)
	scope, err := f.Store.Authorize(p, "", tenancy.Administer, "test", "")
	must(t, err)
	return scope
}

func setupChange(name string, at *history.Millis) snapshots.Change[document.Setup] {
	return snapshots.Change[document.Setup]{ValidFrom: at, Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) {
		return &document.Setup{Name: name}, nil
	}}
}

func serverChange(name string, at *history.Millis) snapshots.Change[document.ResourceServer] {
	return snapshots.Change[document.ResourceServer]{ValidFrom: at,
		Apply: func(*document.ResourceServer, *document.Setup) (*document.ResourceServer, error) {
			return &document.ResourceServer{Name: name}, nil
		}}
}

func clientChange(name string, at *history.Millis) snapshots.Change[document.Client] {
	return snapshots.Change[document.Client]{ValidFrom: at, Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
		return &document.Client{ClientName: name, TokenEndpointAuthMethod: "client_secret_basic"}, nil
	}}
}

// cell is one question to the program: may actor in role do route?
type cell struct {
	route      web.Route
	actor      string
	role       tenancy.Role
	setupOwner string
	unknown    bool // the route's object is one that nobody has
	all        bool // asks for everything that the route can answer
}

// expected is design section 3, said again for one cell.
func (f *family) expected(c cell) int {
	success := exercises[c.route.Method+" "+c.route.Pattern].status
	if c.route.Open {
		return success
	}
	if bySlashID(c.route) {
		return f.expectedBySlashID(c)
	}
	if c.role.Permissions()&c.route.Permission != c.route.Permission {
		return http.StatusForbidden
	}
	usesSetup := f.above(c.actor, c.setupOwner) || f.above(c.setupOwner, c.actor)
	ownsSetup := f.above(c.actor, c.setupOwner)
	// A change of a setup, or a look into its past, is for those at or above its owner.
	deep := c.route.Permission&(tenancy.Administer|tenancy.History) != 0
	switch c.route.Object {
	case web.ObjectClient:
		if c.route.TakesKey && !c.unknown && !f.above(c.actor, "owner") {
			return http.StatusForbidden // Open Finance tells outside from unknown
		}
		if !usesSetup || !f.above(c.actor, "owner") || c.unknown {
			return http.StatusNotFound
		}
	case web.ObjectSetup, web.ObjectResourceServer:
		if !usesSetup || c.unknown && (strings.Contains(c.route.Pattern, "{setup") || c.route.Object == web.ObjectResourceServer) { // others mean the default setup
			return http.StatusNotFound
		}
		if deep && !ownsSetup && !(setupsPast(c.route) && f.above(c.actor, "owner")) { // who owns a client in it
			return http.StatusForbidden
		}
		if strings.HasSuffix(c.route.Pattern, "/entity-id") && !f.above(c.actor, "owner") {
			return http.StatusNotFound // the client it asks for
		}
	case web.ObjectOrganization, web.ObjectKey:
		if !f.above(c.actor, "owner") || c.unknown {
			return http.StatusNotFound
		}
	case web.ObjectModule:
		if c.route.Pattern == "/v1/modules" && c.actor != "root" {
			return http.StatusForbidden
		}
	}
	return success
}

func (f *family) path(c cell, on target) string {
	values := map[string]string{"module": snapshots.DefaultModule, "setupId": string(on.setup), "clientId": string(on.client),
		"resourceId": string(on.server), "snapshotId": string(on.plan(c.route)), "snapshot": string(on.plan(c.route)), "organization": string(on.org), "key": on.key,
		"setup": string(on.setup), "client": on.clientID, "oauth_client_id": on.clientID, "ClientId": on.clientID, "entity": string(on.client), "token": on.initial,
		"tile:.+": "entries/000.p/1"}
	if strings.HasSuffix(c.route.Pattern, ":restore") {
		values["entity"], values["setup"], values["organization"] = string(on.deletedClient), string(on.deletedSetup), string(on.deletedOrg)
	}
	if c.route.Object == web.ObjectResourceServer {
		values["entity"] = string(on.server)
	}
	query := ""
	switch {
	case strings.HasSuffix(c.route.Pattern, "/entity-id"):
		query = "?client_id=" + on.clientID
	case deletesSetup(c.route):
		values["setupId"], query = string(on.spare), "?clients=1"
	case strings.HasSuffix(c.route.Pattern, "/evidence") && !c.all: // the matrix tests access; a whole bundle would grow with each cell
		query = "?from=2099-01-01T00:00:00Z"
	}
	if c.unknown {
		switch c.route.Object {
		case web.ObjectClient:
			values["clientId"], values["client"], values["oauth_client_id"], values["entity"], values["ClientId"] = f.nothing, f.nothing, f.nothing, f.nothing, f.nothing
		case web.ObjectResourceServer:
			values["resourceId"], values["entity"] = f.nothing, f.nothing
		case web.ObjectSetup:
			values["setupId"], values["setup"] = f.nothing, f.nothing
		case web.ObjectOrganization:
			values["organization"] = "01234567-89ab-4def-8123-456789abcdef"
		case web.ObjectKey:
			values["key"] = f.nothing
		}
	}
	path := c.route.Pattern
	for name, v := range values {
		path = strings.ReplaceAll(path, "{"+name+"}", v)
	}
	return path + query
}

func (f *family) ask(t *testing.T, c cell, on target, key, acting string) (int, []byte) {
	t.Helper()
	body := exercises[c.route.Method+" "+c.route.Pattern].body
	body = strings.Replace(strings.Replace(body, "SNAPSHOT", string(on.plan(c.route)), 1), "CLIENT_ID", on.clientID, 1)
	if strings.HasSuffix(c.route.Pattern, "/proof") {
		f.Clock.Advance(2 * time.Second) // until the next checkpoint may be signed
	}
	body = strings.Replace(body, "NEXT", fmt.Sprintf("m%d", f.Log.Size()), 1)
	req, err := http.NewRequest(c.route.Method, f.server.URL+f.path(c, on), strings.NewReader(body))
	must(t, err)
	f.identify(req, c, on, key, acting)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if f.owner != "" {
		req.Header.Set("Tenure-Owner", f.owner)
	}
	if f.reason != "" {
		req.Header.Set("Tenure-Reason", f.reason)
	}
	res, err := f.server.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	wrote := !c.route.Open && c.route.Method != http.MethodGet && c.route.Method != http.MethodHead && res.StatusCode < 400
	if told := res.Header.Get("Tenure-Revision") != ""; told != wrote {
		t.Errorf("%s %s: %d, with a revision: %t", c.route.Method, c.route.Pattern, res.StatusCode, told)
	}
	return res.StatusCode, raw
}

// TestAccessMatrix asks every route as every relation in every role, on a
// setup of the root's and on one of the owner's own. What is refused must
// change nothing and show nothing.
func TestAccessMatrix(t *testing.T) {
	f := newFamily(t)
	actors := []string{"owner", "parent", "grandparent", "root", "child", "sibling", "stranger"}
	asked := 0
	for _, setupOwner := range []string{"root", "owner"} {
		on := f.small(t, setupOwner)
		for _, route := range f.routes {
			if route.Admit != nil && !route.TakesKey {
				continue // no API key opens it: TestAdmittedRoutes
			}
			if _, ok := exercises[route.Method+" "+route.Pattern]; !ok {
				t.Errorf("the matrix does not know the route %s %s", route.Method, route.Pattern)
				continue
			}
			if needsMore(route) && on.spare == "" {
				on = f.target(t, setupOwner)
			}
			for _, actor := range actors {
				for _, role := range tenancytest.Roles() {
					for _, unknown := range []bool{false, true} {
						c := cell{route, actor, role, setupOwner, unknown, false}
						asked++
						if f.compare(t, c, on, f.keys[actor][role], "") && route.Method != http.MethodGet {
							on = f.targetOf(t, setupOwner, route) // this one is used up
						}
					}
				}
			}
			if !route.Open {
				c := cell{route: route, actor: "owner", role: tenancy.Admin, setupOwner: setupOwner}
				f.refuses(t, c, on, "tenure_"+strings.Repeat("A", 43), "", http.StatusUnauthorized)
				f.refuses(t, c, on, "", "", http.StatusUnauthorized)
				f.refuses(t, c, on, f.keys["owner"][tenancy.Admin], string(f.ids["parent"]), outside(route))
				f.refuses(t, c, on, f.keys["owner"][tenancy.Admin], string(f.ids["sibling"]), outside(route))
				// A grandparent's key that acts for the owner is the owner.
				if !c.actsOnOwner() && f.compare(t, c, on, f.keys["grandparent"][tenancy.Admin], string(f.ids["owner"])) && route.Method != http.MethodGet {
					on = f.targetOf(t, setupOwner, route)
				}
			}
		}
	}
	t.Logf("%d routes, %d cells", len(f.routes), asked)
	problems, err := snapshots.Check(context.Background(), f.DB)
	if err != nil || len(problems) > 0 {
		t.Errorf("after the matrix: %v, %v", problems, err)
	}
}

// compare asks a cell and reports whether it was granted.
func (f *family) compare(t *testing.T, c cell, on target, key, acting string) bool {
	t.Helper()
	want, before := f.expected(c), f.Log.Size()
	got, body := f.ask(t, c, on, key, acting)
	if got != want {
		t.Errorf("%s %s as %s %s (setup of %s, unknown %t): %d, want %d: %s", c.route.Method, c.route.Pattern, c.actor, c.role,
			c.setupOwner, c.unknown, got, want, body)
	}
	if got < 300 {
		return true
	}
	if f.Log.Size() != before {
		t.Errorf("%s %s as %s %s: refused with %d, and yet something was written", c.route.Method, c.route.Pattern, c.actor, c.role, got)
	}
	for _, hidden := range []string{string(on.client), string(f.ids["owner"]), on.clientID} {
		if !c.unknown && !f.above(c.actor, "owner") && bytes.Contains(body, []byte(hidden)) {
			t.Errorf("%s %s as %s: the refusal shows %s", c.route.Method, c.route.Pattern, c.actor, hidden)
		}
	}
	return false
}

func (f *family) refuses(t *testing.T, c cell, on target, key, acting string, want int) {
	t.Helper()
	before := f.Log.Size()
	if got, body := f.ask(t, c, on, key, acting); got != want || f.Log.Size() != before {
		t.Errorf("%s %s with key %.10s acting for %q: %d, want %d; %d events; %s", c.route.Method, c.route.Pattern, key, acting,
			got, want, f.Log.Size()-before, body)
	}
}
