package openfinance_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"tenure/tenancy/db/dbtest"
)

const interaction = "C770AEF3-6784-41f7-8e0e-ff5f97bddb3a"

func TestA01Registration(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	statement := f.fresh(nil)
	made := f.send(t, good(), "POST", "/reg", f.body(map[string]any{"software_statement": statement}), "X-Fapi-Interaction-Id: "+interaction).want(t, 201)
	if got := made.header.Get("X-Fapi-Interaction-Id"); got != interaction {
		t.Errorf("the interaction id is %s", got)
	}
	u, err := url.Parse(made.uri())
	if err != nil || u.Scheme != "https" || made.uri() != f.listener.URL+"/reg/"+made.text("client_id") || made.text("client_id") == "" {
		t.Errorf("the client is %s at %s", made.text("client_id"), made.uri())
	}
	if len(made.token()) < 43 || made.text("scope") == "" || made.text("software_statement") != statement { // B-22, R1-10
		t.Errorf("%s", made.raw)
	}
	f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 200)
}

func TestA02OrderAndScopes(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	grants := []string{"client_credentials", "refresh_token", "implicit", "authorization_code"}
	made := f.send(t, good(), "POST", "/reg", f.body(map[string]any{"grant_types": grants, "scope": "payments openid accounts"})).want(t, 201)
	scopes := strings.Fields(made.text("scope"))
	slices.Sort(scopes)
	if !slices.Equal(made.list("grant_types"), grants) || !slices.Equal(scopes, []string{"accounts", "openid", "payments"}) {
		t.Errorf("%s", made.raw)
	}
	f.send(t, good(), "DELETE", made.uri(), "", made.bearer()).want(t, 204)
	made = f.registered(t)
	if scopes = strings.Fields(made.text("scope")); !slices.Contains(scopes, "funds") || !slices.Contains(scopes, "nrp-consents") || len(scopes) != 19 {
		t.Errorf("nothing asked gives %q", scopes)
	}
}

func TestA04ClaimsInTheBodyAreNoStatement(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	bare := map[string]any{"software_statement": nil}
	for name, value := range claims() {
		bare[name] = value
		bare[strings.TrimPrefix(name, "software_")] = value
	}
	bare["software_version"] = "1.1" // a string in a body
	before := f.stored(t)
	f.send(t, good(), "POST", "/reg", f.body(bare)).want(t, 400, "invalid_software_statement")
	f.unchanged(t, before)
}

func TestA05Keys(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	before := f.stored(t)
	for about, change := range map[string]map[string]any{
		"by value":         {"jwks": map[string]any{"keys": []any{directory().Key("sig")}}, "jwks_uri": nil},
		"both":             {"jwks": map[string]any{"keys": []any{}}},
		"alien":            {"jwks_uri": "https://evil.example/jwks"},
		"no encryption":    {},
		"not even an URI ": {"jwks_uri": "jwks"},
	} {
		if about == "no encryption" { // B-5a
			f.answers(directory().JWKS(), nil)
		}
		t.Log(about)
		f.send(t, good(), "POST", "/reg", f.body(change)).want(t, 400, "invalid_client_metadata")
	}
	f.unchanged(t, before)
}

func TestA06RedirectURIs(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	before := f.stored(t)
	for about, value := range map[string]any{"missing": nil, "null": null, "empty": []string{}, "no list": "https://a.example/cb", "numbers": []int{1},
		"fragment": []string{"https://a.example/cb#x"}, "unlisted": []string{"https://a.example/cb", "https://b.example/cb"}, "no URI": []string{"cb"}} {
		t.Log(about)
		f.send(t, good(), "POST", "/reg", f.body(map[string]any{"redirect_uris": value})).want(t, 400, "invalid_redirect_uri", "invalid_client_metadata")
	}
	f.unchanged(t, before)
}

func TestA07TheStatementWins(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.send(t, good(), "POST", "/reg", f.body(map[string]any{"client_name": "x", "software_name": "x", "software_id": "x", "organisation_id": "x",
		"organisation_name": "x", "organisation_number": "x", "software_roles": []string{"CONTA"}, "logo_uri": "https://x.example", "software_version": "9"})).want(t, 201)
	for member, want := range map[string]string{"client_name": "Gerente", "software_name": "Gerente", "software_id": softwareID, "organisation_id": orgID,
		"organisation_name": "Itaú", "organisation_number": "43142666000197", "logo_uri": "https://software.example/logo.png", "software_version": "1.1"} {
		if made.text(member) != want {
			t.Errorf("%s is %s", member, made.doc[member])
		}
	}
	if !slices.Equal(made.list("software_roles"), []string{"DADOS", "PAGTO"}) {
		t.Errorf("the roles are %s", made.doc["software_roles"])
	}
}

func TestA08Unapproved(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	before := f.stored(t)
	inactive := []map[string]any{{"role": "DADOS", "authorisation_domain": "Open Banking", "status": "Inactive"}}
	for about, change := range map[string]map[string]any{"organisation": {"org_status": "Withdrawn"}, "software": {"software_status": "Inactive"},
		"roles": {"software_statement_roles": inactive}, "unknown role": {"software_statement_roles": nil, "software_roles": []string{"NEW"}},
		"another software": {"software_id": "software-2"}, "another organisation": {"org_id": "rival-bank"}, "no redirect URIs": {"software_redirect_uris": nil}} {
		t.Log(about)
		f.send(t, good(), "POST", "/reg", f.body(map[string]any{"software_statement": f.fresh(change)})).want(t, 400, "unapproved_software_statement")
	}
	f.unchanged(t, before)
}

func TestA09ScopesOutsideTheRoles(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	before := f.stored(t)
	payments := f.fresh(map[string]any{"software_statement_roles": nil, "software_roles": []string{"PAGTO"}})
	f.send(t, good(), "POST", "/reg", f.body(map[string]any{"scope": "openid resources", "software_statement": payments})).want(t, 400, "invalid_client_metadata")
	f.send(t, good(), "POST", "/reg", f.body(map[string]any{"scope": "openid admin"})).want(t, 400, "invalid_client_metadata")
	f.unchanged(t, before)
}

func TestA10OneClientPerSoftware(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	first := f.registered(t)
	before := f.stored(t)
	f.send(t, good(), "POST", "/reg", f.body(map[string]any{"scope": "openid"})).want(t, 400, "unapproved_software_statement")
	f.unchanged(t, before)
	if got := f.send(t, good(), "GET", first.uri(), "", first.bearer()).want(t, 200); got.text("scope") != first.text("scope") {
		t.Errorf("the first is %s", got.raw)
	}
	f.send(t, good(), "DELETE", first.uri(), "", first.bearer()).want(t, 204)
	again := f.registered(t)
	if again.text("client_id") == first.text("client_id") || again.token() == first.token() {
		t.Error("the new client has the old one's id or token")
	}
	f.send(t, good(), "GET", again.uri(), "", first.bearer()).want(t, 401)
}

func TestA12Webhooks(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	before := f.stored(t)
	for about, uris := range map[string]any{"fewer": []string{"https://a.example/hook"}, "other": []string{"https://a.example/hook", "https://c.example/hook"},
		"slash": []string{"https://a.example/hook/"}, "query": []string{"https://a.example/hook?a"}, "long": []string{"https://a.example/" + strings.Repeat("x", 238)},
		"no list": "https://a.example/hook", "more": []string{"https://a.example/hook", "https://b.example/hook", "https://c.example/hook"}} {
		t.Log(about)
		f.send(t, good(), "POST", "/reg", f.body(map[string]any{"webhook_uris": uris})).want(t, 400, "invalid_webhook_uris")
	}
	f.unchanged(t, before)
	equal := []string{"https://b.example/hook", "https://a.example/hook"}
	made := f.send(t, good(), "POST", "/reg", f.body(map[string]any{"webhook_uris": equal})).want(t, 201)
	if !slices.Equal(made.list("webhook_uris"), equal) {
		t.Errorf("%s", made.doc["webhook_uris"])
	}
	off := f.send(t, good(), "PUT", made.uri(), f.own(made, map[string]any{"webhook_uris": nil}), made.bearer()).want(t, 200)
	if _, has := off.doc["webhook_uris"]; has {
		t.Errorf("left out, they are not off: %s", off.raw)
	}
}

func TestA13UnknownMembersAndLanguages(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.send(t, good(), "POST", "/reg", f.body(map[string]any{"new_member": map[string]any{"a": []int{1}}, "client_name#pt-BR": "Gerência", "client_name#en": "Manager",
		"client_id": "mine", "tos_uri#": null})).want(t, 201)
	if made.text("client_name#pt-BR") != "Gerência" || made.text("client_name#en") != "Manager" || made.text("client_id") == "mine" {
		t.Errorf("%s", made.raw)
	}
	if _, has := made.doc["new_member"]; has {
		t.Errorf("%s", made.raw)
	}
	got := f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 200)
	if got.text("client_name#pt-BR") != "Gerência" {
		t.Errorf("%s", got.raw)
	}
}

// unchanged wants every table to have the rows it had, and a sound log.
func (f *fixture) unchanged(t testing.TB, before map[string]int) {
	t.Helper()
	for table, n := range f.stored(t) {
		if n != before[table] {
			t.Errorf("%s has %d rows, before %d", table, n, before[table])
		}
	}
	f.Check(t)
}
