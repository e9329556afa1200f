package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

func TestHeadIsGetWithoutABody(t *testing.T) {
	f := newFixture(t, surface("s", route("GET", "/v1/x", func(*web.Call) (*web.Reply, error) {
		return &web.Reply{Status: 200, Body: []byte("{}\n"), ETag: `"a"`, NoStore: true, Header: http.Header{"Tenure-Snapshot-Id": {"1"}}}, nil
	})))
	server := httptest.NewServer(f.handler)
	defer server.Close()
	var headers []http.Header
	for _, method := range []string{"GET", "HEAD"} {
		r, err := http.NewRequest(method, server.URL+"/v1/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "bearer  "+f.Key(f.North, tenancy.Reader))
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 200 || resp.ContentLength != 3 {
			t.Errorf("%s: %d, length %d", method, resp.StatusCode, resp.ContentLength)
		}
		resp.Header.Del("Date")
		resp.Header.Del("X-Request-Id")
		headers = append(headers, resp.Header)
	}
	want := http.Header{"Content-Length": {"3"}, "Content-Type": {"application/json"}, "Etag": {`"a"`},
		"Cache-Control": {"no-store"}, "Tenure-Snapshot-Id": {"1"}}
	for i, got := range headers {
		if len(got) != len(want) {
			t.Errorf("%d: %v", i, got)
		}
		for name := range want {
			if got.Get(name) != want.Get(name) {
				t.Errorf("%d: %s is %q", i, name, got.Get(name))
			}
		}
	}
	w := f.send("HEAD", "/v1/x", "")
	if w.Body.Len() != 0 {
		t.Errorf("HEAD has a body: %s", w.Body)
	}
}

// TestLengthIsTold: short bodies, whose length net/http finds, and long ones.
func TestLengthIsTold(t *testing.T) {
	const most = 5000
	f := newFixture(t, surface("s", route("GET", "/v1/x/{size}", func(c *web.Call) (*web.Reply, error) {
		size, err := strconv.Atoi(c.Var("size"))
		return &web.Reply{Status: 200, Body: bytes.Repeat([]byte("x"), size)}, err
	})))
	server := httptest.NewServer(f.handler)
	defer server.Close()
	for _, size := range []int{0, 1, 2046, 2047, 2048, 2049, most} {
		for _, method := range []string{"GET", "HEAD"} {
			r, err := http.NewRequest(method, fmt.Sprint(server.URL, "/v1/x/", size), nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Reader))
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 200 || resp.Header.Get("Content-Length") != strconv.Itoa(size) || len(resp.TransferEncoding) > 0 {
				t.Errorf("%s of %d bytes: %d %v %v", method, size, resp.StatusCode, resp.Header, resp.TransferEncoding)
			}
		}
	}
}

func TestNotModified(t *testing.T) {
	reply := &web.Reply{Status: 200, Body: []byte("{}"), ETag: `W/"a,b"`, Header: http.Header{"Cache-Control": {"private"}}}
	same := func(*web.Call) (*web.Reply, error) { return reply, nil }
	f := newFixture(t, surface("s", route("GET", "/v1/x", same), route("POST", "/v1/x", same)))
	for _, row := range []struct {
		method, header string
		want           int
	}{
		{"GET", `"a,b"`, 304}, {"GET", `W/"a,b"`, 304}, {"HEAD", `"a,b"`, 304}, {"GET", "*", 304}, {"GET", ` "x" , W/"a,b"`, 304},
		{"GET", `"a"`, 200}, {"GET", "a,b", 200}, {"GET", `"a,b`, 200}, {"GET", `"x" "a,b"`, 200}, {"GET", `W/`, 200}, {"POST", `"a,b"`, 200},
	} {
		w := f.send(row.method, "/v1/x", "", "If-None-Match: "+row.header)
		if w.Code != row.want {
			t.Errorf("%s with %s: %d", row.method, row.header, w.Code)
		}
		if w.Header().Get("Etag") != reply.ETag || w.Header().Get("Cache-Control") != "private" {
			t.Errorf("%s: headers %v", row.header, w.Header())
		}
		if w.Code == 304 && (w.Body.Len() > 0 || w.Header().Get("Content-Length") != "" || w.Header().Get("Content-Type") != "") {
			t.Errorf("%s: a body in %v", row.header, w.Header())
		}
	}
	if w := f.send("GET", "/v1/x", "", `If-None-Match: "x"`, `If-None-Match: "a,b"`); w.Code != 304 {
		t.Errorf("over two lines: %d", w.Code)
	}
}

func TestPathsArriveDecoded(t *testing.T) {
	f := newFixture(t, surface("s", route("GET", "/v1/clients/{client}/keys/{key}", func(c *web.Call) (*web.Reply, error) {
		if c.Var("other") != "" {
			return nil, errors.New("a variable that the pattern does not have")
		}
		return text(c.Var("client") + "|" + c.Var("key"))
	})))
	for path, want := range map[string]string{
		"a/keys/b": "a|b", "a%2Fb/keys/c": "a/b|c", "a%20b/keys/%2e%2e": "a b|..", "../keys/.": "..|.", "%2E%2E%2Fx/keys/a+b": "../x|a+b",
		"%C3%BC/keys/%25": "ü|%", "ü/keys/%252F": "ü|%2F", "a;b,c/keys/d:e@f": "a;b,c|d:e@f", "%7Bclient%7D/keys/x": "{client}|x",
	} {
		if w := f.send("GET", "/v1/clients/"+path, ""); w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for path, want := range map[string]int{"%FF/keys/x": 400, "a%00b/keys/x": 400, "%ED%A0%80/keys/x": 400, "/keys/x": 404, "a/keys/": 404,
		"a/keys/b/": 404, "a//keys/b": 404, "a/keys/b/../c": 404, "a%2Fkeys%2Fb": 404} {
		if w := f.send("GET", "/v1/clients/"+path, ""); w.Code != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestUnknownRoutesAreAnsweredByTheirSurface(t *testing.T) {
	ok := func(*web.Call) (*web.Reply, error) { return web.NoContent(), nil }
	f := newFixture(t,
		surface("hydra", route("GET", "/admin/clients/{id}", ok), route("PUT", "/admin/clients/{id}", ok), route("GET", "/modules/{m}/setups/{s}/admin/clients", ok)),
		surface("register", route("POST", "/oauth2/register", ok), route("GET", "/modules/{m}/setups/{s}/oauth2/register/{id}", ok)),
		surface("slashid", route("GET", "/oauth2/clients/{id}", ok), route("DELETE", "/oauth2/clients/{id}", ok)))
	for _, row := range []struct{ method, path, body, allow string }{
		{"GET", "/admin/nothing", "hydra: not-found route", ""},
		{"GET", "/admin", "hydra: not-found route", ""},
		{"POST", "/admin/clients/x", "hydra: unsupported method", "GET, HEAD, PUT"},
		{"OPTIONS", "/admin/clients/x", "hydra: unsupported method", "GET, HEAD, PUT"},
		{"GET", "/oauth2/register", "register: unsupported method", "POST"},
		{"GET", "/oauth2/register/a/b", "register: not-found route", ""},
		{"PATCH", "/oauth2/clients/x", "slashid: unsupported method", "DELETE, GET, HEAD"},
		{"GET", "/oauth2/clients", "slashid: not-found route", ""},
		{"GET", "/modules/m/setups/s/oauth2/x", "register: not-found route", ""},
		{"GET", "/modules/m/setups/s/admin/x", "hydra: not-found route", ""},
		{"GET", "/elsewhere", `{"type":"about:blank","title":"Not Found","status":404,"request_id":"`, ""},
		{"GET", "/", `{"type":"about:blank","title":"Not Found","status":404,"request_id":"`, ""},
	} {
		// Nobody needs a key to learn that there is nothing.
		w := f.send(row.method, row.path, "", "Authorization: ")
		if !strings.HasPrefix(w.Body.String(), row.body) || w.Header().Get("Allow") != row.allow {
			t.Errorf("%s %s: %d %s, allow %q", row.method, row.path, w.Code, w.Body, w.Header().Get("Allow"))
		}
	}
}

func TestCredentials(t *testing.T) {
	f := newFixture(t, surface("s", route("GET", "/v1/x", func(c *web.Call) (*web.Reply, error) {
		return text(string(c.Scope.Acting()) + " " + string(c.Principal.Role))
	}), web.Route{Method: "GET", Pattern: "/v1/admin", Permission: tenancy.Administer, Object: web.ObjectNone, Handle: func(*web.Call) (*web.Reply, error) { return text("") }},
		web.Route{Method: "GET", Pattern: "/v1/open", Open: true, Object: web.ObjectNone, Handle: func(c *web.Call) (*web.Reply, error) {
			if c.Scope.Allows(tenancy.Resolve) {
				return nil, errors.New("an open route has a scope")
			}
			return text("")
		}}))
	for _, row := range []struct {
		path, header string
		want         int
	}{
		{"/v1/x", "Authorization: ", 401}, {"/v1/x", "Authorization: Basic abc", 401}, {"/v1/x", "Authorization: Bearer x", 401},
		{"/v1/x", "Tenure-Org: " + string(f.North), 200}, {"/v1/x", "Tenure-Org: " + strings.ToUpper(string(f.Harbour)), 200},
		{"/v1/x", "Tenure-Org: " + string(f.South), 403}, {"/v1/x", "Tenure-Org: " + string(f.Root), 403},
		{"/v1/x", "Tenure-Org: north", 400}, {"/v1/x", "Tenure-Org: 5f0c8c4e-0000-4000-8000-000000000000", 403},
		{"/v1/x", "Tenure-Reason: Grüße, ticket #7", 200}, {"/v1/x", "Tenure-Reason: a\x00b", 400}, {"/v1/x", "Tenure-Reason: \xff", 400},
		{"/v1/x", "Tenure-Reason: " + strings.Repeat("x", 1000), 200}, {"/v1/x", "Tenure-Reason: " + strings.Repeat("x", 1001), 400},
		{"/v1/admin", "Accept: */*", 403}, {"/v1/open", "Authorization: ", 200},
	} {
		w := f.send("GET", row.path, "", row.header)
		if w.Code != row.want {
			t.Errorf("%s %s: %d %s", row.path, row.header, w.Code, w.Body)
		}
		if got := w.Header().Get("Www-Authenticate"); (got == "Bearer") != (row.want == 401) {
			t.Errorf("%s %s: WWW-Authenticate %q", row.path, row.header, got)
		}
	}
	if w := f.send("GET", "/v1/x", "", "Tenure-Org: "+string(f.North), "Tenure-Org: "+string(f.Harbour)); w.Code != 400 {
		t.Errorf("two acting organizations: %d", w.Code)
	}
	if w := f.send("GET", "/v1/x", "", "Authorization: Bearer a", "Authorization: Bearer b"); w.Code != 400 {
		t.Errorf("two credentials: %d", w.Code)
	}
}

func TestErrors(t *testing.T) {
	handlers := map[string]func(*web.Call) (*web.Reply, error){
		"panic":    func(*web.Call) (*web.Reply, error) { panic("inside text") },
		"internal": func(*web.Call) (*web.Reply, error) { return nil, errors.New("inside text") },
		"nothing":  func(*web.Call) (*web.Reply, error) { return nil, nil },
		"status":   func(*web.Call) (*web.Reply, error) { return &web.Reply{}, nil },
		"json":     func(*web.Call) (*web.Reply, error) { return web.JSON(200, make(chan int)) },
		"busy": func(*web.Call) (*web.Reply, error) {
			return nil, &fault.Fault{Kind: fault.Unavailable, Message: "later", RetryAfter: 1500 * time.Millisecond}
		},
	}
	s := surface("s")
	for name, h := range handlers {
		s.Routes = append(s.Routes, route("GET", "/v1/"+name, h))
	}
	broken := surface("broken", route("GET", "/v9/x", handlers["internal"]))
	broken.Error = func(*web.Call, *fault.Fault) *web.Reply { panic("inside text") }
	f := newFixture(t, s, broken)
	for _, name := range []string{"panic", "internal", "nothing", "status", "json"} {
		f.log.Reset()
		w := f.send("GET", "/v1/"+name, "")
		if w.Code != 500 || w.Body.String() != "s: internal  " {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if !strings.Contains(f.log.String(), `"level":"error"`) || !strings.Contains(f.log.String(), `"cause":"`) {
			t.Errorf("%s: logged %s", name, &f.log)
		}
		if name == "panic" && !(strings.Contains(f.log.String(), "inside text") && strings.Contains(f.log.String(), "adapter_test.go")) {
			t.Errorf("no stack: %s", &f.log)
		}
	}
	if w := f.send("GET", "/v9/x", ""); w.Code != 500 || strings.Contains(w.Body.String(), "inside") {
		t.Errorf("a broken surface: %d %s", w.Code, w.Body)
	}
	if w := f.send("GET", "/v1/busy", ""); w.Code != 503 || w.Header().Get("Retry-After") != "2" {
		t.Errorf("%d, retry after %q", w.Code, w.Header().Get("Retry-After"))
	}
}

// TestAPanicLeavesTheConnection: the next request on it is answered.
func TestAPanicLeavesTheConnection(t *testing.T) {
	f := newFixture(t, surface("s", route("GET", "/v1/panic", func(*web.Call) (*web.Reply, error) { panic("x") })))
	server := httptest.NewServer(f.handler)
	defer server.Close()
	connections := 0
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		connections++
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}}
	defer client.CloseIdleConnections()
	for range 3 {
		r, _ := http.NewRequest("GET", server.URL+"/v1/panic", nil)
		r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Reader))
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 500 {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
	if connections != 1 {
		t.Errorf("%d connections", connections)
	}
}

func TestRoutesAreCheckedAtStart(t *testing.T) {
	ok := func(*web.Call) (*web.Reply, error) { return web.NoContent(), nil }
	for name, r := range map[string]web.Route{
		"no handler":           {Method: "GET", Pattern: "/v1/x", Permission: tenancy.Resolve, Object: web.ObjectNone},
		"variable first":       {Method: "GET", Pattern: "/{x}", Permission: tenancy.Resolve, Object: web.ObjectNone, Handle: ok},
		"no permission":        {Method: "GET", Pattern: "/v1/x", Object: web.ObjectNone, Handle: ok},
		"open with permission": {Method: "GET", Pattern: "/v1/x", Open: true, Permission: tenancy.Resolve, Object: web.ObjectNone, Handle: ok},
		"conditional read":     {Method: "GET", Pattern: "/v1/x", Permission: tenancy.Resolve, Object: web.ObjectNone, Handle: ok, Conditional: true},
		"stale write":          {Method: "PUT", Pattern: "/v1/x", Permission: tenancy.Resolve, Object: web.ObjectClient, Handle: ok, Stale: true},
		"stale history":        {Method: "GET", Pattern: "/v1/x", Permission: tenancy.Resolve | tenancy.History, Object: web.ObjectClient, Handle: ok, Stale: true},
		"stale list":           {Method: "GET", Pattern: "/v1/x", Permission: tenancy.Resolve, Object: web.ObjectSetup, Handle: ok, Stale: true},
		"stale by a token": {Method: "GET", Pattern: "/v1/x", Permission: tenancy.Resolve, Object: web.ObjectClient, Handle: ok, Stale: true,
			Admit: func(*web.Call) (tenancy.Scope, error) { return tenancy.Scope{}, nil }},
		"unknown object": {Method: "GET", Pattern: "/v1/x", Permission: tenancy.Resolve, Object: "thing", Handle: ok},
		"bad template":   {Method: "GET", Pattern: "/v1/{x", Permission: tenancy.Resolve, Object: web.ObjectNone, Handle: ok},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			web.New(web.Config{}, []web.Surface{surface("s", r)})
		}()
	}
}
