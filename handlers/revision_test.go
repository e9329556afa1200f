package handlers_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tenure/handlers"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// another is a further node of the family's installation, which does not poll by itself.
func (f *family) another(t *testing.T) *family {
	t.Helper()
	other := *f
	other.World = f.World.Another(t)
	other.serve(t, nil)
	return &other
}

// asReader asks a route as the owner's reader, with headers of the form "name: value".
func (f *family) asReader(t *testing.T, route web.Route, path, key string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, f.server.URL+path, nil)
	must(t, err)
	f.identify(req, cell{route: route, actor: "owner", role: tenancy.Admin}, target{}, key, "")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := f.server.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	res.Status = string(raw) // all that a test wants of it
	return res
}

// TestReadWhatWasWritten: a node that has an older version in memory shows it until it
// polls, and the newer one to who brings the revision of the write. It is so on every
// surface that tells which version it shows.
func TestReadWhatWasWritten(t *testing.T) {
	f := newFamilyOn(t, dbtest.Postgres(t))
	b := f.another(t)
	key := f.keys["owner"][tenancy.Admin]
	var surfaces []string
	for _, s := range handlers.Surfaces(f.stores) {
		for _, route := range s.Routes {
			if route.Method != http.MethodGet || route.Object != web.ObjectClient || route.Admit != nil && !route.TakesKey ||
				strings.Contains(route.Pattern, "{snapshot") {
				continue
			}
			on := f.small(t, "owner")
			must(t, b.Log.AtLeast(context.Background(), f.Log.Revision()))
			path := f.path(cell{route: route}, on)
			first := b.asReader(t, route, path, key)
			was := first.Header.Get("Tenure-Snapshot-Id")
			if first.StatusCode != http.StatusOK || was == "" {
				continue // of none version, or of all
			}
			if first.Header.Get("Tenure-Revision") != "" {
				t.Errorf("%s: a read has a revision that was not asked for", route.Pattern)
			}
			write := "/modules/" + snapshots.DefaultModule + "/setups/" + string(on.setup) + "/admin/clients/" + on.clientID
			name := fmt.Sprintf("renamed %d", f.Log.Size())
			revision := f.patch(t, write, key, name)
			if again := b.asReader(t, route, path, key); again.Header.Get("Tenure-Snapshot-Id") != was {
				t.Errorf("%s: a node that has not polled shows the new version, so this test shows nothing", route.Pattern)
			}
			now := b.asReader(t, route, path, key, "Tenure-At-Least: "+revision)
			if id := now.Header.Get("Tenure-Snapshot-Id"); now.StatusCode != http.StatusOK || id == was || id == "" || now.Header.Get("Tenure-Revision") != revision {
				t.Errorf("%s: %d at %q, snapshot %s, before %s: %s", route.Pattern, now.StatusCode, now.Header.Get("Tenure-Revision"), id, was, now.Status)
			}
			surfaces = append(surfaces, s.Name)
		}
	}
	slices.Sort(surfaces)
	if got, want := fmt.Sprint(slices.Compact(surfaces)), "[api hydra nevismeta openfinance slashid]"; got != want {
		t.Errorf("surfaces %s, not %s", got, want)
	}
}

// patch gives a client a name at this node, and returns the answer's revision.
func (f *family) patch(t *testing.T, path, key, name string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodPatch, f.server.URL+path, strings.NewReader(fmt.Sprintf(`[{"op":"replace","path":"/client_name","value":%q}]`, name)))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json-patch+json")
	res, err := f.server.Client().Do(req)
	must(t, err)
	must(t, res.Body.Close())
	revision := res.Header.Get("Tenure-Revision")
	if res.StatusCode != http.StatusOK || revision == "" {
		t.Fatalf("%s: %d, revision %q", path, res.StatusCode, revision)
	}
	return revision
}

// TestRevisionsOfKeys: credentials are read at the revision, too.
func TestRevisionsOfKeys(t *testing.T) {
	f := newFamilyOn(t, dbtest.Postgres(t))
	b := f.another(t)
	route := web.Route{Pattern: "/v1/organizations/{organization}"}
	path := "/v1/organizations/" + string(f.ids["owner"])
	made, text := f.MustKey(t, tenancy.NewKey{Org: f.ids["owner"], Name: "k", Role: tenancy.Reader})
	if res := b.asReader(t, route, path, text, "Tenure-At-Least: "+f.Log.Revision().String()); res.StatusCode != http.StatusOK {
		t.Errorf("a new key: %d %s", res.StatusCode, res.Status)
	}
	must(t, f.Store.RevokeKey(context.Background(), f.scope(t, "owner"), made.ID))
	if res := b.asReader(t, route, path, text); res.StatusCode != http.StatusOK {
		t.Errorf("a node that has not polled knows of the revocation: %d", res.StatusCode)
	}
	if res := b.asReader(t, route, path, text, "Tenure-At-Least: "+f.Log.Revision().String()); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a revoked key: %d %s", res.StatusCode, res.Status)
	}
}

// TestRevisionsThatAreNone: what no node ever said is refused, and what the log does not
// have is not waited for.
func TestRevisionsThatAreNone(t *testing.T) {
	for _, dsn := range []string{dbtest.SQLite(t), dbtest.Postgres(t)} {
		f := newFamilyOn(t, dsn)
		route := web.Route{Pattern: "/v1/organizations/{organization}"}
		path, key := "/v1/organizations/"+string(f.ids["owner"]), f.keys["owner"][tenancy.Reader]
		for text, want := range map[string]int{"1": 400, "r": 400, "r01": 400, "rR": 400, "r-1": 400, "r1 ": 200, "rzzzzzzzzzzzzzz": 400, "rzzzzzz": 503,
			"r1.2": 400, "r1.1": 400, "r1.": 400, f.Log.Revision().String(): 200, "r0": 200} {
			res := f.asReader(t, route, path, key, "Tenure-At-Least: "+text)
			if res.StatusCode != want || want == 503 && res.Header.Get("Retry-After") == "" {
				t.Errorf("%q: %d, not %d: %s", text, res.StatusCode, want, res.Status)
			}
			if want == 200 && res.Header.Get("Tenure-Revision") != f.Log.Revision().String() {
				t.Errorf("%q is answered at %q", text, res.Header.Get("Tenure-Revision"))
			}
		}
	}
}
