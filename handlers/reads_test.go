package handlers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/readlog"
	"tenure/tenancy"
)

// TestReadsOfEverySurface: each dialect's GET of one client is told once for a
// key and a version, and a list of clients for each of them; HEAD, 304, lists of ids and
// other objects are not, nor is anything that was refused.
func TestReadsOfEverySurface(t *testing.T) {
	f := newFamily(t)
	var told []string
	f.server.Config.Handler = handlers.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop(),
		Read: func(key, snapshot string) { told = append(told, key+" "+snapshot) }}, f.stores)
	on := f.target(t, "owner")
	found, err := snapshots.Resolve[document.Client](context.Background(), f.stores.Snapshots, f.scope(t, "owner"), snapshots.ByRef(snapshots.Ref{Module: snapshots.DefaultModule, Setup: on.setup, Entity: on.client}), snapshots.Instant{})
	must(t, err)
	principal, err := f.Store.Authenticate(f.keys["owner"][tenancy.Editor])
	must(t, err)
	one := principal.KeyID + " " + string(found.ID)
	reads := map[string]bool{
		"/v2/modules/{module}/setups/{setupId}/clients/{clientId}": true, "/admin/clients/{client}": true,
		"/modules/{module}/setups/{setupId}/admin/clients/{client}": true, "/oauth2/clients/{oauth_client_id}": true,
		"/modules/{module}/setups/{setupId}/oauth2/clients/{oauth_client_id}": true, "/reg/{ClientId}": true,
		"/modules/{module}/setups/{setupId}/reg/{ClientId}": true,
	}
	lists := map[string]bool{"/admin/clients": true, "/modules/{module}/setups/{setupId}/admin/clients": true, "/oauth2/clients": true,
		"/modules/{module}/setups/{setupId}/oauth2/clients": true, "/v1/clients": true, "/v1/evidence": true}
	for _, route := range f.routes {
		if route.Method != http.MethodGet || route.Admit != nil && !route.TakesKey {
			continue
		}
		told = nil
		status, body := f.ask(t, cell{all: true, route: route, actor: "owner", role: tenancy.Editor, setupOwner: "owner"}, on, f.keys["owner"][tenancy.Editor], "")
		switch {
		case reads[route.Pattern]:
			delete(reads, route.Pattern)
			if status != http.StatusOK || len(told) != 1 || told[0] != one {
				t.Errorf("%s: %d %s; told %q, want %q", route.Pattern, status, body, told, one)
			}
			f.ask(t, cell{route: route, actor: "stranger", role: tenancy.Editor, setupOwner: "owner"}, on, f.keys["stranger"][tenancy.Editor], "")
			if len(told) != 1 {
				t.Errorf("%s: a stranger is told of: %q", route.Pattern, told)
			}
		case lists[route.Pattern]:
			delete(lists, route.Pattern)
			if status != http.StatusOK || !slices.Contains(told, one) {
				t.Errorf("%s: %d; told %q, want %q among them", route.Pattern, status, told, one)
			}
		case strings.HasSuffix(route.Pattern, "/ui-configuration"): // a part of the version
		case len(told) > 0 && !strings.HasSuffix(route.Pattern, "/snapshots/{snapshotId}") && !strings.HasPrefix(route.Pattern, "/v1/clients/{") &&
			!strings.HasPrefix(route.Pattern, "/v1/setups/{") && !strings.HasPrefix(route.Pattern, "/v1/resource-servers/{"):
			t.Errorf("%s: told %q", route.Pattern, told)
		}
	}
	for pattern := range lists {
		t.Errorf("no route lists %s", pattern)
	}
	for pattern := range reads {
		t.Errorf("no route reads %s", pattern)
	}
}

// TestReadsAreListed: what a key was shown over HTTP is listed at /v1, once
// for each version, with the key's name.
func TestReadsAreListed(t *testing.T) {
	f := newFamily(t)
	store, err := snapshots.Open(context.Background(), f.DB, f.Log, f.Store.IDs(), snapshots.Options{ReadLog: readlog.Full})
	must(t, err)
	f.stores.Snapshots = store
	f.server.Config.Handler = handlers.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop(),
		Read: func(key, snapshot string) { store.NoteRead(key, snapshots.SnapshotID(snapshot)) }}, f.stores)
	on := f.target(t, "owner")
	get := func(key, path string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+f.keys[key][tenancy.Auditor])
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		f.server.Config.Handler.ServeHTTP(w, r)
		return w
	}
	client := "/v2/modules/" + snapshots.DefaultModule + "/setups/" + string(on.setup) + "/clients/" + string(on.client)
	tag := get("owner", client).Header().Get("Etag")
	get("owner", client)
	if w := get("parent", client, "If-None-Match", tag); w.Code != http.StatusNotModified {
		t.Fatalf("%d", w.Code)
	}
	get("root", client)
	must(t, store.Flush(context.Background()))
	var list struct {
		Reads []struct {
			Key struct {
				ID   string  `json:"id"`
				Name *string `json:"name"`
			} `json:"key"`
		} `json:"reads"`
	}
	w := get("owner", "/v1/clients/"+string(on.client)+"/reads")
	must(t, json.Unmarshal(w.Body.Bytes(), &list))
	if len(list.Reads) != 2 {
		t.Fatalf("%s", w.Body)
	}
	own, above := list.Reads[0].Key.Name, list.Reads[1].Key.Name // both at one instant, so in the order of the keys' ids
	if own == nil {
		own, above = above, own
	}
	if above != nil || own == nil || *own != "auditor" {
		t.Errorf("the own key has its name, that from above has none: %s", w.Body)
	}
}

// BenchmarkReadLog is the hot GET beside the bare handler, with the read log
// off and full.
func BenchmarkReadLog(b *testing.B) {
	for _, mode := range []readlog.Mode{readlog.Off, readlog.Full} {
		b.Run(string(mode), func(b *testing.B) {
			at := newBenchOf(b, snapshots.Options{ReadLog: mode})
			besideBare(b, at.server, at.request("/v2/modules/"+snapshots.DefaultModule+"/setups/"+string(at.setup)+"/clients/"+string(at.client)))
		})
	}
}

// TestReadsOfV1: the read log hears of each version that /v1 shows beside the one in force: a snapshot,
// both sides of a difference, the base of a plan, the contents of a bundle. HEAD, blame
// and history show no content.
func TestReadsOfV1(t *testing.T) {
	f := newFamily(t)
	var told []string
	h := handlers.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop(), Room: web.NewRoom(0),
		Read: func(_, snapshot string) { told = append(told, snapshot) }}, f.stores)
	on := f.target(t, "owner")
	client := "/v1/clients/" + string(on.client)
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+f.keys["owner"][tenancy.Admin])
		w := httptest.NewRecorder()
		told = nil
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusCreated {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w
	}
	first := ask("GET", client, "").Header().Get("Tenure-Snapshot-Id")
	ask("POST", client+"/snapshots", `{"merge":{"client_name":"second"},"later":"keep"}`)
	second := ask("GET", client, "").Header().Get("Tenure-Snapshot-Id")
	if first == second || first == "" {
		t.Fatalf("snapshots %q and %q", first, second)
	}
	for _, row := range []struct {
		method, path, body string
		want               []string
	}{
		{"GET", client + "/snapshots/" + first, "", []string{first}},
		{"HEAD", client + "/snapshots/" + first, "", nil},
		{"GET", client + "/diff?from=" + first + "&to=" + second, "", []string{first, second}},
		{"GET", client + "/diff?from=" + first + "&to=" + second + "&format=text", "", []string{first, second}},
		{"POST", client + "/diff", `{"merge":{"client_name":"third"}}`, []string{second}},
		{"POST", client + "/snapshots:plan", `{"merge":{"client_name":"third"}}`, []string{second}},
		{"GET", client + "/blame", "", nil},
		{"GET", client + "/history", "", nil},
		{"GET", "/v1/evidence?client=" + string(on.client), "", []string{first, second}},
		{"GET", "/v1/clients", "", []string{second}},
	} {
		ask(row.method, row.path, row.body)
		if row.want == nil && len(told) > 0 {
			t.Errorf("%s %s: told %q", row.method, row.path, told)
		}
		for _, id := range row.want {
			if !slices.Contains(told, id) {
				t.Errorf("%s %s: told %q, and not %q", row.method, row.path, told, id)
			}
		}
	}
}
