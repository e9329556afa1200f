package handlers_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/snapshots/document/registry"
	"tenure/tenancy"
)

// registered are values that both registrations take, by name; others are of their
// kind.
var registered = map[string]any{
	"redirect_uris": []string{"https://app.example/cb", "com.example.app:/cb"}, "token_endpoint_auth_method": "client_secret_post",
	"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"}, "scope": "openid orders:read",
	"client_uri": "https://app.example/", "logo_uri": "https://app.example/logo.png", "tos_uri": "https://app.example/tos",
	"policy_uri": "https://app.example/policy", "jwks_uri": "https://app.example/keys", "signed_jwks_uri": "https://app.example/keys.jwt",
	"information_uri": "https://app.example/about", "organization_uri": "https://app.example/us", "initiate_login_uri": "https://app.example/login",
	"sector_identifier_uri": "https://app.example/sector", "frontchannel_logout_uri": "https://app.example/front",
	"backchannel_logout_uri": "https://app.example/back", "backchannel_client_notification_endpoint": "https://app.example/ciba",
	"jwks":             json.RawMessage(`{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`),
	"application_type": "native", "subject_type": "pairwise", "default_max_age": 3600,
	"request_uris": []string{"https://app.example/request.jwt"}, "claims_redirect_uris": []string{"https://app.example/claims"},
	"post_logout_redirect_uris": []string{"https://app.example/bye"}, "tls_client_auth_subject_dn": "CN=app.example",
	"tls_client_auth_san_dns": "app.example", "tls_client_auth_san_uri": "spiffe://app.example/a", "tls_client_auth_san_ip": "2001:db8::1",
	"tls_client_auth_san_email": "app@app.example", "backchannel_token_delivery_mode": "poll",
	"client_registration_types": []string{"automatic", "explicit"}, "encrypted_response_enc_values_supported": []string{"A128GCM", "A256GCM"},
	"vp_formats_supported": json.RawMessage(`{"dc+sd-jwt":{"sd-jwt_alg_values":["ES256"]}}`),
}

// companions are what a name needs beside it.
var companions = map[string]string{"id_token_encrypted_response_enc": "id_token_encrypted_response_alg",
	"userinfo_encrypted_response_enc": "userinfo_encrypted_response_alg", "request_object_encryption_enc": "request_object_encryption_alg"}

func valueOf(e registry.Entry) any {
	if value, ok := registered[e.Name]; ok {
		return value
	}
	switch {
	case strings.HasSuffix(e.Name, "_enc"):
		return "A256GCM"
	case strings.Contains(e.Name, "encrypt") && strings.HasSuffix(e.Name, "_alg"):
		return "RSA-OAEP"
	case strings.HasSuffix(e.Name, "_alg"):
		return "RS256"
	case e.Kind == registry.List:
		return []string{"one", "two"}
	case e.Kind == registry.Flag:
		return e.Name != "tls_client_certificate_bound_access_tokens" // true is its default at /reg
	case e.Kind == registry.Object:
		return map[string]any{}
	}
	return "some text"
}

// wrongs are values of another type, by kind.
var wrongs = map[registry.Kind]any{registry.Text: 1, registry.List: "one", registry.Flag: "yes", registry.Number: "x", registry.Object: []string{"a"}}

// TestEveryRegisteredName is stored and comes back at both registrations: after POST,
// at GET, after PUT of what was read, which changes nothing; a PUT without it takes it
// away. A value of another type is refused by the name.
func TestEveryRegisteredName(t *testing.T) {
	in := newInstallation(t, func(_ context.Context, uri string) ([]byte, error) { return []byte(`["https://app.example/cb"]`), nil })
	writersOf(t, in)
	send := func(method, uri, token string, body map[string]any) (int, http.Header, map[string]json.RawMessage, string) {
		t.Helper()
		raw, err := json.Marshal(body)
		must(t, err)
		if body == nil {
			raw = nil
		}
		req, err := http.NewRequest(method, uri, strings.NewReader(string(raw)))
		must(t, err)
		req.Header.Set("Content-Type", "application/json")
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := in.public.Client().Do(req)
		must(t, err)
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		must(t, err)
		var members map[string]json.RawMessage
		_ = json.Unmarshal(text, &members) // a DELETE has none
		return res.StatusCode, res.Header, members, string(text)
	}
	text := func(raw json.RawMessage) (s string) { _ = json.Unmarshal(raw, &s); return s }
	tried := 0
	for _, path := range []string{"/oauth2/register", "/reg"} {
		for _, e := range registry.Entries() {
			in.Clock.Advance(5 * time.Minute) // registration is limited
			body := map[string]any{"redirect_uris": []string{"https://app.example/cb"}, "token_endpoint_auth_method": "client_secret_basic"}
			if e.Assigned {
				if status, _, made, raw := send("POST", in.public.URL+path, "", body); status != 201 || made[e.Name] == nil {
					t.Errorf("%s: %s is not assigned: %d %s", path, e.Name, status, raw)
				}
				continue
			}
			value := valueOf(e)
			body[e.Name] = value
			if other := companions[e.Name]; other != "" {
				body[other] = "RSA-OAEP"
			}
			want, err := json.Marshal(value)
			must(t, err)
			status, header, made, raw := send("POST", in.public.URL+path, "", body)
			if status != 201 || !ory.SameJSON(made[e.Name], want) {
				t.Errorf("%s: POST with %s %s: %d %s", path, e.Name, want, status, raw)
				continue
			}
			tried++
			uri, token := text(made["registration_client_uri"]), text(made["registration_access_token"])
			status, _, read, raw := send("GET", uri, token, nil)
			if status != 200 || !ory.SameJSON(read[e.Name], want) {
				t.Errorf("%s: GET of %s: %d %s", path, e.Name, status, raw)
			}
			wanted := map[string]any{}
			for _, name := range slices.Sorted(maps.Keys(read)) {
				if !strings.HasPrefix(name, "registration_") && name != "client_secret_expires_at" && name != "client_id_issued_at" {
					wanted[name] = read[name]
				}
			}
			status, again, put, raw := send("PUT", uri, token, wanted)
			if status != 200 || !ory.SameJSON(put[e.Name], want) || again.Get("Tenure-Snapshot-Id") != header.Get("Tenure-Snapshot-Id") {
				t.Errorf("%s: PUT of %s as it was read: %d %s", path, e.Name, status, raw)
			}
			if e.Name != "redirect_uris" && e.Name != "response_types" { // the first is needed, and the second has its default
				delete(wanted, e.Name)
				delete(wanted, strings.TrimSuffix(e.Name, "s")) // the other spelling of one
				wanted["client_name"] = map[bool]any{true: nil, false: "another"}[e.Name == "client_name"]
				status, _, put, raw = send("PUT", uri, token, wanted)
				if status != 200 || ory.SameJSON(put[e.Name], want) {
					t.Errorf("%s: PUT without %s: %d %s", path, e.Name, status, raw)
				}
				if next := text(put["registration_access_token"]); next != "" {
					token = next
				}
			}
			if status, _, _, raw := send("DELETE", uri, token, nil); status != 204 {
				t.Errorf("%s: DELETE: %d %s", path, status, raw)
			}
			if status, _, _, _ := send("GET", uri, token, nil); status != 401 {
				t.Errorf("%s: GET after DELETE: %d", path, status)
			}
			body[e.Name] = wrongs[e.Kind]
			if status, _, _, raw := send("POST", in.public.URL+path, "", body); status != 400 || !strings.Contains(raw, e.Name) {
				t.Errorf("%s: %s of another type: %d %s", path, e.Name, status, raw)
			}
		}
	}
	if tried < 140 {
		t.Errorf("only %d were tried", tried)
	}
}

// TestTextsForLanguages come back at both registrations, by their names.
func TestTextsForLanguages(t *testing.T) {
	in := newInstallation(t)
	for _, w := range writersOf(t, in) {
		if w.name != "register" && w.name != "reg" {
			continue
		}
		texts := map[string]any{"client_name#ja": "エージェント", "tos_uri#de-CH": "https://app.example/agb", "organization_name#fr": "Société", "contacts#de": "x"}
		status, body := w.write(t, texts)
		if status != http.StatusCreated || strings.Contains(body, "contacts#de") {
			t.Errorf("%s: %d %s", w.name, status, body)
		}
		for name, text := range texts {
			if want := `"` + name + `":"` + text.(string) + `"`; name != "contacts#de" && !strings.Contains(body, want) {
				t.Errorf("%s lacks %s: %s", w.name, want, body)
			}
		}
		for name, value := range map[string]any{"client_name#ja": 1, "client_name#": "x", "logo_uri#fr": "javascript:alert(1)", "client_name#x": "a\u202eb"} {
			if status, body := w.write(t, map[string]any{name: value}); status != http.StatusBadRequest || !strings.Contains(body, strings.TrimSuffix(name, "#")) {
				t.Errorf("%s: %s %v: %d %s", w.name, name, value, status, body)
			}
		}
	}
}

// TestThePageOfClientMetadata has the table, with the other APIs that show a member of
// a client that has all. UPDATE_GOLDEN=1 writes it.
func TestThePageOfClientMetadata(t *testing.T) {
	in := newInstallation(t)
	full := documenttest.FullClient()
	out, err := in.stores.Snapshots.CreateClient(context.Background(), in.Scope(t, in.Harbour, tenancy.Editor),
		snapshots.NewClient{Module: snapshots.DefaultModule, Setup: in.setup, ClientID: "full"},
		snapshots.Change[document.Client]{Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
			full.JWKSURI, full.FrontchannelLogoutSessionRequired = "", document.True
			return &full, nil
		}})
	must(t, err)
	key := map[string]string{"Authorization": "Bearer " + in.editor}
	shown := map[string]map[string]json.RawMessage{
		"Hydra":     object(t, in.send(t, "public", "GET", "/admin/clients/full", key, nil).body),
		"nevisMeta": object(t, in.send(t, "public", "GET", "/v2/modules/"+snapshots.DefaultModule+"/setups/"+string(in.setup)+"/clients/"+string(out.Entity.ID), key, nil).body),
		"SlashID": object(t, string(object(t, in.send(t, "public", "GET", "/oauth2/clients/full",
			map[string]string{"SlashID-OrgID": string(in.Harbour), "SlashID-API-Key": in.editor}, nil).body)["result"])),
	}
	shown["Hydra"]["jwks_uri"], shown["nevisMeta"]["jwks_uri"] = nil, nil // jwks excludes it
	own := map[string]map[string]string{"nevisMeta": {"client_name": "name", "scope": "scopes", "token_endpoint_auth_method": "confidentiality_type"}, "SlashID": {"scope": "scopes"}}
	var rows strings.Builder
	for _, e := range registry.Entries() {
		var also []string
		for _, api := range []string{"Hydra", "nevisMeta", "SlashID"} {
			name := e.Name
			if there := own[api][name]; there != "" {
				name = there
			}
			if _, has := shown[api][name]; has {
				also = append(also, api)
			}
		}
		kind, where := string(e.Kind), strings.Join(also, ", ")
		if e.Assigned {
			kind, where = kind+", assigned", "" // each API has its own
		} else if where == "" {
			where = "–"
		}
		rows.WriteString("| `" + e.Name + "` | " + kind + " | " + e.Reference + " | " + where + " |\n")
	}
	const page, head = "../docs/client-metadata.md", "|---|---|---|---|\n"
	raw, err := os.ReadFile(page)
	must(t, err)
	before, got, _ := strings.Cut(string(raw), head)
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		must(t, os.WriteFile(page, []byte(before+head+rows.String()), 0o644))
		return
	}
	if got != rows.String() {
		t.Errorf("the table is\n%s\nwant\n%s", got, rows.String())
	}
}
