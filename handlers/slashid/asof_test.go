package slashid_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// TestOrganizationsAsOf: organizations, their list and their configuration answer
// about another instant.
func TestOrganizationsAsOf(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	b := f.as("b", tenancy.Admin)
	f.Clock.Advance(time.Minute)
	before := "at=" + url.QueryEscape(f.Clock.Now().Format(time.RFC3339Nano))
	header := "Accept-Datetime: " + f.Clock.Now().Add(time.Second).UTC().Format(http.TimeFormat)
	known := "known_" + before
	f.Clock.Advance(time.Minute)
	made := b.send("POST", "/organizations/suborganizations", `{"sub_org_name":"new","admins":[],"persons_org_id":"`+string(f.orgs["b"])+`"}`).want(200).text("id")
	b.send("PATCH", "/organizations/config", `{"token_duration":77}`).want(204)
	_, err := f.Store.RenameOrganization(ctx, f.scope(f.Root, tenancy.Admin), f.Root, "another root")
	must(t, err)
	now := b.get("/organizations").want(200, made, "another root")
	b.get("/organizations/config").want(200, `"token_duration":77`)
	b.get("/organizations/suborganizations").want(200, made)
	for _, then := range []answer{b.get("/organizations?" + before), b.get("/organizations?" + known), b.get("/organizations", header)} {
		then.want(200, `"tenant_name":"root"`, `"persons_pool_org_ids":["`+string(f.orgs["b"])+`"]`)
		if then.Body.String() == now.Body.String() || strings.Contains(then.Body.String(), made) {
			t.Errorf("the organization is as it is now: %s", then.Body)
		}
	}
	for _, query := range []string{before, known} {
		b.get("/organizations/config?"+query).want(200, `"token_duration":86400`)
		if got := strings.TrimSpace(b.get("/organizations/suborganizations?" + query).want(200).Body.String()); got != `{"result":["`+string(f.orgs["c"])+`"]}` {
			t.Errorf("%s: %s", query, got)
		}
		if got := strings.TrimSpace(b.get("/organizations/suborganizations?filter=name+eq+%22new%22&" + query).want(200).Body.String()); got != `{"result":[]}` {
			t.Errorf("filtered, %s: %s", query, got)
		}
	}
	if got := b.get("/organizations?" + before + "&" + known).want(200).Header(); got.Get("Memento-Datetime") == "" || !strings.Contains(got.Get("Cache-Control"), "immutable") {
		t.Errorf("headers %v", got)
	}
	for _, path := range []string{"/organizations", "/organizations/config", "/organizations/suborganizations"} {
		b.get(path + "?at=2020-01-01T00:00:00Z").want(map[bool]int{true: 200, false: 404}[path == "/organizations/suborganizations"])
		b.get(path+"?at=yesterday").want(400, "at must be")
		f.as("b", tenancy.Reader).get(path + "?" + before).want(403)
	}
}

// TestHostedPagesAsOf: the settings of hosted pages, and the tags of both reads.
func TestHostedPagesAsOf(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	path := f.client(minimal)
	f.Clock.Advance(time.Minute)
	before := "?at=" + url.QueryEscape(f.Clock.Now().Format(time.RFC3339Nano))
	f.Clock.Advance(time.Minute)
	ui := path + "/ui-configuration"
	f.send("PUT", ui, `{"pageTitle":"new"}`).want(201)
	f.get(ui).want(200, "new")
	if then := f.get(ui+before).want(200, `{"result":{}}`); then.Header().Get("Memento-Datetime") == "" || then.Header().Get("Tenure-Snapshot-Id") == "" {
		t.Errorf("headers %v", then.Header())
	}
	for _, read := range []string{path, ui} {
		tag, old := f.get(read).Header().Get("ETag"), f.get(read+before).Header().Get("ETag")
		if tag == "" || old == "" || tag == old {
			t.Errorf("%s: tags %s, %s", read, tag, old)
		}
		f.send("PUT", ui, `{"pageTitle":"new"}`, "If-Match: "+old).want(412)
		f.send("PUT", ui, `{"pageTitle":"new"}`, "If-Match: "+tag).want(201)
		f.send("PATCH", path, `{"client_name":"m"}`, "If-Match: "+tag).want(200)
	}
}
