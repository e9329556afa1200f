package handlers_test

import (
	"maps"
	"slices"
	"strings"

	"tenure/handlers/ory"
	"tenure/jwk/strictjson"
)

// difference is one way in which Tenure means to answer otherwise than Hydra.
type difference struct {
	why   string              // and what says so
	cases []string            // the exchanges, by number
	when  func(recorded) bool // instead of cases, where what is recorded tells
	edit  func(edit, *answered)
}

// edit is what an edit of a recorded answer can look up.
type edit struct {
	number string // of the exchange
	*pairs
	recorded map[string]answered // by number
}

func differencesOf(r recorded) []difference {
	var list []difference
	for _, d := range differences {
		if slices.Contains(d.cases, r.number) || d.when != nil && d.when(r) {
			list = append(list, d)
		}
	}
	return list
}

// answer is a copy of another recorded answer.
func (e edit) answer(number string) answered {
	a := e.recorded[number]
	a.Headers = maps.Clone(a.Headers)
	return a
}

// createdAt makes the created_at of the body's client the one it was created with.
func (e edit) createdAt(want *answered) {
	at := occurrences(want.Body)
	client, shown := at[place{1, "client_id"}], at[place{1, "created_at"}]
	want.Body = strings.Replace(want.Body, shown, e.first[client], 1)
}

// registrationURI adds a client's registration_client_uri where it stands in
// a body that has one.
func registrationURI(want *answered) {
	id := occurrences(want.Body)[place{1, "client_id"}]
	member := `"registration_client_uri":"` + recordedBase + "/oauth2/register/" + id + `",`
	before := `"skip_consent":`
	if strings.Contains(want.Body, `"access_token_strategy":`) {
		before = `"access_token_strategy":`
	}
	want.Body = strings.Replace(want.Body, before, member+before, 1)
}

func replace(want *answered, old, new string) { want.Body = strings.Replace(want.Body, old, new, 1) }

func answerError(want *answered, status int, code, description string) {
	want.Status, want.Omitted = status, ""
	want.Headers["Content-Type"] = "application/json"
	want.Body = `{"error":"` + code + `","error_description":"` + description + `"}` + "\n"
}

// withoutUnset is a client object as /oauth2/register shows it: without what says
// nothing, with the defaults of RFC 7591, and with two members that Hydra does not have.
func withoutUnset(body string) string {
	r := strictjson.NewReader(body, 10)
	public := strings.Contains(body, `"token_endpoint_auth_method":"none"`)
	var members []string
	grants := ""
	for r.Object(); r.Member(); {
		name, value := r.Name(), r.Raw()
		empty := slices.Contains([]string{"null", "false", `""`, "[]", "{}"}, value)
		switch {
		case name == "grant_types" && empty:
			value, empty = `["authorization_code"]`, false
		case name == "response_types" && empty && strings.Contains(grants, "authorization_code"):
			value, empty = `["code"]`, false
		case name == "client_secret_expires_at" && public:
			empty = true
		}
		if name == "grant_types" {
			grants = value
		}
		if !empty {
			members = append(members, `"`+name+`":`+value)
		}
	}
	members = append(members, `"application_type":"web"`, issuedAt)
	return "{" + strings.Join(members, ",") + "}\n"
}

// issuedAt is what expectations have for the time: pairs.compare puts the second of created_at there.
const issuedAt = `"client_id_issued_at":"created_at"`

// hasSecret reports whether an answer shows a secret or a registration token.
func hasSecret(r recorded) bool {
	return r.Response.Status < 300 && r.number != "022" && (strings.Contains(r.Response.Body, `"client_secret":"`) ||
		strings.Contains(r.Response.Body, `"registration_access_token":"`+tokenPrefix))
}

// metadataSentence begins every refusal of a member.
const metadataSentence = "The value of one of the Client Metadata fields is invalid and the server has rejected this request. " +
	"Note that an Authorization Server MAY choose to substitute a valid value for any requested parameter of a Client's Metadata."

// differences is every way in which an answer differs. Each names the point of
// the issue or the section of the design that asks for it.
var differences = []difference{
	{why: "HEAD has the headers that GET has (issue 11, point 5)", cases: []string{"076"},
		edit: func(_ edit, want *answered) { want.Headers["Cache-Control"] = ory.CacheControl }},
	{why: "a body with a secret or token is no-store (design §5)", when: hasSecret,
		edit: func(_ edit, want *answered) { want.Headers["Cache-Control"] = "no-store" }},
	{why: "registration_client_uri is complete where the id was generated (point 3)", cases: []string{"001", "031", "cli-01"},
		edit: func(_ edit, want *answered) {
			id := occurrences(want.Body)[place{1, "client_id"}]
			replace(want, recordedBase+"/oauth2/register", recordedBase+"/oauth2/register/"+id)
		}},
	{why: "registration_client_uri stands in what a client reads of itself and is answered to its PUT (point 3)",
		cases: []string{"110", "118", "184", "185", "186", "187", "194", "196", "202", "204", "205"},
		edit:  func(_ edit, want *answered) { registrationURI(want) }},
	{why: "the stored created_at is shown, not what was sent or the time of the answer (point 3, facts §18)",
		cases: []string{"096", "098", "099", "101", "111", "136", "194", "205", "cli-12"},
		edit:  func(e edit, want *answered) { e.createdAt(want) }},
	{why: "the registration token survives an admin PUT (point 3, design §4)", cases: []string{"112"},
		edit: func(e edit, want *answered) {
			*want = e.answer("110")
			replace(want, `"client_name":""`, `"client_name":"put"`)
			replace(want, occurrences(want.Body)[place{1, "updated_at"}], occurrences(e.recorded["111"].Body)[place{1, "updated_at"}])
			registrationURI(want)
		}},
	{why: "the registration token survives an admin PATCH (point 3, design §4)", cases: []string{"115"},
		edit: func(e edit, want *answered) {
			*want = e.answer("114")
			want.Headers = e.recorded["110"].Headers
			replace(want, `"metadata":{},`, "")
			registrationURI(want)
		}},
	{why: "a client's own credentials read it (point 2: client_secret_basic by Basic)", cases: []string{"192"},
		edit: func(e edit, want *answered) {
			*want = e.answer("184")
			registrationURI(want)
		}},
	{why: "registration_client_uri is complete: its id is escaped once, so it can be followed (point 3)", cases: []string{"011"},
		edit: func(_ edit, want *answered) {
			replace(want, "/oauth2/register/golden%2520a%252Fb%253Fc", "/oauth2/register/golden%20a%2Fb%3Fc")
		}},
	{why: "free metadata is stored, and read, in canonical form (design §2, §5: no loss)", cases: []string{"005", "068"},
		edit: func(_ edit, want *answered) {
			replace(want, `{"tier":"gold","n":3,"nested":{"a":[1,2]}}`, `{"n":3,"nested":{"a":[1,2]},"tier":"gold"}`)
		}},
	{why: "the public listener has the admin API too, for API keys (design §5)", cases: []string{"080"},
		edit: func(_ edit, want *answered) {
			answerError(want, 401, "The request could not be authorized", "the API key is missing or not valid")
		}},
	{why: "a registration token is not for administrators to choose, and not echoed (point 3, design §4)", cases: []string{"135"},
		edit: func(_ edit, want *answered) { replace(want, `"registration_access_token":"mine",`, "") }},
	{why: "PATCH faults are 400 and name the operation (point 3)",
		cases: []string{"137", "138", "143", "144", "145", "146", "147", "148", "149", "150"},
		edit: func(e edit, want *answered) {
			const only, denied = "only add, remove and replace are supported", "the path is not allowed"
			answerError(want, 400, "invalid_request", map[string]string{
				"137": "JSON Patch operation 0 (replace /id): " + denied,
				"138": "JSON Patch operation 0 (replace /RotatedSecrets): " + denied,
				"143": "JSON Patch operation 0 (test /client_name): " + only,
				"144": "JSON Patch operation 0 (copy /owner): " + only,
				"145": "JSON Patch operation 0 (move /owner): " + only,
				"146": "JSON Patch operation 0 (remove /nope): there is nothing at the path",
				"147": "JSON Patch operation 0 (replace /client_name): " +
					"json: cannot unmarshal number into Go struct field Client.client_name of type string",
				"148": "The body is not a JSON Patch: a list of objects with the members op, path and value",
				"149": "The body is not a JSON Patch: unexpected EOF",
				"150": "The body is not a JSON Patch: EOF",
			}[e.number])
		}},
	{why: "client_id cannot be patched (point 3)", cases: []string{"139", "140"},
		edit: func(_ edit, want *answered) {
			answerError(want, 400, "invalid_request", "JSON Patch operation 0 (replace /client_id): the path is not allowed")
		}},
	{why: "client_id cannot be patched, so the other client is as it was (point 3)", cases: []string{"141"},
		edit: func(e edit, want *answered) {
			*want = e.answer("118") // a client that nothing was done to but to set a lifespan
			for _, m := range [][2]string{{"golden-rat4", "golden-victim"}, {`"client_name":""`, `"client_name":"victim"`},
				{`"client_credentials_grant_access_token_lifespan":"1h0m0s"`, `"client_credentials_grant_access_token_lifespan":null`},
				{`"skip_consent":`, `"metadata":{},"skip_consent":`}} {
				replace(want, m[0], m[1])
			}
		}},
	{why: "secrets are no part of snapshots, so rotating them does not move updated_at (design §2, §4)",
		cases: []string{"161", "162", "163"},
		edit: func(e edit, want *answered) {
			at := place{1, "updated_at"}
			replace(want, occurrences(want.Body)[at], occurrences(e.recorded["156"].Body)[at])
		}},
	{why: "a client cannot set its owner label (design §5)", cases: []string{"181"},
		edit: func(_ edit, want *answered) { replace(want, `"owner":"me"`, `"owner":""`) }},
	{why: "its own PUT does not reset what only an administrator may set (point 3)", cases: []string{"205"},
		edit: func(_ edit, want *answered) { replace(want, `"skip_consent":false`, `"skip_consent":true`) }},
	{why: "what an administrator set is still there after the client's own PUT (point 3)", cases: []string{"206"},
		edit: func(_ edit, want *answered) {
			replace(want, `"skip_consent":false`, `"skip_consent":true`)
			replace(want, `"metadata":{}`, `"metadata":{"tier":"gold"}`)
		}},
	{why: "a chosen secret has 16 characters, or 80 bits by an estimate (issue 12, point 1: rule client-secret)", cases: []string{"022"},
		edit: func(_ edit, want *answered) {
			want.Headers = map[string]string{}
			answerError(want, 400, "invalid_client_metadata", metadataSentence+
				" /client_secret: a chosen secret needs 16 characters that are not all alike, or 80 bits by an estimate")
		}},
	{why: "a sector identifier's failure says why (issue 12, point 3)", cases: []string{"057"},
		edit: func(_ edit, want *answered) {
			replace(want, metadataSentence, metadataSentence+" sector_identifier_uri: the address is not an https URL")
		}},
	{why: "what is unset is left out, and defaults are shown (RFC 7591 sections 2 and 3.2.1; issue 12, point 4)",
		cases: []string{"110", "112", "115", "118", "169", "170", "171", "178", "180", "181", "184", "185", "186", "187", "192", "194", "196", "202", "204", "205"},
		edit:  func(_ edit, want *answered) { want.Body = withoutUnset(want.Body) }},
	{why: "a path of no dialect: the public listener has several (design §5)", cases: []string{"219", "220"},
		edit: func(_ edit, want *answered) {
			want.Headers = map[string]string{"Content-Type": "application/problem+json"}
			want.Body, want.Omitted = `{"type":"about:blank","title":"Not Found","status":404,"request_id":"replay"}`+"\n", ""
		}},
}
