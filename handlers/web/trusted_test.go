package web_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
	"tenure/tenancy"
)

// TestTrustedRefusalsAreLogged: a request that the trusted listener refuses
// leaves one event, as every other does.
func TestTrustedRefusalsAreLogged(t *testing.T) {
	s := surface("s", route("GET", "/v1/x", func(*web.Call) (*web.Reply, error) { return text("") }))
	f := newFixture(t, s)
	var log bytes.Buffer
	trusted := web.Trusted{Key: f.Key(f.North, tenancy.Reader), Hosts: []string{"localhost"}, Surface: s, Log: zerolog.New(&log)}.Handler(f.handler)
	for _, row := range []struct {
		host, origin string
		want         int
	}{{"localhost:4445", "", 200}, {"evil.example", "", 403}, {"localhost", "https://evil.example", 403}} {
		f.log.Reset()
		log.Reset()
		r := httptest.NewRequest(http.MethodGet, "http://"+row.host+"/v1/x?secret=queryword", nil)
		if row.origin != "" {
			r.Header.Set("Origin", row.origin)
		}
		w := httptest.NewRecorder()
		trusted.ServeHTTP(w, r)
		events := strings.Count(f.log.String()+log.String(), "\n")
		if w.Code != row.want || events != 1 {
			t.Errorf("%s, origin %q: %d, %d events", row.host, row.origin, w.Code, events)
		}
		if refused := log.String(); row.want == 403 && (!strings.Contains(refused, `"status":403`) || !strings.Contains(refused, `"error":"forbidden"`) || strings.Contains(refused, "word") || strings.Contains(refused, "evil")) {
			t.Errorf("%s: %s", row.host, refused)
		}
	}
}
