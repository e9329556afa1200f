package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/web"
)

// TestRatesInEachForm: each surface refuses a key's second request of a second in its
// own form, and says when to come back.
func TestRatesInEachForm(t *testing.T) {
	in := newInstallation(t)
	bearer := map[string]string{"Authorization": "Bearer " + in.reader}
	for _, row := range []struct {
		method, path string
		headers      map[string]string
		body         string
	}{
		{"GET", "/v2/modules/oauthv2/setups", bearer,
			`{"error_code":"TOO_MANY_REQUESTS","error_text":"too many requests with this API key; try again later"}`},
		{"POST", "/v3/modules/oauthv2/setups/" + string(in.setup) + "/clients", bearer,
			`{"error":"TOO_MANY_REQUESTS","error_description":"too many requests with this API key; try again later"}`},
		{"GET", "/admin/clients", bearer,
			`{"error":"Too many requests","error_description":"too many requests with this API key; try again later"}`},
		{"GET", "/oauth2/clients", map[string]string{"SlashID-OrgID": string(in.Harbour), "SlashID-API-Key": in.reader},
			`{"errors":[{"httpcode":429,"message":"too many requests with this API key; try again later"}]}`},
		{"GET", "/reg/none", bearer,
			`{"error":"temporarily_unavailable","error_description":"too many requests with this API key; try again later","errors":["too many requests with this API key; try again later"]}`},
		{"GET", "/v1/whoami", bearer,
			`{"type":"/problems/throttled","title":"Too many requests","status":429,"detail":"too many requests with this API key; try again later","request_id":"mine"}`},
	} {
		now := time.Unix(1_000_000, 0)
		handler := handlers.New(web.Config{Tenancy: in.Store, Log: zerolog.Nop(),
			Rates: web.NewRateLimits(web.Rates{Key: 1}, func() time.Time { return now })}, in.stores)
		for i, refused := range []bool{false, true} {
			r := httptest.NewRequest(row.method, row.path, nil)
			for name, value := range row.headers {
				r.Header.Set(name, value)
			}
			r.Header.Set("X-Request-Id", "mine")
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if (w.Code == http.StatusTooManyRequests) != refused {
				t.Errorf("%s, call %d: %d %s", row.path, i+1, w.Code, w.Body)
			}
			if got := strings.TrimSpace(w.Body.String()); refused && (w.Header().Get("Retry-After") != "1" || got != row.body) {
				t.Errorf("%s: Retry-After %q, %s", row.path, w.Header().Get("Retry-After"), got)
			}
		}
	}
}
