package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tenure/handlers/ory"
)

// pageMembers are the 45 members of a client on Hydra's pages of
// GET /admin/clients/{id} and GET /oauth2/register/{id}, each with a value to
// write; jwks and jwks_uri exclude each other, so the latter is written apart.
var pageMembers = map[string]string{
	"allowed_cors_origins": `["https://app.example.org","https://*.example.org"]`,
	"audience":             `["https://api.example.org","https://b.example.org"]`,
	"authorization_code_grant_access_token_lifespan":  `"1h0m0s"`,
	"authorization_code_grant_id_token_lifespan":      `"2h0m0s"`,
	"authorization_code_grant_refresh_token_lifespan": `"3h0m0s"`,
	"backchannel_logout_session_required":             `true`,
	"backchannel_logout_uri":                          `"https://app.example.org/back"`,
	"client_credentials_grant_access_token_lifespan":  `"4h0m0s"`,
	"client_id":                              `"of-the-page"`,
	"client_name":                            `"Läden"`,
	"client_secret":                          `"a secret of the page"`,
	"client_secret_expires_at":               `0`,
	"client_uri":                             `"https://app.example.org/"`,
	"contacts":                               `["a@example.org","b@example.org"]`,
	"created_at":                             `"2020-01-01T00:00:00Z"`,
	"frontchannel_logout_session_required":   `true`,
	"frontchannel_logout_uri":                `"https://app.example.org/front"`,
	"grant_types":                            `["authorization_code","refresh_token"]`,
	"implicit_grant_access_token_lifespan":   `"5h0m0s"`,
	"implicit_grant_id_token_lifespan":       `"6h0m0s"`,
	"jwks":                                   `{"keys":[{"use":"sig","kty":"RSA","kid":"k1","alg":"RS256","n":"l80jJJqcc1PpefIGVIjuPvA1D7NscnuF9aQqLa7I9rDUK4IaSOO3kL_EF13k-jTzcA5q4OZn5dR0kmqIMZT2gQ","e":"AQAB"}]}`,
	"jwks_uri":                               `"https://app.example.org/keys"`,
	"jwt_bearer_grant_access_token_lifespan": `"7h0m0s"`,
	"logo_uri":                               `"https://app.example.org/logo.png"`,
	"metadata":                               `{"tier":"gold"}`,
	"owner":                                  `"team"`,
	"policy_uri":                             `"https://app.example.org/policy"`,
	"post_logout_redirect_uris":              `["https://app.example.org/bye","https://app.example.org/gone"]`,
	"redirect_uris":                          `["https://app.example.org/cb","https://app.example.org/other"]`,
	"refresh_token_grant_access_token_lifespan":  `"8h0m0s"`,
	"refresh_token_grant_id_token_lifespan":      `"9h0m0s"`,
	"refresh_token_grant_refresh_token_lifespan": `"10h0m0s"`,
	"registration_access_token":                  `"chosen"`,
	"registration_client_uri":                    `"https://elsewhere.example.org/"`,
	"request_object_signing_alg":                 `"RS256"`,
	"request_uris":                               `["https://app.example.org/r1","https://app.example.org/r2"]`,
	"response_types":                             `["code","id_token"]`,
	"scope":                                      `"openid offline"`,
	"sector_identifier_uri":                      `"https://app.example.org/sector.json"`,
	"subject_type":                               `"pairwise"`,
	"token_endpoint_auth_method":                 `"client_secret_post"`,
	"token_endpoint_auth_signing_alg":            `"ES256"`,
	"tos_uri":                                    `"https://app.example.org/tos"`,
	"updated_at":                                 `"2020-01-01T00:00:00Z"`,
	"userinfo_signed_response_alg":               `"RS256"`,
}

// chosenByTheServer are those that a caller may write and does not choose.
var chosenByTheServer = []string{"created_at", "updated_at", "registration_access_token", "registration_client_uri"}

// TestMembersOfTheSeedPages: every member of the two pages is accepted and
// shown where Hydra shows it, and docs/hydra.md lists those that a client's
// read of itself leaves out.
func TestMembersOfTheSeedPages(t *testing.T) {
	if len(pageMembers) != 45 {
		t.Fatalf("%d members", len(pageMembers))
	}
	in := newInstallation(t, func(_ context.Context, uri string) ([]byte, error) {
		if uri != "https://app.example.org/sector.json" {
			return nil, errors.New("nothing there")
		}
		return []byte(pageMembers["redirect_uris"]), nil
	})
	body := func(drop, id string) string {
		var parts []string
		for _, member := range slices.Sorted(maps.Keys(pageMembers)) {
			value := pageMembers[member]
			if member == "client_id" {
				value = `"` + id + `"`
			}
			if member != drop {
				parts = append(parts, `"`+member+`":`+value)
			}
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	shown := make(map[string]bool) // by a client's read of itself
	for id, other := range map[string]string{"with-keys": "jwks_uri", "with-uri": "jwks"} {
		posted := body(other, id)
		made := in.send(t, "admin", http.MethodPost, "/clients", nil, &posted)
		if made.status != http.StatusCreated {
			t.Fatalf("%d %s", made.status, made.body)
		}
		read := in.send(t, "admin", http.MethodGet, "/clients/"+id, nil, nil)
		answers := map[string]map[string]json.RawMessage{"the answer to POST": object(t, made.body), "GET /admin/clients": object(t, read.body)}
		for where, got := range answers {
			for member, want := range pageMembers {
				secret := member == "client_secret" || strings.HasPrefix(member, "registration_")
				switch {
				case member == other, member == "client_id", secret && where == "GET /admin/clients":
				case slices.Contains(chosenByTheServer, member):
					if value := string(got[member]); value == "" || value == want {
						t.Errorf("%s, %s: %s is %q", id, where, member, value)
					}
				case !ory.SameJSON(got[member], json.RawMessage(want)):
					t.Errorf("%s, %s: %s is %s, want %s", id, where, member, got[member], want)
				}
			}
		}
		own := in.send(t, "public", http.MethodGet, "/oauth2/register/"+id+"?client_secret=a%20secret%20of%20the%20page", nil, nil)
		if own.status != http.StatusOK {
			t.Fatalf("%d %s", own.status, own.body)
		}
		itself := object(t, own.body)
		for member := range pageMembers {
			if _, there := itself[member]; !there {
				continue
			}
			shown[member] = true
			if member != "registration_client_uri" && string(itself[member]) != string(answers["GET /admin/clients"][member]) {
				t.Errorf("%s: the client reads its %s as %s", id, member, itself[member])
			}
		}
	}
	doc, err := os.ReadFile("../docs/hydra.md")
	must(t, err)
	table := string(doc[strings.Index(string(doc), "### What a client's read of itself leaves out"):])
	table = table[:strings.Index(table, "\n## ")]
	always := map[string]bool{} // rows that do not say "only where"
	for _, row := range strings.Split(table, "\n") {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row, -1) {
			if strings.HasPrefix(row, "| `") && !strings.Contains(row, "only where") {
				always[name[1]] = true
			}
		}
	}
	for member := range pageMembers {
		if shown[member] == always[member] {
			t.Errorf("%s is shown to the client: %t; the document says it is always left out: %t", member, shown[member], always[member])
		}
	}
}

func object(t *testing.T, body string) map[string]json.RawMessage {
	t.Helper()
	var o map[string]json.RawMessage
	must(t, json.Unmarshal([]byte(body), &o))
	return o
}
