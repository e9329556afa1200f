package register_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/handlers/register"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// TestAllowedGrantsAndScopes: a policy binds what a client asks for, not what
// an administrator gave it.
func TestAllowedGrantsAndScopes(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), loose)
	f.policy(t, f.Root, f.setup, func(p *snapshots.Policy) {
		p.Registration, p.AllowedGrants, p.AllowedScopes = snapshots.RegistrationOpen, []string{"authorization_code", "refresh_token"}, []string{"openid", "profile"}
	})
	post := func(body string, status int, words ...string) answer {
		t.Helper()
		return f.send("POST", "/oauth2/register", body).want(t, status, words...)
	}
	post(`{"grant_types": ["client_credentials"]}`, 400, "invalid_client_metadata", "/grant_types: 'client_credentials' is not allowed")
	post(`{"grant_types": ["authorization_code", "implicit"], "redirect_uris": ["https://app.example/cb"]}`, 400, "'implicit'")
	post(`{"scope": "openid admin", "redirect_uris": ["https://app.example/cb"]}`, 400, "/scope: 'admin' is not allowed")
	post(`{"scope": "offline", "redirect_uris": ["https://app.example/cb"]}`, 400, "'offline'")
	post(`{"grant_types": ["authorization_code", "refresh_token"], "scope": "profile  openid", "redirect_uris": ["https://app.example/cb"]}`, 201, `"scope":"profile openid"`)
	made := post(minimal, 201, `"scope":"openid"`) // the default, as far as it is allowed

	address, token := "/oauth2/register/"+made.text(t, "client_id"), made.text(t, "registration_access_token")
	f.send("PUT", address, `{"scope": "openid admin", "redirect_uris": ["https://app.example/cb"]}`, bearer(token)).want(t, 400)
	f.send("PUT", address, `{"grant_types": ["implicit"], "redirect_uris": ["https://app.example/cb"]}`, bearer(token)).want(t, 400)
	f.send("PUT", address, `{"scope": "profile", "redirect_uris": ["https://app.example/cb"]}`, bearer(token)).want(t, 200, `"scope":"profile"`)

	given := f.stored(t, f.setup, "given", "client_secret_basic", becomes(document.Client{GrantTypes: []string{"client_credentials"},
		Scopes: []string{"admin", "openid"}, TokenEndpointAuthMethod: "client_secret_basic"}))
	put := f.send("PUT", "/oauth2/register/given", `{"client_name": "x", "grant_types": ["client_credentials"], "scope": "openid admin"}`, bearer(given.token)).want(t, 200)
	f.send("PUT", "/oauth2/register/given", `{"grant_types": ["client_credentials"], "scope": "admin root"}`, bearer(put.text(t, "registration_access_token"))).
		want(t, 400, "'root'")

	f.policy(t, f.Root, f.setup, func(p *snapshots.Policy) {
		p.Registration, p.AllowedGrants, p.AllowedScopes = snapshots.RegistrationOpen, []string{"client_credentials"}, []string{"a", "b"}
	})
	post(minimal, 400, "'authorization_code' is not allowed") // which no grant types mean
	post(`{"grant_types": ["client_credentials"]}`, 201, `"scope":"a b"`)
}

// TestMaximumOfClients: beside others' writes as well.
func TestMaximumOfClients(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), loose)
	f.policy(t, f.Root, f.setup, func(p *snapshots.Policy) { p.Registration, p.MaxClients = snapshots.RegistrationOpen, 5 })
	var all sync.WaitGroup
	answers := make(chan answer, 20)
	for range 20 {
		all.Go(func() { answers <- f.send("POST", "/oauth2/register", minimal) })
	}
	all.Wait()
	close(answers)
	counts := map[int]int{}
	var made answer
	for a := range answers {
		counts[a.Code]++
		if a.Code == 201 {
			made = a
		} else if !strings.Contains(a.Body.String(), "as many clients as it may have") {
			t.Errorf("%s", a.Body)
		}
	}
	if counts[201] != 5 || counts[403] != 15 {
		t.Errorf("%v", counts)
	}
	f.send("DELETE", "/oauth2/register/"+made.text(t, "client_id"), "", bearer(made.text(t, "registration_access_token"))).want(t, 204)
	f.send("POST", "/oauth2/register", minimal).want(t, 201)
	f.send("POST", "/oauth2/register", minimal).want(t, 403)
}

// TestInitialTokens: one holds until its end, and for as many uses as it has.
func TestInitialTokens(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), loose)
	target := below + string(f.guarded) + "/oauth2/register"
	scope := f.Scope(t, f.North, tenancy.Admin)
	made := func(n snapshots.InitialToken) (string, string) {
		t.Helper()
		n.Name = "n"
		token, text, err := f.store.CreateInitialToken(ctx, scope, f.guarded, n)
		must(t, err)
		return token.ID, text
	}
	_, twice := made(snapshots.InitialToken{MaxUses: new(int64(2))})
	var all sync.WaitGroup
	counts := make(chan int, 10)
	for range 10 {
		all.Go(func() { counts <- f.send("POST", target, minimal, bearer(twice)).Code })
	}
	all.Wait()
	used := 0
	for range 10 {
		switch code := <-counts; code {
		case 201:
			used++
		case 401:
		default:
			t.Errorf("status %d", code)
		}
	}
	if used != 2 {
		t.Errorf("%d uses of 2", used)
	}
	f.send("POST", target, minimal, bearer(twice)).refused(t)
	_, refusing := made(snapshots.InitialToken{MaxUses: new(int64(1))})
	f.send("POST", target, `{"client_secret": "averylongsecret"}`, bearer(refusing)).want(t, 400)
	f.send("POST", target+"?access_token="+refusing, minimal).want(t, 201) // a refusal was no use
	_, short := made(snapshots.InitialToken{ExpiresAt: f.store.Now() + 60e6})
	f.send("POST", target, minimal, bearer(short)).want(t, 201)
	id, revoked := made(snapshots.InitialToken{})
	must(t, f.store.RevokeInitialToken(ctx, scope, f.guarded, id))
	f.send("POST", target, minimal, bearer(revoked)).refused(t)
	f.Clock.Advance(time.Minute)
	f.send("POST", target, minimal, bearer(short)).refused(t)
	f.send("POST", target, minimal, bearer(f.Key(f.Root, tenancy.Admin))).refused(t)
	f.send("POST", target, minimal, bearer(f.initial)).want(t, 201)
	f.send("POST", "/oauth2/register", minimal, bearer("anything")).want(t, 201) // where it is open nobody asks
}

// TestTurningRegistrationOff closes all four routes, for everybody.
func TestTurningRegistrationOff(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	c := f.stored(t, f.setup, "c", "client_secret_basic")
	f.send("GET", "/oauth2/register/c", "", bearer(c.token)).want(t, 200)
	f.policy(t, f.Root, f.setup, func(*snapshots.Policy) {})
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		f.send(method, "/oauth2/register/c", "{}", bearer(c.token)).want(t, 404, "Dynamic registration is not enabled.")
	}
	_, err := f.Store.SetDefaultSetup(ctx, f.Scope(t, f.Root, tenancy.Admin), f.Root, "", nil)
	must(t, err)
	f.send("POST", "/oauth2/register", "{}").want(t, 404, "Dynamic registration is not enabled.")
}

// TestParallelChangesWithOneToken: the token is void at once, so one wins.
func TestParallelChangesWithOneToken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		f := newFixture(t, dsn, loose)
		c := f.stored(t, f.setup, "c", "client_secret_basic")
		var all sync.WaitGroup
		answers := make(chan answer, 8)
		for range 8 {
			all.Go(func() {
				answers <- f.send("PUT", "/oauth2/register/c", `{"client_name": "x", "redirect_uris": ["https://app.example/cb"]}`, bearer(c.token))
			})
		}
		all.Wait()
		close(answers)
		won := 0
		for a := range answers {
			if a.Code == http.StatusOK {
				won++
				continue
			}
			a.refused(t)
		}
		if won != 1 {
			t.Errorf("%d won", won)
		}
		if problems, err := snapshots.Check(ctx, f.DB); err != nil || len(problems) > 0 {
			t.Errorf("%v, %v", problems, err)
		}
	})
}

// TestAClientThatBeginsToNeedASecret gets one, and one that has one keeps it.
func TestAClientThatBeginsToNeedASecret(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), loose)
	made := f.send("POST", "/oauth2/register", `{"token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"]}`).want(t, 201)
	address := "/oauth2/register/" + made.text(t, "client_id")
	put := f.send("PUT", address, `{"token_endpoint_auth_method": "client_secret_post", "redirect_uris": ["https://app.example/cb"]}`, bearer(made.text(t, "registration_access_token"))).want(t, 200)
	secret := put.text(t, "client_secret")
	f.send("GET", address+"?client_secret="+secret, "").want(t, 200)
	put = f.send("PUT", address, `{"token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"]}`, bearer(put.text(t, "registration_access_token"))).want(t, 200)
	f.send("GET", address+"?client_secret="+secret, "").refused(t)
	put = f.send("PUT", address, minimal, bearer(put.text(t, "registration_access_token"))).want(t, 200)
	if put.text(t, "client_secret") != "" {
		t.Errorf("it has one: %s", put.Body)
	}
	f.send("GET", address, "", basicHeader(made.text(t, "client_id"), secret)).want(t, 200)
}

// TestSectorIdentifier is fetched for what is new, and not for what is refused
// anyway.
func TestSectorIdentifier(t *testing.T) {
	fetched := 0
	f := newFixture(t, dbtest.SQLite(t), loose, func(c *register.Deps) {
		c.Fetch = func(_ context.Context, uri string) ([]byte, error) {
			fetched++
			if uri != "https://sector.example/list" {
				return nil, errors.New("no")
			}
			return []byte(`["https://app.example/cb"]`), nil
		}
	})
	body := `{"sector_identifier_uri": "https://sector.example/list", "redirect_uris": ["https://app.example/cb"]}`
	made := f.send("POST", "/oauth2/register", body).want(t, 201)
	f.send("PUT", "/oauth2/register/"+made.text(t, "client_id"), body, bearer(made.text(t, "registration_access_token"))).want(t, 200)
	if fetched != 1 {
		t.Errorf("fetched %d times", fetched)
	}
	f.send("POST", "/oauth2/register", `{"sector_identifier_uri": "https://sector.example/list", "redirect_uris": ["https://other.example/cb"]}`).want(t, 400)
	f.send("POST", "/oauth2/register", `{"sector_identifier_uri": "https://else.example/list", "redirect_uris": ["https://app.example/cb"]}`).want(t, 400)
	f.send("POST", "/oauth2/register", `{"sector_identifier_uri": "https://sector.example/list", "policy_uri": "x"}`).want(t, 400)
	if fetched != 3 {
		t.Errorf("fetched %d times", fetched)
	}
}

// TestWhatWasReadMayBeSentBack: it is accepted and changes nothing.
func TestWhatWasReadMayBeSentBack(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	vars := f.variables(t)
	found, err := snapshots.Resolve[document.Client](ctx, f.store, f.Store.Operator("test"), snapshots.ByClientID("", f.setup, "shop"), snapshots.Instant{})
	must(t, err)
	read := f.send("GET", "/oauth2/register/shop", "", bearer(vars["shop_token"])).want(t, 200)
	if !json.Valid(read.Body.Bytes()) {
		t.Fatal(read.Body)
	}
	put := f.send("PUT", "/oauth2/register/shop", read.Body.String(), bearer(vars["shop_token"])).want(t, 200)
	if got := put.Header().Get("Tenure-Snapshot-Id"); got != string(found.ID) {
		t.Errorf("a new snapshot: %s", got)
	}
}

// TestDialectsKeepEachOther: what Hydra does not know survives a client's PUT.
func TestDialectsKeepEachOther(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	vars := f.variables(t)
	f.send("PUT", "/oauth2/register/shop", `{"client_name": "self", "redirect_uris": ["https://app.example/cb"]}`, bearer(vars["shop_token"])).want(t, 200)
	found, err := snapshots.Resolve[document.Client](ctx, f.store, f.Store.Operator("test"), snapshots.ByClientID("", f.setup, "shop"), snapshots.Instant{})
	must(t, err)
	c := found.Content
	if c.PKCEMode != "required" || c.FreeMetadata != `{"tier":"gold"}` || c.OwnerLabel != "retail" || c.AccessTokenStrategy != "jwt" ||
		c.SkipConsent != document.True || c.SkipLogoutConsent != document.True || len(c.Audience) != 1 || c.ClientName != "self" {
		t.Errorf("%+v", c)
	}
}

// TestAnImportedHashIsRenewed by the first read with the client's own secret.
func TestAnImportedHashIsRenewed(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	n, err := f.store.ImportedSecret("$pbkdf2-sha256$i=25000,l=32$c2FsdFNBTFRzYWx0U0FMVA$GzeDwF9pbywR4R5ujU7I4ydEFo+p7XT6qALg695Lg78", 14)
	must(t, err)
	c := f.stored(t, f.setup, "moved", "client_secret_basic", func(ch *snapshots.Change[document.Client]) { ch.Secret = n })
	ids := func() string {
		list, err := f.store.Secrets(ctx, f.Store.Operator("test"), snapshots.ByRef(c.Ref), snapshots.Instant{})
		must(t, err)
		if len(list) != 1 {
			t.Fatalf("%+v", list)
		}
		return list[0].ID
	}
	before := ids()
	f.send("GET", "/oauth2/register/moved", "", basicHeader("moved", "wrong")).refused(t)
	if ids() != before {
		t.Error("renewed by a wrong secret")
	}
	for range 3 {
		f.send("GET", "/oauth2/register/moved", "", basicHeader("moved", "correct horse")).want(t, 200)
	}
	if ids() == before {
		t.Error("not renewed")
	}
}

// TestAClientReadsItselfNow: no route here is about another instant.
func TestAClientReadsItselfNow(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	c := f.stored(t, f.setup, "c", "client_secret_basic")
	for _, query := range []string{"at=2020-01-01T00:00:00Z", "known_at=2020-01-01T00:00:00Z", "as_of=2020-01-01T00:00:00Z", "validAt=x"} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			f.send(method, "/oauth2/register/c?"+query, "{}", bearer(c.token)).want(t, 400, "this route is about now")
		}
		f.send("POST", "/oauth2/register?"+query, "{}").want(t, 400, "this route is about now")
	}
	f.send("GET", "/oauth2/register/c?other=x", "", bearer(c.token)).want(t, 200)
}

// TestRotateToken: a client's own PUT renews its token, unless the policy says never.
func TestRotateToken(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), loose)
	made := f.send("POST", "/oauth2/register", minimal).want(t, 201)
	address, token := "/oauth2/register/"+made.text(t, "client_id"), made.text(t, "registration_access_token")
	for i, row := range []struct {
		rotate string
		renews bool
	}{{"", true}, {snapshots.RotateAlways, true}, {snapshots.RotateNever, false}, {snapshots.RotateNever, false}} {
		f.policy(t, f.Root, f.setup, func(p *snapshots.Policy) { p.Registration, p.RotateToken = snapshots.RegistrationOpen, row.rotate })
		body := `{"client_name":"c` + string(rune('0'+i)) + `","redirect_uris":["https://app.example/cb"]}`
		put := f.send("PUT", address, body, bearer(token)).want(t, 200)
		next := put.text(t, "registration_access_token")
		if (next != token) != row.renews || next == "" {
			t.Errorf("%q: %s after %s", row.rotate, next, token)
		}
		status := 200
		if row.renews {
			status = 401
		}
		f.send("GET", address, "", bearer(token)).want(t, status)
		f.send("GET", address, "", bearer(next)).want(t, 200)
		token = next
	}
}

// TestDefaultScopes: what a client gets that asks for none, at its PUT as well.
func TestDefaultScopes(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), loose)
	f.policy(t, f.Root, f.setup, func(p *snapshots.Policy) {
		p.Registration, p.DefaultScopes = snapshots.RegistrationOpen, []string{"mcp:read", "mcp:write"}
	})
	made := f.send("POST", "/oauth2/register", minimal).want(t, 201, `"scope":"mcp:read mcp:write"`)
	asked := f.send("POST", "/oauth2/register", `{"redirect_uris":["https://app.example/cb"],"scope":"other"}`).want(t, 201, `"scope":"other"`)
	f.send("PUT", "/oauth2/register/"+asked.text(t, "client_id"), minimal, bearer(asked.text(t, "registration_access_token"))).want(t, 200, `"scope":"mcp:read mcp:write"`)
	f.send("GET", "/oauth2/register/"+made.text(t, "client_id"), "", bearer(made.text(t, "registration_access_token"))).want(t, 200, `"scope":"mcp:read mcp:write"`)
	p := snapshots.DefaultPolicy()
	p.AllowedScopes, p.DefaultScopes = []string{"a"}, []string{"a", "b"}
	if err := f.store.SetPolicy(ctx, f.Scope(t, f.Root, tenancy.Admin), module, f.setup, p); err == nil || !strings.Contains(err.Error(), "/default_scopes/1") {
		t.Errorf("a default that is not allowed: %v", err)
	}
}
