package handlers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
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
// key and a version; lists, HEAD, 304 and other objects are not, nor is
// anything that was refused.
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
	for _, route := range f.routes {
		if route.Method != http.MethodGet || route.Admit != nil && !route.TakesKey {
			continue
		}
		told = nil
		status, body := f.ask(t, cell{route: route, actor: "owner", role: tenancy.Editor, setupOwner: "owner"}, on, f.keys["owner"][tenancy.Editor], "")
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
		case strings.HasSuffix(route.Pattern, "/ui-configuration"): // a part of the version
		case len(told) > 0 && !strings.HasSuffix(route.Pattern, "/snapshots/{snapshotId}") && !strings.HasPrefix(route.Pattern, "/v1/clients/{"):
			t.Errorf("%s: told %q", route.Pattern, told)
		}
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
