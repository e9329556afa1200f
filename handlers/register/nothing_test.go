package register_test

import (
	"strings"
	"testing"

	"tenure/tenancy/db/dbtest"
)

// TestRegistrationsThatCanDoNothing are refused; those beside them work, and their defaults fit what
// they are shown.
func TestRegistrationsThatCanDoNothing(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), loose)
	const (
		at  = `"redirect_uris":["https://app.example/cb"],`
		tls = at + `"token_endpoint_auth_method":"tls_client_auth",`
		key = at + `"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[{"kty":"EC","crv":"P-256",` +
			`"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]},`
		enc = at + `"jwks":{"keys":[{"kty":"EC","crv":"P-256","use":"enc","key_ops":["deriveKey"],"alg":"ECDH-ES",` +
			`"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]},`
	)
	for body, names := range map[string]string{ // what a refusal names; nothing for what is registered
		at + `"grant_types":["implicit"]`:                                "response_types",
		at + `"grant_types":["implicit"],"response_types":[]`:            "response_types",
		at + `"grant_types":["implicit"],"response_types":["token"]`:     "",
		at + `"grant_types":["implicit"],"response_types":["none"]`:      "",
		at + `"grant_types":["authorization_code"],"response_types":[]`:  "",
		`"grant_types":["client_credentials"]`:                           "",
		tls + `"tls_client_auth_subject_dn":"not a dn"`:                  "tls_client_auth_subject_dn",
		tls + `"tls_client_auth_san_dns":"a b"`:                          "tls_client_auth_san_dns",
		tls + `"tls_client_auth_san_email":"nope"`:                       "tls_client_auth_san_email",
		tls + `"tls_client_auth_san_uri":"nope"`:                         "tls_client_auth_san_uri",
		tls + `"tls_client_auth_subject_dn":"CN=app.example, O=Example"`: "",
		key + `"token_endpoint_auth_signing_alg":"RS256"`:                "token_endpoint_auth_signing_alg",
		key + `"token_endpoint_auth_signing_alg":"ES256"`:                "",
		enc + `"client_name":"a"`:                                        "",
	} {
		answer := f.send("POST", "/oauth2/register", `{`+body+`}`)
		if names == "" {
			answer.want(t, 201)
		} else if answer.want(t, 400); !strings.Contains(answer.Body.String(), names) {
			t.Errorf("%s: %s", body, answer.Body)
		}
	}
}
