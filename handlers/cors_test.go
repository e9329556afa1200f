package handlers_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/openfinance"
	"tenure/handlers/register"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
)

const page = "https://page.example"

// crossing asks as a page of another origin does; preflight is the method that it
// wants to use, empty for the call itself.
func crossing(h http.Handler, method, path, preflight, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Origin", page)
	r.Header.Set("Content-Type", "application/json")
	if preflight != "" {
		r.Header.Set("Access-Control-Request-Method", preflight)
		r.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestPagesOfOtherOrigins call the public registration and nothing else, on every
// route and with every method that it has.
func TestPagesOfOtherOrigins(t *testing.T) {
	in := newInstallation(t)
	writersOf(t, in) // registration is open, and plain at /reg
	h := handlers.New(web.Config{Tenancy: in.Store, Log: zerolog.Nop()}, in.stores)
	variable := regexp.MustCompile(`{[^}]*}`)
	for _, s := range handlers.Surfaces(in.stores) {
		public := s.Name == register.Name || s.Name == openfinance.Name
		for _, r := range s.Routes {
			path := strings.NewReplacer("{module}", snapshots.DefaultModule, "{setupId}", string(in.setup)).Replace(r.Pattern)
			path = variable.ReplaceAllString(path, "0123456789abcdef0123456789abcdef")
			asked := crossing(h, http.MethodOptions, path, r.Method, "")
			got := asked.Header()
			if public != (asked.Code == http.StatusNoContent) || public != (got.Get("Access-Control-Allow-Origin") == "*") {
				t.Errorf("%s: may a page %s %s: %d %v", s.Name, r.Method, path, asked.Code, got)
			}
			if public && (!strings.Contains(got.Get("Access-Control-Allow-Methods"), r.Method) || !strings.Contains(got.Get("Access-Control-Allow-Headers"), "Authorization") ||
				!strings.Contains(got.Get("Vary"), "Origin")) {
				t.Errorf("%s %s: %v", r.Method, path, got)
			}
			called := crossing(h, r.Method, path, "", "{}").Header()
			if public != (called.Get("Access-Control-Allow-Origin") == "*") || public != strings.Contains(called.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
				t.Errorf("%s: a page's %s %s: %v", s.Name, r.Method, path, called)
			}
			for _, header := range []http.Header{got, called} {
				if header.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s %s allows credentials", r.Method, path)
				}
			}
		}
	}
	for _, preflight := range []string{"PATCH", "post", "OPTIONS", "x y"} {
		if w := crossing(h, http.MethodOptions, "/oauth2/register", preflight, ""); w.Header().Get("Access-Control-Allow-Origin") != "" || w.Code < 400 {
			t.Errorf("a preflight for %s: %d %v", preflight, w.Code, w.Header())
		}
	}
}

// TestThePolicyNamesOrigins: what it says, for errors as well, and never credentials.
func TestThePolicyNamesOrigins(t *testing.T) {
	in := newInstallation(t)
	h := handlers.New(web.Config{Tenancy: in.Store, Log: zerolog.Nop()}, in.stores)
	const other = "https://other.example"
	for _, row := range []struct {
		registration, profile string
		origins               []string
		oauth2, reg           string
	}{
		{snapshots.RegistrationOff, snapshots.ProfilePlain, []string{"*"}, "", ""},
		{snapshots.RegistrationOpen, snapshots.ProfilePlain, nil, "*", "*"},
		{snapshots.RegistrationOpen, snapshots.ProfilePlain, []string{}, "", ""},
		{snapshots.RegistrationOpen, snapshots.ProfilePlain, []string{other}, "", ""},
		{snapshots.RegistrationOpen, snapshots.ProfilePlain, []string{other, page}, page, page},
		{snapshots.RegistrationOpen, snapshots.ProfileOff, nil, "*", ""},
		{snapshots.RegistrationOpen, snapshots.ProfileDCR2, nil, "", ""},
		{snapshots.RegistrationToken, snapshots.ProfilePlain, nil, "", ""},
		{snapshots.RegistrationToken, snapshots.ProfilePlain, []string{page}, page, page},
	} {
		policy := snapshots.DefaultPolicy()
		policy.Registration, policy.OpenFinanceProfile, policy.Origins = row.registration, row.profile, row.origins
		must(t, in.stores.Snapshots.SetPolicy(context.Background(), in.Scope(t, in.Root, tenancy.Admin), snapshots.DefaultModule, in.setup, policy))
		for path, want := range map[string]string{"/oauth2/register": row.oauth2, "/reg": row.reg} {
			for _, w := range []*httptest.ResponseRecorder{crossing(h, http.MethodOptions, path, http.MethodPost, ""), crossing(h, http.MethodPost, path, "", `{"redirect_uris":1}`),
				crossing(h, http.MethodGet, path+"/x", "", "")} {
				if got := w.Header().Get("Access-Control-Allow-Origin"); got != want {
					t.Errorf("%+v: %s: %d allows %q, not %q", row, path, w.Code, got, want)
				}
			}
		}
	}
	for _, origin := range []string{"page.example", "https://page.example/", "https://PAGE.example", "https://page.example:443", "https://*.example", "null", "javascript:x", ""} {
		policy := snapshots.DefaultPolicy()
		policy.Origins = []string{page, origin}
		err := in.stores.Snapshots.SetPolicy(context.Background(), in.Scope(t, in.Root, tenancy.Admin), snapshots.DefaultModule, in.setup, policy)
		if err == nil || !strings.Contains(err.Error(), "/registration_origins/1") {
			t.Errorf("%q is an origin: %v", origin, err)
		}
	}
}
