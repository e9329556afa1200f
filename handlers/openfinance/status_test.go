package openfinance_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/scheme"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// Each test here shows one status with its body; the headers of every answer
// are looked at by send.

// echoed wants a caller's interaction id back.
func (a answer) echoed(t testing.TB) answer {
	t.Helper()
	if got := a.header.Get("X-Fapi-Interaction-Id"); got != interaction {
		t.Errorf("%d: the interaction id is %s", a.status, got)
	}
	return a
}

const sendsID = "X-Fapi-Interaction-Id: " + interaction

// key is an Authorization header with an organization's key.
func (f *fixture) key(org tenancy.OrgID, role tenancy.Role) string { return bearer(f.Key(org, role)) }

func TestStatus200(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	f.send(t, good(), "GET", made.uri(), "", made.bearer(), sendsID).want(t, 200).echoed(t)
	f.send(t, good(), "PUT", made.uri(), f.own(made, nil), made.bearer(), sendsID).want(t, 200).echoed(t)
	shown := f.send(t, nil, "GET", made.uri(), "", f.key(f.Root, tenancy.Reader), sendsID).want(t, 200).echoed(t)
	if shown.token() != "" || shown.text("client_secret") != "" || shown.text("client_id") != made.text("client_id") {
		t.Errorf("to an API key: %s", shown.raw)
	}
}

func TestStatus201(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.send(t, good(), "POST", "/reg", f.body(nil), sendsID).want(t, 201).echoed(t)
	f.send(t, good(), "POST", f.id3+"/", f.body(nil), sendsID, "Content-Type: application/json; charset=utf-8").want(t, 201).echoed(t)
}

func TestStatus204(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	for _, header := range []string{"", f.key(f.Root, tenancy.Admin)} {
		made := f.registered(t)
		if header == "" {
			header = made.bearer()
		}
		gone := f.send(t, good(), "DELETE", made.uri(), "", header, sendsID).want(t, 204).echoed(t)
		if len(gone.raw) != 0 || gone.header.Get("Content-Type") != "" || gone.header.Get("Content-Length") != "" {
			t.Errorf("%v %q", gone.header, gone.raw)
		}
		f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 401)
	}
}

func TestStatus400(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	before := f.stored(t)
	for about, c := range map[string][2]string{"no body": {""}, "no JSON": {"{"}, "null": {"null"}, "a list": {"[]"}, "twice": {`{"scope":"a","scope":"b"}`},
		"not UTF-8": {"{\"scope\":\"\xff\"}"}, "half a pair": {`{"scope":"\ud800"}`}, "text": {f.body(nil), "text/plain"}, "a form": {"a=b", "application/x-www-form-urlencoded"},
		"too large": {`{"x":"` + strings.Repeat("x", 1<<20) + `"}`}, "deep": {strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)}} {
		kind := "application/json"
		if c[1] != "" {
			kind = c[1]
		}
		t.Log(about)
		f.send(t, good(), "POST", "/reg", c[0], sendsID, "Content-Type: "+kind).want(t, 400, "invalid_request").echoed(t)
		f.send(t, good(), "PUT", made.uri(), c[0], sendsID, made.bearer(), "Content-Type: "+kind).want(t, 400, "invalid_request").echoed(t)
	}
	f.send(t, good(), "POST", "/reg", f.body(map[string]any{"require_auth_time": "true"}), sendsID).want(t, 400, "invalid_client_metadata").echoed(t)
	f.unchanged(t, before)
}

// TestStatus401: no or a wrong token, a bad API key; certificates are A-11's.
func TestStatus401(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	for _, header := range []string{"X: x", bearer("wrong"), bearer(tenancy.KeyPrefix + strings.Repeat("A", 43)), bearer(tenancy.KeyPrefix)} {
		for _, method := range []string{"GET", "DELETE", "PUT"} {
			a := f.send(t, good(), method, made.uri(), "", header, sendsID).want(t, 401, "invalid_token").echoed(t)
			if a.header.Get("Www-Authenticate") == "" {
				t.Error("no challenge")
			}
		}
	}
	f.send(t, good(), "PUT", made.uri(), f.own(made, nil), f.key(f.Root, tenancy.Admin)).want(t, 401) // PUT takes no API key
	f.send(t, nil, "GET", made.uri(), "", f.key(f.Root, tenancy.Reader)).want(t, 200)
}

// TestStatus403: an API key outside the parent rule or without the right, and a
// token whose client may not manage itself.
func TestStatus403(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	north := f.send(t, good(), "POST", f.id3, f.body(nil)).want(t, 201)
	before := f.stored(t)
	for _, method := range []string{"GET", "DELETE"} {
		f.send(t, nil, method, made.uri(), "", f.key(f.South, tenancy.Admin), sendsID).want(t, 403, "insufficient_scope").echoed(t)
		f.send(t, nil, method, north.uri(), "", f.key(f.Harbour, tenancy.Admin)).want(t, 403, "insufficient_scope") // a sibling of the participant
	}
	f.send(t, nil, "DELETE", made.uri(), "", f.key(f.Root, tenancy.Reader), sendsID).want(t, 403, "insufficient_scope").echoed(t)
	f.unchanged(t, before)
	f.policy(t, f.Root, f.setup, func(p *snapshots.Policy) { p.Registration = snapshots.RegistrationOff })
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		f.send(t, good(), method, made.uri(), "", made.bearer(), sendsID).want(t, 403, "insufficient_scope").echoed(t)
		f.send(t, good(), method, made.uri(), "", bearer("wrong"), sendsID).want(t, 401)
	}
	f.send(t, nil, "GET", made.uri(), "", f.key(f.Root, tenancy.Reader)).want(t, 200)
}

// TestStatus404: an API key and an unknown client, no registration here, and no
// such path.
func TestStatus404(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	for _, method := range []string{"GET", "DELETE"} {
		for _, target := range []string{"/reg/unknown", "/modules/" + module + "/setups/none/reg/x", strings.Replace(f.plain, module, "none", 1) + "/x"} {
			f.send(t, nil, method, target, "", f.key(f.Root, tenancy.Admin), sendsID).want(t, 404, "not_found").echoed(t)
		}
	}
	off := pathOf(f.newSetup(t, f.Root, snapshots.ProfilePlain, snapshots.RegistrationOff))
	for _, target := range []string{off, "/modules/" + module + "/setups/none/reg", "/reg/a/b", "/reg//"} {
		f.send(t, good(), "POST", target, f.body(nil), sendsID).want(t, 404, "not_found").echoed(t)
	}
}

// TestStatus405 is also A-25's.
func TestStatus405(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	if a := f.send(t, good(), "PATCH", "/reg/x", "{}", sendsID).want(t, 405, "invalid_request").echoed(t); a.header.Get("Allow") != "DELETE, GET, HEAD, PUT" {
		t.Errorf("Allow is %q", a.header.Get("Allow"))
	}
	if a := f.send(t, good(), "GET", "/reg", "", sendsID).want(t, 405).echoed(t); a.header.Get("Allow") != "POST" {
		t.Errorf("Allow is %q", a.header.Get("Allow"))
	}
}

// TestStatus500: a panic before anything is stored, and one while answering.
func TestStatus500(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), func(f *fixture, c *openfinance.Deps) {
		url := c.PublicURL
		c.PublicURL = func(call *web.Call) string {
			if call.Request.Header.Get("Fail") != "" {
				panic("an inner secret")
			}
			return url(call)
		}
	})
	made := f.registered(t)
	before := f.stored(t)
	panics := web.Fetch(func(context.Context, string) ([]byte, error) { panic("an inner secret") })
	f.peer.Store(&panics)
	for _, a := range []answer{f.send(t, good(), "PUT", made.uri(), f.own(made, nil), made.bearer(), sendsID), f.send(t, good(), "GET", made.uri(), "", made.bearer(), sendsID, "Fail: yes"),
		f.send(t, rival(), "POST", "/reg", f.body(map[string]any{"software_statement": f.statementOf("software-3", "rival-bank")}), sendsID)} {
		a.want(t, 500, "server_error").echoed(t)
		if strings.Contains(string(a.raw), "secret") || strings.Contains(string(a.raw), "panic") {
			t.Errorf("it tells %s", a.raw)
		}
	}
	f.unchanged(t, before)
	f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 200)
}

// TestStatus503: a server that was started without a directory or without authorities
// says how to start it.
func TestStatus503(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), func(_ *fixture, c *openfinance.Deps) { c.Scheme.Statements = nil })
	made := f.send(t, good(), "POST", "/reg", f.body(nil)).want(t, 503, "temporarily_unavailable")
	if !strings.Contains(string(made.raw), "--directory-keys") {
		t.Errorf("no way out: %s", made.raw)
	}
	f = newFixture(t, dbtest.SQLite(t), func(_ *fixture, c *openfinance.Deps) { c.Scheme = openfinance.Scheme{} })
	for _, method := range []string{"POST", "GET", "PUT", "DELETE"} {
		path := "/reg/x"
		if method == "POST" {
			path = "/reg"
		}
		a := f.send(t, good(), method, path, f.body(nil), sendsID, bearer("x")).want(t, 503, "temporarily_unavailable").echoed(t)
		if !strings.Contains(string(a.raw), "--client-ca") || !strings.Contains(string(a.raw), "open_finance_profile") {
			t.Errorf("%s: no way out: %s", method, a.raw)
		}
	}
	f.send(t, nil, "POST", f.plain, f.body(nil)).want(t, 201)
}

// TestStatus502: a directory or key set that cannot be had or is none.
func TestStatus502(t *testing.T) {
	for about, answered := range map[string]error{"unreachable": errors.New("inner address 10.0.0.1 refuses"), "no key set": nil, "a broken stream": io.ErrUnexpectedEOF} {
		t.Run("directory "+about, func(t *testing.T) {
			f := newFixture(t, dbtest.SQLite(t), func(f *fixture, c *openfinance.Deps) {
				c.Scheme.Statements.Directory = scheme.NewDirectory("directory", fetchOf([]byte("<html>"), answered), 0)
			})
			before := f.stored(t)
			a := f.send(t, good(), "POST", "/reg", f.body(nil), sendsID).want(t, 502, "server_error").echoed(t)
			if strings.Contains(string(a.raw), "10.0.0.1") {
				t.Errorf("it tells %s", a.raw)
			}
			f.unchanged(t, before)
		})
	}
	for about, raw := range map[string]string{"unreachable": "", "a page": "<html>", "null": "null", "no set": "{}"} {
		t.Run("jwks_uri "+about, func(t *testing.T) {
			f := newFixture(t, dbtest.SQLite(t))
			before := f.stored(t)
			var err error
			if raw == "" {
				err = errors.New("inner address 10.0.0.1 refuses")
			}
			f.answers([]byte(raw), err)
			a := f.send(t, good(), "POST", "/reg", f.body(nil), sendsID).want(t, 502, "server_error").echoed(t)
			if strings.Contains(string(a.raw), "10.0.0.1") {
				t.Errorf("it tells %s", a.raw)
			}
			f.unchanged(t, before)
		})
	}
}

// silent answers when its caller has had enough.
func silent(ctx context.Context, _ string) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestStatus504 for a store and for peers that do not answer in time.
func TestStatus504(t *testing.T) {
	brief := func(_ *fixture, c *openfinance.Deps) { c.Timeout = 100 * time.Millisecond }
	t.Run("no answer for a write", func(t *testing.T) {
		f := newFixture(t, dbtest.SQLite(t), brief)
		before := f.stored(t)
		writer, err := f.DB.Raw().Connx(ctx) // there is no other
		ok(t, err)
		defer writer.Close()
		f.send(t, good(), "POST", "/reg", f.body(nil), sendsID).want(t, 504, "temporarily_unavailable").echoed(t)
		f.unchanged(t, before)
	})
	t.Run("no answer for a read", func(t *testing.T) {
		f := newFixture(t, dbtest.SQLite(t), func(_ *fixture, c *openfinance.Deps) { c.Timeout = time.Nanosecond })
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			f.send(t, good(), method, "/reg/x", "", bearer("x"), sendsID).want(t, 504, "temporarily_unavailable").echoed(t)
		}
		f.send(t, good(), "POST", "/reg", f.body(nil), sendsID).want(t, 504, "temporarily_unavailable").echoed(t)
		f.send(t, nil, "GET", "/reg/x", "", f.key(f.Root, tenancy.Admin), sendsID).want(t, 504, "temporarily_unavailable").echoed(t)
	})
	t.Run("a silent key set", func(t *testing.T) {
		f := newFixture(t, dbtest.SQLite(t), brief)
		before := f.stored(t)
		waits := web.Fetch(silent)
		f.peer.Store(&waits)
		f.send(t, good(), "POST", "/reg", f.body(nil), sendsID).want(t, 504, "temporarily_unavailable").echoed(t)
		f.answers(nil, os.ErrDeadlineExceeded) // as a fetch that gives up itself
		f.send(t, good(), "POST", "/reg", f.body(nil), sendsID).want(t, 504, "temporarily_unavailable").echoed(t)
		f.unchanged(t, before)
	})
	t.Run("a silent directory", func(t *testing.T) {
		f := newFixture(t, dbtest.SQLite(t), brief, func(_ *fixture, c *openfinance.Deps) {
			c.Scheme.Statements.Directory = scheme.NewDirectory("directory", silent, 0)
		})
		before := f.stored(t)
		f.send(t, good(), "POST", "/reg", f.body(nil), sendsID).want(t, 504, "temporarily_unavailable").echoed(t)
		f.unchanged(t, before)
	})
	t.Run("a directory whose fetch gave up", func(t *testing.T) {
		f := newFixture(t, dbtest.SQLite(t), func(_ *fixture, c *openfinance.Deps) {
			c.Scheme.Statements.Directory = scheme.NewDirectory("directory", fetchOf(nil, os.ErrDeadlineExceeded), 0)
		})
		f.send(t, good(), "POST", "/reg", f.body(nil), sendsID).want(t, 504, "temporarily_unavailable").echoed(t)
	})
}

// TestBytesAreLimited for a setup, over all its callers, at POST and PUT.
func TestBytesAreLimited(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), func(_ *fixture, c *openfinance.Deps) { c.Bytes = web.Rate{Every: time.Second, Burst: 1500} })
	big := f.body(map[string]any{"software_statement": nil, "client_name": strings.Repeat("x", 200)})
	made := f.send(t, nil, "POST", f.plain, big).want(t, 201)
	for range 9 {
		a := f.send(t, nil, "PUT", made.uri(), f.own(made, map[string]any{"software_statement": nil}), made.bearer())
		if a.status == 429 {
			f.send(t, nil, "POST", f.plain, big).want(t, 429, "temporarily_unavailable")
			f.send(t, nil, "GET", made.uri(), "", made.bearer()).want(t, 200)
			return
		}
		a.want(t, 200)
	}
	t.Error("no limit")
}
