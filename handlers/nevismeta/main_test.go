package nevismeta_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers/nevismeta"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/credential"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var ctx = context.Background()

const module = snapshots.DefaultModule

// fixture is the surface over a real installation with one setup, which north
// owns. Its snapshots are written by north's keys unless a call says otherwise.
type fixture struct {
	*tenancytest.World
	store   *snapshots.Store
	handler http.Handler
	log     *bytes.Buffer
	setup   string // the path of the setup
	id      snapshots.EntityID
	key     string // what requests are sent with; north's editor at first
}

func newFixture(t testing.TB) *fixture { return openFixture(t, true) }

// openFixture keeps secrets recoverable if sealed.
func openFixture(t testing.TB, sealed bool) *fixture {
	t.Helper()
	f := &fixture{World: tenancytest.New(t, dbtest.SQLite(t)), log: &bytes.Buffer{}}
	var opts snapshots.Options
	if sealed {
		sealer, err := credential.NewSealer(bytes.Repeat([]byte{7}, credential.KeySize))
		must(t, err)
		opts.Sealer = sealer
	}
	var err error
	f.store, err = snapshots.Open(ctx, f.DB, f.Log, f.Store.IDs(), opts)
	must(t, err)
	must(t, f.store.CreateModule(ctx, f.Store.Operator("test"), module))
	f.handler = web.New(web.Config{Tenancy: f.Store, Log: zerolog.New(zerolog.SyncWriter(f.log))}, []web.Surface{nevismeta.New(f.store, f.Store.IDs(), web.NewFresh(0))})
	f.key = f.Key(f.North, tenancy.Admin)
	made := f.send(t, "POST", "/v2/modules/"+module+"/setups", `{"name": "test"}`).want(t, 201)
	f.id = snapshots.EntityID(made.text(t, "setupId"))
	f.setup = "/v2/modules/" + module + "/setups/" + string(f.id)
	f.key = f.Key(f.North, tenancy.Editor)
	return f
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

// answer is a response with helpers that fail the test.
type answer struct{ *httptest.ResponseRecorder }

// send sends a request; header lines are "Name: value".
func (f *fixture) send(t testing.TB, method, target, body string, header ...string) answer {
	t.Helper()
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

func (f *fixture) get(t testing.TB, target string, header ...string) answer {
	t.Helper()
	return f.send(t, "GET", target, "", header...)
}

// want fails the test unless the status is as said and the body has the words.
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

// doc is the body's JSON object, numbers as written.
func (a answer) doc(t testing.TB) map[string]any {
	t.Helper()
	return decode(t, a.Body.Bytes())
}

func decode(t testing.TB, data []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		t.Fatalf("%v in %.500s", err, data)
	}
	return doc
}

// text is a member that is a string.
func (a answer) text(t testing.TB, member string) string {
	t.Helper()
	s, ok := a.doc(t)[member].(string)
	if !ok {
		t.Fatalf("%s is no text in %.500s", member, a.Body)
	}
	return s
}

// list is a member that is a list of strings.
func (a answer) list(t testing.TB, member string) []string {
	t.Helper()
	items, ok := a.doc(t)[member].([]any)
	if !ok {
		t.Fatalf("%s is no list in %.500s", member, a.Body)
	}
	list := make([]string, len(items))
	for i := range items {
		list[i] = items[i].(string)
	}
	return list
}

// encode is JSON on one line.
func encode(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

// client creates a client and returns its path.
func (f *fixture) client(t testing.TB, body string, header ...string) string {
	t.Helper()
	made := f.send(t, "POST", f.setup+"/clients", body, header...).want(t, 201)
	return f.setup + "/clients/" + made.text(t, "clientId")
}

// stored creates a client through the store, as another dialect does.
func (f *fixture) stored(t testing.TB, clientID string, doc document.Client) string {
	t.Helper()
	out, err := f.store.CreateClient(ctx, f.Scope(t, f.North, tenancy.Editor), snapshots.NewClient{Module: module, Setup: f.id, ClientID: clientID},
		snapshots.Change[document.Client]{Apply: func(*document.Client, *document.Setup) (*document.Client, error) { return &doc, nil }})
	must(t, err)
	return f.setup + "/clients/" + string(out.Entity.ID)
}

// content is what the store has for the client at path.
func (f *fixture) content(t testing.TB, path string) *document.Client {
	t.Helper()
	found, err := snapshots.Resolve[document.Client](ctx, f.store, f.Scope(t, f.North, tenancy.Editor), snapshots.ByRef(f.ref(path)), snapshots.Instant{})
	must(t, err)
	return found.Content
}

func (f *fixture) ref(path string) snapshots.Ref {
	return snapshots.Ref{Module: module, Setup: f.id, Entity: snapshots.EntityID(path[strings.LastIndexByte(path, '/')+1:])}
}

// tables are those that a write may add to.
var tables = []string{"entity", "snapshot", "snapshot_body", "withdrawal", "entity_term", "client_secret", "secret_end", "log_event"}

// rows counts the rows of each table.
func (f *fixture) rows(t testing.TB) string {
	t.Helper()
	var counts []string
	must(t, f.DB.View(ctx, func(c *db.Conn) error {
		for _, table := range tables {
			var n int
			if err := c.Get(&n, "SELECT count(*) FROM "+table); err != nil {
				return err
			}
			counts = append(counts, fmt.Sprintf("%s %d", table, n))
		}
		return nil
	}))
	return strings.Join(counts, ", ")
}

// edited is a document with members replaced and valid_from left out; a value
// of type absent leaves the member out too.
func edited(doc map[string]any, changes map[string]any) map[string]any {
	out := make(map[string]any, len(doc))
	for name, v := range doc {
		out[name] = v
	}
	delete(out, "valid_from")
	for name, v := range changes {
		if out[name] = v; v == absent {
			delete(out, name)
		}
	}
	return out
}

var absent = &struct{ int }{}
