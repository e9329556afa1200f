package api_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// asked is the answer to a GET as an administrator of the root.
func (f *fixture) asked(t *testing.T, path string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Authorization", "Bearer "+f.Key(f.Root, tenancy.Admin))
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	var body map[string]any
	must(t, json.Unmarshal(w.Body.Bytes(), &body))
	return w.Code, body
}

// now is an instant that nothing else happens at.
func (f *fixture) now() string {
	f.Clock.Advance(time.Minute)
	at := f.Clock.Reading().UTC().Format("2006-01-02T15:04:05.000Z")
	f.Clock.Advance(time.Minute)
	return at
}

// TestReadsSeeTheEnd: what names a client, or its setup, answers after an end as
// the client itself does, and before it was there too.
func TestReadsSeeTheEnd(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	north := f.Scope(t, f.North, tenancy.Admin)
	before := f.now()
	setup, other := f.setup(t, f.North), f.setup(t, f.North)
	withSetup, own := f.client(t, setup, f.North), f.client(t, other, f.North)
	between := f.now()
	must(t, snapshots.Delete[document.Client](ctx, f.snapshots, north, snapshots.Ref{Module: snapshots.DefaultModule, Setup: other, Entity: own}, nil))
	must(t, snapshotstest.DeleteSetup(f.DB, f.snapshots, north, setup))
	after := f.now()

	for _, path := range []string{
		fmt.Sprintf("/v1/clients/%s", withSetup), fmt.Sprintf("/v1/clients/%s", own),
		fmt.Sprintf("/v1/clients/%s/blame", withSetup), fmt.Sprintf("/v1/clients/%s/blame", own),
		fmt.Sprintf("/v1/setups/%s/clients/shop/secrets", setup), fmt.Sprintf("/v1/setups/%s/clients/shop/secrets", other),
		fmt.Sprintf("/v1/setups/%s/policy", setup), fmt.Sprintf("/v1/setups/%s/initial-tokens", setup),
	} {
		for _, c := range []struct {
			at     string
			status int
			code   string
		}{{"", 404, ""}, {"?at=" + before, 404, "not-yet-effective"}, {"?at=" + between, 200, ""}, {"?at=" + after, 410, "deleted"}} {
			status, body := f.asked(t, path+c.at)
			if status != c.status || c.code != "" && body["code"] != c.code {
				t.Errorf("%s%s: %d %v, want %d %s", path, c.at, status, body, c.status, c.code)
			}
			if c.status == 410 && (body["ended_at"] == nil || !strings.Contains(body["title"].(string), "gone")) {
				t.Errorf("%s%s: %v", path, c.at, body)
			}
		}
	}
	// What was valid until the setup's end does not go on after it.
	_, gone := f.asked(t, fmt.Sprintf("/v1/clients/%s?at=%s", withSetup, after))
	_, list := f.asked(t, fmt.Sprintf("/v1/setups/%s/clients/shop/secrets?at=%s", setup, between))
	secrets, _ := list["secrets"].([]any)
	if len(secrets) != 1 || secrets[0].(map[string]any)["ends_at"] != gone["ended_at"] || gone["ended_at"] == nil {
		t.Errorf("secrets %v, want an end at %v", list, gone["ended_at"])
	}
}

// TestBlameOfErasedContent: there is nothing to tell of content that was erased.
func TestBlameOfErasedContent(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	client := f.client(t, f.setup(t, f.North), f.North)
	at := f.now()
	_, err := f.snapshots.Erase(ctx, f.Scope(t, f.North, tenancy.Admin), client, snapshots.Erasure{ClientID: "shop", Reason: "asked", Delete: true})
	must(t, err)
	for _, path := range []string{"/v1/clients/%s?at=%s", "/v1/clients/%s/blame?at=%s"} {
		if status, body := f.asked(t, fmt.Sprintf(path, client, at)); status != 410 || body["code"] != "erased" {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
}

// TestOrganizationsThatWereNotThere: an organization says at an instant when it
// was made and when it was deleted, as every object does.
func TestOrganizationsThatWereNotThere(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	before := f.now()
	org := f.MustOrg(t, f.North, "quay")
	below := f.MustOrg(t, org, "berth")
	between := f.now()
	must(t, f.Store.DeleteOrganization(ctx, f.Scope(t, f.Root, tenancy.Admin), org, true, snapshots.Contents()))
	after := f.now()
	for _, id := range []tenancy.OrgID{org, below} {
		path := "/v1/organizations/" + string(id)
		if status, body := f.asked(t, path); status != 404 || body["code"] != "organization-unknown" {
			t.Errorf("now: %d %v", status, body)
		}
		if status, body := f.asked(t, path+"?at="+between); status != 200 {
			t.Errorf("between: %d %v", status, body)
		}
		if status, body := f.asked(t, path+"?at="+before); status != 404 || body["code"] != "not-yet-effective" || body["effective_from"] == nil {
			t.Errorf("before: %d %v", status, body)
		}
		if status, body := f.asked(t, path+"?at="+after); status != 410 || body["code"] != "deleted" || body["ended_at"] == nil {
			t.Errorf("after: %d %v", status, body)
		}
	}
	if status, body := f.asked(t, "/v1/organizations/5f0c8c4e-0000-4000-8000-000000000000?at="+after); status != 404 || body["code"] != "organization-unknown" {
		t.Errorf("unknown: %d %v", status, body)
	}
}
