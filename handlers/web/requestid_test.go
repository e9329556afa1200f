package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// TestRequestID: the caller's id, if it is well-formed, else a new one is in the answer,
// in the log and in an error's body.
func TestRequestID(t *testing.T) {
	f := newFixture(t, surface("s", route("GET", "/v1/x", func(*web.Call) (*web.Reply, error) { return text("x") }),
		route("GET", "/v1/fails", func(*web.Call) (*web.Reply, error) { return nil, fault.New(fault.Conflict, "", "no") })))
	made := regexp.MustCompile(`^[0-9a-f]{32}$`)
	for _, row := range []struct {
		sent []string
		want string // empty for a new one
	}{
		{nil, ""}, {[]string{"a-1.b_2~c+d/e=f:g"}, "a-1.b_2~c+d/e=f:g"}, {[]string{strings.Repeat("a", 128)}, strings.Repeat("a", 128)},
		{[]string{""}, ""}, {[]string{strings.Repeat("a", 129)}, ""}, {[]string{"a b"}, ""}, {[]string{"a\"b"}, ""}, {[]string{"é"}, ""},
		{[]string{"a,b"}, ""}, {[]string{"one", "two"}, ""},
	} {
		for _, path := range []string{"/v1/x", "/v1/fails", "/elsewhere"} {
			f.log.Reset()
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Reader))
			r.RemoteAddr = "[2001:db8::7]:4711"
			for _, id := range row.sent {
				r.Header.Add("X-Request-Id", id)
			}
			w := httptest.NewRecorder()
			f.handler.ServeHTTP(w, r)
			got := w.Header().Get("X-Request-Id")
			if row.sent == nil && path == "/v1/x" { // a read that has succeeded: the log has one
				if got != "" {
					t.Errorf("%s: the answer's id is %q", path, got)
				}
				got = logged(t, f.log.Bytes())
			}
			if row.want != "" && got != row.want || row.want == "" && !made.MatchString(got) {
				t.Errorf("%s with %q: the answer's id is %q", path, row.sent, got)
			}
			var line struct {
				ID      string   `json:"request_id"`
				Address string   `json:"address"`
				Ignored []string `json:"ignored_headers"`
			}
			if err := json.Unmarshal(f.log.Bytes(), &line); err != nil || line.ID != got || line.Address != "2001:db8::7" || (len(line.Ignored) == 1) != (row.sent != nil && row.want == "") {
				t.Errorf("%s with %q: the log says %s", path, row.sent, f.log.String())
			}
			if path == "/elsewhere" && !strings.Contains(w.Body.String(), `"request_id":"`+got+`"`) {
				t.Errorf("%s with %q: the body is %s", path, row.sent, w.Body)
			}
		}
	}
	if a, b := f.send("GET", "/v1/fails", "").Header().Get("X-Request-Id"), f.send("GET", "/v1/fails", "").Header().Get("X-Request-Id"); a == b {
		t.Errorf("two requests have the id %s", a)
	}
}

// logged is the id in a line of the log.
func logged(t *testing.T, text []byte) string {
	t.Helper()
	var line struct {
		ID string `json:"request_id"`
	}
	if err := json.Unmarshal(text, &line); err != nil {
		t.Fatal(err)
	}
	return line.ID
}

// TestRequestIDOfRefusals: a listener whose callers bring no credential gives refusals an id too.
func TestRequestIDOfRefusals(t *testing.T) {
	h := web.Trusted{Hosts: []string{"localhost"}, Surface: surface("s"), Log: zerolog.Nop()}.Handler(http.NotFoundHandler())
	r := httptest.NewRequest("GET", "/x", nil)
	r.Host = "example.org"
	r.Header.Set("X-Request-Id", "mine")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 403 || w.Header().Get("X-Request-Id") != "mine" {
		t.Errorf("%d with id %q", w.Code, w.Header().Get("X-Request-Id"))
	}
}
