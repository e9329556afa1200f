package openfinance_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/demo/demotest"
	"tenure/handlers/openfinance/scheme"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/credential"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// server and the pairs are made once: keys take their time. They are of the
// scheme but for the names that say otherwise.
var (
	server    = sync.OnceValue(func() *demo.Pair { return must(authority().Server()) })
	sister    = pairOf(demo.Subject{SoftwareID: "software-2", OrgID: orgID, CommonName: "sister.example"})
	rival     = pairOf(demo.Subject{SoftwareID: "software-3", OrgID: "rival-bank", CommonName: "rival.example"})
	expired   = pairOf(demo.Subject{SoftwareID: softwareID, OrgID: orgID, CommonName: "a.example", From: noon.AddDate(-2, 0, 0)})
	renewed   = pairOf(demo.Subject{SoftwareID: softwareID, OrgID: orgID, CommonName: "a.example", OldForm: true, From: noon.AddDate(-5, 0, 0), Until: noon.AddDate(1, 0, 0)})
	impostor  = sync.OnceValue(func() *demo.Authority { return must(demotest.Impostor(authority(), clock)) })
	forged    = sync.OnceValue(func() *demo.Pair { return must(demotest.Imitate(impostor(), good())) })
	elsewhere = sync.OnceValue(func() *demo.Pair { return must(must(demo.NewAuthority(clock)).Client(subject())) })
)

func pairOf(s demo.Subject) func() *demo.Pair {
	return sync.OnceValue(func() *demo.Pair { return must(authority().Client(s)) })
}

// logText is a log that many write to.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// fixture is the surface behind a mutual-TLS listener, at noon: the root's
// default setup is ofb-dcr2 and for software statements, north's ofb-id3, and
// south's plain, both open.
type fixture struct {
	*tenancytest.World
	store      *snapshots.Store
	handler    http.Handler
	listener   *httptest.Server
	log        logText
	setup      snapshots.EntityID // of /reg
	id3, plain string             // paths of the others
	peer       atomic.Pointer[web.Fetch]
	mu         sync.Mutex
	callers    map[*demo.Pair]*http.Client
}

// config changes what a fixture is made with.
type config func(*fixture, *openfinance.Deps)

func newFixture(t testing.TB, dsn string, change ...config) *fixture {
	t.Helper()
	f := &fixture{World: tenancytest.New(t, dsn), callers: map[*demo.Pair]*http.Client{}}
	f.Clock.Advance(noon.Sub(tenancytest.Start))
	var err error
	f.store, err = snapshots.Open(ctx, f.DB, f.Log, f.Store.IDs(), snapshots.Options{Sealer: must(credential.NewSealer(make([]byte, 32)))})
	ok(t, err)
	ok(t, f.store.CreateModule(ctx, f.Store.Operator("test"), module))
	f.setup = f.newSetup(t, f.Root, snapshots.ProfileDCR2, snapshots.RegistrationStatement)
	_, err = f.Store.SetDefaultSetup(ctx, f.Scope(t, f.Root, tenancy.Admin), f.Root, string(f.setup), func(*db.Tx) error { return nil })
	ok(t, err)
	f.id3 = pathOf(f.newSetup(t, f.North, snapshots.ProfileID3, snapshots.RegistrationOpen))
	f.plain = pathOf(f.newSetup(t, f.South, snapshots.ProfilePlain, snapshots.RegistrationOpen))
	f.answers(demo.KeySet(directory().Key("sig"), directory().Key("enc")), nil)
	v := verifier()
	cfg := openfinance.Deps{Store: f.store, Tenancy: f.Store, Scheme: openfinance.Scheme{Statements: &v, Trust: &scheme.Trust{Roots: authority().Pool()}},
		PublicURL: func(c *web.Call) string { return "https://" + c.Request.Host },
		Fetch:     func(ctx context.Context, uri string) ([]byte, error) { return (*f.peer.Load())(ctx, uri) },
		Callers:   web.Rate{Every: time.Millisecond, Burst: 1_000_000}}
	for _, c := range change {
		c(f, &cfg)
	}
	f.handler = web.New(web.Config{Tenancy: f.Store, Log: zerolog.New(&f.log)}, []web.Surface{openfinance.New(cfg)})
	f.listener = httptest.NewUnstartedServer(f.handler)
	f.listener.TLS = &tls.Config{Certificates: []tls.Certificate{server().TLS()}, ClientAuth: tls.RequestClientCert}
	f.listener.StartTLS()
	t.Cleanup(f.listener.Close)
	return f
}

const module = snapshots.DefaultModule

var ctx = context.Background()

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func pathOf(setup snapshots.EntityID) string {
	return "/modules/" + module + "/setups/" + string(setup) + "/reg"
}

func (f *fixture) newSetup(t testing.TB, org tenancy.OrgID, profile, registration string) snapshots.EntityID {
	t.Helper()
	out, err := f.store.CreateSetup(ctx, f.Scope(t, org, tenancy.Admin), module, snapshots.Change[document.Setup]{
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) {
			return &document.Setup{Name: profile}, nil
		}})
	ok(t, err)
	f.policy(t, org, out.Entity.ID, func(p *snapshots.Policy) { p.OpenFinanceProfile, p.Registration = profile, registration })
	return out.Entity.ID
}

// policy changes a setup's policy.
func (f *fixture) policy(t testing.TB, org tenancy.OrgID, setup snapshots.EntityID, change func(*snapshots.Policy)) {
	t.Helper()
	p, err := f.store.Policy(ctx, f.Scope(t, org, tenancy.Admin), setup, snapshots.Instant{})
	ok(t, err)
	change(&p)
	ok(t, f.store.SetPolicy(ctx, f.Scope(t, org, tenancy.Admin), module, setup, p))
}

// setupOf is the setup that a path of pathOf names.
func setupOf(path string) snapshots.EntityID {
	return snapshots.EntityID(strings.Split(path, "/")[4])
}

// answers is what every peer answers from now on.
func (f *fixture) answers(raw []byte, err error) {
	fetch := web.Fetch(fetchOf(raw, err))
	f.peer.Store(&fetch)
}

// caller is a client that presents a certificate; nil for none.
func (f *fixture) caller(p *demo.Pair) *http.Client {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.callers[p]; c != nil {
		return c
	}
	cfg := &tls.Config{RootCAs: authority().Pool(), Time: clock}
	if p != nil {
		cfg.Certificates = []tls.Certificate{p.TLS()}
	}
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg}, CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("a redirect") }}
	f.callers[p] = c
	return c
}

type answer struct {
	status int
	header http.Header
	raw    []byte
	doc    map[string]json.RawMessage
}

// send sends a request; header lines are "Name: value". Every answer of this
// surface, whatever its status, has the interaction id, no-store and JSON.
func (f *fixture) send(t testing.TB, p *demo.Pair, method, target, body string, header ...string) answer {
	t.Helper()
	if !strings.HasPrefix(target, "https://") {
		target = f.listener.URL + target
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	ok(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Content-Type" {
			r.Header.Del(name)
		}
		r.Header.Add(name, value)
	}
	res, err := f.caller(p).Do(r)
	ok(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	ok(t, err)
	a := answer{status: res.StatusCode, header: res.Header, raw: raw}
	ids := a.header["X-Fapi-Interaction-Id"]
	if len(ids) != 1 || len(ids[0]) != 36 || uuid.Validate(ids[0]) != nil || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s, %d: the headers are %v", method, a.status, a.header)
	}
	if len(raw) == 0 {
		return a
	}
	if err := json.Unmarshal(raw, &a.doc); err != nil || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s, %d: %v, %s: %s", method, a.status, err, a.header.Get("Content-Type"), raw)
	}
	if a.status >= 400 {
		a.isError(t)
	}
	return a
}

// isError wants the members of a refusal and none of a client.
func (a answer) isError(t testing.TB) {
	t.Helper()
	var list []string
	text := a.text("error_description")
	if err := json.Unmarshal(a.doc["errors"], &list); err != nil || len(list) == 0 || a.text("error") == "" || text == "" || len(a.doc) != 3 {
		t.Errorf("the refusal is %s", a.raw)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		t.Errorf("the description is %q", text)
	}
}

func (a answer) text(member string) string {
	var s string
	if json.Unmarshal(a.doc[member], &s) != nil {
		return ""
	}
	return s
}

func (a answer) list(member string) []string {
	var l []string
	if json.Unmarshal(a.doc[member], &l) != nil {
		return nil
	}
	return l
}

// want fails the test unless the answer has a status and, for a refusal, one of
// the errors.
func (a answer) want(t testing.TB, status int, errs ...string) answer {
	t.Helper()
	fits := len(errs) == 0
	for _, e := range errs {
		fits = fits || a.text("error") == e
	}
	if a.status != status || !fits {
		t.Fatalf("the answer is %d %s, want %d %v", a.status, a.raw, status, errs)
	}
	return a
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// token and uri are how a client manages itself.
func (a answer) token() string { return a.text("registration_access_token") }
func (a answer) uri() string   { return a.text("registration_client_uri") }

func (a answer) bearer() string { return bearer(a.token()) }

// fresh is a statement of now, its claims changed.
func (f *fixture) fresh(changes map[string]any) string {
	all := with(changes)
	if _, set := changes["iat"]; !set {
		all["iat"] = f.Clock.Now().Unix()
	}
	return must(directory().Sign(all))
}

// statementOf is a fresh statement for another certificate.
func (f *fixture) statementOf(softwareID, orgID string) string {
	return f.fresh(map[string]any{"software_id": softwareID, "org_id": orgID, "org_name": "Bank " + orgID})
}

// body is a registration as the conformance suite makes it, changed: nil leaves
// a member out.
func (f *fixture) body(changes map[string]any) string {
	all := map[string]any{"grant_types": []string{"authorization_code", "implicit", "refresh_token", "client_credentials"}, "jwks_uri": jwksURI,
		"token_endpoint_auth_method": "private_key_jwt", "response_types": []string{"code id_token"}, "redirect_uris": []string{"https://a.example/cb"}}
	if _, set := changes["software_statement"]; !set {
		all["software_statement"] = f.fresh(nil)
	}
	return encoded(all, changes)
}

// own is the PUT body that an answer makes: without the four members that only
// the server sets, with a fresh statement.
func (f *fixture) own(a answer, changes map[string]any) string {
	all := map[string]any{}
	for name, value := range a.doc {
		all[name] = value
	}
	for _, name := range assigned {
		delete(all, name)
	}
	all["software_statement"] = f.fresh(nil)
	return encoded(all, changes)
}

var assigned = []string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"}

// null is a member that is sent as null.
var null = json.RawMessage("null")

func encoded(all, changes map[string]any) string {
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return string(must(json.Marshal(all)))
}

// registered is the good certificate's client at /reg.
func (f *fixture) registered(t testing.TB) answer {
	t.Helper()
	return f.send(t, good(), "POST", "/reg", f.body(nil)).want(t, http.StatusCreated)
}

// stored counts the rows of every table but those that only note use.
func (f *fixture) stored(t testing.TB) map[string]int {
	t.Helper()
	counts := map[string]int{}
	ok(t, f.DB.View(ctx, func(c *db.Conn) error {
		var tables []string
		if err := c.Select(&tables, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%\\_use' ESCAPE '\\'"); err != nil {
			return err
		}
		for _, table := range tables {
			var n int
			if err := c.Get(&n, "SELECT count(*) FROM "+table); err != nil {
				return err
			}
			counts[table] = n
		}
		return nil
	}))
	if len(counts) < 20 {
		t.Fatalf("the tables are %v", counts)
	}
	return counts
}
