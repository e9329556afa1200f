package handlers_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// TestSurfacesAnswerAsResolve: in random worlds every surface's GET of a client
// answers, for each of its names, at any instant and to any scope, what Resolve
// answers: the same snapshot, or its fault in the surface's own status.
func TestSurfacesAnswerAsResolve(t *testing.T) {
	f := newFamily(t)
	must(t, flag.Set("rapid.checks", "10"))
	rapid.Check(t, func(rt *rapid.T) {
		w := &surfaced{family: f, t: t, rt: rt, root: f.Store.Operator("test"), since: f.Clock.Now()}
		w.build()
		w.compare()
		f.Clock.Advance(time.Hour) // and the limits of calls start anew
	})
}

// surfaced is a random world of one check.
type surfaced struct {
	*family
	t     *testing.T
	rt    *rapid.T
	root  tenancy.Scope
	since time.Time

	dock    tenancy.OrgID // below the owner, and may be deleted
	setups  [2]snapshots.EntityID
	clients []snapshots.Entity
}

func (w *surfaced) build() {
	ctx, store := context.Background(), w.stores.Snapshots
	w.dock = w.MustOrg(w.t, w.ids["owner"], "dock")
	for i, owner := range []string{"grandparent", "owner"} {
		out, err := store.CreateSetup(ctx, w.scope(w.t, owner), snapshots.DefaultModule, setupChange("setup", nil))
		must(w.t, err)
		w.setups[i] = out.Entity.ID
	}
	for n := range rapid.IntRange(5, 15).Draw(w.rt, "steps") {
		w.Clock.Advance(time.Duration(rapid.SampledFrom([]int{1, 900, 5000}).Draw(w.rt, "ms")) * time.Millisecond)
		w.step(fmt.Sprint("version ", n))
	}
}

func (w *surfaced) step(name string) {
	ctx, store := context.Background(), w.stores.Snapshots
	change := snapshots.Change[document.Client]{Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
		return &document.Client{ClientName: name, TokenEndpointAuthMethod: "none"}, nil
	}}
	if ahead := rapid.IntRange(-20, 20).Draw(w.rt, "ahead"); ahead > 0 {
		at := history.Millis(w.Clock.Now().Add(time.Duration(ahead) * time.Second).UnixMilli())
		change.ValidFrom = &at
	}
	kind := rapid.SampledFrom([]string{"create", "create", "edit", "edit", "delete", "delete setup", "delete organization"}).Draw(w.rt, "step")
	rare := rapid.IntRange(0, 2).Draw(w.rt, "really") == 0
	switch {
	case kind == "create" || len(w.clients) == 0:
		id := fmt.Sprint(w.since.UnixNano(), "-", rapid.IntRange(0, 1).Draw(w.rt, "client_id"))
		owner := rapid.SampledFrom([]tenancy.OrgID{w.ids["owner"], w.ids["child"], w.ids["sibling"], w.dock}).Draw(w.rt, "owner")
		out, err := store.CreateClient(ctx, w.root, snapshots.NewClient{Module: snapshots.DefaultModule, Surface: "test", ClientID: id, Owner: owner,
			Setup: w.setups[rapid.IntRange(0, 1).Draw(w.rt, "setup")]}, change)
		if err == nil {
			w.clients = append(w.clients, out.Entity)
		}
	case kind == "delete setup" && rare:
		_ = snapshotstest.DeleteSetup(w.DB, store, w.root, w.setups[1])
	case kind == "delete organization" && rare:
		_ = w.Store.DeleteOrganization(ctx, w.root, w.dock, true, tenancy.Contents{})
	case kind == "delete":
		_ = snapshots.Delete[document.Client](ctx, store, w.root, rapid.SampledFrom(w.clients).Draw(w.rt, "client").Ref(), nil)
	case kind == "edit":
		_, _ = snapshots.Edit(ctx, store, w.root, rapid.SampledFrom(w.clients).Draw(w.rt, "client").Ref(), change)
	}
}

// usual are the statuses in which surfaces spell the faults of a read.
var usual = map[fault.Kind]int{fault.NotFound: http.StatusNotFound, fault.Gone: http.StatusGone, fault.Forbidden: http.StatusForbidden, fault.Conflict: http.StatusConflict}

// question is one route's way to name a client.
type question struct {
	path   string
	name   snapshots.Name
	status map[fault.Kind]int
}

func (w *surfaced) questions(e snapshots.Entity, acting tenancy.OrgID) []question {
	base, id := "/modules/"+e.Module+"/setups/"+string(e.Setup), url.PathEscape(e.ClientID)
	inSetup := snapshots.ByClientID(e.Module, e.Setup, e.ClientID)
	preferred := snapshots.EntityID(w.Store.DefaultSetup(acting))
	within := snapshots.Anywhere(e.ClientID, preferred).Within(e.Module, e.Setup)
	reg := map[fault.Kind]int{fault.NotFound: http.StatusNotFound, fault.Gone: http.StatusNotFound, fault.Forbidden: http.StatusForbidden}
	return []question{
		{"/v2" + base + "/clients/" + string(e.ID), snapshots.ByRef(e.Ref()), usual},
		{base + "/admin/clients/" + id, inSetup, usual},
		{base + "/oauth2/clients/" + id, within, usual},
		{"/oauth2/clients/" + id, snapshots.Anywhere(e.ClientID, preferred), usual},
		{base + "/reg/" + id, snapshots.Registered(e.Module, e.Setup, e.ClientID), reg},
		{"/v1/clients/" + string(e.ID), snapshots.ByEntity(e.ID), usual},
	}
}

func (w *surfaced) compare() {
	if len(w.clients) == 0 {
		return
	}
	instants := []snapshots.Instant{{}}
	for range 4 {
		at := history.Millis(w.since.Add(time.Duration(rapid.IntRange(-1000, 120_000).Draw(w.rt, "at")) * time.Millisecond).UnixMilli())
		known := history.Micros(w.since.Add(time.Duration(rapid.IntRange(0, 90_000).Draw(w.rt, "known")) * time.Millisecond).UnixMicro())
		instants = append(instants, snapshots.Instant{At: &at}, snapshots.Instant{At: &at, Known: &known})
	}
	e := rapid.SampledFrom(w.clients).Draw(w.rt, "asked")
	for _, org := range []string{"root", "parent", "owner", "child", "stranger"} {
		for _, role := range []tenancy.Role{tenancy.Reader, tenancy.Auditor} {
			p, err := w.Store.Authenticate(w.keys[org][role])
			must(w.t, err)
			scope, err := w.Store.Authorize(p, "", 0, "test", "")
			must(w.t, err)
			for _, in := range instants {
				for _, q := range w.questions(e, w.ids[org]) {
					w.ask(q, scope, w.keys[org][role], in)
				}
			}
		}
	}
}

func (w *surfaced) ask(q question, scope tenancy.Scope, key string, in snapshots.Instant) {
	found, failed := snapshots.Resolve[document.Client](context.Background(), w.stores.Snapshots, scope, q.name, in)
	want, snapshot := http.StatusOK, string(found.ID)
	if failed != nil {
		want, snapshot = q.status[fault.Of(failed).Kind], ""
	}
	query := url.Values{}
	if in.At != nil {
		query.Set("at", in.At.Time().Format(time.RFC3339Nano))
	}
	if in.Known != nil {
		query.Set("known_at", in.Known.Time().Format(time.RFC3339Nano))
	}
	r := httptest.NewRequest(http.MethodGet, q.path+"?"+query.Encode(), nil)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("SlashID-OrgID", string(scope.Acting()))
	r.Header.Set("SlashID-API-Key", key)
	answer := httptest.NewRecorder()
	w.server.Config.Handler.ServeHTTP(answer, r)
	if got := answer.Header().Get("Tenure-Snapshot-Id"); answer.Code != want || got != snapshot {
		w.rt.Fatalf("%s for %s: %d with snapshot %q, and Resolve: %v, %q\n%s", r.URL, scope.Acting(), answer.Code, got, failed, snapshot, answer.Body)
	}
}
