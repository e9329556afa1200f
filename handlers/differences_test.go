//go:build hydra_replay

package handlers_test

import (
	"maps"
	"slices"
	"strings"
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

// hasSecret reports whether an answer shows a secret or a registration token.
func hasSecret(r recorded) bool {
	return r.Response.Status < 300 && (strings.Contains(r.Response.Body, `"client_secret":"`) ||
		strings.Contains(r.Response.Body, `"registration_access_token":"`+tokenPrefix))
}

// differences is every way in which an answer differs. Each names the point of
// the issue or the section of the design that asks for it.
var differences = []difference{
	{why: "a body with a secret or token is no-store (design §5)", when: hasSecret,
		edit: func(_ edit, want *answered) { want.Headers["Cache-Control"] = "no-store" }},
	{why: "registration_client_uri is complete where the id was generated (point 3)", cases: []string{"001", "031"},
		edit: func(_ edit, want *answered) {
			id := occurrences(want.Body)[place{1, "client_id"}]
			replace(want, recordedBase+"/oauth2/register", recordedBase+"/oauth2/register/"+id)
		}},
	{why: "registration_client_uri stands in what a client reads of itself and is answered to its PUT (point 3)",
		cases: []string{"110", "118", "184", "185", "186", "187", "194", "196", "202", "204", "205"},
		edit:  func(_ edit, want *answered) { registrationURI(want) }},
	{why: "the stored created_at is shown, not what was sent or the time of the answer (point 3, facts §18)",
		cases: []string{"096", "098", "099", "101", "111", "136", "194", "205"},
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
}
