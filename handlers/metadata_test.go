package handlers_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
)

// writer is a way to write a client's metadata, by domain names.
type writer struct {
	name  string
	level document.Level
	write func(t *testing.T, members map[string]any) (status int, body string)
}

// writersOf are every surface that takes clients, over one setup.
func writersOf(t *testing.T, in *installation, allow ...string) []writer {
	t.Helper()
	policy := snapshots.DefaultPolicy()
	policy.Registration, policy.OpenFinanceProfile, policy.RegistrationOwner = snapshots.RegistrationOpen, snapshots.ProfilePlain, in.Harbour
	policy.Allow = allow
	must(t, in.stores.Snapshots.SetPolicy(context.Background(), in.Scope(t, in.Root, tenancy.Admin), snapshots.DefaultModule, in.setup, policy))
	send := func(t *testing.T, path string, headers map[string]string, body map[string]any) (int, string) {
		t.Helper()
		raw, err := json.Marshal(body)
		must(t, err)
		return in.sent(t, http.MethodPost, path, headers, string(raw))
	}
	key := map[string]string{"Authorization": "Bearer " + in.editor}
	post := func(path string, headers map[string]string, usual map[string]any, names map[string]string) func(*testing.T, map[string]any) (int, string) {
		return func(t *testing.T, members map[string]any) (int, string) {
			body := maps.Clone(usual)
			for name, value := range members {
				if list, ok := value.([]string); ok && name == "scopes" && names["scopes"] == "scope" {
					value = strings.Join(list, " ")
				}
				if own, ok := names[name]; ok {
					name = own
				}
				body[name] = value
			}
			return send(t, path, headers, body)
		}
	}
	at := []string{"https://app.example/cb"}
	words := map[string]string{"scopes": "scope"}
	setup := "/modules/" + snapshots.DefaultModule + "/setups/" + string(in.setup)
	status, body := send(t, "/admin/clients", key, map[string]any{"redirect_uris": at})
	if status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	var made struct {
		ID string `json:"client_id"`
	}
	must(t, json.Unmarshal([]byte(body), &made))
	found, err := snapshots.Resolve[document.Client](context.Background(), in.stores.Snapshots, in.Scope(t, in.Root, tenancy.Admin),
		snapshots.ByClientID("", in.setup, made.ID), snapshots.Instant{})
	must(t, err)
	return []writer{
		{"hydra", document.ByAdministrator, post("/admin/clients", key, map[string]any{"redirect_uris": at}, words)},
		{"nevismeta", document.ByAdministrator, post("/v2"+setup+"/clients", key, map[string]any{"name": "a", "redirect_uris": at}, map[string]string{"client_name": "name"})},
		{"slashid", document.ByAdministrator, post("/oauth2/clients", map[string]string{"SlashID-OrgID": string(in.Harbour), "SlashID-API-Key": in.editor},
			map[string]any{"client_name": "a", "redirect_uris": at, "grant_types": []string{"authorization_code"}, "scopes": []string{"a"}}, nil)},
		{"v1", document.ByTenure, func(t *testing.T, members map[string]any) (int, string) {
			status, body := send(t, "/v1/clients/"+string(found.Entity.ID)+"/snapshots", key, map[string]any{"merge": members})
			if status == http.StatusOK {
				status = http.StatusCreated
			}
			if status == http.StatusUnprocessableEntity {
				status = http.StatusBadRequest
			}
			return status, body
		}},
		{"register", document.ByItself, post("/oauth2/register", nil, map[string]any{"redirect_uris": at}, words)},
		{"reg", document.ByItself, post("/reg", nil, map[string]any{"redirect_uris": at, "token_endpoint_auth_method": "client_secret_basic"}, words)},
	}
}

// not are surfaces that do not have a member, or refuse the value by a rule of
// their own page.
type not []string

// metadata is what the surfaces take: the level from which on a value is refused,
// and 3 for one that all take.
var metadata = []struct {
	member string
	value  any
	from   document.Level
	not    not
}{
	{"redirect_uris", []string{"https://other.example/cb"}, 3, nil},
	{"redirect_uris", []string{"http://127.0.0.1:3000/cb"}, 3, nil},
	{"redirect_uris", []string{"javascript:alert(1)"}, 0, nil},
	{"redirect_uris", []string{"JaVaScRiPt:alert(1)"}, 0, nil},
	{"redirect_uris", []string{"java\tscript:alert(1)"}, 0, nil},
	{"redirect_uris", []string{"data:text/html,x"}, 0, nil},
	{"redirect_uris", []string{"javascript&colon;alert(1)"}, 0, nil},
	{"redirect_uris", []string{"java&#115;cript:alert(1)"}, 0, nil},
	{"redirect_uris", []string{"https://a.example/cb?a=1&b=2"}, 3, nil},
	{"redirect_uris", []string{"https://a.example/cb%0d%0aX:y"}, 2, nil},
	{"redirect_uris", []string{"https://a.example/{id}"}, 2, nil},
	{"redirect_uris", []string{"https://xn--pple-43d.com/cb"}, 2, nil},
	{"application_type", "tv", 2, not{"slashid", "nevismeta", "hydra"}},
	{"introspection_signed_response_alg", "foo", 2, not{"slashid", "nevismeta", "hydra"}},
	{"introspection_signed_response_alg", "ES256", 3, not{"slashid", "nevismeta", "hydra"}},
	{"backchannel_token_delivery_mode", "ping", 2, not{"slashid", "nevismeta", "hydra"}},
	{"default_max_age", -1, 1, not{"slashid", "nevismeta", "hydra"}},
	{"default_max_age", 0, 3, not{"slashid", "nevismeta", "hydra"}},
	{"redirect_uris", []string{"https://a.example/cb#x"}, 0, nil},
	{"redirect_uris", []string{"https://a.example/c b"}, 0, nil},
	{"redirect_uris", []string{"http://a.example/cb"}, 2, nil},
	{"redirect_uris", []string{"https://*.a.example/cb"}, 2, nil},
	{"redirect_uris", []string{"https://a.example/x/../cb"}, 2, nil},
	{"redirect_uris", []string{"myapp:/cb"}, 2, nil},
	{"redirect_uris", []string{"https://u@a.example/cb"}, 2, nil},
	{"logo_uri", "https://a.example/logo.png", 3, not{"slashid"}},
	{"logo_uri", "http://a.example/logo.png", 2, not{"slashid"}},
	{"logo_uri", "https://10.0.0.1/logo.png", 2, not{"slashid"}},
	{"logo_uri", "javascript:alert(1)", 0, not{"slashid"}},
	{"frontchannel_logout_uri", "javascript:alert(1)", 0, not{"slashid", "nevismeta", "reg"}},
	{"backchannel_logout_uri", "https://a.example/out", 3, not{"slashid", "nevismeta", "reg"}},
	{"backchannel_logout_uri", "http://169.254.169.254/latest", 0, not{"slashid", "nevismeta", "reg"}},
	{"backchannel_logout_uri", "https://localhost/out", 0, not{"slashid", "nevismeta", "reg"}},
	{"request_uris", []string{"http://169.254.169.254/"}, 0, not{"slashid", "nevismeta"}},
	{"jwks_uri", "https://10.0.0.1/jwks", 2, not{"slashid"}},
	{"client_name", "Läden 👨\u200d👩\u200d👧", 3, nil},
	{"client_name", "a\u202eb", 0, nil},
	{"client_name", "\u200b", 0, nil},
	{"client_name", "   ", 0, nil},
	{"contacts", []string{"a\u0000b"}, 0, not{"slashid"}},
	{"contacts", []string{"a\u2066b@a.example"}, 0, not{"slashid"}},
	{"scopes", []string{"a", "orders:read"}, 3, not{"nevismeta"}}, // wants them declared
	{"scopes", []string{`a"b`}, 0, nil},
	{"scopes", []string{"ü"}, 0, nil},
	{"token_endpoint_auth_method", "magic", 1, not{"slashid", "nevismeta"}},
	{"grant_types", []string{"authorization_code", "foo"}, 1, not{"slashid", "nevismeta"}},
	{"grant_types", []string{"refresh_token"}, 2, not{"slashid"}},
	{"subject_type", "pairwise", 3, not{"slashid", "nevismeta"}},
	{"allowed_cors_origins", []string{"HTTPS://A.example:443/"}, 3, not{"slashid", "nevismeta", "reg"}},
	{"allowed_cors_origins", []string{"https://a.example/x"}, 0, not{"slashid", "nevismeta", "reg"}},
	{"allowed_cors_origins", []string{"https://a.example?q=1"}, 0, not{"slashid", "nevismeta", "reg"}},
	{"allowed_cors_origins", []string{"https://u:p@a.example"}, 0, not{"slashid", "nevismeta", "reg"}},
	{"allowed_cors_origins", []string{"https://b.example", "https://a.example#f"}, 0, not{"slashid", "nevismeta", "reg"}},
	{"redirect_uris", []string{"com.:/cb"}, 2, nil},
	{"redirect_uris", []string{"javascript.:alert(1)"}, 0, nil},
	{"redirect_uris", []string{"https://a.example/a/..;/cb"}, 2, nil},
	{"policy_uri", "https://a.example/legal#privacy", 3, not{"slashid"}},
}

// TestEverySurfaceHoldsTheSameTables: a value is refused by all, by those that
// have no original to follow, or by those where a client registers itself.
func TestEverySurfaceHoldsTheSameTables(t *testing.T) {
	in := newInstallation(t)
	writers := writersOf(t, in)
	for _, row := range metadata {
		in.Clock.Advance(time.Minute) // registration is limited
		for _, w := range writers {
			if slices.Contains(row.not, w.name) {
				continue
			}
			status, body := w.write(t, map[string]any{row.member: row.value})
			want := http.StatusCreated
			if w.level >= row.from {
				want = http.StatusBadRequest
			}
			if status != want {
				t.Errorf("%s: %s %q: %d, want %d: %.400s", w.name, row.member, row.value, status, want, body)
			}
		}
	}
}

// TestTogetherTheyCannotWork: each member is valid, and their combination is not.
func TestTogetherTheyCannotWork(t *testing.T) {
	writers := writersOf(t, newInstallation(t))
	two := []string{"https://a.example/cb", "https://b.example/cb"}
	for _, row := range []struct {
		members map[string]any
		from    document.Level
		not     not
	}{
		{map[string]any{"subject_type": "pairwise", "redirect_uris": two}, 1, not{"slashid", "nevismeta"}},
		{map[string]any{"grant_types": []string{"client_credentials"}, "token_endpoint_auth_method": "none"}, 1, not{"slashid", "nevismeta", "reg"}},
		{map[string]any{"redirect_uris": []string{}}, 1, not{"slashid", "nevismeta"}},
		{map[string]any{"authorization_code_grant_access_token_lifespan": "-1h"}, 1, not{"slashid", "nevismeta", "reg", "v1"}},
		{map[string]any{"access_token_ttl": 0}, 1, not{"slashid", "hydra", "register", "reg"}},
		{map[string]any{"response_types": []string{"token"}}, 2, not{"slashid", "nevismeta"}},
		{map[string]any{"logo_uri#fr": "javascript:alert(1)"}, 0, not{"slashid", "nevismeta", "hydra", "register", "v1"}},
	} {
		for _, w := range writers {
			if slices.Contains(row.not, w.name) {
				continue
			}
			status, body := w.write(t, row.members)
			if want := w.level >= row.from; (status == http.StatusBadRequest) != want || !want && status != http.StatusCreated {
				t.Errorf("%s: %v: %d %.400s", w.name, row.members, status, body)
			}
		}
	}
}

// TestAPolicyAllowsByName what is stricter than the originals, and nothing else.
func TestAPolicyAllowsByName(t *testing.T) {
	in := newInstallation(t)
	for _, row := range []struct {
		rule    string
		members map[string]any
	}{
		{"uri-without-tls", map[string]any{"redirect_uris": []string{"http://a.example/cb"}}},
		{"uri-wildcard", map[string]any{"redirect_uris": []string{"https://*.a.example/cb"}}},
		{"uri-loopback", map[string]any{"logo_uri": "https://localhost/logo.png"}},
		{"uri-inside", map[string]any{"logo_uri": "https://10.0.0.1/logo.png"}},
		{"uri-inside", map[string]any{"redirect_uris": []string{"https://10.0.0.1/cb"}, "post_logout_redirect_uris": []string{"https://10.0.0.1/bye"}}},
		{"uri-encoded-control", map[string]any{"redirect_uris": []string{"https://a.example/cb%0a"}}},
		{"uri-unencoded", map[string]any{"redirect_uris": []string{"https://a.example/{id}"}}},
		{"uri-host", map[string]any{"redirect_uris": []string{"https://xn--pple-43d.com/cb"}}},
		{"value-known", map[string]any{"application_type": "tv"}},
		{"id-token-unsigned", map[string]any{"id_token_signed_response_alg": "none", "response_types": []string{"id_token"}, "grant_types": []string{"implicit"}}},
		{"notification-without-endpoint", map[string]any{"backchannel_token_delivery_mode": "push"}},
		{"uri-scheme-without-dot", map[string]any{"redirect_uris": []string{"myapp:/cb"}}},
		{"pairwise-without-sector", map[string]any{"subject_type": "pairwise", "redirect_uris": []string{"https://a.example/cb", "https://b.example/cb"}}},
	} {
		for allow, want := range map[string]int{row.rule: http.StatusCreated, "nothing-to-do": http.StatusBadRequest} {
			for _, w := range writersOf(t, in, allow) {
				if w.name != "register" {
					continue
				}
				if status, body := w.write(t, row.members); status != want {
					t.Errorf("%s, allowed is %s: %v: %d %.300s", w.name, allow, row.members, status, body)
				}
			}
		}
	}
	for _, w := range writersOf(t, in, "uri-inside", "uri-loopback") {
		if w.name != "hydra" {
			continue
		}
		if status, body := w.write(t, map[string]any{"backchannel_logout_uri": "https://10.0.0.1/out"}); status != http.StatusCreated {
			t.Errorf("a back channel inside the network: %d %s", status, body)
		}
	}
	policy := snapshots.DefaultPolicy()
	policy.Allow = []string{"uri-wildcard", "uri-script-scheme"}
	err := in.stores.Snapshots.SetPolicy(context.Background(), in.Scope(t, in.Root, tenancy.Admin), snapshots.DefaultModule, in.setup, policy)
	if err == nil || !strings.Contains(err.Error(), "/allow/1") {
		t.Errorf("a policy allows scripts: %v", err)
	}
}

// TestFaultsHaveTheSurfacesNames: each names the member as it is sent there.
func TestFaultsHaveTheSurfacesNames(t *testing.T) {
	in := newInstallation(t)
	for _, w := range writersOf(t, in) {
		for member, row := range map[string]struct {
			value any
			named map[string]string
		}{
			"client_name": {"a\u202eb", map[string]string{"nevismeta": "/name:", "slashid": "client_name:", "reg": "client_name", "v1": `"/client_name"`, "hydra": "/client_name", "register": "/client_name"}},
			"scopes":      {[]string{`a"b`}, map[string]string{"nevismeta": "/scopes/0:", "slashid": "scopes/0:", "reg": "scope", "v1": `"/scopes/0"`, "hydra": "/scope:", "register": "/scope:"}},
			"logo_uri#fr": {"data:x", map[string]string{"reg": "logo_uri#fr"}},
		} {
			want, asked := row.named[w.name]
			if !asked {
				continue
			}
			if status, body := w.write(t, map[string]any{member: row.value}); status != http.StatusBadRequest || !strings.Contains(body, want) || strings.Contains(body, "localized") {
				t.Errorf("%s: %s: %d, not with %s: %s", w.name, member, status, want, body)
			}
		}
	}
}

// TestARegistrationShowsWhatItBecame: the same element twice is registered once, and written once at /v1.
func TestARegistrationShowsWhatItBecame(t *testing.T) {
	for _, w := range writersOf(t, newInstallation(t)) {
		if w.level == document.ByAdministrator {
			continue
		}
		status, body := w.write(t, map[string]any{"redirect_uris": []string{"https://a.example/cb", "https://a.example/cb"},
			"contacts": []string{"a@a.example", "a@a.example"}, "response_types": []string{"code", "code"}})
		if status != http.StatusCreated || strings.Count(body, "https://a.example/cb") != 1 || strings.Count(body, "a@a.example") != 1 || !strings.Contains(body, `"response_types":["code"]`) {
			t.Errorf("%s: %d %s", w.name, status, body)
		}
	}
	for _, w := range writersOf(t, newInstallation(t)) {
		if w.name != "hydra" {
			continue
		}
		_, body := w.write(t, map[string]any{"allowed_cors_origins": []string{"HTTPS://FOO.com:443/", "https://bücher.example"}})
		if !strings.Contains(body, `"allowed_cors_origins":["https://foo.com","https://xn--bcher-kva.example"]`) {
			t.Errorf("%s: %s", w.name, body)
		}
	}
}
