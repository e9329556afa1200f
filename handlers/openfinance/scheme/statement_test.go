package scheme_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/scheme"
	"tenure/tenancy/fault"
)

func verify(raw string, at time.Time) (*scheme.Statement, error) {
	return verifier().Verify(context.Background(), raw, at)
}

func signed(changes map[string]any) string { return must(directory().Sign(with(changes))) }

func TestB2StatementOfTheDirectoryIsRead(t *testing.T) {
	raw := signed(nil)
	got, err := verify(raw, noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	want := &scheme.Statement{Raw: raw, KeyID: "sign-1", Issuer: demo.Issuer, IssuedAt: noon,
		SoftwareID: softwareID, DirectoryClientID: "directory-" + softwareID, Name: "Gerente", Description: "A demonstration of Gerente",
		ClientURI: "https://software.example", LogoURI: "https://software.example/logo.png", PolicyURI: "https://software.example/policy",
		TosURI: "https://software.example/tos", RedirectURIs: []string{"https://a.example/cb", "https://a.example/cb?dummy1=lorem&dummy2=ipsum"},
		WebhookURIs: []string{"https://a.example/hook", "https://b.example/hook"}, OriginURIs: []string{"https://software.example"},
		Roles: []string{"DADOS", "PAGTO"}, Mode: "Live", Environment: "production", Version: "1.1",
		JWKSURI: jwksURI, TransportURI: "https://keystore.example/transport.jwks",
		OrgID: orgID, OrgName: "Itaú", OrgNumber: "43142666000197", OrgJWKSURI: "https://keystore.example/organisation.jwks"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n%+v, want\n%+v", got, want)
	}
}

// TestB2A03OtherSignaturesAreRefused: alg none, RS256, HS256 with the public
// key, a wrong kid, another key, a changed signature or payload.
func TestB2A03OtherSignaturesAreRefused(t *testing.T) {
	as := func(header map[string]any) string { return must(directory().SignAs(header, claims())) }
	other := must(demo.NewDirectory("sign-1", clock))
	fine := signed(nil)
	head, rest, _ := strings.Cut(fine, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	changed := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(must(base64.RawURLEncoding.DecodeString(payload))), orgID, softwareID, 1)))
	flipped := must(base64.RawURLEncoding.DecodeString(signature))
	flipped[7] ^= 1
	cases := map[string]string{
		"none": "", "not a JWT": "abc", "two parts": head + "." + payload, "four parts": fine + ".x", "JSON form": `{"payload":"` + payload + `","signatures":[]}`,
		"alg none": as(map[string]any{"alg": "none"}), "alg none with a signature": must(directory().SignAs(map[string]any{"alg": "None"}, claims())),
		"RS256": as(map[string]any{"alg": "RS256"}), "HS256 with the public key": as(map[string]any{"alg": "HS256"}),
		"no alg": as(map[string]any{"alg": nil}), "PS512 said": as(map[string]any{"alg": "PS512"}),
		"wrong kid": as(map[string]any{"kid": "sign-2"}), "no kid": as(map[string]any{"kid": nil}), "empty kid": as(map[string]any{"kid": ""}),
		"endless kid": as(map[string]any{"kid": strings.Repeat("k", 257)}), "another typ": as(map[string]any{"typ": "JOSE"}),
		"crit": as(map[string]any{"crit": []string{"exp"}}), "b64": as(map[string]any{"b64": false}),
		"another key":         must(other.Sign(claims())),
		"another key in jwk":  must(other.SignAs(map[string]any{"jwk": other.Key("sig")}, claims())),
		"another key by jku":  must(other.SignAs(map[string]any{"jku": "https://evil.example/jwks"}, claims())),
		"changed payload":     head + "." + changed + "." + signature,
		"changed signature":   head + "." + payload + "." + base64.RawURLEncoding.EncodeToString(flipped),
		"cut signature":       fine[:len(fine)-10],
		"no signature":        head + "." + payload + ".",
		"padding":             fine + "==",
		"white space":         fine + "\n",
		"white space before":  "\n" + fine,
		"white space within":  head + "\n." + rest,
		"another encoding":    fine[:len(fine)-1] + string(fine[len(fine)-1]+1),
		"too long":            signed(map[string]any{"more": strings.Repeat("x", scheme.MaxStatement)}),
		"payload not JSON":    must(directory().SignAs(map[string]any{"alg": "PS256"}, nil)),
		"other signature alg": strings.Replace(as(map[string]any{"alg": "RS256"}), strings.Split(as(map[string]any{"alg": "RS256"}), ".")[0], head, 1),
	}
	for about, raw := range cases {
		s, err := verify(raw, noon)
		refusedWith(t, about, err, fault.Invalid, scheme.CodeStatement)
		if s != nil {
			t.Errorf("%s: a statement comes with the error", about)
		}
	}
	for about, header := range map[string]map[string]any{"no typ": {"typ": nil}, "typ in lower case": {"typ": "jwt"}} {
		if _, err := verify(as(header), noon); err != nil {
			t.Errorf("%s: %v", about, err)
		}
	}
}

func TestB3StatementIsFiveMinutesOldAtMost(t *testing.T) {
	raw := signed(nil)
	for age, ok := range map[time.Duration]bool{
		0: true, 5 * time.Minute: true, 5*time.Minute + time.Microsecond: false, 5*time.Minute + time.Second: false, 24 * time.Hour: false,
		-30 * time.Second: true, -31 * time.Second: false,
	} {
		if _, err := verify(raw, noon.Add(age)); ok && err != nil {
			t.Errorf("%s old: %v", age, err)
		} else if !ok {
			refusedWith(t, age.String()+" old", err, fault.Invalid, scheme.CodeStatement)
		}
	}
	at := noon.Unix()
	for about, changes := range map[string]map[string]any{
		"no iat": {"iat": nil}, "iat as text": {"iat": fmt.Sprint(at)}, "iat null": {"iat": []any{}}, "iat negative": {"iat": -1}, "iat huge": {"iat": 1e300},
		"expired": {"exp": at}, "not yet": {"nbf": at + 31}, "exp as text": {"exp": "never"},
	} {
		_, err := verify(signed(changes), noon)
		refusedWith(t, about, err, fault.Invalid, scheme.CodeStatement)
	}
	for about, changes := range map[string]map[string]any{"exp ahead": {"exp": at + 1}, "nbf within the skew": {"nbf": at + 30}, "fraction": {"iat": float64(at) - 299.5}} {
		if _, err := verify(signed(changes), noon); err != nil {
			t.Errorf("%s: %v", about, err)
		}
	}
}

func TestA03OtherEnvironmentIsRefused(t *testing.T) {
	for about, changes := range map[string]map[string]any{
		"issuer": {"iss": strings.ToLower(demo.Issuer)}, "no issuer": {"iss": nil},
		"environment": {"software_environment": "sandbox"}, "mode": {"software_mode": "Test"},
	} {
		_, err := verify(signed(changes), noon)
		refusedWith(t, about, err, fault.Invalid, scheme.CodeStatement)
		loose := verifier()
		loose.Issuer, loose.Environment, loose.Mode = "", "", ""
		if _, err := loose.Verify(context.Background(), signed(changes), noon); err != nil {
			t.Errorf("%s, where it is not configured: %v", about, err)
		}
	}
}

func TestA08OnlyActiveOnesAreApproved(t *testing.T) {
	role := func(status string) []map[string]any {
		return []map[string]any{{"role": "DADOS", "authorisation_domain": "Open Banking", "status": status}}
	}
	for about, changes := range map[string]map[string]any{
		"organisation": {"org_status": "Inactive"}, "no org_status": {"org_status": nil}, "org_status in lower case": {"org_status": "active"},
		"software": {"software_status": "Inactive"}, "software_status empty": {"software_status": ""},
		"role": {"software_statement_roles": role("Inactive")}, "empty roles": {"software_statement_roles": []any{}},
		"no roles at all": {"software_statement_roles": nil, "software_roles": nil},
	} {
		_, err := verify(signed(changes), noon)
		refusedWith(t, about, err, fault.Invalid, scheme.CodeUnapproved)
	}
	if _, err := verify(signed(map[string]any{"software_status": "Active"}), noon); err != nil {
		t.Error(err)
	}
}

func TestB26OnlyActiveRolesCount(t *testing.T) {
	entry := func(role, status string) map[string]any { return map[string]any{"role": role, "status": status} }
	for about, c := range map[string]struct {
		changes map[string]any
		want    []string
	}{
		"active ones, once": {map[string]any{"software_statement_roles": []any{entry("PAGTO", "Active"), entry("DADOS", "Inactive"), entry("CONTA", "Active"), entry("PAGTO", "Active")}}, []string{"PAGTO", "CONTA"}},
		"the list counts for nothing beside": {map[string]any{"software_roles": []string{"DADOS", "CCORR"},
			"software_statement_roles": []any{entry("PAGTO", "Active")}}, []string{"PAGTO"}},
		"absent: the plain list": {map[string]any{"software_statement_roles": nil, "software_roles": []string{"DADOS", "", "DADOS", "CCORR"}}, []string{"DADOS", "CCORR"}},
	} {
		s, err := verify(signed(c.changes), noon)
		if err != nil || !reflect.DeepEqual(s.Roles, c.want) {
			t.Errorf("%s: %v, %v", about, s, err)
		}
	}
}

func TestStatementVersionIsTextOrNumber(t *testing.T) {
	for value, want := range map[any]string{"1.1": "1.1", 1.1: "1.1", 2: "2", nil: ""} {
		if s, err := verify(signed(map[string]any{"software_version": value}), noon); err != nil || s.Version != want {
			t.Errorf("%v: %v, %v", value, s, err)
		}
	}
	for _, value := range []any{true, []int{1}, map[string]any{}} {
		_, err := verify(signed(map[string]any{"software_version": value}), noon)
		refusedWith(t, fmt.Sprint(value), err, fault.Invalid, scheme.CodeStatement)
	}
}

func TestA15StatementLimits(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	many := make([]string, 501)
	for i := range many {
		many[i] = "https://a.example/" + fmt.Sprint(i)
	}
	roles := make([]any, 101)
	for i := range roles {
		roles[i] = map[string]any{"role": "DADOS", "status": "Active"}
	}
	for about, c := range map[string]struct {
		fits, not map[string]any
	}{
		"org_id":                 {map[string]any{"org_id": long(40)}, map[string]any{"org_id": long(41)}},
		"org_id marks":           {map[string]any{"org_id": "a&b"}, map[string]any{"org_id": "a<b"}},
		"org_id empty":           {nil, map[string]any{"org_id": nil}},
		"org_name":               {map[string]any{"org_name": long(255)}, map[string]any{"org_name": long(256)}},
		"org_number":             {map[string]any{"org_number": long(255)}, map[string]any{"org_number": long(256)}},
		"software_id":            {map[string]any{"software_id": long(255)}, map[string]any{"software_id": long(256)}},
		"software_id empty":      {nil, map[string]any{"software_id": ""}},
		"software_client_name":   {map[string]any{"software_client_name": long(255)}, map[string]any{"software_client_name": long(256)}},
		"description":            {map[string]any{"software_client_description": ""}, map[string]any{"software_client_description": long(256)}},
		"control character":      {nil, map[string]any{"org_name": "a\x00b"}},
		"software_redirect_uris": {map[string]any{"software_redirect_uris": many[:500]}, map[string]any{"software_redirect_uris": many}},
		"a redirect URI":         {map[string]any{"software_redirect_uris": []string{long(255)}}, map[string]any{"software_redirect_uris": []string{long(256)}}},
		"a webhook":              {nil, map[string]any{"software_api_webhook_uris": []string{""}}},
		"roles":                  {map[string]any{"software_statement_roles": roles[:100]}, map[string]any{"software_statement_roles": roles}},
		"jwks_uri":               {map[string]any{"software_jwks_uri": long(2048)}, map[string]any{"software_jwks_uri": long(2049)}},
		"type of a list":         {nil, map[string]any{"software_redirect_uris": "https://a.example/cb"}},
		"type of a text":         {nil, map[string]any{"org_id": 1}},
	} {
		if _, err := verify(signed(c.fits), noon); err != nil {
			t.Errorf("%s: %v", about, err)
		}
		_, err := verify(signed(c.not), noon)
		refusedWith(t, about, err, fault.Invalid, scheme.CodeStatement)
	}
}
