package web_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
	"tenure/jwk/jwktest"
	"tenure/tenancy"
)

// TestRates: the requests and the writes of a key and of an organization are counted
// apart, before a body is read, and a second gives a second's worth back.
func TestRates(t *testing.T) {
	for _, name := range []string{"requests of one API key", "requests of one API key that are neither GET nor HEAD",
		"requests of one organization", "requests of one organization that are neither GET nor HEAD"} {
		if n := jwktest.Limit(t, "Callers with an API key", name); len(n) > 0 {
			t.Errorf("%s: the page says %d, and there is no limit by default", name, n)
		}
	}
	const reader, editor = tenancy.Reader, tenancy.Editor
	type call struct {
		wait   time.Duration // before it
		method string
		role   tenancy.Role // of a key of the organization
		south  bool         // of another organization
		want   int
		text   string
	}
	for name, row := range map[string]struct {
		rates web.Rates
		calls []call
	}{
		"none": {web.Rates{}, []call{{method: "GET", want: 200}, {method: "POST", want: 200}, {method: "POST", want: 200}}},
		"key": {web.Rates{Key: 2}, []call{
			{method: "GET", want: 200}, {method: "POST", want: 200}, {method: "GET", want: 429, text: "too many requests with this API key"},
			{method: "POST", want: 429}, {method: "GET", role: editor, want: 200}, {method: "GET", south: true, want: 200},
			{wait: 499 * time.Millisecond, method: "HEAD", want: 429}, {wait: time.Millisecond, method: "HEAD", want: 200}, {method: "GET", want: 429},
			{wait: time.Hour, method: "GET", want: 200}, {method: "GET", want: 200}, {method: "GET", want: 429}}},
		"writes of a key": {web.Rates{KeyWrites: 1}, []call{
			{method: "GET", want: 200}, {method: "HEAD", want: 200}, {method: "POST", want: 200},
			{method: "POST", want: 429, text: "too many writes with this API key"}, {method: "GET", want: 200}, {method: "POST", role: editor, want: 200}}},
		"organization": {web.Rates{Organization: 2}, []call{
			{method: "GET", want: 200}, {method: "POST", role: editor, want: 200},
			{method: "GET", role: editor, want: 429, text: "too many requests of this organization"}, {method: "GET", south: true, want: 200}}},
		"writes of an organization": {web.Rates{OrganizationWrites: 1}, []call{
			{method: "POST", want: 200}, {method: "POST", role: editor, want: 429, text: "too many writes of this organization"},
			{method: "GET", role: editor, want: 200}, {method: "POST", south: true, want: 200}}},
		"all": {web.Rates{Key: 3, KeyWrites: 2, Organization: 4, OrganizationWrites: 3}, []call{
			{method: "POST", want: 200}, {method: "POST", want: 200}, {method: "POST", want: 429}, {method: "GET", want: 200},
			{method: "GET", want: 429}, {method: "POST", role: editor, want: 200}, {method: "POST", role: editor, want: 429}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			now := time.Unix(1_000_000, 0)
			answer := func(*web.Call) (*web.Reply, error) { return text("x") }
			handler := web.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop(),
				Rates: web.NewRateLimits(row.rates, func() time.Time { return now })},
				[]web.Surface{surface("s", route("GET", "/v1/x", answer), route("POST", "/v1/x", answer))})
			for i, c := range row.calls {
				now = now.Add(c.wait)
				w := httptest.NewRecorder()
				org, role := f.North, c.role
				if c.south {
					org = f.South
				}
				if role == "" {
					role = reader
				}
				var body io.Reader = strings.NewReader("{}")
				if c.want == 429 {
					body = unread{t}
				}
				r := httptest.NewRequest(c.method, "/v1/x", body)
				r.Header.Set("Authorization", "Bearer "+f.Key(org, role))
				r.Header.Set("Idempotency-Key", fmt.Sprint("call ", i)) // for which the body is read
				handler.ServeHTTP(w, r)
				if retry := w.Header().Get("Retry-After"); w.Code != c.want || (retry == "1") != (c.want == 429) || !strings.Contains(w.Body.String(), c.text) {
					t.Errorf("call %d: %d, Retry-After %q, %s", i+1, w.Code, retry, w.Body)
				}
			}
		})
	}
}
