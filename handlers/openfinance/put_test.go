package openfinance_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/demo"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// withQuery is the redirect URI of the update modules: its query stays as it is.
const withQuery = "https://a.example/cb?dummy1=lorem&dummy2=ipsum"

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, dsn string) { fn(t, newFixture(t, dsn)) })
}

// snapshotsOf counts a client's snapshots.
func (f *fixture) snapshotsOf(t testing.TB, clientID string) int {
	t.Helper()
	e, _, err := f.store.Find(ctx, f.Store.Operator("test"), snapshots.ByClientID("", f.setup, clientID))
	ok(t, err)
	ids, err := snapshots.Snapshots[document.Client](ctx, f.store, f.Store.Operator("test"), e.Ref(), nil, true)
	ok(t, err)
	return len(ids)
}

// TestA26OwnAnswerChangesNothing: in each profile, with everything set that it
// knows, PUT of what POST or GET answered makes no snapshot and answers the same.
func TestA26OwnAnswerChangesNothing(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	everything := map[string]any{"scope": "openid accounts", "client_name#pt-BR": "Gerente", "tos_uri#fr": "https://a.example/fr", "contacts": []string{"a@example.com"},
		"post_logout_redirect_uris": []string{"https://a.example/bye"}, "webhook_uris": []string{"https://a.example/hook", "https://b.example/hook"},
		"require_auth_time": true, "require_pushed_authorization_requests": false, "backchannel_user_code_parameter": false, "default_max_age": 60,
		"default_acr_values": []string{"urn:brasil:openbanking:loa2"}, "request_object_encryption_alg": "RSA-OAEP", "request_object_encryption_enc": "A256GCM",
		"userinfo_signed_response_alg": "PS256", "authorization_details_types": []string{"consent"}, "additional_software_metadata": map[string]any{"b": 1, "a": 2},
		"frontchannel_logout_uri": "https://a.example/out", "frontchannel_logout_session_required": true, "initiate_login_uri": "https://a.example/login",
		"introspection_endpoint_auth_method": "private_key_jwt", "revocation_endpoint_auth_method": "private_key_jwt"}
	for about, c := range map[string]struct {
		path    string
		pair    *demo.Pair
		changes map[string]any
	}{
		"ofb-dcr2": {"/reg", good(), nil}, "ofb-dcr2, everything": {"/reg", sister(), everything},
		"ofb-id3": {f.id3, good(), nil}, "ofb-id3, everything": {f.id3, sister(), everything},
		"plain": {f.plain, nil, map[string]any{"software_statement": nil}}, "plain, everything": {f.plain, nil, everything},
		"plain, secret": {f.plain, nil, map[string]any{"token_endpoint_auth_method": "client_secret_basic", "jwks_uri": nil, "response_types": []string{"code"}}},
		"plain, machine": {f.plain, nil, map[string]any{"token_endpoint_auth_method": "client_secret_basic", "grant_types": []string{"client_credentials"},
			"response_types": []string{}, "redirect_uris": []string{}}},
	} {
		changes := map[string]any{}
		for name, value := range c.changes {
			changes[name] = value
		}
		fresh := func() any {
			if c.pair == nil {
				return nil
			}
			if c.pair == sister() {
				return f.statementOf("software-2", orgID)
			}
			return f.fresh(nil)
		}
		changes["software_statement"] = fresh()
		made := f.send(t, c.pair, "POST", c.path, f.body(changes)).want(t, 201)
		read := f.send(t, c.pair, "GET", made.uri(), "", made.bearer()).want(t, 200)
		size := f.Log.Size()
		for _, shown := range []answer{made, read} {
			put := f.send(t, c.pair, "PUT", made.uri(), f.own(shown, map[string]any{"software_statement": fresh()}), made.bearer()).want(t, 200)
			delete(put.doc, "software_statement")
			if !reflect.DeepEqual(put.doc, read.doc) {
				t.Errorf("%s: PUT answers %s\nGET %s", about, put.raw, read.raw)
			}
		}
		if f.Log.Size() != size { // the read has shown the secret first, which is an event
			t.Errorf("%s: %d events", about, f.Log.Size()-size)
		}
	}
}

// TestA27WhatPutMustNotHold: each refusal leaves everything as it was.
func TestA27WhatPutMustNotHold(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	secret := f.send(t, nil, "POST", f.plain, f.body(map[string]any{"software_statement": nil, "token_endpoint_auth_method": "client_secret_basic"})).want(t, 201)
	before := f.stored(t)
	for _, name := range assigned {
		f.send(t, good(), "PUT", made.uri(), f.own(made, map[string]any{name: made.doc[name]}), made.bearer()).want(t, 400, "invalid_request")
		f.send(t, good(), "PUT", made.uri(), f.own(made, map[string]any{name: null}), made.bearer()).want(t, 400, "invalid_request")
	}
	for _, id := range []any{nil, null, "", "other", secret.text("client_id")} {
		f.send(t, good(), "PUT", made.uri(), f.own(made, map[string]any{"client_id": id}), made.bearer()).want(t, 400, "invalid_request")
	}
	f.send(t, good(), "PUT", made.uri(), f.own(made, map[string]any{"client_secret": "none is mine"}), made.bearer()).want(t, 400, "invalid_request")
	f.unchanged(t, before)
	for _, wrong := range []any{"other", null, "", secret.text("client_secret") + "x"} {
		f.send(t, nil, "PUT", secret.uri(), f.own(secret, map[string]any{"software_statement": nil, "client_secret": wrong}), secret.bearer()).want(t, 400, "invalid_request")
	}
	f.unchanged(t, before)
	for _, body := range []string{"", "{", "[]", "null", `"x"`} {
		f.send(t, good(), "PUT", made.uri(), body, made.bearer(), "Content-Type: application/json").want(t, 400, "invalid_request")
	}
	f.send(t, good(), "PUT", made.uri(), f.own(made, nil), made.bearer(), "Content-Type: text/plain").want(t, 400, "invalid_request")
	f.unchanged(t, before)
}

// TestA28PutReplaces: what is left out or null falls back, lists are replaced.
func TestA28PutReplaces(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.send(t, nil, "POST", f.plain, f.body(map[string]any{"software_statement": nil, "contacts": []string{"a@example.com", "b@example.com"}, "tos_uri": "https://a.example/tos",
		"client_name": "a", "client_name#fr": "b", "scope": "openid x", "require_auth_time": true, "default_max_age": 5})).want(t, 201)
	put := f.send(t, nil, "PUT", made.uri(), f.own(made, map[string]any{"software_statement": nil, "contacts": []string{"c@example.com"}, "tos_uri": null, "client_name": nil,
		"client_name#fr": nil, "scope": null, "require_auth_time": null, "default_max_age": nil, "response_types": nil, "grant_types": null}), made.bearer()).want(t, 200)
	if !slices.Equal(put.list("contacts"), []string{"c@example.com"}) || put.doc["tos_uri"] != nil || put.doc["client_name"] != nil || put.doc["client_name#fr"] != nil ||
		put.text("scope") != "" || put.doc["require_auth_time"] != nil || put.doc["default_max_age"] != nil ||
		!slices.Equal(put.list("response_types"), []string{"code"}) || !slices.Equal(put.list("grant_types"), []string{"authorization_code"}) {
		t.Errorf("%s", put.raw)
	}
	if put.text("client_id") != made.text("client_id") || string(put.doc["client_id_issued_at"]) != string(made.doc["client_id_issued_at"]) {
		t.Errorf("%s", put.raw)
	}
}

// TestA29A30Update: the second redirect URI is kept byte for byte, and each
// refusal of the update modules changes nothing.
func TestA29A30Update(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	put := f.send(t, good(), "PUT", made.uri(), f.own(made, map[string]any{"redirect_uris": []string{withQuery}}), made.bearer()).want(t, 200)
	if !slices.Equal(put.list("redirect_uris"), []string{withQuery}) || put.token() != made.token() || put.uri() != made.uri() || f.snapshotsOf(t, made.text("client_id")) != 2 {
		t.Errorf("%s", put.raw)
	}
	before := f.stored(t)
	first := []string{"https://a.example/cb"}
	for about, c := range map[string]struct {
		pair    *demo.Pair
		token   string
		changes map[string]any
		status  int
		errs    []string
	}{
		"forged certificate": {forged(), made.token(), nil, 401, nil}, "no certificate": {nil, made.token(), nil, 401, nil},
		"alien token":      {good(), "reg_at_alien", nil, 401, []string{"invalid_token"}},
		"no statement":     {good(), made.token(), map[string]any{"software_statement": nil}, 400, []string{"invalid_software_statement"}},
		"broken statement": {good(), made.token(), map[string]any{"software_statement": f.fresh(nil) + "x"}, 400, []string{"invalid_software_statement"}},
		"old statement":    {good(), made.token(), map[string]any{"software_statement": f.fresh(map[string]any{"iat": f.Clock.Now().Unix() - 301})}, 400, []string{"invalid_software_statement"}},
		"alien jwks_uri":   {good(), made.token(), map[string]any{"jwks_uri": "https://evil.example/jwks"}, 400, []string{"invalid_client_metadata"}},
		"by value":         {good(), made.token(), map[string]any{"jwks": json.RawMessage(`{"keys":[]}`), "jwks_uri": nil}, 400, []string{"invalid_client_metadata"}},
		"unlisted URI":     {good(), made.token(), map[string]any{"redirect_uris": []string{"https://evil.example/cb"}}, 400, []string{"invalid_redirect_uri"}},
		"no URI":           {good(), made.token(), map[string]any{"redirect_uris": []string{}}, 400, []string{"invalid_redirect_uri"}},
		"scope outside":    {good(), made.token(), map[string]any{"scope": "openid admin"}, 400, []string{"invalid_client_metadata"}},
		"inactive":         {good(), made.token(), map[string]any{"software_statement": f.fresh(map[string]any{"org_status": "Inactive"})}, 400, []string{"unapproved_software_statement"}},
	} {
		changes := map[string]any{"redirect_uris": first}
		for name, value := range c.changes {
			changes[name] = value
		}
		t.Log(about)
		f.send(t, c.pair, "PUT", made.uri(), f.own(made, changes), bearer(c.token)).want(t, c.status, c.errs...)
	}
	f.unchanged(t, before)
	for range 2 {
		got := f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 200)
		if !slices.Equal(got.list("redirect_uris"), []string{withQuery}) {
			t.Errorf("%s", got.raw)
		}
	}
	f.send(t, good(), "DELETE", made.uri(), "", made.bearer()).want(t, 204)
}

// TestA31TokenAndSecret: kept, unless a profile that may rotate is told to.
func TestA31TokenAndSecret(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	rotate := func(p *snapshots.Policy) { p.RotateTokens = true }
	f.policy(t, f.Root, f.setup, rotate)
	made := f.registered(t)
	f.Clock.Advance(time.Hour)
	put := f.send(t, good(), "PUT", made.uri(), f.own(made, map[string]any{"redirect_uris": []string{withQuery}}), made.bearer()).want(t, 200)
	if put.token() != made.token() || string(put.doc["client_id_issued_at"]) != string(made.doc["client_id_issued_at"]) {
		t.Errorf("ofb-dcr2 never rotates: %s", put.raw)
	}
	for path, pair := range map[string]*demo.Pair{f.id3: good(), f.plain: nil} {
		org := f.North
		changes := map[string]any{}
		if path == f.plain {
			org, changes = f.South, map[string]any{"token_endpoint_auth_method": "client_secret_basic", "software_statement": nil}
		}
		f.policy(t, org, setupOf(path), rotate)
		made := f.send(t, pair, "POST", path, f.body(changes)).want(t, 201)
		delete(changes, "token_endpoint_auth_method")
		same := f.send(t, pair, "PUT", made.uri(), f.own(made, changes), made.bearer()).want(t, 200)
		if same.token() != made.token() {
			t.Errorf("%s: a PUT that changes nothing: %s", path, same.raw)
		}
		changes["redirect_uris"] = []string{withQuery}
		put := f.send(t, pair, "PUT", made.uri(), f.own(made, changes), made.bearer()).want(t, 200)
		if put.token() == made.token() || put.token() == "" || put.text("client_secret") != made.text("client_secret") {
			t.Errorf("%s: %s", path, put.raw)
		}
		f.send(t, pair, "GET", made.uri(), "", made.bearer()).want(t, 401)
		f.send(t, pair, "GET", made.uri(), "", put.bearer()).want(t, 200)
	}
	// A secret comes when it is first needed, and stays.
	plain := f.send(t, nil, "POST", f.plain, f.body(map[string]any{"software_statement": nil})).want(t, 201)
	f.policy(t, f.South, setupOf(f.plain), func(p *snapshots.Policy) { p.RotateTokens = false })
	to := func(method string) answer {
		return f.send(t, nil, "PUT", plain.uri(), f.own(plain, map[string]any{"software_statement": nil, "token_endpoint_auth_method": method}), plain.bearer()).want(t, 200)
	}
	basic := to("client_secret_basic")
	if plain.doc["client_secret"] != nil || basic.text("client_secret") == "" || string(basic.doc["client_secret_expires_at"]) != "0" {
		t.Errorf("%s", basic.raw)
	}
	if to("private_key_jwt").doc["client_secret"] != nil || to("client_secret_basic").text("client_secret") != basic.text("client_secret") {
		t.Error("the secret did not stay")
	}
}

// TestA32NoSubjectType is accepted.
func TestA32NoSubjectType(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	put := f.send(t, good(), "PUT", made.uri(), f.own(made, map[string]any{"subject_type": nil, "sector_identifier_uri": nil}), made.bearer()).want(t, 200)
	if put.text("subject_type") != "public" {
		t.Errorf("%s", put.raw)
	}
}

// TestA33TwoPutsAtOnce: one whole result, never a mix of both.
func TestA33TwoPutsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		made := f.registered(t)
		for range 5 {
			wants := [2]string{"https://a.example/cb accounts", withQuery + " payments"}
			var done sync.WaitGroup
			for _, want := range wants {
				uri, scope, _ := strings.Cut(want, " ")
				body := f.own(made, map[string]any{"redirect_uris": []string{uri}, "scope": scope})
				done.Go(func() {
					got := f.send(t, good(), "PUT", made.uri(), body, made.bearer())
					if got.status != 200 || got.text("scope") != scope || !slices.Equal(got.list("redirect_uris"), []string{uri}) {
						t.Errorf("%d %s", got.status, got.raw)
					}
				})
			}
			done.Wait()
			got := f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 200)
			if one := got.list("redirect_uris")[0] + " " + got.text("scope"); !slices.Contains(wants[:], one) {
				t.Errorf("a mix: %s", one)
			}
		}
	})
}

// TestA34Deleted: 204 without a body, and then the token opens nothing; the
// client is there for nobody.
func TestA34Deleted(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		made := f.registered(t)
		gone := f.send(t, good(), "DELETE", made.uri(), "", made.bearer()).want(t, 204)
		if len(gone.raw) != 0 {
			t.Errorf("%s", gone.raw)
		}
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			body := ""
			if method == "PUT" {
				body = f.own(made, nil)
			}
			f.send(t, good(), method, made.uri(), body, made.bearer()).want(t, 401, "invalid_token")
		}
		if _, err := snapshots.Resolve[document.Client](ctx, f.store, f.Store.Operator("test"), snapshots.ByClientID("", f.setup, made.text("client_id")), snapshots.Instant{}); err == nil {
			t.Error("it still resolves")
		}
		again := f.registered(t)
		if again.text("client_id") == made.text("client_id") || again.token() == made.token() {
			t.Error("the new one is the old one")
		}
	})
}

// TestA35WrongTokenHarmsNothing.
func TestA35WrongTokenHarmsNothing(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	other := f.send(t, sister(), "POST", "/reg", f.body(map[string]any{"software_statement": f.statementOf("software-2", orgID)})).want(t, 201)
	before := f.stored(t)
	f.send(t, good(), "DELETE", made.uri(), "", other.bearer()).want(t, 401, "invalid_token")
	f.send(t, good(), "DELETE", made.uri(), "", bearer("reg_at_x")).want(t, 401, "invalid_token")
	f.unchanged(t, before)
	f.send(t, sister(), "GET", other.uri(), "", other.bearer()).want(t, 200)
	f.send(t, good(), "DELETE", made.uri(), "", made.bearer()).want(t, 204)
}

// TestA36TwoDeletesAtOnce: one 204, one 401.
func TestA36TwoDeletesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		for range 5 {
			made := f.registered(t)
			var statuses [2]int
			var done sync.WaitGroup
			for i := range statuses {
				done.Go(func() { statuses[i] = f.send(t, good(), "DELETE", made.uri(), "", made.bearer()).status })
			}
			done.Wait()
			slices.Sort(statuses[:])
			if statuses != [2]int{204, 401} {
				t.Fatalf("%v", statuses)
			}
		}
	})
}

// TestA24Status429 and the Must show: at ten times its rate for ten seconds a
// caller is told when to come again, others are served, and it is served at
// once when it does.
func TestA24Status429(t *testing.T) {
	const burst, perSecond = 20, 10
	f := newFixture(t, dbtest.SQLite(t), func(_ *fixture, c *openfinance.Deps) {
		c.Callers = web.Rate{Every: time.Second / perSecond, Burst: burst}
	})
	made := f.registered(t)
	other := f.send(t, sister(), "POST", "/reg", f.body(map[string]any{"software_statement": f.statementOf("software-2", orgID)})).want(t, 201)
	f.Clock.Advance(time.Minute)
	served, throttled := 0, 0
	for tick := range 10 * perSecond {
		for range 10 {
			got := f.send(t, good(), "GET", made.uri(), "", made.bearer(), "X-Fapi-Interaction-Id: "+interaction)
			switch got.status {
			case 200:
				served++
			case 429:
				throttled++
				if got.header.Get("Retry-After") != "1" || got.header.Get("X-Fapi-Interaction-Id") != interaction || got.text("error") != "temporarily_unavailable" {
					t.Fatalf("%v %s", got.header, got.raw)
				}
			default:
				t.Fatalf("%d %s", got.status, got.raw)
			}
		}
		if tick%perSecond == 0 {
			f.send(t, sister(), "GET", other.uri(), "", other.bearer()).want(t, 200)
		}
		f.Clock.Advance(time.Second / perSecond)
	}
	if allowed := burst + 10*perSecond; served < allowed-1 || served > allowed+1 || throttled != 1000-served {
		t.Errorf("%d served, %d throttled; %d are allowed", served, throttled, allowed)
	}
	f.Clock.Advance(time.Second) // Retry-After
	for range perSecond {
		f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, http.StatusOK)
	}
}

// TestA22HeadersOnTheWire: malformed ones are passed over and named in the log,
// never with their value; a strict setup refuses them.
func TestA22HeadersOnTheWire(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	well := map[string][]string{"x-fapi-auth-date": {"Sun, 10 Sep 2017 19:43:31 UTC", "Tue, 10 Sep 2017 99:43:31 GMT"}, "x-fapi-customer-ip-address": {"192.0.2.1", "2001:db8::1"},
		"x-customer-user-agent": {"a browser"}}
	ill := map[string][]string{"x-fapi-auth-date": {"Sun, 10 Foo 2017 19:43:31 UTC", "Sun, 1 Sep 2017 19:43:31 UTC", "Sun, 10 Sep 2017 19:43:31 UTC trailing"},
		"x-fapi-customer-ip-address": {"junk-address", "192.0.2.1, 192.0.2.2"}, "x-customer-user-agent": {strings.Repeat("junk-agent", 11)}, "x-fapi-interaction-id": {"junk-id"}}
	ask := func(name, value string) answer {
		return f.send(t, good(), "GET", made.uri(), "", made.bearer(), name+": "+value)
	}
	for _, strict := range []bool{false, true} {
		f.policy(t, f.Root, f.setup, func(p *snapshots.Policy) { p.StrictHeaders = strict })
		for name, values := range well {
			for _, value := range values {
				ask(name, value).want(t, 200)
			}
		}
		for name, values := range ill {
			for _, value := range values {
				got := ask(name, value)
				if !strict {
					got.want(t, 200)
				} else if got.want(t, 400, "invalid_request"); !strings.Contains(got.text("error_description"), name) {
					t.Errorf("%s: %s", name, got.raw)
				}
			}
		}
	}
	logged := f.log.text.String()
	if !strings.Contains(logged, `"ignored_headers":["x-fapi-auth-date"]`) || strings.Contains(logged, "junk") || strings.Contains(logged, "trailing") {
		t.Errorf("the log: %.3000s", logged)
	}
}

// TestMembersAreSpelledExactly: another spelling of a member is another, unknown
// one, in the body and in a statement; what PUT refuses it refuses by name only.
func TestMembersAreSpelledExactly(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.send(t, good(), "POST", "/reg", strings.Replace(f.body(nil), "{", `{"Redirect_URIs":["https://evil.example/cb"],"SCOPE":"admin","\u017fcope":"admin","JWKS":{},`, 1)).want(t, 201)
	if !slices.Equal(made.list("redirect_uris"), []string{"https://a.example/cb"}) || strings.Contains(made.text("scope"), "admin") {
		t.Errorf("%s", made.raw)
	}
	f.send(t, nil, "POST", f.plain, `{"REDIRECT_URIS":["https://a.example/cb"]}`).want(t, 400, "invalid_redirect_uri")
	other := f.fresh(map[string]any{"ORG_ID": "another", "Software_Status": "Inactive"})
	f.send(t, good(), "PUT", made.uri(), f.own(made, map[string]any{"software_statement": other}), made.bearer()).want(t, 200)
	f.send(t, nil, "POST", f.plain, `{"redirect_uris":["https://a.example/cb"],"default_max_age":-1}`).want(t, 400, "invalid_client_metadata")
}

// TestJunkKeysAreCounted as every credential that does not hold.
func TestJunkKeysAreCounted(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), func(_ *fixture, c *openfinance.Deps) {
		c.Callers = web.Rate{Every: time.Second, Burst: 5}
	})
	for i := range 8 {
		got := f.send(t, nil, "GET", "/reg/x", "", bearer("tenure_"+strings.Repeat("A", 43)))
		if want := map[bool]int{true: 401, false: 429}[i < 5]; got.status != want {
			t.Errorf("%d: %d %s", i, got.status, got.raw)
		}
	}
}

// TestAClientReadsItselfNow: another instant is for API keys that may see it.
func TestAClientReadsItselfNow(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	f.send(t, good(), "GET", made.uri()+"?at=2020-01-01T00:00:00Z", "", made.bearer()).want(t, 403)
	f.send(t, good(), "GET", made.uri()+"?at=junk", "", made.bearer()).want(t, 400)
	f.send(t, nil, "GET", made.uri()+"?at=2020-01-01T00:00:00Z", "", bearer(f.Key(f.Root, tenancy.Auditor))).want(t, 404)
	f.send(t, nil, "GET", made.uri()+"?at=2030-01-01T00:00:00Z", "", bearer(f.Key(f.Root, tenancy.Auditor))).want(t, 200)
	f.send(t, nil, "GET", made.uri()+"?at=2030-01-01T00:00:00Z", "", bearer(f.Key(f.Root, tenancy.Reader))).want(t, 403)
}
