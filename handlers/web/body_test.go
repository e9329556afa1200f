package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
	"tenure/tenancy"
)

func TestBodyLimit(t *testing.T) {
	f := newFixture(t, surface("s", route("POST", "/v1/x", func(c *web.Call) (*web.Reply, error) {
		if _, err := c.Body(); err != nil {
			return nil, err
		}
		data, err := c.Body() // the same again
		return &web.Reply{Status: 200, Body: fmt.Append(nil, len(data))}, err
	})))
	server := httptest.NewServer(f.handler)
	defer server.Close()
	for _, row := range []struct {
		size    int
		chunked bool
		want    int
	}{{0, false, 200}, {web.MaxBody, false, 200}, {web.MaxBody, true, 200}, {web.MaxBody + 1, false, 413}, {web.MaxBody + 1, true, 413}} {
		var body io.Reader = strings.NewReader(strings.Repeat("x", row.size))
		if row.chunked {
			body = io.MultiReader(body)
		}
		r, _ := http.NewRequest("POST", server.URL+"/v1/x", body)
		r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Reader))
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != row.want || row.want == 200 && string(text) != fmt.Sprint(row.size) {
			t.Errorf("%+v: %d %s", row, resp.StatusCode, text)
		}
	}
}

// TestSlowBody: a body that does not come is given up, and a handler that is
// slow after reading one is not.
func TestSlowBody(t *testing.T) {
	f := newFixture(t)
	s := surface("s", route("POST", "/v1/x", func(c *web.Call) (*web.Reply, error) {
		if _, err := c.Body(); err != nil {
			return nil, err
		}
		select {
		case <-c.Request.Context().Done():
			return nil, c.Request.Context().Err()
		case <-time.After(600 * time.Millisecond):
			return text("done")
		}
	}))
	server := httptest.NewServer(web.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop(), BodyTime: 300 * time.Millisecond}, []web.Surface{s}))
	defer server.Close()
	for body, want := range map[string]string{"abc": "200", "ab": "400"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nAuthorization: Bearer %s\r\n\r\n%s", f.Key(f.North, tenancy.Reader), body)
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.Contains(line, want) {
			t.Errorf("%q: %q %v", body, line, err)
		}
	}
}

func TestMediaType(t *testing.T) {
	f := newFixture(t, surface("s", route("POST", "/v1/x", func(c *web.Call) (*web.Reply, error) {
		var into map[string]any
		return web.NoContent(), c.JSON(&into, web.JSONOptions{})
	}), route("POST", "/v1/any", func(c *web.Call) (*web.Reply, error) {
		var into map[string]any
		return web.NoContent(), c.JSON(&into, web.JSONOptions{AnyMediaType: true})
	})))
	for kind, want := range map[string]int{"": 204, "application/json": 204, "Application/JSON; charset=utf-8": 204, "application/merge-patch+json": 204,
		"text/json": 405, "application/x-www-form-urlencoded": 405, "json": 405} {
		if w := f.send("POST", "/v1/x", "{}", "Content-Type: "+kind); w.Code != want || want == 405 && !strings.Contains(w.Body.String(), "unsupported media-type") {
			t.Errorf("%q: %d %s", kind, w.Code, w.Body)
		}
	}
	if w := f.send("POST", "/v1/any", "{}", "Content-Type: text/plain"); w.Code != 204 {
		t.Errorf("any: %d", w.Code)
	}
}

func TestQuery(t *testing.T) {
	r := route("GET", "/v1/x", func(c *web.Call) (*web.Reply, error) { return text(c.Text("a")) })
	r.Query = []web.Param{web.Text("a").AsIs()}
	f := newFixture(t, surface("s", r))
	for query, want := range map[string]string{"": "", "?a=1%202&a=3": "1 2", "?a=%C3%BC": "ü"} {
		if w := f.send("GET", "/v1/x"+query, ""); w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	for _, query := range []string{"?a=%zz", "?a;b", "?a=%FF", "?%00=1"} {
		if w := f.send("GET", "/v1/x"+query, ""); w.Code != 400 || !strings.Contains(w.Body.String(), "malformed query") {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}
