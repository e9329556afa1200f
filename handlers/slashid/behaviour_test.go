package slashid_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// full is a client with every member set but one of the two key sources.
func full() document.Client {
	c := documenttest.FullClient()
	c.JWKSURI = ""
	return c
}

// A read sent back leaves the client as it was, through the whole program.
func TestGetThenPatch(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	paths := []string{f.client(minimal), f.client(complete), f.stored("full", full())}
	f.handler = f.bare // the schema is of what this dialect writes
	n := 0
	for name, change := range foreign() {
		c := full()
		change(&c)
		if name == "a public machine" || name == "no name" || name == "odd response types" {
			continue // the store's own rules want none of these in a new client
		}
		n++
		paths = append(paths, f.stored(fmt.Sprintf("foreign-%d", n), c))
	}
	rows := f.rows()
	for _, path := range paths {
		before := f.get(path).want(200)
		after := f.send("PATCH", path, encode(t, before.result())).want(200)
		if after.Body.String() != before.Body.String() || after.Header().Get("Tenure-Snapshot-Id") != before.Header().Get("Tenure-Snapshot-Id") {
			t.Errorf("%s reads %s, and did %s", path, after.Body, before.Body)
		}
		ui := f.get(path + "/ui-configuration").want(200)
		if got := f.send("PUT", path+"/ui-configuration", encode(t, ui.result())).want(201).Body.String(); got != ui.Body.String() {
			t.Errorf("%s: hosted pages read %s, and did %s", path, got, ui.Body)
		}
	}
	if got := f.rows(); got != rows {
		t.Errorf("rows %s became %s", rows, got)
	}
}

// No PATCH is lost: each of many at once keeps what the others wrote.
func TestPatchesAtOnce(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	path := f.client(minimal)
	bodies := []string{`{"client_name":"n"}`, `{"scopes":["s"]}`, `{"grant_types":["authorization_code"]}`, `{"redirect_uris":["https://a/b"]}`,
		`{"access_token_duration":11}`, `{"refresh_token_duration":12}`}
	done := make(chan int, 2*len(bodies))
	for range 2 {
		for _, body := range bodies {
			go func() { done <- f.send("PATCH", path, body).Code }()
		}
	}
	for range cap(done) {
		if code := <-done; code != 200 {
			t.Errorf("a PATCH got %d", code)
		}
	}
	got := f.get(path).result()
	delete(got, "created_at")
	delete(got, "client_id")
	want := `{"access_token_duration":11,"client_name":"n","grant_types":["authorization_code"],"owner_organization_id":"` + string(f.org) +
		`","public":false,"redirect_uris":["https://a/b"],"refresh_token_duration":12,"response_types":[["code"]],"scopes":["s"]}`
	if encode(t, got) != want {
		t.Errorf("it reads %s", encode(t, got))
	}
	if n := len(f.history(path)); n != 1+len(bodies) {
		t.Errorf("%d snapshots", n)
	}
}

// verify reports whether a secret authenticates the client at path.
func (f *fixture) verify(path, secret string) bool {
	f.t.Helper()
	found := f.found(path)
	_, err := f.store.VerifySecret(ctx, found.Entity.Setup, found.Entity.ClientID, "client_secret_basic", secret)
	if err != nil && !fault.Is(err, fault.Unauthenticated) {
		f.t.Fatal(err)
	}
	return err == nil
}

func TestSecretsEndAndOverlap(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.send("POST", clients, minimal).want(201)
	path, first := clients+"/"+made.text("client_id"), made.text("client_secret")
	second := f.send("PUT", path+"/secret", "").want(200).text("client_secret")
	if f.verify(path, first) || !f.verify(path, second) || first == second {
		t.Error("the first secret lives on, or the second does not live")
	}
	third := f.send("PUT", path+"/secret?overlap=1h", "").want(200).text("client_secret")
	if !f.verify(path, second) || !f.verify(path, third) {
		t.Error("one of two secrets does not live")
	}
	f.Clock.Advance(time.Hour + time.Second)
	if f.verify(path, second) || !f.verify(path, third) {
		t.Error("the overlap does not end, or ended both")
	}
	f.send("PUT", path+"/secret", "", "SlashID-Required-Consistency: all_regions").want(200)
	if f.verify(path, third) {
		t.Error("the third secret lives on")
	}
	for method, want := range map[string]string{"private_key_jwt": "does not authenticate by a secret", "none": "a public client has no secret", "client_secret_post": ""} {
		c := full()
		c.TokenEndpointAuthMethod = method
		a := f.send("PUT", f.stored("by-"+method, c)+"/secret", "")
		if want == "" {
			a.want(200)
		} else {
			a.want(400, want)
		}
	}
}

func TestLastUsed(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.send("POST", clients, minimal).want(201)
	path := clients + "/" + made.text("client_id")
	unused := f.get(path).want(200)
	if _, there := unused.result()["last_used"]; there {
		t.Errorf("a client that was never used reads %s", unused.Body)
	}
	if !f.verify(path, made.text("client_secret")) {
		t.Fatal("the secret does not authenticate")
	}
	look := func() string {
		t.Helper()
		used := f.get(path).want(200)
		if used.Header().Get("Tenure-Snapshot-Id") != unused.Header().Get("Tenure-Snapshot-Id") {
			t.Error("a use made a snapshot")
		}
		listed := f.get(clients).want(200)
		if one := decode(t, listed.Body.Bytes())["result"].([]any)[0]; encode(t, one) != encode(t, used.result()) {
			t.Errorf("it is listed as %s", encode(t, one))
		}
		return used.text("last_used")
	}
	first := look()
	if at, err := time.Parse(time.RFC3339, first); err != nil || at.Before(tenancyStart) || at.After(f.Clock.Now()) {
		t.Errorf("last used %s", first)
	}
	must(t, f.store.Flush(ctx))
	if look() != first {
		t.Error("it is another after it was written")
	}
	f.Clock.Advance(time.Minute)
	f.verify(path, made.text("client_secret"))
	if second := look(); second <= first {
		t.Errorf("used again: %s after %s", second, first)
	}
	f.send("PATCH", path, `{"client_name":"x"}`).want(200, `"last_used":"`)
	f.sound()
}

var tenancyStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestConsistency(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	var asked []time.Duration
	*f.await = func(ctx context.Context) error {
		until, _ := ctx.Deadline()
		asked = append(asked, time.Until(until).Round(time.Second))
		return nil
	}
	path := f.client(minimal)
	for _, r := range [][3]string{{"PATCH", path, `{"client_name":"1"}`}, {"PUT", path + "/ui-configuration", `{}`}, {"DELETE", path, ""}} {
		f.send(r[0], r[1], r[2], "SlashID-Required-Consistency: local_region", "SlashID-Required-Consistency-Timeout: 1")
	}
	f.get(clients, "SlashID-Required-Consistency: all_regions").want(200)
	f.send("PATCH", path, `{"client_name":1}`, "SlashID-Required-Consistency: all_regions").want(404)
	if len(asked) != 0 {
		t.Errorf("waited for %v", asked)
	}
	f.send("POST", clients, minimal, "SlashID-Required-Consistency: all_regions").want(201)
	f.send("POST", clients, minimal, "SlashID-Required-Consistency: all_regions", "SlashID-Required-Consistency-Timeout: 120").want(201)
	if fmt.Sprint(asked) != "[30s 2m0s]" {
		t.Errorf("waited for %v", asked)
	}
}

// The write stands where its answer came too early.
func TestConsistencyNotReached(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	*f.await = func(context.Context) error { return fmt.Errorf("other nodes: %w", context.DeadlineExceeded) }
	path := f.client(minimal)
	f.send("PATCH", path, `{"client_name":"stands"}`, "SlashID-Required-Consistency: all_regions").want(408, "the change was made")
	f.get(path).want(200, `"client_name":"stands"`)
	*f.await = func(context.Context) error { return errors.New("node at 10.0.0.1 is away") }
	if a := f.send("PATCH", path, `{"client_name":"too"}`, "SlashID-Required-Consistency: all_regions").want(500); strings.Contains(a.Body.String(), "10.0.0.1") {
		t.Errorf("it shows %s", a.Body)
	}
	f.get(path).want(200, `"client_name":"too"`)
}

// TestConfirmedDeletion deletes a subtree with what is in it: its history stays
// with those above, and its clients are nobody's.
func TestConfirmedDeletion(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	inB, inC := f.client(minimal), f.as("c", tenancy.Editor).client(minimal)
	b := f.as("b", tenancy.Admin)
	delete := func(age time.Duration) answer {
		t.Helper()
		at := f.Clock.Now().Add(-age).Format(time.RFC3339Nano)
		return b.send("DELETE", "/organizations?delete_suborganizations=true&confirmation_timestamp="+url.QueryEscape(at), "")
	}
	rows := f.rows()
	for _, age := range []time.Duration{0, 9 * time.Second, 61 * time.Second, -time.Minute, 24 * time.Hour} {
		delete(age).want(400, "10 to 60 seconds in the past")
	}
	b.send("DELETE", "/organizations", "").want(409, "the organization holds 1 organization, 1 setup and 2 clients")
	b.send("DELETE", "/organizations?confirmation_timestamp="+url.QueryEscape(f.Clock.Now().Add(-30*time.Second).Format(time.RFC3339)), "").want(409)
	if got := f.rows(); got != rows {
		t.Errorf("rows %s became %s", rows, got)
	}
	delete(30 * time.Second).want(204)
	b.get("/organizations").want(401)
	f.acting("b", "a", tenancy.Admin).get(clients).want(401)
	a := f.as("a", tenancy.Reader)
	for _, path := range []string{inB, inC} {
		a.get(path).want(404)
	}
	a.get("/organizations/suborganizations").want(200, `{"result":["`+string(f.orgs["d"])+`"]}`)
	a.get(clients+"?descendants=true").want(200, `"total_count":0`)
	f.sound()
}

// A child with a default setup of its own: its client is found by those above.
func TestLookupOverSetups(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	c := f.as("c", tenancy.Editor)
	path := c.client(minimal)
	if got := f.found(path).Entity.Setup; got != f.own {
		t.Fatalf("it is in setup %s", got)
	}
	id := path[len(clients)+1:]
	// Another client of the same id, B's in the root's setup: each finds its own.
	f.stored(id, document.Client{ClientName: "Läden", GrantTypes: []string{"client_credentials"}})
	c.get(path).want(200, `"client_name":"m"`)
	f.get(path).want(200, `Läden`)
	f.acting("c", "b", tenancy.Reader).get(path).want(200, `"client_name":"m"`)
	f.get("/modules/"+module+"/setups/"+string(f.own)+path).want(200, `"client_name":"m"`)
	f.get("/modules/"+module+"/setups/"+string(f.setup)+path).want(200, `Läden`)
	f.as("x", tenancy.Reader).get(path).want(403)
	// Those whose default setup has neither are asked to say which.
	f.newSetup(f.orgs["a"])
	f.as("a", tenancy.Reader).get(path).want(409, "name the setup")
	f.as("a", tenancy.Reader).get("/modules/"+module+"/setups/"+string(f.setup)+path).want(200, `Läden`)
}

func TestPlannedChange(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	path := f.client(minimal)
	found := f.found(path)
	at := f.Log.Now().Millis() + 3_600_000
	_, err := snapshots.Edit(ctx, f.store, f.scope(f.orgs["b"], tenancy.Editor), snapshots.Ref{Module: module, Setup: f.setup, Entity: found.Entity.ID},
		snapshots.Change[document.Client]{ValidFrom: &at, Apply: func(base *document.Client, _ *document.Setup) (*document.Client, error) {
			next := document.Clone(base)
			next.ClientName = "planned"
			return next, nil
		}})
	must(t, err)
	for role, sees := range map[tenancy.Role]bool{tenancy.Reader: false, tenancy.Auditor: true, tenancy.Editor: true} {
		for _, target := range []string{path, path + "/ui-configuration"} {
			if got := f.as("b", role).get(target).want(200).Header().Get("Tenure-Next-Valid-From") != ""; got != sees {
				t.Errorf("%s sees a plan: %t", role, got)
			}
		}
	}
	f.Clock.Advance(2 * time.Hour)
	f.get(path).want(200, `"client_name":"planned"`)
}
