package hydra_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers/hydra"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var ctx = context.Background()

const module = snapshots.DefaultModule

// fixture is the surface over a real installation: the root's default setup is
// everybody's but south's, which has one of its own.
type fixture struct {
	*tenancytest.World
	store        *snapshots.Store
	handler      http.Handler
	log          bytes.Buffer
	setup, south snapshots.EntityID
	key          string              // what requests are sent with; north's editor at first
	sectors      map[string][]string // what sector identifiers list
	asked        []string            // the sector identifiers that were fetched
	notReady     bool
}

func newFixture(t testing.TB, dsn string) *fixture {
	t.Helper()
	f := &fixture{World: tenancytest.New(t, dsn), sectors: map[string][]string{}}
	var err error
	f.store, err = snapshots.Open(ctx, f.DB, f.Log, f.Store.IDs(), snapshots.Options{})
	must(t, err)
	must(t, f.store.CreateModule(ctx, f.Store.Operator("test"), module))
	f.setup, f.south = f.newSetup(t, f.Root), f.newSetup(t, f.South)
	f.handler = web.New(web.Config{Tenancy: f.Store, Log: zerolog.New(&f.log)}, []web.Surface{f.surface()})
	f.key = f.Key(f.North, tenancy.Editor)
	return f
}

func (f *fixture) surface() web.Surface {
	return hydra.New(hydra.Deps{Store: f.store, Tenancy: f.Store, Version: "v1.2.3",
		PublicURL: func(*web.Call) string { return "https://id.example/" },
		Fetch: func(_ context.Context, uri string) ([]byte, error) {
			f.asked = append(f.asked, uri)
			if listed, ok := f.sectors[uri]; ok {
				return json.Marshal(listed)
			}
			return nil, errors.New("nothing there")
		},
		Ready: func(context.Context) error {
			if f.notReady {
				return fault.Wrap(errors.New("the database at secret.host is away"), fault.Unavailable, "", "the stores do not answer")
			}
			return nil
		}})
}

// newSetup makes the default setup of an organization.
func (f *fixture) newSetup(t testing.TB, org tenancy.OrgID) snapshots.EntityID {
	t.Helper()
	scope := f.Scope(t, org, tenancy.Admin)
	out, err := f.store.CreateSetup(ctx, scope, module, snapshots.Change[document.Setup]{
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) {
			return &document.Setup{Name: "test"}, nil
		}})
	must(t, err)
	_, err = f.Store.SetDefaultSetup(ctx, scope, org, string(out.Entity.ID), func(*db.Tx) error { return nil })
	must(t, err)
	return out.Entity.ID
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// as is f with another key.
func (f *fixture) as(org tenancy.OrgID, role tenancy.Role) *fixture {
	own := *f
	own.key = f.Key(org, role)
	return &own
}

type answer struct{ *httptest.ResponseRecorder }

// send sends a request; header lines are "Name: value".
func (f *fixture) send(method, target, body string, header ...string) answer {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+f.key)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return answer{w}
}

func (f *fixture) get(target string) answer { return f.send("GET", target, "") }

func (f *fixture) create(t testing.TB, body string) answer {
	t.Helper()
	return f.send("POST", "/admin/clients", body).want(t, 201)
}

func (a answer) want(t testing.TB, status int, words ...string) answer {
	t.Helper()
	if a.Code != status {
		t.Fatalf("the answer is %d, not %d: %.2000s", a.Code, status, a.Body)
	}
	for _, word := range words {
		if !strings.Contains(a.Body.String(), word) {
			t.Fatalf("the answer lacks %s: %.2000s", word, a.Body)
		}
	}
	return a
}

func (a answer) doc(t testing.TB) map[string]any {
	t.Helper()
	var doc map[string]any
	dec := json.NewDecoder(bytes.NewReader(a.Body.Bytes()))
	dec.UseNumber()
	must(t, dec.Decode(&doc))
	return doc
}

func (a answer) text(t testing.TB, member string) string {
	t.Helper()
	s, _ := a.doc(t)[member].(string)
	return s
}

// stored creates a client through the store, as another dialect does.
func (f *fixture) stored(t testing.TB, clientID string, doc document.Client) {
	t.Helper()
	_, err := f.store.CreateClient(ctx, f.Scope(t, f.North, tenancy.Editor), snapshots.NewClient{Module: module, Setup: f.setup, ClientID: clientID},
		snapshots.Change[document.Client]{Apply: func(*document.Client, *document.Setup) (*document.Client, error) { return &doc, nil }})
	must(t, err)
}

func (f *fixture) found(t testing.TB, clientID string) snapshots.Resolved[document.Client] {
	t.Helper()
	found, err := snapshots.Resolve[document.Client](ctx, f.store, f.Scope(t, f.North, tenancy.Editor), snapshots.ByClientID("", f.setup, clientID), snapshots.Instant{})
	must(t, err)
	return found
}

// history is how many snapshots a client has.
func (f *fixture) history(t testing.TB, clientID string) int {
	t.Helper()
	e := f.found(t, clientID).Entity
	ids, err := snapshots.Snapshots[document.Client](ctx, f.store, f.Scope(t, f.North, tenancy.Auditor),
		snapshots.Ref{Module: e.Module, Setup: e.Setup, Entity: e.ID}, nil, false)
	must(t, err)
	return len(ids)
}

// sound fails the test unless the stores are consistent.
func (f *fixture) sound(t testing.TB) {
	t.Helper()
	if problems, err := snapshots.Check(ctx, f.DB); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// variables are what the scripts may name.
func (f *fixture) variables(t *testing.T) map[string]string {
	t.Helper()
	vars := map[string]string{"setup": string(f.setup), "south_setup": string(f.south), "harbour": string(f.Harbour), "north": string(f.North)}
	for name, org := range map[string]tenancy.OrgID{"root": f.Root, "north": f.North, "south": f.South, "harbour": f.Harbour} {
		for _, role := range tenancytest.Roles() {
			vars[fmt.Sprintf("%s_%s", name, role)] = f.Key(org, role)
		}
	}
	return vars
}
