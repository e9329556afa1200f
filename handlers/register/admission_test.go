package register_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tenure/handlers/ory"
	"tenure/handlers/register"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

const below = "/modules/" + module + "/setups/"

func basicHeader(id, secret string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// loose lets a test fail as often as it likes.
func loose(c *register.Deps) {
	c.Guesses, c.Guessers = web.Rate{Every: time.Nanosecond, Burst: 1 << 30}, web.Rate{Every: time.Nanosecond, Burst: 1 << 30}
	c.Addresses, c.Setups = c.Guesses, c.Guessers
}

// TestOnlyTheOwnTokenWorks asks every route about every client with every
// credential that there is. Only a client's own live registration token, and
// for reading its own credentials, are let in; whatever else is answered is
// the same to the last byte and header, and nothing was done.
func TestOnlyTheOwnTokenWorks(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), loose)
	later := f.Log.Now().Millis() + 3_600_000
	clients := []client{
		f.stored(t, f.setup, "basic", "client_secret_basic"),
		f.stored(t, f.setup, "post", "client_secret_post"),
		f.stored(t, f.setup, "public", "none"),
		f.stored(t, f.guarded, "elsewhere", "client_secret_basic"),
		f.stored(t, f.setup, "planned", "client_secret_basic", func(ch *snapshots.Change[document.Client]) { ch.ValidFrom = &later }),
		f.stored(t, f.setup, "gone", "client_secret_basic"),
		f.stored(t, f.setup, "of reg", "client_secret_basic", func(ch *snapshots.Change[document.Client]) {
			ch.Token = f.store.GenerateToken("reg", "ory_at_reg.reg", "reg.reg") // as another dialect's
		}),
		{id: "nobody", secret: "the-secret-of-nobody", token: "ory_at_a.b"},
		{id: "a/b%2F..", secret: "x", token: "ory_at_c.d"},
	}
	must(t, snapshots.Delete[document.Client](ctx, f.store, f.Store.Operator("test"), clients[5].Ref, nil))
	type credential struct {
		name, header, query string
		holds               func(c client, method string, setup snapshots.EntityID) bool
	}
	never := func(client, string, snapshots.EntityID) bool { return false }
	credentials := []credential{
		{"nothing", "", "", never}, {"garbage", "Authorization: Bearer garbage", "", never},
		{"an empty token", "Authorization: Bearer ", "access_token=", never},
		{"an API key", bearer(f.Key(f.Root, tenancy.Admin)), "", never},
		{"an initial token", bearer(f.initial), "", never},
		{"another scheme", "Authorization: Digest x", "", never},
	}
	for _, own := range clients {
		live := func(c client, _ string, setup snapshots.EntityID) bool {
			return c.id == own.id && c.Setup == setup && (c.id == "basic" || c.id == "post" || c.id == "public" || c.id == "elsewhere")
		}
		reading := func(id string) func(client, string, snapshots.EntityID) bool {
			return func(c client, method string, setup snapshots.EntityID) bool {
				return live(c, method, setup) && (method == http.MethodGet || method == http.MethodHead) && strings.Contains(id, c.id)
			}
		}
		credentials = append(credentials,
			credential{"token of " + own.id, bearer(own.token), "", live},
			credential{"token of " + own.id + " without prefix", bearer(strings.TrimPrefix(own.token, "ory_at_")), "", live},
			credential{"token of " + own.id + " in the query", "", "access_token=" + url.QueryEscape(own.token), live},
			credential{"token of " + own.id + " cut", bearer(own.token[:len(own.token)-1]), "", never})
		if strings.ContainsAny(own.id, " /") || own.id == "planned" {
			continue // each of these costs a slow hash
		}
		credentials = append(credentials,
			credential{"basic of " + own.id, basicHeader(own.id, own.secret), "", reading("basic elsewhere")},
			credential{"secret of " + own.id, "", "client_secret=" + url.QueryEscape(own.secret), func(c client, method string, setup snapshots.EntityID) bool {
				return c.secret == own.secret && reading("post")(c, method, setup)
			}})
	}
	asked, held := 0, 0
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete} {
		refusal := ""
		for _, setup := range []snapshots.EntityID{f.setup, f.guarded} {
			for _, c := range clients {
				for _, cred := range credentials {
					slow := strings.Contains(cred.name, "basic of") || cred.query != "" && !strings.Contains(cred.query, "token")
					if slow && (method == http.MethodHead || setup == f.guarded) && c.id != "basic" && c.id != "nobody" && c.id != "elsewhere" {
						continue
					}
					prefixes := []string{below + string(setup)}
					if setup == f.setup {
						prefixes = append(prefixes, "")
					}
					if slow {
						prefixes = prefixes[len(prefixes)-1:]
					}
					for _, prefix := range prefixes {
						asked++
						if cred.holds(c, method, setup) {
							held++
							if method != http.MethodGet && method != http.MethodHead {
								continue // it would be used up; the scripts do it
							}
							if got := f.send(method, prefix+"/oauth2/register/"+url.PathEscape(c.id)+"?"+cred.query, "", cred.header); got.Code != 200 {
								t.Errorf("%s %s with %s: %d", method, c.id, cred.name, got.Code)
							}
							continue
						}
						before := f.Log.Size()
						got := f.send(method, prefix+"/oauth2/register/"+url.PathEscape(c.id)+"?"+cred.query, "{}", cred.header)
						got.Header().Del("X-Request-Id") // random in each call
						whole := fmt.Sprint(got.Code, got.Header(), got.Body)
						if refusal == "" {
							refusal = whole
							if method != http.MethodHead {
								got.refused(t)
							}
						}
						if whole != refusal || f.Log.Size() != before {
							t.Errorf("%s %s%s with %s: %s, not %s", method, prefix, c.id, cred.name, whole, refusal)
						}
					}
				}
			}
		}
	}
	t.Logf("%d asked, %d held", asked, held)
	if held < 50 {
		t.Error("too few held: the matrix asks the wrong thing")
	}
}

// TestRoutesAreAdmittedHere: no route of this surface takes an API key or
// nothing at all.
func TestRoutesAreAdmittedHere(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	for _, r := range register.New(register.Deps{Store: f.store, Tenancy: f.Store}).Routes {
		if r.Admit == nil || r.Open || r.Permission == 0 {
			t.Errorf("%s %s is not admitted by its own credential", r.Method, r.Pattern)
		}
	}
}

// TestHistoryKnowsWho: a change by the client is the client's, a registration
// the address's or the initial access token's, and the owner is the policy's.
func TestHistoryKnowsWho(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	actor := func(kind string) history.Envelope {
		t.Helper()
		for events := f.Events(t); len(events) > 0; events = events[:len(events)-1] {
			if e := events[len(events)-1]; string(e.Kind) == kind {
				return e
			}
		}
		t.Fatal("no event ", kind)
		return history.Envelope{}
	}
	made := f.send("POST", "/oauth2/register", minimal).want(t, 201)
	if e := actor("client.published"); e.Actor != "anonymous:192.0.2.1" || e.Surface != register.Name || e.ActingOrg != string(f.Root) {
		t.Errorf("%+v", e)
	}
	id := made.text(t, "client_id")
	put := f.send("PUT", "/oauth2/register/"+id, `{"client_name": "x", "redirect_uris": ["https://app.example/cb"]}`, bearer(made.text(t, "registration_access_token"))).want(t, 200)
	changed := actor("client.changed")
	if changed.Actor != "client:"+changed.Object {
		t.Errorf("%+v", changed)
	}
	f.send("DELETE", "/oauth2/register/"+id, "", bearer(put.text(t, "registration_access_token"))).want(t, 204)
	if e := actor("client.deleted"); e.Actor != changed.Actor {
		t.Errorf("%+v", e)
	}
	f.send("POST", below+string(f.guarded)+"/oauth2/register", minimal, bearer(f.initial)).want(t, 201)
	if e := actor("client.published"); !strings.HasPrefix(e.Actor, "initial-token:") || e.ActingOrg != string(f.Harbour) {
		t.Errorf("%+v", e)
	}
}

// TestAnOwnerThatIsGone: what a deleted organization owned is as unknown.
func TestAnOwnerThatIsGone(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.send("POST", below+string(f.guarded)+"/oauth2/register", minimal, bearer(f.initial)).want(t, 201)
	must(t, f.Store.DeleteOrganization(ctx, f.Scope(t, f.Root, tenancy.Admin), f.Harbour, true, tenancy.Contents{}))
	f.send("GET", below+string(f.guarded)+"/oauth2/register/"+made.text(t, "client_id"), "", bearer(made.text(t, "registration_access_token"))).refused(t)
	f.send("POST", below+string(f.guarded)+"/oauth2/register", minimal, bearer(f.initial)).want(t, 404, "Dynamic registration is not enabled.")
}

// FuzzCredentials sends any credential: none is let in that is not the
// client's own, and none makes the server fail.
func FuzzCredentials(f *testing.F) {
	for _, seed := range [][3]string{{"Bearer x", "", ""}, {"Basic YTpi", "", ""}, {"", "access_token=x", ""}, {"", "client_secret=x", ""},
		{"", "", "access_token=x"}, {"Basic !", "%zz", "%zz"}, {"bearer", "access_token=a&access_token=b", ""}, {"Basic Og==", "a;b", "\xff"}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	fx := newFixture(f, dbtest.SQLite(f), loose)
	own := fx.stored(f, fx.setup, "basic", "client_secret_basic")
	f.Fuzz(func(t *testing.T, header, query, body string) {
		if strings.Contains(query, "#") {
			t.Skip()
		}
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			r, err := http.NewRequest(method, "/oauth2/register/basic", strings.NewReader(body))
			must(t, err)
			r.URL.RawQuery, r.RemoteAddr = query, "192.0.2.1:1"
			r.Header["Authorization"] = []string{header}
			r.Header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
			w := httptest.NewRecorder()
			fx.handler.ServeHTTP(w, r)
			if w.Code != 401 && w.Code != 429 && !strings.Contains(header+query+body, own.secret) {
				t.Errorf("%s with %q %q %q: %d %s", method, header, query, body, w.Code, w.Body)
			}
		}
	})
}

// FuzzBasic: whatever an id and a secret are, one of the ways in which a
// credential is read gives them back, encoded or not.
func FuzzBasic(f *testing.F) {
	f.Add("id", "secret")
	f.Add("a b", "p%2B+:ü")
	f.Add("", "%")
	f.Fuzz(func(t *testing.T, id, secret string) {
		finds := func(encoded string) {
			all := register.Basic(base64.StdEncoding.EncodeToString([]byte(encoded)))
			for _, p := range all {
				if p == [2]string{id, secret} {
					return
				}
			}
			t.Errorf("%q gives %q", encoded, all)
		}
		finds(url.QueryEscape(id) + ":" + url.QueryEscape(secret))
		if !strings.Contains(id, ":") {
			finds(id + ":" + secret)
		}
		register.Basic(secret)
	})
}

// TestTheFormOfTokens: it is Hydra's, and no two are the same.
func TestTheFormOfTokens(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), loose)
	seen := map[string]bool{}
	for range 20 {
		made := f.send("POST", "/oauth2/register", minimal).want(t, 201)
		token := made.text(t, "registration_access_token")
		first, second, _ := strings.Cut(strings.TrimPrefix(token, "ory_at_"), ".")
		if !strings.HasPrefix(token, "ory_at_") || len(first) != 43 || len(second) != 43 || seen[first] || seen[second] || len(made.text(t, "client_secret")) != 26 {
			t.Errorf("%s", made.Body)
		}
		seen[first], seen[second] = true, true
	}
	if ory.SignificantToken("ory_at_x") != ory.SignificantToken("x") {
		t.Error("the prefix counts")
	}
}
