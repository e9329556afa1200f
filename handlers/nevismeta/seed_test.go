package nevismeta_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// seedPage is the published page of "Return a client", where the shared
// folder is at hand.
const seedPage = "../../../shared/seeds/002_77c05e69b4b62c87.txt"

// example is the page's example: the names of all members, and a value of
// each one's type. {} stands for what the page leaves open.
const example = `{"redirect_uris":["string"],"grant_types":["string"],"scopes":["string"],"response_types":["string"],"contacts":["string"],
"metadata":[{"name":"string","value":"string","locale":"string"}],
"jwks":{"keys":[{"keyStore":{"type":"string","provider":{}},"private":true,"algorithm":{"name":"string","requirement":"REQUIRED"},
  "x509CertSHA256Thumbprint":{},"keyOperations":["sign"],"keyUse":{"value":"string"},
  "keyRevocation":{"reason":{"value":"string"},"revocationTime":"2024-07-29T15:51:28.071Z"},
  "x509CertChain":[{}],"x509CertURL":"string","x509CertThumbprint":{},
  "parsedX509CertChain":[{"signature":["string"],"basicConstraints":0,"version":0,"subjectAlternativeNames":[[{}]],"sigAlgParams":["string"],
    "serialNumber":0,"notBefore":"2024-07-29T15:51:28.071Z","notAfter":"2024-07-29T15:51:28.071Z","extendedKeyUsage":["string"],
    "subjectDN":{"name":"string"},"issuerDN":{"name":"string"},"tbscertificate":["string"],"sigAlgOID":"string","issuerUniqueID":[true],
    "subjectUniqueID":[true],"issuerAlternativeNames":[[{}]],"sigAlgName":"string","keyUsage":[true],
    "issuerX500Principal":{"name":"string","encoded":["string"]},"subjectX500Principal":{"name":"string","encoded":["string"]},
    "nonCriticalExtensionOIDs":["string"],"criticalExtensionOIDs":["string"],"type":"string","encoded":["string"],
    "publicKey":{"params":{},"encoded":["string"],"format":"string","algorithm":"string"}}],
  "notBeforeTime":"2024-07-29T15:51:28.071Z","issueTime":"2024-07-29T15:51:28.071Z","requiredParams":{},
  "keyType":{"value":"string","requirement":"REQUIRED"},"keyID":"string","expirationTime":"2024-07-29T15:51:28.071Z"}],
 "empty":true,"additionalMembers":{}},
"name":"string","owner":"string","comment":"string","notSentGrantType":true,"valid_from":"2024-07-29T15:51:28.071Z","client_id":"string",
"client_secret":"string","client_uri":"string","confidentiality_type":"string","pkce_mode":"string","force_reauthentication":true,
"access_token_ttl":0,"refresh_token_ttl":0,"id_token_ttl":0,"persisted_consent_ttl":0,"jwks_uri":"string","logo_uri":"string",
"tos_uri":"string","policy_uri":"string","token_endpoint_auth_method":"string","require_pushed_authorization_requests":true,
"id_token_signed_response_alg":"RS256","id_token_encrypted_response_alg":"RSA1_5","id_token_encrypted_response_enc":"A128CBC-HS256"}`

func TestExampleIsTheSeeds(t *testing.T) {
	page, err := os.ReadFile(seedPage)
	if err != nil {
		t.Skip("the shared folder with the published pages is not there")
	}
	text := string(page)
	text = text[strings.Index(text, "\n{\n")+1 : strings.LastIndex(text, "\n}\n")+2]
	got, want := decode(t, []byte(text)), decode(t, []byte(example))
	if encode(t, got) != encode(t, want) {
		t.Errorf("the page's example is\n%s", encode(t, got))
	}
}

// shaped lists where got does not have the members and types of like.
func shaped(at string, got, like any) (wrong []string) {
	if got == nil {
		return nil
	}
	switch like := like.(type) {
	case map[string]any:
		doc, ok := got.(map[string]any)
		if len(like) == 0 {
			return nil
		}
		if !ok || !slices.Equal(slices.Sorted(maps.Keys(doc)), slices.Sorted(maps.Keys(like))) {
			return []string{fmt.Sprintf("%s has the members %v, not %v", at, slices.Sorted(maps.Keys(doc)), slices.Sorted(maps.Keys(like)))}
		}
		for name := range like {
			wrong = append(wrong, shaped(at+"/"+name, doc[name], like[name])...)
		}
	case []any:
		list, ok := got.([]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %T, not a list", at, got)}
		}
		for i := range list {
			wrong = append(wrong, shaped(fmt.Sprintf("%s/%d", at, i), list[i], like[0])...)
		}
	default:
		if fmt.Sprintf("%T", got) != fmt.Sprintf("%T", like) {
			return []string{fmt.Sprintf("%s is %T, not %T", at, got, like)}
		}
	}
	return wrong
}

// everything is a body with a value for every member that can be written.
func everything(t testing.TB) map[string]any {
	return map[string]any{
		"redirect_uris": []any{"https://a.example/cb?x=1&y=<2>", "com.example:/cb"}, "grant_types": []any{"authorization_code", "refresh_token"},
		"scopes": []any{}, "response_types": []any{"code"}, "contacts": []any{"a@example.com"},
		"metadata": []any{map[string]any{"name": "client_name", "value": `Läden "Ost"`, "locale": "de-CH"}, map[string]any{"name": "x", "value": "", "locale": nil}},
		"jwks":     decode(t, []byte(keySet(chainKey(t, 3)))), "name": "Läden & <Söhne>", "owner": "Team Ø", "comment": "line\nline",
		"client_id": "shop 1", "client_secret": "correct horse battery staple", "client_uri": "https://a.example",
		"confidentiality_type": "confidential", "token_endpoint_auth_method": "client_secret_post", "pkce_mode": "required",
		"force_reauthentication": true, "access_token_ttl": 1, "refresh_token_ttl": 2, "id_token_ttl": 0, "persisted_consent_ttl": 4,
		"logo_uri": "https://a.example/l.png", "tos_uri": "https://a.example/tos", "policy_uri": "https://a.example/policy",
		"require_pushed_authorization_requests": true, "id_token_signed_response_alg": "ES256K",
		"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A256GCM", "notSentGrantType": true,
	}
}

// The counts are the page's: 31 members, 17 per key, 25 per certificate.
func TestClientHasTheShapeOfTheSeed(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, encode(t, everything(t)))
	for _, target := range []string{path, path + "?resolve=false", path + "/snapshots/" + f.get(t, path+"/snapshots").list(t, "snapshotIds")[0]} {
		doc := f.get(t, target).want(t, 200).doc(t)
		for _, problem := range shaped("", doc, decode(t, []byte(example))) {
			t.Error(problem)
		}
		set := doc["jwks"].(map[string]any)
		keys := set["keys"].([]any)
		key := keys[0].(map[string]any)
		certs := key["parsedX509CertChain"].([]any)
		if len(doc) != 31 || len(keys) != 1 || len(key) != 17 || len(certs) != 3 {
			t.Fatalf("%d members, %d keys, %d members of the first, %d certificates", len(doc), len(keys), len(key), len(certs))
		}
		for i := range certs {
			if n := len(certs[i].(map[string]any)); n != 25 {
				t.Errorf("certificate %d has %d members", i, n)
			}
		}
		if key["keyStore"] != nil || set["empty"] != false {
			t.Errorf("keyStore %v, empty %v", key["keyStore"], set["empty"])
		}
		for _, item := range key["x509CertChain"].([]any) {
			if _, ok := item.(string); !ok {
				t.Errorf("an item of x509CertChain is %T", item)
			}
		}
		for _, name := range []string{"name", "owner", "comment", "client_id", "client_secret", "client_uri", "pkce_mode", "logo_uri", "tos_uri",
			"policy_uri", "token_endpoint_auth_method", "id_token_signed_response_alg", "redirect_uris", "metadata", "access_token_ttl", "id_token_ttl"} {
			if encode(t, doc[name]) != encode(t, everything(t)[name]) {
				t.Errorf("%s reads %s", name, encode(t, doc[name]))
			}
		}
	}
}

func TestThumbprintsAreTexts(t *testing.T) {
	f := newFixture(t)
	key := strings.TrimSuffix(publicKey, "}") + `,"x5t":"dGh1bWJwcmludCBvZiAyMCBvLi4","x5t#S256":"dGh1bWJwcmludCBvZiAzMiBvY3RldHMsIGFsbCBvZnQ"}`
	path := f.client(t, `{"name":"a","jwks":`+keySet(key)+`}`)
	shown := f.get(t, path).doc(t)["jwks"].(map[string]any)["keys"].([]any)[0].(map[string]any)
	if shown["x509CertThumbprint"] != "dGh1bWJwcmludCBvZiAyMCBvLi4" || shown["x509CertSHA256Thumbprint"] != "dGh1bWJwcmludCBvZiAzMiBvY3RldHMsIGFsbCBvZnQ" {
		t.Errorf("thumbprints %v, %v", shown["x509CertThumbprint"], shown["x509CertSHA256Thumbprint"])
	}
}

func TestClientWithNothingSet(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`)
	doc := f.get(t, path).want(t, 200, `"jwks":null`).doc(t)
	if len(doc) != 31 {
		t.Errorf("%d members", len(doc))
	}
	for _, problem := range shaped("", doc, decode(t, []byte(example))) {
		t.Error(problem)
	}
	var empty map[string]any
	must(t, json.Unmarshal([]byte(`{"redirect_uris":[],"grant_types":[],"scopes":[],"response_types":[],"contacts":[],"metadata":[],
		"confidentiality_type":"public","pkce_mode":"allowed","notSentGrantType":false,"require_pushed_authorization_requests":false,
		"token_endpoint_auth_method":"none","name":"a"}`), &empty)) // and null for all others
	for name, got := range doc {
		if name != "valid_from" && name != "client_id" && encode(t, got) != encode(t, empty[name]) {
			t.Errorf("%s reads %s", name, encode(t, got))
		}
	}
	if raw := f.get(t, path+"?resolve=false").doc(t); raw["grant_types"] != nil {
		t.Errorf("grant_types that nothing sets read %v, unresolved", raw["grant_types"])
	}
}
