package web_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tenure/handlers/web"
	"tenure/tenancy"
)

// TestStream: what is written is there before the rest is made, HEAD runs
// nothing, and an answer that breaks off cannot be taken for a whole one.
func TestStream(t *testing.T) {
	seen := make(chan error)
	f := newFixture(t, surface("s", route("GET", "/v1/x", func(c *web.Call) (*web.Reply, error) {
		return &web.Reply{Status: 200, ContentType: "text/plain", Stream: func(w io.Writer) error {
			if c.Request.Method == http.MethodHead {
				t.Error("HEAD makes a body")
			}
			if _, err := io.WriteString(w, "one\n"); err != nil {
				return err
			}
			if fails := <-seen; fails != nil {
				return fails
			}
			_, err := io.WriteString(w, "two\n")
			return err
		}}, nil
	})))
	server := httptest.NewServer(f.handler)
	defer server.Close()
	get := func(method string) *http.Response {
		r, err := http.NewRequest(method, server.URL+"/v1/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Reader))
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	get(http.MethodHead).Body.Close()
	for _, fails := range []error{nil, errors.New("the disk is gone")} {
		resp := get(http.MethodGet)
		first := make([]byte, 4)
		if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "one\n" || resp.Header.Get("Content-Type") != "text/plain" {
			t.Fatalf("%q, %v, %v", first, err, resp.Header)
		}
		seen <- fails
		rest, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if fails == nil && (err != nil || string(rest) != "two\n") {
			t.Errorf("the rest is %q, %v", rest, err)
		}
		if fails != nil && err == nil {
			t.Errorf("an answer that broke off reads as a whole: %q", rest)
		}
	}
	server.Close() // and with it the last event is written
	if log := f.log.String(); !strings.Contains(log, "the disk is gone") {
		t.Errorf("the log does not say why: %s", log)
	}
}
