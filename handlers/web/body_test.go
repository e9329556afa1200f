package web_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
	"tenure/jwk/jwktest"
	"tenure/tenancy"
)

func TestBodyLimit(t *testing.T) {
	most := jwktest.Limit(t, "Requests", "the body of a request")[0]
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
	}{{0, false, 200}, {most, false, 200}, {most, true, 200}, {most + 1, false, 413}, {most + 1, true, 413}} {
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

// TestBodiesAreCounted: a declared length takes no room, an organization has at most its
// share and callers without a key theirs, and what was read is free again.
func TestBodiesAreCounted(t *testing.T) {
	f := newFixture(t)
	read := func(c *web.Call) (*web.Reply, error) {
		data, err := c.Body()
		return &web.Reply{Status: 200, Body: fmt.Append(nil, len(data))}, err
	}
	open := route("POST", "/v1/open", read)
	open.Open, open.Permission, open.Object = true, 0, web.ObjectNone
	small := route("POST", "/v1/small", read)
	small.MaxBody = 100
	server := httptest.NewServer(web.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop(), Room: web.NewRoom(8 * 256 << 10)},
		[]web.Surface{surface("s", route("POST", "/v1/x", read), open, small)}))
	var slow []net.Conn
	defer func() {
		for _, conn := range slow {
			conn.Close()
		}
		server.Close()
	}()
	begin := func(path string, org tenancy.OrgID, length int, part string) net.Conn {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		slow = append(slow, conn)
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n", path, length)
		if org != "" {
			fmt.Fprintf(conn, "Authorization: Bearer %s\r\n", f.Key(org, tenancy.Reader))
		}
		fmt.Fprintf(conn, "\r\n%s", part)
		return conn
	}
	status := func(conn net.Conn) string {
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return line[len("HTTP/1.1 "):][:3]
	}
	send := func(path string, org tenancy.OrgID, n int) string {
		return status(begin(path, org, n, strings.Repeat("x", n)))
	}
	for range 100 { // a hundred megabytes are announced, and a byte of each is sent
		begin("/v1/x", f.North, web.MaxBody, "x")
		begin("/v1/open", "", web.MaxBody, "x")
	}
	for range 10 {
		if got := send("/v1/x", f.South, 200<<10); got != "200" {
			t.Errorf("what was read is not free again: %s", got)
		}
	}
	if got := send("/v1/x", f.South, 300<<10); got != "429" {
		t.Errorf("more than the share of an organization: %s", got)
	}
	if got := send("/v1/small", f.South, 100); got != "200" {
		t.Errorf("the route's limit: %s", got)
	}
	if got := send("/v1/small", f.South, 101); got != "413" {
		t.Errorf("a byte more: %s", got)
	}
}

// TestBodiesInMemory holds whole bodies: one organization has its share, and all together
// what there is.
func TestBodiesInMemory(t *testing.T) {
	body := jwktest.Limit(t, "Requests", "the body of a request")[0] - 1 // the end takes a byte of room
	share := jwktest.Limit(t, "Requests", "bodies in memory of one organization's keys")[0]
	all := jwktest.Limit(t, "Requests", "bodies in memory")[0]
	f := newFixture(t)
	arrived, finish := make(chan struct{}), make(chan struct{})
	handler := web.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop()}, []web.Surface{surface("s",
		route("POST", "/v1/x", func(c *web.Call) (*web.Reply, error) {
			if _, err := c.Body(); err != nil {
				return nil, err
			}
			arrived <- struct{}{}
			<-finish
			return web.NoContent(), nil
		}))})
	send := func(key string, size int) int {
		r := httptest.NewRequest("POST", "/v1/x", bytes.NewReader(make([]byte, size)))
		r.Header.Set("Authorization", "Bearer "+key)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	var waiting sync.WaitGroup
	for range all / share {
		org := f.MustOrg(t, f.Root, "busy")
		_, key := f.MustKey(t, tenancy.NewKey{Org: org, Name: "k", Role: tenancy.Reader})
		for range share / (body + 1) {
			waiting.Go(func() {
				if got := send(key, body); got != 204 {
					t.Error(got)
					arrived <- struct{}{}
				}
			})
			<-arrived
		}
		if got := send(key, body); got != 429 {
			t.Errorf("one more of an organization: %d", got)
		}
	}
	if got := send(f.Key(f.North, tenancy.Reader), body); got != 503 {
		t.Errorf("one more of another organization: %d", got)
	}
	close(finish)
	waiting.Wait()
}

// TestLongWorksHavePlaces: two of an organization and four of the node at once.
func TestLongWorksHavePlaces(t *testing.T) {
	f := newFixture(t)
	started, finish := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(web.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop()}, []web.Surface{surface("s",
		route("GET", "/v1/x", func(c *web.Call) (*web.Reply, error) {
			if err := c.TakePlace(); err != nil {
				return nil, err
			}
			return &web.Reply{Status: 200, ContentType: "text/plain", Stream: func(w io.Writer) error {
				started <- struct{}{}
				<-finish
				return nil
			}}, nil
		}))}))
	defer server.Close()
	var all sync.WaitGroup
	get := func(org tenancy.OrgID) *http.Response {
		r, _ := http.NewRequest("GET", server.URL+"/v1/x", nil)
		r.Header.Set("Authorization", "Bearer "+f.Key(org, tenancy.Reader))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return nil
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		return res
	}
	begin := func(org tenancy.OrgID) {
		all.Go(func() {
			if res := get(org); res.StatusCode != 200 {
				t.Errorf("%d", res.StatusCode)
			}
		})
		<-started
	}
	if got := jwktest.Limit(t, "Requests", "evidence and exports at once"); !slices.Equal(got, []int{2, 4}) {
		t.Fatalf("the page says %d", got)
	}
	begin(f.North)
	begin(f.North)
	if res := get(f.North); res.StatusCode != 429 || res.Header.Get("Retry-After") == "" {
		t.Errorf("the third of an organization: %d", res.StatusCode)
	}
	begin(f.South)
	begin(f.South)
	if res := get(f.Root); res.StatusCode != 429 && res.StatusCode != 503 {
		t.Errorf("the fifth of the node: %d", res.StatusCode)
	}
	for range 4 {
		finish <- struct{}{}
	}
	all.Wait()
	begin(f.North)
	finish <- struct{}{}
	all.Wait()
}

// TestSlowBody: a body that does not come is given up, and a handler that is
// slow after reading one is not.
func TestSlowBody(t *testing.T) {
	if got := jwktest.Limit(t, "Requests", "the time in which a body arrives")[0]; time.Duration(got)*time.Second != web.BodyTime {
		t.Errorf("the page says %d s", got)
	}
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

// TestCallsWithABody: so many of an organization, and of all, are at work at once. One more
// is refused before its body arrives; another organization's is not.
func TestCallsWithABody(t *testing.T) {
	limits := jwktest.Limit(t, "Requests", "calls with a body that are at work")
	share, most := limits[0], limits[1]
	f := newFixture(t)
	arrived, finish := make(chan struct{}), make(chan struct{})
	handler := web.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop()}, []web.Surface{surface("s",
		route("POST", "/v1/wait", func(c *web.Call) (*web.Reply, error) {
			_, err := c.Body()
			arrived <- struct{}{}
			<-finish
			return web.NoContent(), err
		}),
		route("POST", "/v1/x", func(c *web.Call) (*web.Reply, error) {
			_, err := c.Body()
			return web.NoContent(), err
		}))})
	keys := map[tenancy.OrgID]string{}
	for _, org := range f.Orgs() {
		keys[org] = f.Key(org, tenancy.Reader)
	}
	send := func(path string, org tenancy.OrgID, body io.Reader) int {
		r := httptest.NewRequest("POST", path, body)
		r.Header.Set("Authorization", "Bearer "+keys[org])
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	var all sync.WaitGroup
	wait := func(org tenancy.OrgID) {
		for range share {
			all.Go(func() {
				if got := send("/v1/wait", org, strings.NewReader("{}")); got != 204 {
					t.Error(got)
					arrived <- struct{}{}
				}
			})
			<-arrived
		}
	}
	wait(f.North)
	if got := send("/v1/x", f.North, unread{t}); got != 429 {
		t.Error("one more of the organization:", got)
	}
	if got := send("/v1/x", f.South, strings.NewReader("{}")); got != 204 {
		t.Error("another organization's:", got)
	}
	for n := 2 * share; n <= most; n += share {
		org := f.MustOrg(t, f.Root, "busy")
		_, keys[org] = f.MustKey(t, tenancy.NewKey{Org: org, Name: "k", Role: tenancy.Reader})
		wait(org)
	}
	if got := send("/v1/x", f.South, unread{t}); got != 503 {
		t.Error("another organization's, when all are taken:", got)
	}
	close(finish)
	all.Wait()
	if got := send("/v1/x", f.North, strings.NewReader("{}")); got != 204 {
		t.Error("when they have ended:", got)
	}
}

// unread is a body that nobody is to read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}
