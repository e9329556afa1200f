package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// restFixture serves a route that reads its body, one that needs none and one that
// refuses whoever comes.
func restFixture(t *testing.T) (f *fixture, addr string) {
	probe := route("GET", "/v1/open", func(*web.Call) (*web.Reply, error) { return text("alive") })
	probe.Open, probe.Permission = true, 0
	closed := route("POST", "/v1/closed", func(*web.Call) (*web.Reply, error) { return text("never") })
	closed.Admit = func(*web.Call) (tenancy.Scope, error) {
		return tenancy.Scope{}, fault.New(fault.NotFound, "", "registration is off")
	}
	f = newFixture(t, surface("s", probe, closed, route("POST", "/v1/x", func(c *web.Call) (*web.Reply, error) {
		data, err := c.Body()
		return &web.Reply{Status: 200, Body: fmt.Append(nil, len(data))}, err
	})))
	server := httptest.NewServer(f.handler)
	t.Cleanup(server.Close)
	return f, server.Listener.Addr().String()
}

// dialRest opens a connection that gives an answer two seconds.
func dialRest(t *testing.T, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(2 * time.Second))
	return conn, bufio.NewReader(conn)
}

// TestNobodyWaitsForTheRest: an answer that needs no body is sent although the body does
// not come, and the connection is closed soon.
func TestNobodyWaitsForTheRest(t *testing.T) {
	f, addr := restFixture(t)
	key := "Authorization: Bearer " + f.Key(f.North, tenancy.Reader) + "\r\n"
	for _, row := range []struct {
		name, head, part string
		want             int
	}{
		{"a refused route", "POST /v1/closed HTTP/1.1\r\nContent-Length: 10\r\n", "", 404},
		{"some of its body", "POST /v1/closed HTTP/1.1\r\nContent-Length: 10\r\n", "abc", 404},
		{"chunked", "POST /v1/closed HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "5\r\nab", 404},
		{"an unknown path", "POST /nowhere HTTP/1.1\r\nContent-Length: 10\r\n", "", 404},
		{"another path of a surface", "POST /v1/nowhere HTTP/1.1\r\nContent-Length: 10\r\n", "", 404},
		{"no key", "POST /v1/x HTTP/1.1\r\nContent-Length: 10\r\n", "", 401},
		{"no such method", "DELETE /v1/x HTTP/1.1\r\nContent-Length: 10\r\n" + key, "", 405},
		{"a probe", "GET /v1/open HTTP/1.1\r\nContent-Length: 10\r\n", "", 200},
		{"who asks first", "POST /v1/closed HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n", "", 404},
		{"who asks first, without a key", "POST /v1/x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n", "", 401},
		{"5 MB", "POST /v1/closed HTTP/1.1\r\nContent-Length: 5000000\r\n", "", 404},
		{"5 MB with a key", "POST /v1/x HTTP/1.1\r\nContent-Length: 5000000\r\n" + key, "", 413},
		{"5 MB of one who asks first", "POST /v1/x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n" + key, "", 413},
		{"an old client", "POST /v1/closed HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 10\r\n", "", 404},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			conn, answers := dialRest(t, addr)
			fmt.Fprintf(conn, "%sHost: x\r\n\r\n%s", row.head, row.part)
			res, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(res.Body); err != nil || res.StatusCode != row.want || !res.Close {
				t.Errorf("%d, close %v: %v", res.StatusCode, res.Close, err)
			}
			if _, err := answers.ReadByte(); err != io.EOF {
				t.Errorf("the connection is not closed: %v", err)
			}
		})
	}
}

// TestTheRestThatCameIsPassedOver: a connection whose bodies arrived is used again,
// whether anybody read them or not.
func TestTheRestThatCameIsPassedOver(t *testing.T) {
	f, addr := restFixture(t)
	conn, answers := dialRest(t, addr)
	send := func(head, body string, want int) {
		t.Helper()
		fmt.Fprintf(conn, "%sHost: x\r\nAuthorization: Bearer %s\r\n\r\n%s", head, f.Key(f.North, tenancy.Reader), body)
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(res.Body); err != nil || res.StatusCode != want || res.Close || want == 200 && string(data) != "3" {
			t.Errorf("%d %s, close %v: %v", res.StatusCode, data, res.Close, err)
		}
	}
	for range 3 {
		send("POST /v1/closed HTTP/1.1\r\nContent-Length: 3\r\n", "abc", 404)
		send("POST /nowhere HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n", 404)
		send("POST /v1/x HTTP/1.1\r\nContent-Length: 3\r\n", "abc", 200)
		send("POST /nowhere HTTP/1.1\r\nContent-Length: 20000\r\n", strings.Repeat("x", 20000), 404)
	}
}

// TestWhoAsksFirst: one whose body is wanted is asked for it, and the connection lives on.
func TestWhoAsksFirst(t *testing.T) {
	f, addr := restFixture(t)
	conn, answers := dialRest(t, addr)
	for range 2 {
		fmt.Fprintf(conn, "POST /v1/x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\nAuthorization: Bearer %s\r\n\r\n", f.Key(f.North, tenancy.Reader))
		if line, err := answers.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
			t.Fatalf("%q %v", line, err)
		}
		answers.ReadString('\n')
		fmt.Fprint(conn, "abc")
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || string(data) != "3" || res.Close {
			t.Errorf("%d %s, close %v: %v", res.StatusCode, data, res.Close, err)
		}
	}
}

// TestNobodyWaitsOverHTTP2: the answer comes at once there too, and the connection stays.
func TestNobodyWaitsOverHTTP2(t *testing.T) {
	f, _ := restFixture(t)
	server := httptest.NewUnstartedServer(f.handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	client := server.Client()
	client.Timeout = 2 * time.Second
	peers := map[string]bool{}
	for range 3 {
		body, never := io.Pipe()
		r, _ := http.NewRequest("POST", server.URL+"/nowhere", body)
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
			peers[got.Conn.LocalAddr().String()] = true
		}}))
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		never.Close()
		if res.StatusCode != 404 || res.ProtoMajor != 2 {
			t.Errorf("%d over %s", res.StatusCode, res.Proto)
		}
	}
	if len(peers) != 1 {
		t.Errorf("%d connections", len(peers))
	}
}
