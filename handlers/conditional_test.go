package handlers_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
)

// write asks a writing route as the root's administrator.
func (f *family) write(t *testing.T, route web.Route, on target, header http.Header) (int, string) {
	t.Helper()
	c := cell{route: route, actor: "root", role: tenancy.Admin}
	body := exercises[route.Method+" "+route.Pattern].body
	body = strings.Replace(strings.Replace(body, "SNAPSHOT", string(on.plan(route)), 1), "CLIENT_ID", on.clientID, 1)
	req, err := http.NewRequest(route.Method, f.server.URL+f.path(c, on), strings.NewReader(body))
	must(t, err)
	f.identify(req, c, on, f.keys["root"][tenancy.Admin], "")
	req.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		req.Header[name] = values
	}
	return f.answered(t, req)
}

// tags are the reads of an object that give an entity tag, each once over all
// mounts, as functions of the object. Where a surface has no tag of its own, the
// snapshot's id in quotes is one.
func (f *family) tags(t *testing.T, object string) map[string]func(on target) string {
	t.Helper()
	all := map[string]func(target) string{}
	example := f.target(t, "owner")
	for _, route := range f.routes {
		if route.Method != http.MethodGet || route.Object != object || route.Admit != nil && !route.TakesKey ||
			strings.HasPrefix(route.Pattern, "/modules/") || strings.Contains(route.Pattern, "/snapshots/") {
			continue
		}
		read := func(on target) reply {
			f.Clock.Advance(time.Second) // out of reach of a dialect's limit
			return f.read(t, route, on, "", nil)
		}
		header := read(example).header
		if header.Get("Etag") != "" {
			all[route.Pattern] = func(on target) string { return read(on).header.Get("Etag") }
		} else if header.Get("Tenure-Snapshot-Id") != "" {
			all[route.Pattern] = func(on target) string { return `"` + read(on).header.Get("Tenure-Snapshot-Id") + `"` }
		}
	}
	return all
}

// conditional are the writes of an object that take If-Match by an API key, each
// once over all mounts.
func (f *family) conditional(object string) []web.Route {
	var all []web.Route
	for _, route := range f.routes {
		if route.Conditional && route.Object == object && (route.Admit == nil || route.TakesKey) && !strings.HasPrefix(route.Pattern, "/modules/") {
			all = append(all, route)
		}
	}
	return all
}

// TestEveryTagAtEveryWrite: an entity tag of any surface is taken by every
// conditional write of the object, and refused once the object has changed.
func TestEveryTagAtEveryWrite(t *testing.T) {
	f := newFamily(t)
	pairs, reads := 0, 0
	for _, object := range []string{web.ObjectClient, web.ObjectSetup, web.ObjectResourceServer} {
		tags := f.tags(t, object)
		reads += len(tags)
		for _, route := range f.conditional(object) {
			success := exercises[route.Method+" "+route.Pattern].status
			for read, tagOf := range tags {
				pairs++
				target := func() target {
					on := f.target(t, "owner")
					if deletesSetup(route) {
						on.setup = on.spare // the one that can be deleted
					}
					return on
				}
				on := target()
				tag := tagOf(on)
				for _, row := range []struct {
					header, value string
					want          int
				}{
					{"If-None-Match", "*", http.StatusPreconditionFailed}, {"If-Match", "W/" + tag, http.StatusPreconditionFailed},
					{"If-Match", "x", http.StatusBadRequest}, {"If-Match", `"x", ` + tag, success},
				} {
					if status, body := f.write(t, route, on, http.Header{row.header: {row.value}}); status != row.want {
						t.Errorf("%s %s, %s: %s from %s: %d, want %d: %s", route.Method, route.Pattern, row.header, row.value, read, status, row.want, body)
					}
				}
				on = target()
				tag = tagOf(on)
				f.changes(t, object, on)
				if status, body := f.write(t, route, on, http.Header{"If-Match": {tag}}); status != http.StatusPreconditionFailed {
					t.Errorf("%s %s with an old tag of %s, %s: %d %s", route.Method, route.Pattern, read, tag, status, body)
				}
			}
		}
	}
	t.Logf("%d pairs, tags of %d reads", pairs, reads)
	if pairs < 50 || reads < 7 {
		t.Errorf("only %d pairs, tags of %d reads", pairs, reads)
	}
}

// changes gives the object a new version now, under its plan.
func (f *family) changes(t *testing.T, object string, on target) {
	t.Helper()
	ctx, store, scope := context.Background(), f.stores.Snapshots, f.scope(t, "owner")
	ref := snapshots.Ref{Module: snapshots.DefaultModule, Setup: on.setup}
	var err error
	switch object {
	case web.ObjectClient:
		ref.Entity = on.client
		_, err = snapshots.Edit(ctx, store, scope, ref, clientChange("another", nil))
	case web.ObjectSetup:
		_, err = snapshots.Edit(ctx, store, scope, snapshots.SetupRef(ref.Module, on.setup), setupChange("another", nil))
	case web.ObjectResourceServer:
		ref.Entity = on.server
		_, err = snapshots.Edit(ctx, store, scope, ref, serverChange("another", nil))
	}
	must(t, err)
}

// TestATagKnowsTheSetup: where what a client inherits has changed since, a tag
// that says so is refused, on DELETE too; the snapshot's id alone does not say it.
func TestATagKnowsTheSetup(t *testing.T) {
	f := newFamily(t)
	tags := f.tags(t, web.ObjectClient)
	for _, route := range f.conditional(web.ObjectClient) {
		on := f.target(t, "owner")
		seen := map[string]string{}
		for read, tagOf := range tags {
			seen[read] = tagOf(on)
		}
		f.changes(t, web.ObjectSetup, on)
		for read, tag := range seen {
			if !strings.Contains(tag, ".") {
				continue
			}
			if status, body := f.write(t, route, on, http.Header{"If-Match": {tag}}); status != http.StatusPreconditionFailed {
				t.Errorf("%s %s with %s's tag: %d %s", route.Method, route.Pattern, read, status, body)
			}
		}
	}
}
