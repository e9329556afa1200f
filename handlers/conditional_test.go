package handlers_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
)

// write asks a writing route as the root's administrator.
func (f *family) write(t *testing.T, route web.Route, on target, header http.Header) (int, string) {
	t.Helper()
	c := cell{route: route, actor: "root", role: tenancy.Admin}
	body := exercises[route.Method+" "+route.Pattern].body
	body = strings.Replace(strings.Replace(body, "SNAPSHOT", string(on.clientPlan), 1), "CLIENT_ID", on.clientID, 1)
	req, err := http.NewRequest(route.Method, f.server.URL+f.path(c, on), strings.NewReader(body))
	must(t, err)
	f.identify(req, c, on, f.keys["root"][tenancy.Admin], "")
	req.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		req.Header[name] = values
	}
	return f.answered(t, req)
}

// tagsOf are the entity tags that reads of an object give, by route; where a
// surface has none of its own, the snapshot's id in quotes is one.
func (f *family) tagsOf(t *testing.T, object string, on target) map[string]string {
	t.Helper()
	tags := map[string]string{}
	for _, route := range f.routes {
		if route.Method != http.MethodGet || route.Object != object || route.Admit != nil && !route.TakesKey || strings.Contains(route.Pattern, "/snapshots/") {
			continue
		}
		got := f.read(t, route, on, "", nil)
		if tag := got.header.Get("Etag"); tag != "" {
			tags[route.Pattern] = tag
		}
		if id := got.header.Get("Tenure-Snapshot-Id"); id != "" {
			tags[route.Pattern+" (snapshot)"] = `"` + id + `"`
		}
	}
	return tags
}

// TestEveryTagAtEveryWrite: an entity tag of any surface is taken by every
// conditional write of the object, and refused once the object has changed.
func TestEveryTagAtEveryWrite(t *testing.T) {
	f := newFamily(t)
	f.target(t, "root")
	asked, surfaces := 0, map[string]bool{}
	for _, object := range []string{web.ObjectClient, web.ObjectSetup, web.ObjectResourceServer} {
		reads := f.tagsOf(t, object, f.target(t, "owner"))
		for _, route := range f.routes {
			if !route.Conditional || route.Object != object || route.Admit != nil && !route.TakesKey {
				continue
			}
			success := exercises[route.Method+" "+route.Pattern].status
			for read := range reads {
				asked++
				surfaces[read] = true
				on := f.target(t, "owner")
				tag := f.tagsOf(t, object, on)[read]
				if status, body := f.write(t, route, on, http.Header{"If-None-Match": {"*"}}); status != http.StatusPreconditionFailed {
					t.Errorf("%s %s with If-None-Match: *: %d %s", route.Method, route.Pattern, status, body)
				}
				if status, body := f.write(t, route, on, http.Header{"If-Match": {"W/" + tag}}); status != http.StatusPreconditionFailed {
					t.Errorf("%s %s with the weak tag of %s: %d %s", route.Method, route.Pattern, read, status, body)
				}
				if status, body := f.write(t, route, on, http.Header{"If-Match": {"x"}}); status != http.StatusBadRequest {
					t.Errorf("%s %s with no tag: %d %s", route.Method, route.Pattern, status, body)
				}
				if status, body := f.write(t, route, on, http.Header{"If-Match": {`"x", ` + tag}}); status != success {
					t.Errorf("%s %s with the tag of %s, %s: %d %s", route.Method, route.Pattern, read, tag, status, body)
				}
				on = f.target(t, "owner")
				tag = f.tagsOf(t, object, on)[read]
				f.changes(t, object, on)
				if status, body := f.write(t, route, on, http.Header{"If-Match": {tag}}); status != http.StatusPreconditionFailed {
					t.Errorf("%s %s with an old tag of %s, %s: %d %s", route.Method, route.Pattern, read, tag, status, body)
				}
			}
		}
	}
	t.Logf("%d pairs, tags of %d reads", asked, len(surfaces))
	if asked < 60 || len(surfaces) < 6 {
		t.Errorf("only %d pairs, tags of %d reads", asked, len(surfaces))
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
	f.target(t, "root")
	for _, route := range f.routes {
		if !route.Conditional || route.Object != web.ObjectClient || route.Admit != nil && !route.TakesKey {
			continue
		}
		on := f.target(t, "owner")
		tags := f.tagsOf(t, web.ObjectClient, on)
		f.changes(t, web.ObjectSetup, on)
		for read, tag := range tags {
			if strings.Count(tag, ".") == 0 {
				continue
			}
			if status, body := f.write(t, route, on, http.Header{"If-Match": {tag}}); status != http.StatusPreconditionFailed {
				t.Errorf("%s %s with %s's tag: %d %s", route.Method, route.Pattern, read, status, body)
			}
		}
	}
}
