package openfinance_test

import (
	"slices"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// TestEmptyResponseTypes mean the default in the plain profile, as at /oauth2/register: they are stored
// and shown as such. In the Brazilian profiles they are another value than none.
func TestEmptyResponseTypes(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	empty := map[string]any{"software_statement": nil, "grant_types": []string{"authorization_code"}, "response_types": []string{}}
	code := []string{"code"}
	made := f.send(t, nil, "POST", f.plain, f.body(empty)).want(t, 201)
	read := f.send(t, nil, "GET", made.uri(), "", made.bearer()).want(t, 200)
	size := f.Log.Size()
	put := f.send(t, nil, "PUT", made.uri(), f.own(made, empty), made.bearer()).want(t, 200)
	for _, shown := range []answer{made, read, put} {
		if !slices.Equal(shown.list("response_types"), code) {
			t.Errorf("%s", shown.raw)
		}
	}
	if f.Log.Size() != size {
		t.Error("a PUT of an empty list changed the default")
	}

	// An administrator's client has none: it is shown the default, which sent back changes nothing.
	scope := f.Scope(t, f.South, tenancy.Editor)
	found, err := snapshots.Resolve[document.Client](ctx, f.store, scope, snapshots.Registered(module, setupOf(f.plain), made.text("client_id")), snapshots.Instant{})
	ok(t, err)
	_, err = snapshots.Edit(ctx, f.store, scope, found.Entity.Ref(), snapshots.Change[document.Client]{
		Apply: func(base *document.Client, _ *document.Setup) (*document.Client, error) {
			next := document.Clone(base)
			next.ResponseTypes = nil
			return next, nil
		}})
	ok(t, err)
	size = f.Log.Size()
	if read = f.send(t, nil, "GET", made.uri(), "", made.bearer()).want(t, 200); !slices.Equal(read.list("response_types"), code) {
		t.Errorf("%s", read.raw)
	}
	f.send(t, nil, "PUT", made.uri(), f.own(read, map[string]any{"software_statement": nil}), made.bearer()).want(t, 200)
	if f.Log.Size() != size {
		t.Error("a PUT of what was shown changed something")
	}

	machine := f.send(t, nil, "POST", f.plain, f.body(map[string]any{"software_statement": nil, "token_endpoint_auth_method": "client_secret_basic",
		"grant_types": []string{"client_credentials"}, "response_types": []string{}, "redirect_uris": []string{}})).want(t, 201)
	if machine.doc["response_types"] != nil {
		t.Errorf("%s", machine.raw)
	}
	f.send(t, nil, "POST", f.plain, f.body(map[string]any{"software_statement": nil, "grant_types": []string{"implicit"}, "response_types": []string{}})).want(t, 400, "invalid_client_metadata")

	brazilian := f.send(t, good(), "POST", "/reg", f.body(map[string]any{"response_types": []string{}})).want(t, 201)
	if got := brazilian.list("response_types"); got == nil || len(got) > 0 {
		t.Errorf("%s", brazilian.raw)
	}
}
