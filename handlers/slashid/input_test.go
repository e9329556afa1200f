package slashid_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"tenure/handlers/slashid"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// with is the minimal client with more members.
func with(members string) string { return strings.TrimSuffix(minimal, "}") + "," + members + "}" }

func long(n int) string { return strings.Repeat("x", n) }

func repeated(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }

// refusedBodies are bodies that neither make nor change a client, each with
// the beginning of a message.
func refusedBodies() map[string]string {
	return map[string]string{
		// No JSON object, or one that is not well formed.
		``: "the body is empty", ` `: "the body is empty", `{`: "the body is not JSON", `null`: "this must not be null", `[]`: "this must be an object", `1`: "this must be an object",
		`"a"`: "this must be an object", minimal + `{}`: "the body is not JSON", `{"client_name":"a",}`: "the body is not JSON", "{\"client_name\":\"\xff\"}": "the body is not UTF-8",
		`{"client_name":"\ud800"}`: "the body is not UTF-8", `{"client_name":"a","client_name":"b"}`: "client_name: this member must not be repeated",
		`{"client_name":` + strings.Repeat("[", 101) + strings.Repeat("]", 101) + `}`: "the body nests deeper",

		// Types.
		`{"client_name":1}`: "client_name: this must be a string", `{"client_name":null}`: "client_name: this must not be null", `{"client_name":["a"]}`: "client_name: this must be a string",
		`{"scopes":"a b"}`: "scopes: this must be a list", `{"scopes":null}`: "scopes: this must not be null", `{"scopes":["a",1]}`: "scopes/1: this must be a string", `{"scopes":["a",null]}`: "scopes/1: this must be a string",
		`{"scopes":[["a"]]}`: "scopes/0: this must be a string", `{"scopes":{}}`: "scopes: this must be a list", `{"grant_types":"client_credentials"}`: "grant_types: this must be a list",
		`{"grant_types":null}`: "grant_types: this must not be null", `{"grant_types":[null]}`: "grant_types/0: this must be a string", `{"redirect_uris":"https://a"}`: "redirect_uris: this must be a list",
		`{"redirect_uris":[{}]}`: "redirect_uris/0: this must be a string", `{"access_token_duration":"60"}`: "access_token_duration: this must be a whole number",
		`{"access_token_duration":1.5}`: "access_token_duration: this must be a whole number", `{"access_token_duration":1e3}`: "access_token_duration: this must be a whole number",
		`{"access_token_duration":true}`: "access_token_duration: this must be a whole number", `{"access_token_duration":99999999999999999999}`: "access_token_duration: this must be a whole number",
		`{"refresh_token_duration":{}}`: "refresh_token_duration: this must be a whole number", `{"refresh_token_duration":[]}`: "refresh_token_duration: this must be a whole number",

		// Bounds and rules.
		`{"client_name":""}`: "client_name: the member is required", `{"client_name":"a\u0000"}`: "client_name: the text is not UTF-8, or has a NUL",
		`{"client_name":"` + long(300_000) + `"}`: "client_name: the text is longer", `{"access_token_duration":0}`: "access_token_duration: a duration has 1 to 315360000 seconds",
		`{"access_token_duration":-1}`: "access_token_duration: a duration has", `{"refresh_token_duration":-9223372036854775808}`: "refresh_token_duration: a duration has",
		`{"refresh_token_duration":315360001}`: "refresh_token_duration: a duration has", `{"access_token_duration":9223372036854775807}`: "access_token_duration: a duration has",
		`{"grant_types":[]}`: "grant_types: the list needs at least one item", `{"grant_types":["refresh_token"]}`: "grant_types/0: the value is none of",
		`{"grant_types":["client_credentials","refresh_token"]}`: "grant_types/1: the value is none of", `{"grant_types":["implicit"]}`: "grant_types/0: the value is none of",
		`{"grant_types":["Client_Credentials"]}`: "grant_types/0: the value is none of", `{"grant_types":[""]}`: "grant_types/0: the text is no word", `{"grant_types":["urn:x:y"]}`: "grant_types/0: the value is none of",
		`{"scopes":[""]}`: "scopes/0: a scope is a word", `{"scopes":["a b"]}`: "scopes/0: a scope is a word", `{"scopes":["a","b\u0007"]}`: "scopes/1: a scope is a word",
		`{"scopes":["` + long(9000) + `"]}`: "scopes/0: the text is longer", `{"scopes":[` + repeated(`"a"`, 1001) + `]}`: "scopes: there are more than 1000 items",
		`{"redirect_uris":["/cb"]}`: "redirect_uris/0: the value is not an absolute URI", `{"redirect_uris":["https://a/cb","a.example"]}`: "redirect_uris/1: a redirect URI needs a scheme",
		`{"redirect_uris":[""]}`: "redirect_uris/0: a redirect URI needs", `{"redirect_uris":["https://a/#f"]}`: "redirect_uris/0: a redirect URI must not have a fragment",
		`{"redirect_uris":["https://a/#"]}`: "redirect_uris/0: a redirect URI must not have a fragment", `{"redirect_uris":["http://[::1"]}`: "redirect_uris/0: a redirect URI",
		`{"redirect_uris":["https://a/%zz"]}`: "redirect_uris/0: a redirect URI", `{"redirect_uris":[` + repeated(`"https://a/`+long(8000)+`"`, 70) + `]}`: "the whole document is larger",

		// Members that there are not, or that are not written.
		`{"clientName":"a"}`: "clientName: there is no such member", `{"Client_Name":"a"}`: "Client_Name: there is no such member", `{"":1}`: "there is no such member",
		`{"a/b~c":1}`: "a~1b~0c: there is no such member", `{"owner":"x"}`: "owner: there is no such member", `{"` + long(2000) + `":1}`: long(300) + "…: there is no such member",
		`{"token_endpoint_auth_method":"none"}`: "token_endpoint_auth_method: there is no such member", `{"updated_at":"2026-01-01T00:00:00Z"}`: "updated_at: there is no such member",
		`{"client_secret":"` + long(40) + `"}`: "client_secret: ", `{"client_id":"mine"}`: "client_id: ", `{"response_types":[["token"]]}`: "response_types: ",
		`{"owner_organization_id":"af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"}`: "owner_organization_id: ", `{"created_at":"2000-01-01T00:00:00Z"}`: "created_at: ",
		`{"created_at":null}`: "created_at: ", `{"last_used":"yesterday"}`: "last_used: ", `{"last_used":null}`: "last_used: ",
	}
}

func TestRefusedBodies(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	path, path2 := f.client(minimal), f.client(complete) // the latter is public
	rows := f.rows()
	table := refusedBodies()
	check := func(method, target, body, want string) {
		t.Helper()
		a := f.send(method, target, body)
		named := false
		for _, one := range decode(t, a.Body.Bytes())["errors"].([]any) {
			named = named || strings.HasPrefix(one.(map[string]any)["message"].(string), want)
		}
		if a.Code != 400 || !named || a.Body.Len() > 30_000 {
			t.Errorf("%s %.200s: %d %.500s", method, body, a.Code, a.Body)
		}
	}
	for body, want := range table {
		check("POST", clients, merged(body), want)
		check("PATCH", path, body, want)
	}
	more := map[string]string{
		"POST {}":                                           "scopes: the member is required",
		"POST " + with(`"public":"yes"`):                    "public: this must be true or false",
		"POST " + with(`"public":true`):                     "grant_types: a public client cannot have the grant type client_credentials",
		"POST " + with(`"public":1`):                        "public: this must be true or false",
		"POST " + with(`"response_types":[]`):               "response_types: there is no such member",
		"PATCH {\"public\":true}":                           "public: the member cannot be changed",
		"PATCH {\"public\":null}":                           "public: the member cannot be changed",
		"PATCH {\"client_id\":null}":                        "client_id: the member cannot be changed",
		"PUBLIC {\"grant_types\":[\"client_credentials\"]}": "grant_types: a public client cannot have",
	}
	for line, want := range more {
		method, body, _ := strings.Cut(line, " ")
		switch method {
		case "POST":
			check("POST", clients, body, want)
		case "PATCH":
			check("PATCH", path, body, want)
		case "PUBLIC":
			check("PATCH", path2, body, want)
		}
	}
	if len(table)+len(more) < 60 {
		t.Errorf("only %d bodies", len(table)+len(more))
	}
	if got := f.rows(); got != rows {
		t.Errorf("something was stored: %s, then %s", rows, got)
	}
	f.sound()
}

// merged is a body with the members of the minimal one that it leaves out; what
// is no object stays as it is.
func merged(body string) string {
	var doc map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &doc) != nil || doc == nil {
		return body
	}
	for name, value := range map[string]string{"client_name": `"m"`, "scopes": `["a"]`, "grant_types": `["client_credentials"]`} {
		if doc[name] == nil {
			body = strings.TrimSuffix(body, "}") + "," + `"` + name + `":` + value + "}"
		}
	}
	return body
}

// TestRefusedHeaders: who asks, for whom and how much is settled before anything else.
func TestRefusedHeaders(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	path := f.client(minimal)
	rows := f.rows()
	admin := f.as("b", tenancy.Admin)
	writes := [][3]string{{"POST", clients, minimal}, {"PATCH", path, `{"client_name":"x"}`}, {"DELETE", path, ""}, {"PUT", path + "/secret", ""},
		{"PUT", path + "/ui-configuration", `{"a":1}`}, {"POST", "/organizations/suborganizations", `{"sub_org_name":"x","admins":[]}`},
		{"DELETE", "/organizations", ""}, {"PUT", "/organizations/api-keys", ""}, {"PATCH", "/organizations/config", `{"token_duration":5}`}}
	reads := [][3]string{{"GET", clients, ""}, {"GET", path, ""}, {"HEAD", path, ""}, {"GET", path + "/ui-configuration", ""}, {"GET", "/organizations", ""},
		{"GET", "/organizations/suborganizations", ""}, {"GET", "/organizations/config", ""}}
	const noOrg, notHere = "SlashID-OrgID is required", "is not valid"
	own := string(f.org)
	for line, want := range map[string]struct {
		status int
		words  string
	}{
		"SlashID-OrgID:":                                         {400, noOrg},
		"SlashID-OrgID: ''":                                      {400, noOrg},
		"SlashID-OrgID: harbour":                                 {400, noOrg},
		"SlashID-OrgID: {" + own + "}":                           {400, noOrg},
		"SlashID-OrgID: " + strings.ReplaceAll(own, "-", ""):     {400, noOrg},
		"SlashID-OrgID: urn:uuid:" + own:                         {400, noOrg},
		"SlashID-OrgID: " + own + " & " + own:                    {400, "must not be repeated"},
		"SlashID-OrgID: " + own + "x":                            {400, noOrg},
		"SlashID-OrgID: 01234567-89ab-4def-8123-456789abcdef":    {401, notHere},
		"SlashID-OrgID: " + string(f.orgs["a"]):                  {401, notHere},
		"SlashID-OrgID: " + string(f.orgs["d"]):                  {401, notHere},
		"SlashID-OrgID: " + string(f.orgs["x"]):                  {401, notHere},
		"SlashID-OrgID: " + string(f.Root):                       {401, notHere},
		"SlashID-API-Key:":                                       {401, notHere},
		"SlashID-API-Key: ''":                                    {401, notHere},
		"SlashID-API-Key: x":                                     {401, notHere},
		"SlashID-API-Key: Bearer " + admin.key:                   {401, notHere},
		"SlashID-API-Key: " + admin.key + "x":                    {401, notHere},
		"SlashID-API-Key: " + strings.ToLower(admin.key):         {401, notHere},
		"SlashID-API-Key: " + admin.key + " & " + admin.key:      {400, "must not be repeated"},
		"SlashID-API-Key: " + f.keys[f.orgs["c"]][tenancy.Admin]: {401, notHere},
		"SlashID-API-Key: " + f.keys[f.orgs["x"]][tenancy.Admin]: {401, notHere},
		"Tenure-Reason: a\tb":                                    {400, "Tenure-Reason"},
	} {
		for _, r := range append(writes, reads...) {
			a := admin.send(r[0], r[1], r[2], line)
			if a.Code != want.status || r[0] != "HEAD" && !strings.Contains(a.Body.String(), want.words) {
				t.Errorf("%s %s with %q: %d %s", r[0], r[1], line, a.Code, a.Body)
			}
			if (a.Code == 401) != (a.Header().Get("Www-Authenticate") != "") {
				t.Errorf("%q: WWW-Authenticate %q", line, a.Header().Get("Www-Authenticate"))
			}
		}
	}
	for _, line := range []string{"SlashID-Required-Consistency: everywhere", "SlashID-Required-Consistency: ''", "SlashID-Required-Consistency: All_Regions",
		"SlashID-Required-Consistency: all_regions & all_regions", "SlashID-Required-Consistency-Timeout: 0", "SlashID-Required-Consistency-Timeout: 121",
		"SlashID-Required-Consistency-Timeout: -1", "SlashID-Required-Consistency-Timeout: 1.5", "SlashID-Required-Consistency-Timeout: 30s",
		"SlashID-Required-Consistency-Timeout: ''", "SlashID-Required-Consistency-Timeout: 5 & 5"} {
		for _, r := range writes {
			admin.send(r[0], r[1], r[2], line).want(400, "-Required-Consistency")
		}
		admin.get(path, line).want(200) // it is about writes
	}
	for _, r := range [][2]string{{"PATCH", path}, {"DELETE", path}, {"PUT", path + "/ui-configuration"}} {
		for _, match := range []string{"x", `"x`, "*, *"} {
			admin.send(r[0], r[1], `{}`, "If-Match: "+match).want(400, "If-Match")
		}
		for _, match := range []string{`"x"`, `W/"` + admin.get(path).Header().Get("Tenure-Snapshot-Id") + `"`, `""`} {
			admin.send(r[0], r[1], `{}`, "If-Match: "+match).want(412)
		}
	}
	for _, query := range []string{"overlap=", "overlap=1", "overlap=-1s", "overlap=100000h", "overlap=1d", "overlap=1h&overlap=1h"} {
		admin.send("PUT", path+"/secret?"+query, "").want(400, "overlap")
	}
	if got := f.rows(); got != rows {
		t.Errorf("something was stored: %s, then %s", rows, got)
	}
	f.send("GET", path, "", "SlashID-OrgID: "+strings.ToUpper(own)).want(200) // a UUID has no case
}

func TestRefusedOrganizations(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t)).as("b", tenancy.Admin)
	rows := f.rows()
	const path = "/organizations/suborganizations"
	person := func(members string) string { return `{"sub_org_name":"x","admins":[{` + members + `}]}` }
	for body, want := range map[string]string{
		``: "the body is empty", `{}`: "sub_org_name: the member is required", `{"sub_org_name":"x"}`: "admins: the member is required", `{"admins":[]}`: "sub_org_name: the member is required",
		`{"sub_org_name":null,"admins":[]}`: "sub_org_name: this must not be null", `{"sub_org_name":1,"admins":[]}`: "sub_org_name: this must be a string",
		`{"sub_org_name":"","admins":[]}`: "sub_org_name: a name has", `{"sub_org_name":" ","admins":[]}`: "sub_org_name: a name has", `{"sub_org_name":"a\u0000","admins":[]}`: "sub_org_name: a name has",
		`{"sub_org_name":"` + long(256) + `","admins":[]}`: "sub_org_name: a name has", `{"sub_org_name":"x","admins":null}`: "admins: this must not be null",
		`{"sub_org_name":"x","admins":{}}`: "admins: this must be a list", `{"sub_org_name":"x","admins":["a"]}`: "admins: this must be a list",
		`{"sub_org_name":"x","admins":[` + repeated("{}", 1001) + `]}`: "admins: there are more than", person(`"type":"username","value":"a"`): "admins: the list must be empty",
		person(`"type":"nickname","value":"a"`): "admins/0/type: the value is none of", person(`"type":1,"value":"a"`): "admins/0/type: this must be a string",
		person(`"type":"username"`): "admins/0/value: the member is required", person(`"type":"username","value":null`): "admins/0/value: this must not be null",
		person(`"type":"username","value":"a","x":1`): "admins/0/x: there is no such member", `{"sub_org_name":"x","admins":[],"persons_org_id":"x"}`: "persons_org_id: an organization id is a UUID",
		`{"sub_org_name":"x","admins":[],"groups_org_id":1}`: "groups_org_id: this must be a string", `{"sub_org_name":"x","admins":[],"inherit_rbac_pools":"no"}`: "inherit_rbac_pools: this must be true or false",
		`{"sub_org_name":"x","admins":[],"inherits_rbac_pools":true}`: "inherits_rbac_pools: there is no such member", `{"sub_org_name":"x","admins":[],"parent_id":"x"}`: "parent_id: there is no such member",
		`[]`: "this must be an object",
	} {
		f.send("POST", path, body).want(400, `"message":"`+want)
	}
	for body, want := range map[string]string{
		``: "the body is empty", `[]`: "this must be an object", `{"token_duration":-1}`: "token_duration: a duration has", `{"token_duration":315360001}`: "token_duration: a duration has",
		`{"token_duration":null}`: "token_duration: this must not be null", `{"token_duration":"60"}`: "token_duration: this must be a whole number", `{"token_duration":0.5}`: "token_duration: this must be",
		`{"pricing_tier":"enterprise"}`: "pricing_tier: no such setting is kept here", `{"token_duration":60,"from_email":"a@b"}`: "from_email: no such setting",
	} {
		f.send("PATCH", "/organizations/config", body).want(400, `"message":"`+want)
	}
	for _, filter := range []string{"name", "name+ne+%22a%22", "x+eq+%22a%22", "name+eq+3", strings.Repeat("(", 40), "a=1&filter=b&filter=c", "%ff"} {
		f.get(path + "?filter=" + filter).want(400)
	}
	if got := f.rows(); got != rows {
		t.Errorf("something was stored: %s, then %s", rows, got)
	}
}

func TestOversizedBodies(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	path := f.client(minimal)
	rows, body := f.rows(), `{"client_name":"`+long(1<<20)+`"}`
	for _, r := range [][2]string{{"POST", clients}, {"PATCH", path}, {"PUT", path + "/ui-configuration"}} {
		f.send(r[0], r[1], body).want(413)
		r := httptest.NewRequest(r[0], r[1], strings.NewReader(body))
		r.ContentLength = -1 // without a length the limit holds as well
		r.Header.Set("SlashID-OrgID", string(f.org))
		r.Header.Set("SlashID-API-Key", f.key)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		answer{w, t}.want(413)
	}
	for body, words := range map[string]string{
		`{"a":"` + long(65_536) + `"}`: "larger than 65536 bytes", `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`: "the settings cannot be stored",
		`{"showBadge":"yes","themeVars":{"a":1}}`: "themeVars: this must be an object of strings", `{"themeVars":null}`: "themeVars: ", `{"textOverrides":{"a":null}}`: "textOverrides: ",
		`{"handleTypes":["a",1]}`: "handleTypes: this must be a list of strings", `{"handleTypes":[null]}`: "handleTypes: ", `{"dynamicFlowConfig":[]}`: "dynamicFlowConfig: this must be an object",
		`{"dynamicFlowEnabled":1}`: "dynamicFlowEnabled: ", `{"logoUrl":1}`: "logoUrl: ", `{"pageBackgroundColor":{}}`: "pageBackgroundColor: ", `{"storeLastFactor":null}`: "storeLastFactor: ",
		`{"supportURL":[]}`: "supportURL: ", `{"alternativeAuthURL":false}`: "alternativeAuthURL: ", `{"faviconUrl":1}`: "faviconUrl: ", `{"pageTitle":1}`: "pageTitle: ",
		`{"pageTitle":"a\u202eb"}`: "pageTitle: the text has a character that cannot be seen", `{"pageTitle":"\u200b"}`: "pageTitle: ",
		`{"textOverrides":{"a":"x\u202e"}}`: "textOverrides/a: ", `{"dynamicFlowConfig":{"backURL":"javascript:alert(1)"}}`: "dynamicFlowConfig/backURL: the address has a scheme",
		`{"foo":[{"url":"javascript:alert(1)"}]}`: "foo/0/url: ",
		`[]`: "this must be an object", `null`: "this must not be null", ``: "the body is empty", `{"a":1,"a":2}`: "must not be repeated",
	} {
		f.send("PUT", path+"/ui-configuration", body).want(400, words)
	}
	f.send("PUT", path+"/ui-configuration", `{}`, "Content-Type: text/html").want(415)
	if got := f.rows(); got != rows {
		t.Errorf("something was stored: %s, then %s", rows, got)
	}
}

// A body of many faults costs no more to answer than it did to send.
func TestAnswersStaySmall(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	var many strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&many, `,"m%d":1`, i)
	}
	for _, body := range []string{with(many.String()[1:]), with(`"redirect_uris":[` + repeated(`"/x"`, 1000) + `]`)} {
		a := f.send("POST", clients, body).want(400, "more members are broken")
		if items := decode(t, a.Body.Bytes())["errors"].([]any); len(items) != slashid.MaxNamed+1 {
			t.Errorf("%d items", len(items))
		}
	}
}

func TestOddPaths(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	path := f.client(minimal)
	id := path[strings.LastIndexByte(path, '/')+1:]
	for target, want := range map[string]int{
		clients + "/" + strings.ToUpper(id): 404, clients + "/%2F": 404, clients + "/..": 404, clients + "/%2e%2e": 404, clients + "/a%20b": 404, clients + "/" + id + "'--": 404,
		clients + "/%00": 400, clients + "/%ff": 400, clients + "/a%0Ab": 400, clients + "/" + long(256): 400, clients + "/" + long(255): 404,
		clients + "/" + id + "/": 404, "/oauth2//clients": 404, "/modules/oauthv2/setups/" + string(f.setup) + clients + "/" + id: 200,
		"/modules/oauthv2/setups/%00" + clients: 400, "/modules/oauthv2/setups/x" + clients: 404, "/modules/x/setups/" + string(f.setup) + clients: 404,
	} {
		if a := f.get(target); a.Code != want {
			t.Errorf("%.100s: %d %s", target, a.Code, a.Body)
		}
	}
	head := f.send("HEAD", path, "").want(200)
	if get := f.get(path); head.Body.Len() != 0 || head.Header().Get("Content-Length") != fmt.Sprint(get.Body.Len()) {
		t.Errorf("HEAD: %v", head.Header())
	}
	for _, odd := range []string{"a b/ü?#%", "...", "%2F"} { // another dialect's client_id
		f.stored(odd, document.Client{ClientName: "odd", GrantTypes: []string{"client_credentials"}})
		escaped := strings.NewReplacer("%", "%25", " ", "%20", "/", "%2F", "?", "%3F", "#", "%23", "ü", "%C3%BC").Replace(odd)
		if got := f.get(clients + "/" + escaped).want(200).text("client_id"); got != odd {
			t.Errorf("%q is read as %q", odd, got)
		}
	}
}
