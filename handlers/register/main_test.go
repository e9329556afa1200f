package register_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/ory"
	"tenure/handlers/register"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var ctx = context.Background()

const module = snapshots.DefaultModule

// fixture is the surface over a real installation: the root's default setup is
// open, north's wants initial access tokens, south's is off.
type fixture struct {
	*tenancytest.World
	store                  *snapshots.Store
	handler                http.Handler
	log                    bytes.Buffer
	setup, guarded, closed snapshots.EntityID
	initial                string // an initial access token of north's setup
}

func newFixture(t testing.TB, dsn string, change ...func(*register.Deps)) *fixture {
	t.Helper()
	f := &fixture{World: tenancytest.New(t, dsn)}
	var err error
	f.store, err = snapshots.Open(ctx, f.DB, f.Log, f.Store.IDs(), snapshots.Options{})
	must(t, err)
	must(t, f.store.CreateModule(ctx, f.Store.Operator("test"), module))
	f.setup, f.guarded, f.closed = f.newSetup(t, f.Root), f.newSetup(t, f.North), f.newSetup(t, f.South)
	_, err = f.Store.SetDefaultSetup(ctx, f.Scope(t, f.Root, tenancy.Admin), f.Root, string(f.setup), func(*db.Tx) error { return nil })
	must(t, err)
	f.policy(t, f.Root, f.setup, func(p *snapshots.Policy) { p.Registration = snapshots.RegistrationOpen })
	f.policy(t, f.North, f.guarded, func(p *snapshots.Policy) {
		p.Registration, p.RegistrationOwner = snapshots.RegistrationToken, f.Harbour
	})
	_, f.initial, err = f.store.CreateInitialToken(ctx, f.Scope(t, f.North, tenancy.Admin), f.guarded, snapshots.InitialToken{Name: "test"})
	must(t, err)
	cfg := register.Deps{Store: f.store, Tenancy: f.Store, PublicURL: func(*web.Call) string { return "https://id.example" }}
	for _, c := range change {
		c(&cfg)
	}
	f.handler = web.New(web.Config{Tenancy: f.Store, Log: zerolog.New(zerolog.SyncWriter(&f.log))}, []web.Surface{register.New(cfg)})
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) newSetup(t testing.TB, org tenancy.OrgID) snapshots.EntityID {
	t.Helper()
	out, err := f.store.CreateSetup(ctx, f.Scope(t, org, tenancy.Admin), module, snapshots.Change[document.Setup]{
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) {
			return &document.Setup{Name: "test"}, nil
		}})
	must(t, err)
	return out.Entity.ID
}

func (f *fixture) policy(t testing.TB, org tenancy.OrgID, setup snapshots.EntityID, change func(*snapshots.Policy)) {
	t.Helper()
	p := snapshots.DefaultPolicy()
	change(&p)
	must(t, f.store.SetPolicy(ctx, f.Scope(t, org, tenancy.Admin), module, setup, p))
}

// client is one that an administrator made.
type client struct {
	snapshots.Ref
	id, secret, token string
}

// stored makes a client as the admin API does.
func (f *fixture) stored(t testing.TB, setup snapshots.EntityID, id, method string, more ...func(*snapshots.Change[document.Client])) client {
	t.Helper()
	secret, err := f.store.GenerateSecret("the-secret-of-" + id)
	must(t, err)
	token := ory.NewToken(f.store, f.Store.IDs())
	change := snapshots.Change[document.Client]{Secret: secret, Token: token,
		Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
			return &document.Client{ClientName: id, TokenEndpointAuthMethod: method, RedirectURIs: []string{"https://app.example/cb"},
				GrantTypes: []string{"authorization_code"}, Scopes: []string{"openid"}}, nil
		}}
	for _, m := range more {
		m(&change)
	}
	out, err := f.store.CreateClient(ctx, f.Store.Operator("test"), snapshots.NewClient{Module: module, Setup: setup, ClientID: id, Surface: "hydra"}, change)
	must(t, err)
	c := client{Ref: snapshots.Ref{Module: module, Setup: setup, Entity: out.Entity.ID}, id: id, secret: secret.Plain()}
	if change.Token != nil {
		c.token = change.Token.Text
	}
	return c
}

// becomes makes a client a copy of doc.
func becomes(doc document.Client) func(*snapshots.Change[document.Client]) {
	return func(ch *snapshots.Change[document.Client]) {
		ch.Apply = func(*document.Client, *document.Setup) (*document.Client, error) { return &doc, nil }
	}
}

// minimal is the least that can register: authorization_code needs a redirect URI.
const minimal = `{"redirect_uris": ["https://app.example/cb"]}`

type answer struct{ *httptest.ResponseRecorder }

// send sends a request; header lines are "Name: value".
func (f *fixture) send(method, target, body string, header ...string) answer {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if value != "" {
			r.Header.Add(name, value)
		}
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return answer{w}
}

func bearer(token string) string { return "Authorization: Bearer " + token }

func (a answer) want(t testing.TB, status int, words ...string) answer {
	t.Helper()
	if a.Code != status {
		t.Fatalf("the answer is %d, not %d: %.2000s", a.Code, status, a.Body)
	}
	for _, word := range words {
		if !strings.Contains(a.Body.String(), word) {
			t.Fatalf("the answer lacks %s: %.2000s", word, a.Body)
		}
	}
	return a
}

// refused fails the test unless the answer is the one 401.
func (a answer) refused(t testing.TB) {
	t.Helper()
	a.want(t, http.StatusUnauthorized)
	const body = `{"error":"The request could not be authorized","error_description":"` + ory.BadCredentials + `"}` + "\n"
	if a.Body.String() != body {
		t.Errorf("another body: %s", a.Body)
	}
}

func (a answer) text(t testing.TB, member string) string {
	t.Helper()
	var doc map[string]any
	must(t, json.Unmarshal(a.Body.Bytes(), &doc))
	s, _ := doc[member].(string)
	return s
}

// variables are what the scripts may name.
func (f *fixture) variables(t *testing.T) map[string]string {
	t.Helper()
	skip := document.True
	shop := f.stored(t, f.setup, "shop", "client_secret_basic", becomes(document.Client{ClientName: "shop", OwnerLabel: "retail",
		TokenEndpointAuthMethod: "client_secret_basic", FreeMetadata: `{"tier":"gold"}`, Audience: []string{"https://api.example"},
		SkipConsent: skip, SkipLogoutConsent: skip, AccessTokenStrategy: "jwt", PKCEMode: "required",
		GrantTypes: []string{"client_credentials"}, Scopes: []string{"admin", "openid"}}))
	post := f.stored(t, f.setup, "post me", "client_secret_post")
	f.Clock.Advance(time.Second)
	return map[string]string{"open": string(f.setup), "guarded": string(f.guarded), "closed": string(f.closed), "initial": f.initial,
		"shop_token": shop.token, "shop_secret": shop.secret, "post_token": post.token, "post_secret": post.secret,
		"harbour": string(f.Harbour), "unknown": "ory_at_" + strings.Repeat("A", 43) + "." + strings.Repeat("A", 43)}
}
