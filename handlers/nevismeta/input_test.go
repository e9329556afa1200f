package nevismeta_test

import (
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"tenure/tenancy"
)

// refused are bodies of clients with the place that the answer names.
func refused(t *testing.T) map[string]string {
	long := func(n int) string { return strings.Repeat("x", n) }
	x5c := func(der string) string {
		key := strings.TrimSuffix(publicKey, "}")
		return `{"name":"a","jwks":` + keySet(key+`,"x5c":["`+base64.StdEncoding.EncodeToString([]byte(der))+`"]}`) + `}`
	}
	chain := chainKey(t, 2)
	first := chain[strings.Index(chain, `"x5c":["`)+8:]
	der, err := base64.StdEncoding.DecodeString(first[:strings.IndexByte(first, '"')])
	must(t, err)
	nested := strings.Repeat("\x30\x80", 5000)
	indefinite := "\x30\x80" + string(der[4:]) + "\x00\x00"
	return map[string]string{
		// What does not decode.
		``: "empty", `{`: "not JSON", `{"name":"a"`: "not JSON", `{"name":"a"}}`: "not JSON", `nul`: "not JSON", `null`: "must not be null",
		`[]`: "an object", `"a"`: "an object", `1`: "an object", `{"name":"a",}`: "not JSON", `{'name':'a'}`: "not JSON", `{"name":"a"} x`: "not JSON",
		`{"name":"a","name":"a"}`:                                              "/name: this member must not be repeated",
		`{"name":"a","jwks":{"keys":[],"keys":[]}}`:                            "/jwks/keys: this member must not be repeated",
		`{"name":"a","metadata":[{"name":"x","name":"y"}]}`:                    "/metadata/0/name: this member must not be repeated",
		"{\"name\":\"\xff\"}":                                                  "not UTF-8",
		`{"name":"\ud800"}`:                                                    "half a surrogate",
		`{"name":"a\u0000b"}`:                                                  "/name: ",
		`{"name":"a","metadata":[{"name":"x","value":"\u0000"}]}`:              "/metadata/0/value: ",
		`{"name":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`: "nests",

		// Wrong types, nested too.
		`{"name":1}`: "/name: this must be a string", `{"name":["a"]}`: "/name: this must be a string", `{"name":"a","redirect_uris":"https://a"}`: "/redirect_uris: this must be a list",
		`{"name":"a","redirect_uris":[1]}`:                 "/redirect_uris/0: this must be a string",
		`{"name":"a","scopes":["a",{}]}`:                   "/scopes/1: this must be a string",
		`{"name":"a","metadata":{}}`:                       "/metadata: this must be a list",
		`{"name":"a","metadata":["x"]}`:                    "/metadata/0: this must be an object",
		`{"name":"a","metadata":[{"name":"x","value":1}]}`: "/metadata/0/value: this must be a string",
		`{"name":"a","access_token_ttl":"1"}`:              "/access_token_ttl: this must be a whole number",
		`{"name":"a","access_token_ttl":1.5}`:              "/access_token_ttl: this must be a whole number",
		`{"name":"a","access_token_ttl":1e3}`:              "/access_token_ttl: this must be a whole number",
		`{"name":"a","id_token_ttl":9223372036854775808}`:  "/id_token_ttl: this must be a whole number",
		`{"name":"a","force_reauthentication":"true"}`:     "/force_reauthentication: this must be true or false",
		`{"name":"a","notSentGrantType":0}`:                "/notSentGrantType: this must be true or false",
		`{"name":"a","valid_from":1704067200}`:             "/valid_from: this must be a string",
		`{"name":"a","client_secret":{}}`:                  "/client_secret: this must be a string",
		`{"name":"a","jwks":[]}`:                           "/jwks: ", `{"name":"a","jwks":"x"}`: "/jwks: ", `{"name":"a","jwks":{"keys":{}}}`: "/jwks/keys: ",
		`{"name":"a","jwks":{}}`: "/jwks", `{"name":"a","jwks":{"keys":[1]}}`: "/jwks/keys/0: ", `{"name":"a","jwks":{"keys":[{}]}}`: "/jwks/keys/0/kty: ",

		// Unknown members.
		`{"name":"a","client_name":"a"}`:                             "/client_name: there is no such member",
		`{"Name":"a"}`:                                               "/Name: there is no such member",
		`{"name":"a","localized_metadata":[]}`:                       "/localized_metadata: there is no such member",
		`{"name":"a","metadata":[{"name":"x","lang":"de"}]}`:         "/metadata/0/lang: there is no such member",
		`{"name":"a","redirect_uri":"https://a"}`:                    "/redirect_uri: there is no such member",
		`{"name":"a","clientId":"00000000000000000000000000000000"}`: "/clientId: there is no such member",

		// Values that are none.
		`{}`: "/name: the member is required", `{"name":""}`: "/name: the member is required", `{"name":null}`: "/name: the member is required",
		`{"name":"` + long(1001) + `"}`:                                    "/name: the text is longer",
		`{"name":"a","owner":"` + long(1001) + `"}`:                        "/owner: the text is longer",
		`{"name":"a","comment":"` + long(4001) + `"}`:                      "/comment: the text is longer",
		`{"name":"a","client_uri":"https://a/` + long(4000) + `"}`:         "/client_uri: the text is longer",
		`{"name":"a","redirect_uris":["https://a/` + long(9000) + `"]}`:    "/redirect_uris/0: the text is longer",
		`{"name":"a","metadata":[{"name":"` + long(9000) + `"}]}`:          "/metadata/0/name: the text is longer",
		`{"name":"a","contacts":[` + strings.Repeat(`"c",`, 1000) + `""]}`: "/contacts: there are more than 1000 items",
		`{"name":"a","contacts":[""]}`:                                     "/contacts/0: ", `{"name":"a","contacts":[null]}`: "/contacts/0: ",
		`{"name":"a","scopes":["a b"]}`: "/scopes/0: ", `{"name":"a","scopes":[""]}`: "/scopes/0: ", `{"name":"a","scopes":["nobody:declares"]}`: "/scopes/0: no resource server",
		`{"name":"a","redirect_uris":["https://a/#f"]}`: "/redirect_uris/0: ", `{"name":"a","redirect_uris":["https://a/#"]}`: "/redirect_uris/0: ",
		`{"name":"a","redirect_uris":["https://a/cb",null]}`: "/redirect_uris/1: ", `{"name":"a","redirect_uris":["/cb"]}`: "/redirect_uris/0: ",
		`{"name":"a","redirect_uris":["http://[::1"]}`: "/redirect_uris/0: ", `{"name":"a","redirect_uris":["https://a/%zz"]}`: "/redirect_uris/0: ",
		`{"name":"a","client_uri":"a"}`: "/client_uri: ", `{"name":"a","logo_uri":"javascript:alert(1)"}`: "/logo_uri: ", `{"name":"a","jwks_uri":"file:///etc/passwd"}`: "/jwks_uri: ",
		`{"name":"a","tos_uri":"https://"}`: "/tos_uri: ", `{"name":"a","policy_uri":"//a"}`: "/policy_uri: ",
		`{"name":"a","access_token_ttl":-1}`: "/access_token_ttl: ", `{"name":"a","refresh_token_ttl":9223372036854775807}`: "/refresh_token_ttl: ",
		`{"name":"a","metadata":[{"name":""}]}`: "/metadata/0/name: ", `{"name":"a","metadata":[null]}`: "/metadata/0/name: ",
		`{"name":"a","metadata":[{"name":"x","locale":"a_b"}]}`:                                           "/metadata/0/locale: ",
		`{"name":"a","metadata":[{"name":"x","locale":"de"},{"name":"x","locale":"DE"}]}`:                 "/metadata/1: ",
		`{"name":"a","confidentiality_type":"secret"}`:                                                    "/confidentiality_type: one of public, confidential",
		`{"name":"a","confidentiality_type":"Public"}`:                                                    "/confidentiality_type: ",
		`{"name":"a","confidentiality_type":"public","token_endpoint_auth_method":"client_secret_basic"}`: "/token_endpoint_auth_method: ",
		`{"name":"a","confidentiality_type":"confidential","token_endpoint_auth_method":"none"}`:          "/token_endpoint_auth_method: ",
		`{"name":"a","token_endpoint_auth_method":"client_secret"}`:                                       "/token_endpoint_auth_method: ",
		`{"name":"a","token_endpoint_auth_method":"private_key_jwt"}`:                                     "/token_endpoint_auth_method: private_key_jwt needs",
		`{"name":"a","pkce_mode":"S256-required"}`:                                                        "/pkce_mode: ", `{"name":"a","pkce_mode":"none"}`: "/pkce_mode: ",
		`{"name":"a","id_token_signed_response_alg":"none"}`:       "/id_token_signed_response_alg: ",
		`{"name":"a","id_token_signed_response_alg":"HS256"}`:      "/id_token_signed_response_alg: ",
		`{"name":"a","id_token_encrypted_response_alg":"dir"}`:     "/id_token_encrypted_response_alg: ",
		`{"name":"a","id_token_encrypted_response_enc":"A1"}`:      "/id_token_encrypted_response_enc: ",
		`{"name":"a","id_token_encrypted_response_enc":"A128GCM"}`: "/id_token_encrypted_response_enc: ",
		`{"name":"a","grant_types":["password"]}`:                  "/grant_types/0: ", `{"name":"a","grant_types":["authorization_code",""]}`: "/grant_types/1: ",
		`{"name":"a","grant_types":["client_credentials"]}`:                            "/grant_types: a public client",
		`{"name":"a","response_types":["magic"]}`:                                      "/response_types/0: ",
		`{"name":"a","response_types":["code "]}`:                                      "/response_types/0: ",
		`{"name":"a","grant_types":["implicit"],"response_types":["code"]}`:            "/response_types/0: ",
		`{"name":"a","grant_types":["authorization_code"],"response_types":["token"]}`: "/response_types/0: ",

		// Keys and certificates.
		`{"name":"a","jwks_uri":"https://a/jwks","jwks":` + keySet(publicKey) + `}`:                             "/jwks_uri: ",
		`{"name":"a","jwks":` + keySet(privateKey) + `}`:                                                        "/jwks/keys/0/d: ",
		`{"name":"a","jwks":` + keySet(publicKey, symmetricKey) + `}`:                                           "/jwks/keys/1",
		`{"name":"a","jwks":` + keySet(strings.Repeat(publicKey+",", 64)+publicKey) + `}`:                       "/jwks/keys: ",
		`{"name":"a","jwks":` + keySet(chainKey(t, 11)) + `}`:                                                   "/jwks/keys/0/x5c",
		`{"name":"a","jwks":` + keySet(strings.TrimSuffix(publicKey, "}")+`,"note":"`+long(300<<10)+`"}`) + `}`: "/jwks: ",
		x5c(string(der[:len(der)/2])):                                                                           "/jwks/keys/0/x5c/0: ", x5c(string(der[:1])): "/jwks/keys/0/x5c/0: ", x5c(""): "/jwks/keys/0/x5c/0: ",
		x5c(nested): "/jwks/keys/0/x5c/0: ", x5c(strings.Repeat("\x30\x84\x00\x00\xff\xff", 3000)): "/jwks/keys/0/x5c/0: ", x5c("\x30\x84\xff\xff\xff\xff"): "/jwks/keys/0/x5c/0: ",
		x5c(indefinite): "/jwks/keys/0/x5c/0: ", x5c(string(der)): "/jwks/keys/0/x5c/0: ", x5c(string(der) + "\x00"): "/jwks/keys/0/x5c/0: ",
	}
}

func TestRefusedBodies(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`)
	rows := f.rows(t)
	for body, want := range refused(t) {
		for _, w := range []answer{f.send(t, "POST", f.setup+"/clients", body), f.send(t, "PUT", path, body)} {
			text, _ := decode(t, w.Body.Bytes())["error_text"].(string)
			if w.Code != 400 || !strings.Contains(w.Body.String(), `"MALFORMED_PAYLOAD"`) || !strings.Contains(text, want) {
				t.Errorf("%.200s: %d %.500s", body, w.Code, w.Body)
			}
			if w.Body.Len() > 4000 {
				t.Errorf("%.100s: the answer has %d bytes", body, w.Body.Len())
			}
		}
	}
	if got := f.rows(t); got != rows {
		t.Errorf("something was stored: %s, then %s", rows, got)
	}
}

// V3 takes members that V2 does not know; whatever it says to the rest, it
// says in its own form.
func TestRefusedBodiesInV3(t *testing.T) {
	f := newFixture(t)
	path := strings.Replace(f.setup, "/v2/", "/v3/", 1) + "/clients"
	for body := range refused(t) {
		rows := f.rows(t)
		w := f.send(t, "POST", path, strings.Replace(body, `"name":`, `"client_name":`, 1))
		doc := decode(t, w.Body.Bytes())
		switch {
		case w.Code == 201 && doc["client_id"] != nil:
		case w.Code != 400 || len(doc) != 2 || doc["error"] == nil || doc["error_description"] == "":
			t.Errorf("%.200s: %d %.500s", body, w.Code, w.Body)
		case f.rows(t) != rows:
			t.Errorf("%.200s: something was stored", body)
		}
	}
}

func TestInheritedClientCredentials(t *testing.T) {
	f := newFixture(t)
	f.as(f.North, tenancy.Admin).send(t, "PUT", f.setup, `{"name":"t","client_defaults":{"grant_types":["client_credentials"]}}`).want(t, 200)
	rows := f.rows(t)
	f.send(t, "POST", f.setup+"/clients", `{"name":"a"}`).want(t, 400, "/grant_types: a public client")
	if f.rows(t) != rows {
		t.Error("something was stored")
	}
	path := f.client(t, confidential)
	f.send(t, "PUT", path, `{"name":"a","confidentiality_type":"public"}`).want(t, 400, "/grant_types: a public client")
	f.client(t, `{"name":"a","grant_types":["authorization_code"]}`)
}

func TestAcceptedExtremes(t *testing.T) {
	f := newFixture(t)
	for _, body := range []string{
		`{"name":"` + strings.Repeat("ü", 1000) + `","comment":"` + strings.Repeat("😀", 4000) + `"}`,
		`{"name":"a","grant_types":["urn:ietf:params:oauth:grant-type:device_code","refresh_token"]}`,
		`{"name":"a","grant_types":["authorization_code","implicit"],"response_types":["code","code id_token token","id_token"]}`,
		`{"name":"a","response_types":["none"]}`, `{"name":"a","access_token_ttl":0}`, `{"name":"\"<script>&"}`, "\n\t {\"name\":\"a\"}\r\n",
		`{"name":"a","redirect_uris":["com.example.app:/cb","http://127.0.0.1:1/cb","https://ü.example/ü?a=b","urn:ietf:wg:oauth:2.0:oob"]}`,
		`{"name":"a","jwks":` + keySet(chainKey(t, 10)) + `}`, `{"name":"a","jwks":{"keys":[],"extra":{"a":[1.50,1e2]}}}`,
		`{"name":"a","metadata":[{"name":"x","value":"` + strings.Repeat("v", 100_000) + `","locale":"zh-Hant-TW"}]}`,
		`{"name":"a","jwks":null,"redirect_uris":null,"metadata":null,"access_token_ttl":null,"client_id":null,"valid_from":null,"notSentGrantType":null}`,
	} {
		f.putBack(t, f.client(t, body), "")
	}
}

func TestOversizedBodies(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`)
	rows := f.rows(t)
	der := base64.StdEncoding.EncodeToString(make([]byte, 10<<20))
	key := strings.TrimSuffix(publicKey, "}") + `,"x5c":["` + der + `"]}`
	for _, body := range []string{`{"name":"` + strings.Repeat("x", 1<<20) + `"}`, `{"name":"a","jwks":` + keySet(key) + `}`, strings.Repeat(" ", 1<<20+1)} {
		f.send(t, "POST", f.setup+"/clients", body).want(t, 413, "PAYLOAD_TOO_LARGE")
		f.send(t, "PUT", path, body).want(t, 413, "PAYLOAD_TOO_LARGE")
		f.send(t, "POST", strings.Replace(f.setup, "/v2/", "/v3/", 1)+"/clients", body).want(t, 413, `"error":"PAYLOAD_TOO_LARGE"`)
		// Without a length the limit holds as well.
		r := httptest.NewRequest("POST", f.setup+"/clients", strings.NewReader(body))
		r.ContentLength = -1
		r.Header.Set("Authorization", "Bearer "+f.key)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		answer{w}.want(t, 413, "PAYLOAD_TOO_LARGE")
	}
	// Below the limit of bodies there is one of documents.
	f.send(t, "PUT", path, `{"name":"a","metadata":[{"name":"a","value":"`+strings.Repeat("x", 250_000)+`"},{"name":"b","value":"`+
		strings.Repeat("x", 250_000)+`"},{"name":"c","value":"`+strings.Repeat("x", 250_000)+`"}]}`).want(t, 400, `"error_text":"the whole document is larger`)
	f.send(t, "PUT", path, `{"name":"a"}`, "Content-Type: text/plain").want(t, 415, "UNSUPPORTED_MEDIA_TYPE")
	f.send(t, "PUT", path, `{"name":"a"}`, "Content-Type: application/json; charset=utf-8").want(t, 200)
	if f.rows(t) != rows {
		t.Error("something was stored")
	}
}

// A body of many faults costs no more to answer than it did to send.
func TestAnswersStaySmall(t *testing.T) {
	f := newFixture(t)
	for _, item := range []string{`""`, `"#"`, `null`} {
		// Within the limit of a list every item is checked and counted.
		f.send(t, "POST", f.setup+"/clients", `{"name":"a","redirect_uris":[`+strings.Repeat(item+",", 900)+`""]}`).want(t, 400, "/redirect_uris/0: ", " more")
		body := `{"name":"a","redirect_uris":[` + strings.Repeat(item+",", 900_000/(len(item)+1)) + `""]}`
		if a := f.send(t, "POST", f.setup+"/clients", body).want(t, 400, "/redirect_uris: there are more than"); a.Body.Len() > 4000 {
			t.Errorf("%s: %d bytes are answered with %d", item, len(body), a.Body.Len())
		}
	}
	long := `{"name":"a","` + strings.Repeat("ü", 400_000) + `":1}`
	if a := f.send(t, "POST", f.setup+"/clients", long).want(t, 400, "there is no such member"); a.Body.Len() > 1000 {
		t.Errorf("a long name is answered with %d bytes", a.Body.Len())
	}
	var many strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&many, `,"m%d":"v"`, i)
	}
	f.send(t, "POST", strings.Replace(f.setup, "/v2/", "/v3/", 1)+"/clients", `{"client_name":"a"`+many.String()+`}`).
		want(t, 400, "INVALID_CLIENT_METADATA", "there are more than 1000 items")
	f.get(t, f.setup+"/clients?x=1"+strings.Repeat("&metadata.x=y", 2000)).want(t, 400, "MALFORMED_QUERY_PARAMETER", "metadata")
	f.get(t, f.setup+"/clients?x=1&x=2"+strings.Repeat("&metadata.x=y", 50)).want(t, 200)
}

func TestOddPaths(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`)
	id := path[strings.LastIndexByte(path, '/')+1:]
	up := strings.ToUpper(id)
	for _, row := range []struct {
		method, target string
		status         int
		code           string
	}{
		{"GET", f.setup + "/clients/" + up, 404, "CLIENT_NOT_FOUND"},
		{"GET", f.setup + "/clients/%2F", 404, "CLIENT_NOT_FOUND"},
		{"GET", f.setup + "/clients/..", 404, "CLIENT_NOT_FOUND"},
		{"GET", f.setup + "/clients/%2e%2e", 404, "CLIENT_NOT_FOUND"},
		{"GET", f.setup + "/clients/..%2Fclients%2F" + id, 404, "CLIENT_NOT_FOUND"},
		{"GET", f.setup + "/clients/" + id + "%00", 400, "MALFORMED_PAYLOAD"},
		{"GET", f.setup + "/clients/%ff", 400, "MALFORMED_PAYLOAD"},
		{"GET", f.setup + "/clients/" + strings.Repeat("a", 5000), 404, "CLIENT_NOT_FOUND"},
		{"GET", f.setup + "/clients/" + id + "'--", 404, "CLIENT_NOT_FOUND"},
		{"GET", f.setup + "/clients/" + string(f.id), 404, "CLIENT_NOT_FOUND"},
		{"GET", f.setup + "/resource-servers/" + id, 404, "RESOURCE_SERVER_NOT_FOUND"},
		{"GET", f.setup + "/clients/" + id + "/", 404, "NOT_FOUND"},
		{"GET", f.setup + "//clients/" + id, 404, "NOT_FOUND"},
		{"GET", f.setup + "/../" + string(f.id) + "/clients/" + id, 404, "NOT_FOUND"},
		{"GET", "/v2/modules/oauthv2/setups/" + id, 404, "SETUP_NOT_FOUND"},
		{"GET", "/v2/modules/oauthv2/setups/" + id + "/clients/" + id, 404, "SETUP_NOT_FOUND"},
		{"GET", "/v2/modules/saml/setups/" + string(f.id), 404, "SETUP_NOT_FOUND"},
		{"GET", "/v2/modules/%6Fauthv2/setups/" + string(f.id), 200, ""},
		{"GET", "/v2", 404, "NOT_FOUND"}, {"GET", "/v2/modules/oauthv2", 404, "NOT_FOUND"}, {"GET", f.setup + "/nothing", 404, "NOT_FOUND"},
		{"PUT", f.setup + "/clients/names", 404, "CLIENT_NOT_FOUND"},
		{"POST", path, 405, "METHOD_NOT_ALLOWED"}, {"PATCH", path, 405, "METHOD_NOT_ALLOWED"}, {"PUT", f.setup + "/clients", 405, "METHOD_NOT_ALLOWED"},
		{"OPTIONS", path, 405, "METHOD_NOT_ALLOWED"}, {strings.Repeat("X", 300), path, 405, "METHOD_NOT_ALLOWED"}, {"GET\u00e9", path, 405, "METHOD_NOT_ALLOWED"},
		{"DELETE", f.setup + "/clients/names", 404, "CLIENT_NOT_FOUND"},
	} {
		r := httptest.NewRequest("GET", row.target, strings.NewReader(`{"name":"a"}`))
		r.Method = row.method
		r.Header.Set("Authorization", "Bearer "+f.key)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		if w.Code != row.status || row.code != "" && decode(t, w.Body.Bytes())["error_code"] != row.code {
			t.Errorf("%.20s %.200s: %d %s", row.method, row.target, w.Code, w.Body)
		}
		if (w.Code == 405) != (w.Header().Get("Allow") != "") {
			t.Errorf("%.20s %s: Allow is %q", row.method, row.target, w.Header().Get("Allow"))
		}
	}
	head := f.send(t, "HEAD", path, "").want(t, 200)
	get := f.get(t, path)
	if head.Body.Len() != 0 || head.Header().Get("Content-Length") != fmt.Sprint(get.Body.Len()) || head.Header().Get("Etag") != get.Header().Get("Etag") {
		t.Errorf("HEAD: %v %s", head.Header(), head.Body)
	}
	f.send(t, "HEAD", f.setup+"/clients/x", "").want(t, 404)
}

func TestNames(t *testing.T) {
	f := newFixture(t)
	want := make(map[string]any)
	for _, name := range []string{"shop", "shop", `Läden "Ost" & <West>`} {
		path := f.client(t, `{"name":`+encode(t, name)+`}`)
		want[path[strings.LastIndexByte(path, '/')+1:]] = name
	}
	f.client(t, named("planned", after(1e12)))
	deleted := f.client(t, `{"name":"deleted"}`)
	f.send(t, "DELETE", deleted, "").want(t, 204)
	if got := f.get(t, f.setup+"/clients/names").want(t, 200, `"Läden \"Ost\" & <West>"`).doc(t); encode(t, got) != encode(t, want) {
		t.Errorf("names %v", got)
	}
	if got := f.as(f.Harbour, tenancy.Reader).get(t, f.setup+"/clients/names").want(t, 200).doc(t); len(got) != 0 {
		t.Errorf("those below see %v", got)
	}
}
