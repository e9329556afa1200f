// Package webtest runs scripts of requests against an http.Handler.
//
// A script is a txtar archive. The text before the first file says what the
// script shows; each file is one step, its name a sentence for failures:
//
//	-- an admin creates a child --
//	POST /v1/organizations
//	Authorization: Bearer {{root_admin}}
//
//	{"name": "quay", "parent_id": "{{north}}"}
//	===
//	201
//	Location: /v1/organizations/{{quay}}
//	Retry-After:
//
//	{"id": "{{quay}}", "name": "quay", "depth": 3}
//
// Above === stands the request: method and target, header lines, a blank line
// and the body, without its last line feed. Below stands what is expected: the
// status, the headers that matter (an empty one must be absent), a blank line
// and the body. Without a body there, none may come. JSON is compared by
// meaning, with exactly the members that are written; any other body as text.
//
// {{name}} in a request stands for a variable, which must be known: given by
// the test, or bound by an earlier step. In what is expected it must be the
// variable's value, or binds the variable if there is none yet. {{_}} stands
// for anything, and as a whole JSON string for any value.
//
// With UPDATE_GOLDEN=1 what is expected is written anew from the answers;
// values of variables become {{name}} again, and {{_}} and binding stay where
// they still fit.
//
// Only tests import it. It imports nothing of ours.
package webtest
