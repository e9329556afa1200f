package main

import (
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tenure/handlers/openfinance/demo"
)

const (
	far   = "2099-01-01T00:00:00Z"
	v2    = "/v2/modules/oauthv2/setups"
	basic = `"token_endpoint_auth_method":"client_secret_basic"`
)

// world is what the fixture consists of: names for ids and keys, and the answers to
// compare later programs with.
type world struct {
	VerifierKeys []string
	IDs          map[string]string // of organizations, setups, clients (entity ids), snapshots
	Keys         map[string]string // API keys and registration tokens
	Instants     map[string]string
	Answers      []recorded

	authority *demo.Authority
	directory *demo.Directory
}

func newWorld() *world {
	w := &world{IDs: map[string]string{}, Keys: map[string]string{}, Instants: map[string]string{}}
	var err error
	w.authority, err = demo.NewAuthority(time.Now)
	check(err)
	w.directory, err = demo.NewDirectory("fixture", time.Now)
	check(err)
	return w
}

// id is the id with a name.
func (w *world) id(name string) string {
	id, ok := w.IDs[name]
	if !ok {
		log.Panicf("there is no %s", name)
	}
	return id
}

// at keeps the instant at which the world is as it is now.
func (w *world) at(name string) {
	time.Sleep(5 * time.Millisecond)
	w.Instants[name] = time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	time.Sleep(5 * time.Millisecond)
}

// first is what is written under the log's first origin.
func (w *world) first(s *server) {
	w.organizations(s)
	w.setups(s)
	w.nevisMeta(s)
	w.at("morning")
	w.hydra(s)
	s.get("", "/log/checkpoint")
	w.registered(s)
	w.slashID(s)
	w.openFinance(s)
}

// second is what is written under the second one.
func (w *world) second(s *server) {
	w.incarnations(s)
	w.changes(s)
	s.get("", "/log/checkpoint")
	w.at("noon")
	w.ends(s)
	w.uses(s)
	for _, name := range []string{"quay", "harbour", "dock"} { // as many events as fill a tile of the log
		for i := range 30 {
			s.do("root", "PATCH", "/v1/organizations/"+w.id(name), fmt.Sprintf(`{"name":"%s %d"}`, name, i))
		}
	}
	w.at("evening")
	s.get("", "/log/checkpoint")
}

func (w *world) organizations(s *server) {
	org := func(name, parent string) {
		w.IDs[name] = s.do("root", "POST", "/v1/organizations", fmt.Sprintf(`{"name":%q,"parent_id":%q,"reason":"founded"}`, name, w.id(parent))).text("id")
	}
	org("north", "root")
	org("south", "root")
	org("harbour", "north")
	org("quay", "south")
	org("pier", "south")
	org("berth", "pier")
	org("strict", "south")
	for _, k := range []struct{ name, org, role, more string }{
		{"north-admin", "north", "admin", ""}, {"north-editor", "north", "editor", `,"expires_at":"2099-06-01T00:00:00Z"`},
		{"north-auditor", "north", "auditor", ""}, {"north-reader", "north", "reader", ""}, {"harbour-editor", "harbour", "editor", ""},
		{"south-admin", "south", "admin", ""}, {"pier-editor", "pier", "editor", ""}, {"berth-editor", "berth", "editor", ""}, {"revoked", "south", "reader", ""},
	} {
		made := s.do("root", "POST", "/v1/keys", fmt.Sprintf(`{"organization_id":%q,"name":%q,"role":%q%s}`, w.id(k.org), k.name, k.role, k.more),
			"Idempotency-Key", "key "+k.name, "Tenure-Reason", "first keys")
		w.IDs["key "+k.name], w.Keys[k.name] = made.text("id"), made.text("api_key")
	}
	s.do("root", "DELETE", "/v1/keys/"+w.id("key revoked"), "")
	delete(w.Keys, "revoked")
	s.do("root", "PATCH", "/v1/organizations/"+w.id("north"), `{"max_suborganizations":10}`)
	s.do("root", "PATCH", "/v1/organizations/"+w.id("strict"), `{"require_reason":true,"reason":"audited"}`)
	s.do("root", "POST", "/v1/modules", `{"name":"oauth-legacy"}`)
}

func (w *world) setups(s *server) {
	setup := func(key, name, body string) string {
		w.IDs[name] = s.do(key, "POST", v2, body).text("setupId")
		return v2 + "/" + w.id(name)
	}
	path := setup("north-admin", "north-setup", `{"name":"north","owner":"team north","client_defaults":{"grant_types":["authorization_code"],"access_token_ttl":60}}`)
	s.do("north-admin", "PUT", path, `{"name":"north","comment":"changed","client_defaults":{"grant_types":["authorization_code","refresh_token"],"access_token_ttl":120},
		"metadata":[{"name":"text","value":"Nord “ü”","locale":"de"}]}`, "Tenure-Reason", "shorter")
	s.do("north-admin", "PUT", path, `{"name":"north","comment":"planned","valid_from":"`+far+`"}`)
	withdrawn := s.do("north-admin", "PUT", path, `{"name":"north","comment":"never","valid_from":"2098-01-01T00:00:00Z"}`)
	s.do("north-admin", "DELETE", path+"/snapshots/"+withdrawn.header.Get("Tenure-Snapshot-Id"), "")
	s.do("root", "PATCH", "/v1/organizations/"+w.id("north"), fmt.Sprintf(`{"default_setup_id":%q}`, w.id("north-setup")))
	setup("root", "bank-setup", `{"name":"open finance"}`)
	setup("root", "deleted-setup", `{"name":"deleted"}`)
	policy := func(setup, body string) { s.do("root", "PUT", "/v1/setups/"+w.id(setup)+"/policy", body) }
	policy("default", `{"registration":"open","open_finance_profile":"plain"}`)
	policy("default", `{"registration":"open","open_finance_profile":"plain","rotate_tokens":true}`)
	policy("north-setup", `{"registration":"token","max_clients":50,"allowed_scopes":["openid","orders:read"],"on_stale_plan":"refuse"}`)
	policy("bank-setup", `{"registration":"statement","open_finance_profile":"ofb-id3"}`)

	server := func(name, body string) string {
		w.IDs[name] = s.do("root", "POST", v2+"/"+w.id("default")+"/resource-servers", body).text("resourceServerId")
		return v2 + "/" + w.id("default") + "/resource-servers/" + w.id(name)
	}
	orders := server("orders", `{"name":"orders","uri":"https://orders.example","scopes":[{"name":"orders:read","policy_implicit_flow":"not_allowed","custom_claims":"{\"a\": 1}"}]}`)
	s.do("root", "PUT", orders, `{"name":"orders","scopes":[{"name":"openid"},{"name":"orders:read"},{"name":"orders:write"}]}`)
	s.do("root", "PUT", orders+"?replaceActiveState=false", `{"name":"orders","scopes":[{"name":"orders:read"}],"valid_from":"`+far+`"}`)
	s.do("root", "DELETE", server("old-server", `{"name":"old","scopes":[]}`), "")
}

// client makes a client at nevisMeta's V2 and returns its path.
func (w *world) client(s *server, key, setup, name, body string, headers ...string) string {
	made := s.do(key, "POST", v2+"/"+w.id(setup)+"/clients", body, headers...)
	w.IDs[name] = made.text("clientId")
	return v2 + "/" + w.id(setup) + "/clients/" + w.id(name)
}

func (w *world) nevisMeta(s *server) {
	portal := w.client(s, "root", "default", "portal", `{"name":"portal","owner":"team a","confidentiality_type":"confidential","redirect_uris":["https://p.example/cb"],
		"scopes":["openid","orders:read"],"response_types":["code"],"jwks":`+keySet("portal")+`,"metadata":[{"name":"title","value":"Portal","locale":"en"}]}`, "Tenure-Owner", w.id("north"))
	s.get("root", portal) // shows the secret
	body := func(comment, more string) string {
		return fmt.Sprintf(`{"name":"portal","confidentiality_type":"confidential","redirect_uris":["https://p.example/cb","https://p.example/2"],"comment":%q%s}`, comment, more)
	}
	s.do("north-editor", "PUT", portal, body("second", `,"pkce_mode":"s256-required"`), "Tenure-Reason", "PKCE")
	planned := s.do("north-editor", "PUT", portal, body("withdrawn plan", `,"valid_from":"`+far+`"`))
	s.do("north-editor", "DELETE", portal+"/snapshots/"+planned.header.Get("Tenure-Snapshot-Id"), "")
	s.do("north-editor", "PUT", portal, body("second attempt at that instant", `,"valid_from":"`+far+`"`))
	soon := time.Now().Add(time.Second).UTC().Format("2006-01-02T15:04:05.000Z")
	kiosk := w.client(s, "south-admin", "default", "kiosk", `{"name":"kiosk","confidentiality_type":"public","jwks_uri":"https://k.example/jwks.json"}`)
	s.do("south-admin", "PUT", kiosk, `{"name":"kiosk activated by time","confidentiality_type":"public","valid_from":"`+soon+`"}`)
	w.client(s, "harbour-editor", "north-setup", "chosen", `{"client_id":"shop/1 a+b%41","client_secret":"a secret that a person chose 1","name":"shop","confidentiality_type":"confidential"}`)
	w.client(s, "north-editor", "north-setup", "planned", `{"client_id":"planned","name":"starts in 2099","confidentiality_type":"confidential","valid_from":"`+far+`"}`)
	rotated := w.client(s, "root", "default", "rotated", `{"client_id":"rotated","client_secret":"the first of two secrets 1","name":"rotated","confidentiality_type":"confidential"}`)
	s.do("root", "PUT", rotated, `{"name":"rotated","client_secret":"the secret from 2099 on 2","confidentiality_type":"confidential","valid_from":"`+far+`"}`)
	w.client(s, "root", "deleted-setup", "in-deleted-setup", `{"client_id":"inside","name":"inside","confidentiality_type":"public"}`)
	w.client(s, "pier-editor", "default", "in-deleted-org", `{"client_id":"at the pier","name":"pier","confidentiality_type":"public"}`)
	w.client(s, "berth-editor", "default", "in-deleted-suborg", `{"client_id":"at the berth","name":"berth","confidentiality_type":"public"}`)
	w.IDs["v3"] = strings.TrimPrefix(s.do("north-editor", "POST", "/v3/modules/oauthv2/setups/"+w.id("north-setup")+"/clients", `{"client_name":"custom","client_name#de":"Kunde",
		"custom_metadata#de-CH":"z","token_endpoint_auth_method":"none","jwks":{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}}`).
		header.Get("Location"), v2+"/"+w.id("north-setup")+"/clients/")
	time.Sleep(1100 * time.Millisecond) // the kiosk's plan has taken effect
}

func (w *world) hydra(s *server) {
	s.do("south-admin", "POST", "/admin/clients", `{"client_id":"hydra","client_name":"Hydra \u2028 <&> ü","redirect_uris":["https://h.example/cb"],"scope":"openid b a",
		"audience":["https://api.example"],"metadata":{"tier":"gold","limits":[1,2.50,1e300]},"owner":"team h","skip_consent":true}`)
	w.IDs["hydra"] = w.entity(s, "default", "hydra")
	s.do("south-admin", "PATCH", "/admin/clients/hydra", `[{"op":"add","path":"/contacts","value":["a@h.example"]},{"op":"replace","path":"/client_name","value":"patched"}]`)
	s.do("south-admin", "PUT", "/admin/clients/hydra/lifespans", `{"implicit_grant_id_token_lifespan":"-1h30m0.5s","jwt_bearer_grant_access_token_lifespan":"1ms"}`)
	s.do("south-admin", "POST", "/admin/clients/hydra/secrets/rotate", "")
	s.do("south-admin", "POST", "/admin/clients/hydra/secrets/rotate?overlap=24h", "")
	s.do("south-admin", "DELETE", "/admin/clients/hydra/secrets/rotate", "")
	s.do("south-admin", "POST", "/admin/clients/hydra/secrets/rotate?overlap=80000h", "")
	s.do("north-editor", "POST", "/modules/oauthv2/setups/"+w.id("default")+"/admin/clients", `{"client_id":"chosen-secret","client_secret":"a secret that a person chose 3","grant_types":["client_credentials"]}`)
	w.IDs["chosen-secret"] = w.entity(s, "default", "chosen-secret")
	s.do("north-editor", "PUT", "/modules/oauthv2/setups/"+w.id("default")+"/admin/clients/chosen-secret", `{"client_name":"put","grant_types":[]}`)
}

// entity is the entity id of a client_id in a setup.
func (w *world) entity(s *server, setup, clientID string) string {
	return s.do("root", "GET", v2+"/"+w.id(setup)+"/clients/entity-id?client_id="+url.QueryEscape(clientID), "").text("clientId")
}

func (w *world) registered(s *server) {
	made := s.do("", "POST", "/oauth2/register", `{"client_name":"agent","redirect_uris":["https://agent.example/callback"]}`)
	w.IDs["agent-id"], w.Keys["agent"] = made.text("client_id"), made.text("registration_access_token")
	w.IDs["agent"] = w.entity(s, "default", w.id("agent-id"))
	w.Keys["agent"] = s.do("agent", "PUT", "/oauth2/register/"+w.id("agent-id"), `{"client_name":"agent 2","redirect_uris":["https://agent.example/callback"]}`).text("registration_access_token")
	token := func(name, body string) {
		made := s.do("north-admin", "POST", "/v1/setups/"+w.id("north-setup")+"/initial-tokens", body, "Idempotency-Key", "token "+name)
		w.IDs["initial "+name], w.Keys["initial "+name] = made.text("id"), made.text("token")
	}
	token("partners", `{"name":"partners","max_uses":3,"expires_at":"2099-01-31T12:00:00Z"}`)
	token("revoked", `{"name":"revoked"}`)
	s.do("north-admin", "DELETE", "/v1/setups/"+w.id("north-setup")+"/initial-tokens/"+w.id("initial revoked"), "")
	in := "/modules/oauthv2/setups/" + w.id("north-setup") + "/oauth2/register"
	made = s.do("initial partners", "POST", in, `{"client_name":"partner","redirect_uris":["https://partner.example/callback"],"scope":"openid"}`)
	w.IDs["partner-id"], w.Keys["partner"] = made.text("client_id"), made.text("registration_access_token")
	w.IDs["partner"] = w.entity(s, "north-setup", w.id("partner-id"))
	made = s.do("initial partners", "POST", in, `{"client_name":"leaves again"}`)
	w.Keys["left"] = made.text("registration_access_token")
	w.IDs["left"] = w.entity(s, "north-setup", made.text("client_id"))
	s.do("left", "DELETE", in+"/"+made.text("client_id"), "")
	delete(w.Keys, "left")
	delete(w.Keys, "initial revoked")
}

// slash is do in SlashID's dialect.
func (s *server) slash(w *world, key, org, method, path, body string, headers ...string) answer {
	return s.do("", method, path, body, append([]string{"SlashID-OrgID", w.id(org), "SlashID-API-Key", s.keys[key]}, headers...)...)
}

func (w *world) slashID(s *server) {
	dock := s.slash(w, "north-admin", "north", "POST", "/organizations/suborganizations",
		fmt.Sprintf(`{"sub_org_name":"dock","admins":[],"persons_org_id":%q,"inherit_rbac_pools":true}`, w.id("north")))
	w.IDs["dock"], w.Keys["dock"] = dock.text("result", "id"), dock.text("result", "api_key")
	s.slash(w, "dock", "dock", "PATCH", "/organizations/config", `{"token_duration":1234}`)
	made := s.slash(w, "dock", "dock", "POST", "/oauth2/clients", `{"client_name":"slash","scopes":["z","openid"],"grant_types":["client_credentials","authorization_code"],"redirect_uris":["https://s.example/cb"]}`)
	w.IDs["slash-id"] = made.text("result", "client_id")
	w.IDs["slash"] = w.entity(s, "north-setup", w.id("slash-id"))
	path := "/oauth2/clients/" + w.id("slash-id")
	s.slash(w, "dock", "dock", "PATCH", path, `{"client_name":"slash 2","access_token_duration":60}`)
	s.slash(w, "dock", "dock", "PUT", path+"/secret?overlap=80000h", "")
	s.slash(w, "dock", "dock", "PUT", path+"/ui-configuration", `{"showBadge":false,"pageTitle":"Ä <b>","themeVars":{"primary":"#f80"},"more":null}`)
}

func (w *world) openFinance(s *server) {
	made := s.do("", "POST", "/reg", `{"client_name":"plain app","client_name#pt-BR":"aplicação","redirect_uris":["https://app.example/callback"]}`)
	w.IDs["plain-id"], w.Keys["plain"] = made.text("client_id"), made.text("registration_access_token")
	w.IDs["plain"] = w.entity(s, "default", w.id("plain-id"))
	bank := "/modules/oauthv2/setups/" + w.id("bank-setup") + "/reg"
	for i, name := range []string{"bank-one", "bank-two", "bank-one-app"} {
		org := []string{"44444444-4444-4444-8444-000000000001", "44444444-4444-4444-8444-000000000002", "44444444-4444-4444-8444-000000000001"}[i]
		software := fmt.Sprintf("55555555-5555-4555-8555-00000000000%d", i)
		pair, err := w.authority.Client(demo.Subject{SoftwareID: software, OrgID: org, CNPJ: "11222333000181", Organization: name, CommonName: name + ".example"})
		check(err)
		statement, err := w.directory.Sign(w.directory.Claims(demo.Software{ID: software, OrgID: org, OrgName: name, CNPJ: "11222333000181", Name: name,
			JWKSURI: "https://keystore.example/application.jwks", RedirectURIs: []string{"https://software.example/callback"}, Roles: []string{"DADOS"}}))
		check(err)
		cert := ":" + base64.StdEncoding.EncodeToString(pair.Certificate.Raw) + ":"
		made := s.do("", "POST", bank, `{"software_statement":"`+statement+`","redirect_uris":["https://software.example/callback"]}`, "Client-Cert", cert)
		w.IDs[name+"-id"], w.Keys[name] = made.text("client_id"), made.text("registration_access_token")
		w.IDs[name] = w.entity(s, "bank-setup", w.id(name+"-id"))
		if name == "bank-two" {
			s.do(name, "DELETE", bank+"/"+w.id(name+"-id"), "", "Client-Cert", cert)
			delete(w.Keys, name)
		}
	}
}

// incarnations registers one client_id three times.
func (w *world) incarnations(s *server) {
	for i := 1; i <= 3; i++ {
		name := fmt.Sprint("incarnation-", i)
		path := w.client(s, "south-admin", "default", name, fmt.Sprintf(`{"client_id":"again","name":"again %d","confidentiality_type":"confidential"}`, i))
		s.do("south-admin", "PUT", path, fmt.Sprintf(`{"name":"again %d, changed","confidentiality_type":"confidential"}`, i))
		if i < 3 {
			s.do("south-admin", "DELETE", path, "", "Tenure-Reason", fmt.Sprint("end of incarnation ", i))
		}
		w.at(name)
	}
}

// changes are writes of /v1.
func (w *world) changes(s *server) {
	of := func(name string) string { return "/v1/clients/" + w.id(name) }
	s.do("south-admin", "POST", of("hydra")+"/snapshots", `{"merge":{"client_uri":"https://h.example"},"reason":"merge"}`)
	first := s.do("south-admin", "POST", of("hydra")+"/snapshots", `{"patch":[{"op":"add","path":"/redirect_uris/-","value":"https://h.example/2"}],"reason":"patch"}`)
	s.do("south-admin", "POST", of("hydra")+"/snapshots", `{"merge":{"client_name":"mistaken"},"reason":"a mistake"}`)
	s.do("south-admin", "POST", of("hydra")+"/snapshots:rollback", fmt.Sprintf(`{"to":%q,"reason":"back"}`, first.text("client", "snapshot", "id")))
	s.do("south-admin", "POST", of("hydra")+"/snapshots", `{"merge":{"client_name":"planned at v1"},"effective_from":"`+far+`"}`)
	s.do("north-editor", "POST", of("portal")+"/snapshots", `{"merge":{"comment":"third, under a plan"},"later":"keep","reason":"ticket 7"}`)
}

// ends moves, deletes and erases.
func (w *world) ends(s *server) {
	s.do("root", "PATCH", "/v1/organizations/"+w.id("quay"), fmt.Sprintf(`{"parent_id":%q,"reason":"merged"}`, w.id("north")))
	gone := w.client(s, "south-admin", "default", "erased", `{"client_id":"erased","client_secret":"to be forgotten, all of it 1","name":"Mr. Somebody","confidentiality_type":"confidential","contacts":["somebody@example.com"]}`)
	s.do("south-admin", "PUT", gone, `{"name":"Mr. Somebody Else","confidentiality_type":"confidential"}`)
	w.at("before-erasure")
	s.do("root", "POST", "/v1/clients/"+w.id("erased")+":erase", `{"reason":"privacy law","confirm":"erased","delete":true}`)
	s.do("root", "DELETE", v2+"/"+w.id("deleted-setup")+"?clients=1", "")
	s.do("root", "DELETE", "/v1/organizations/"+w.id("pier")+"?subtree=true", "", "Tenure-Reason", "sold")
	delete(w.Keys, "pier-editor")
	delete(w.Keys, "berth-editor")
}

// uses authenticates clients: imported hashes are upgraded, uses are kept.
func (w *world) uses(s *server) {
	for id, secret := range map[string]string{"imported-bcrypt": "imported-secret-bcrypt", "imported-pbkdf2": "imported-secret-pbkdf2"} {
		w.IDs[id] = w.entity(s, "default", id)
		s.do("", "GET", "/oauth2/register/"+id, "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(id+":"+secret)))
	}
	w.IDs["imported-argon2"], w.IDs["imported-json"] = w.entity(s, "default", "imported-argon2"), w.entity(s, "default", "imported-json")
}

// recorded is a request and what the program answered.
type recorded struct {
	Key     string            `json:",omitempty"`
	Path    string            // of a GET
	Headers map[string]string `json:",omitempty"` // of the request
	Status  int
	Answer  map[string]string // of the answer's headers
	Body    string
}

// kept are the headers of an answer that say what it is of.
var kept = []string{"Content-Type", "ETag", "Last-Modified", "Tenure-Snapshot-Id", "Tenure-Valid-From", "Tenure-Recorded-At",
	"Tenure-Next-Valid-From", "Tenure-Owner", "Tenure-Entity-Id", "Memento-Datetime"}

// ask records the answer to a GET, whatever it is.
func (w *world) ask(s *server, key, path string, headers ...string) {
	a := s.send(key, http.MethodGet, path, "", headers...)
	if a.status >= 500 {
		log.Panicf("%s: %d %s", path, a.status, a.body)
	}
	r := recorded{Key: key, Path: path, Status: a.status, Body: string(a.body), Answer: map[string]string{}}
	for i := 0; i < len(headers); i += 2 {
		if r.Headers == nil {
			r.Headers = map[string]string{}
		}
		r.Headers[headers[i]] = headers[i+1]
	}
	for _, name := range kept {
		if v := a.header.Get(name); v != "" {
			r.Answer[name] = v
		}
	}
	w.Answers = append(w.Answers, r)
}

// record asks what later programs are asked, too. Every answer is of both
// clocks in the past or of what changes in 2099 at the earliest.
func (w *world) record(s *server) {
	clients := []string{"portal", "kiosk", "chosen", "planned", "rotated", "v3", "hydra", "chosen-secret", "agent", "partner", "left", "slash", "plain", "bank-one", "bank-two",
		"bank-one-app", "incarnation-1", "incarnation-2", "incarnation-3", "erased", "imported-bcrypt", "imported-pbkdf2", "imported-argon2", "imported-json"}
	final := "&known_at=" + w.Instants["evening"]
	for _, name := range clients {
		for _, instant := range []string{"noon", "evening"} {
			w.ask(s, "root", "/v1/clients/"+w.id(name)+"?at="+w.Instants[instant]+final)
		}
		w.ask(s, "root", "/v1/clients/"+w.id(name)+"?at="+w.Instants["noon"]+"&known_at="+w.Instants["morning"])
		w.ask(s, "root", "/v1/clients/"+w.id(name)+"?at=2099-06-01T00:00:00Z"+final)
	}
	for _, name := range []string{"portal", "kiosk", "hydra", "left", "bank-two", "incarnation-2", "erased", "imported-bcrypt"} {
		w.ask(s, "root", "/v1/clients/"+w.id(name)+"/history?at="+w.Instants["evening"]+final)
	}
	for _, name := range []string{"portal", "hydra", "incarnation-2"} {
		w.ask(s, "root", "/v1/clients/"+w.id(name)+"/diff?from="+w.Instants["incarnation-1"]+"&to=2099-06-01T00:00:00Z&format=json-patch")
		w.ask(s, "root", "/v1/clients/"+w.id(name)+"/blame?at="+w.Instants["evening"]+final)
	}
	for _, setup := range []string{"default", "north-setup", "bank-setup"} {
		for _, instant := range []string{"morning", "evening"} {
			w.ask(s, "root", "/v1/clients?setup="+w.id(setup)+"&at="+w.Instants[instant]+"&known_at="+w.Instants[instant])
		}
		w.ask(s, "root", "/v1/setups/"+w.id(setup)+"/policy")
		w.ask(s, "root", v2+"/"+w.id(setup))
		w.ask(s, "root", v2+"/"+w.id(setup)+"/snapshots")
		w.ask(s, "root", v2+"/"+w.id(setup)+"/clients/names")
		w.ask(s, "root", "/v1/setups/"+w.id(setup)+"/initial-tokens")
	}
	for _, name := range []string{"portal", "kiosk", "rotated", "hydra", "incarnation-3", "imported-json"} {
		w.ask(s, "root", v2+"/"+w.id("default")+"/clients/"+w.id(name))
		w.ask(s, "root", v2+"/"+w.id("default")+"/clients/"+w.id(name)+"/snapshots?includeSoftDeletedStates=true")
		w.ask(s, "north-reader", v2+"/"+w.id("default")+"/clients/"+w.id(name))
	}
	for _, id := range []string{"hydra", "rotated", "again", "imported-argon2", w.id("agent-id")} {
		w.ask(s, "root", "/admin/clients/"+id)
		w.ask(s, "root", "/v1/setups/"+w.id("default")+"/clients/"+id+"/secrets")
	}
	w.ask(s, "root", "/admin/clients?page_size=100")
	w.ask(s, "root", v2+"/"+w.id("default")+"/resource-servers")
	w.ask(s, "root", v2+"/"+w.id("default")+"/resource-servers/"+w.id("orders")+"/snapshots")
	w.ask(s, "agent", "/oauth2/register/"+w.id("agent-id"))
	w.ask(s, "partner", "/modules/oauthv2/setups/"+w.id("north-setup")+"/oauth2/register/"+w.id("partner-id"))
	w.ask(s, "plain", "/reg/"+w.id("plain-id"))
	w.ask(s, "root", "/modules/oauthv2/setups/"+w.id("bank-setup")+"/reg/"+w.id("bank-one-id"))
	slash := []string{"SlashID-OrgID", w.id("dock"), "SlashID-API-Key", "dock"}
	for _, path := range []string{"/oauth2/clients", "/oauth2/clients/" + w.id("slash-id"), "/oauth2/clients/" + w.id("slash-id") + "/ui-configuration",
		"/organizations", "/organizations/config"} {
		a := s.slash(w, "dock", "dock", "GET", path, "")
		w.Answers = append(w.Answers, recorded{Path: path, Status: a.status, Body: string(a.body), Answer: map[string]string{"Content-Type": a.header.Get("Content-Type")},
			Headers: map[string]string{slash[0]: slash[1], slash[2]: slash[3]}})
	}
	for _, instant := range []string{"morning", "evening"} {
		w.ask(s, "root", "/v1/organizations?at="+w.Instants[instant]+"&known_at="+w.Instants[instant])
	}
	w.ask(s, "root", "/v1/history?limit=25&to="+w.Instants["morning"]+final)
	w.ask(s, "north-auditor", "/v1/history?format=csv&kind=client.changed&to="+w.Instants["evening"]+final)
	w.ask(s, "root", "/v1/modules")
	w.ask(s, "north-auditor", "/v1/whoami")
}
