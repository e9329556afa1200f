package nevismeta_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"tenure/handlers/nevismeta"
	"tenure/handlers/web"
	"tenure/tenancy/fault"
	"tenure/tenancy/fault/faulttest"
)

// call is a request on its way to one of the surface's routes.
func call(method, path, pattern string) *web.Call {
	c := &web.Call{Request: httptest.NewRequest(method, path, nil)}
	if pattern != "" {
		c.Route = &web.Route{Method: method, Pattern: pattern, Object: web.ObjectSetup}
	}
	return c
}

func TestEveryKindHasARow(t *testing.T) {
	statuses := map[fault.Kind]int{fault.Internal: 500, fault.Malformed: 400, fault.Invalid: 400, fault.Unauthenticated: 401, fault.Forbidden: 403,
		fault.NotFound: 404, fault.Gone: 410, fault.Conflict: 400, fault.PreconditionFailed: 412, fault.TooLarge: 413, fault.Unsupported: 415,
		fault.Throttled: 429, fault.Unavailable: 503, fault.Timeout: 504, fault.Upstream: 502, fault.Quota: 403, fault.Replayed: 422}
	for _, kind := range faulttest.Kinds() {
		status, code, text, ok := nevismeta.HasRow(kind)
		if !ok || status != statuses[kind] || code == "" || code != strings.ToUpper(code) || text == "" {
			t.Errorf("%v: status %d, code %s, text %s", kind, status, code, text)
		}
		for _, path := range []string{"/v2/modules/m/setups", "/v3/modules/m/setups/s/clients"} {
			reply := nevismeta.WriteError(call("GET", path, ""), &fault.Fault{Kind: kind})
			members := []string{"error_code", "error_text"}
			if strings.HasPrefix(path, "/v3") {
				members = []string{"error", "error_description"}
			}
			doc := decode(t, reply.Body)
			if reply.Status != status || len(doc) != 2 || doc[members[0]] == "" || doc[members[1]] == "" || doc[members[0]] == nil || doc[members[1]] == nil {
				t.Errorf("%v: %d %s", kind, reply.Status, reply.Body)
			}
		}
	}
}

// documented are the codes of the published pages, with a fault that gives each.
func TestDocumentedCodes(t *testing.T) {
	v2, v3 := call("GET", "/v2/modules/m/setups", ""), call("POST", "/v3/modules/m/setups/s/clients", "")
	redirect := fault.At("/redirect_uris/0", "uri", "m")
	both := fault.At("/redirect_uris/0", "uri", "m")
	both.Fields = append(both.Fields, fault.Field{Path: "/client_name", Message: "m"})
	taken := fault.At("/client_id", "taken", "m")
	taken.Kind = fault.Conflict
	for _, row := range []struct {
		call   *web.Call
		fault  *fault.Fault
		status int
		code   string
	}{
		{v2, fault.New(fault.Malformed, "", "m"), 400, "MALFORMED_PAYLOAD"},
		{v2, fault.At("/name", "required", "m"), 400, "MALFORMED_PAYLOAD"},
		{v2, taken, 400, "MALFORMED_PAYLOAD"},
		{v2, fault.New(fault.NotFound, fault.CodeSetupUnknown, "m"), 404, "SETUP_NOT_FOUND"},
		{v2, fault.New(fault.NotFound, fault.CodeModuleUnknown, "m"), 404, "MODULE_NOT_FOUND"},
		{v2, fault.New(fault.NotFound, fault.CodeClientUnknown, "m"), 404, "CLIENT_NOT_FOUND"},
		{v2, fault.New(fault.NotFound, fault.CodeServerUnknown, "m"), 404, "RESOURCE_SERVER_NOT_FOUND"},
		{v2, fault.New(fault.NotFound, fault.CodeSnapshotUnknown, "m"), 404, "SNAPSHOT_NOT_FOUND"},
		{v2, fault.New(fault.Malformed, fault.CodeQuery, "m"), 400, "MALFORMED_QUERY_PARAMETER"},
		{v2, fault.New(fault.Forbidden, fault.CodeNotFuture, "m"), 403, "INVALID_SNAPSHOT"},
		{v2, fault.New(fault.Forbidden, fault.CodeLastSnapshot, "m"), 403, "DELETE_FORBIDDEN"},
		{v2, fault.New(fault.Forbidden, "", "m"), 403, "AUTHORIZATION_FAILURE"},
		{v2, fault.New(fault.Unsupported, web.CodeMethod, "m"), 405, "METHOD_NOT_ALLOWED"},
		{v2, fault.New(fault.Unsupported, web.CodeMediaType, "m"), 415, "UNSUPPORTED_MEDIA_TYPE"},
		{v2, fault.New(fault.NotFound, web.CodeRoute, "m"), 404, "NOT_FOUND"},
		{v3, fault.New(fault.Malformed, "", "m"), 400, "MALFORMED_PAYLOAD"},
		{v3, fault.New(fault.NotFound, fault.CodeSetupUnknown, "m"), 404, "SETUP_NOT_FOUND"},
		{v3, redirect, 400, "INVALID_REDIRECT_URI"},
		{v3, both, 400, "INVALID_CLIENT_METADATA"},
		{v3, taken, 400, "INVALID_CLIENT_METADATA"},
		{v3, fault.New(fault.Conflict, fault.CodeStalePlan, "m"), 400, "INVALID_CLIENT_METADATA"},
	} {
		reply := nevismeta.WriteError(row.call, row.fault)
		doc := decode(t, reply.Body)
		if code := doc["error_code"]; code == nil && doc["error"] != row.code || code != nil && code != row.code || reply.Status != row.status {
			t.Errorf("%s: %d %s", row.code, reply.Status, reply.Body)
		}
	}
	for code := range nevismeta.Codes() {
		if code == "" {
			t.Error("the empty code has a spelling")
		}
	}
}

// Members are named as they stand on the wire.
func TestPathsOnTheWire(t *testing.T) {
	setup := "/v2/modules/{module}/setups/{setupId}"
	object := func(c *web.Call, o string) *web.Call { c.Route.Object = o; return c }
	client := object(call("PUT", "/v2/x", setup+"/clients/{clientId}"), web.ObjectClient)
	server := object(call("PUT", "/v2/x", setup+"/resource-servers/{resourceId}"), web.ObjectResourceServer)
	for _, row := range []struct {
		call       *web.Call
		kind       fault.Kind
		path, want string
	}{
		{client, fault.Invalid, "/client_name", "/name: m"},
		{client, fault.Invalid, "/localized_metadata/1/value", "/metadata/1/value: m"},
		{client, fault.Invalid, "/grant_types/0", "/grant_types/0: m"},
		{client, fault.Malformed, "/client_name", "/client_name: m"}, // this one was sent
		{client, fault.Invalid, "", "m"},
		{call("POST", "/v2/x", setup+"/clients"), fault.Invalid, "/client_name", "/name: m"},
		{call("POST", "/v2/x", setup+"/clients"), fault.Invalid, "/access_token_ttl", "/access_token_ttl: m"},
		{call("PUT", "/v2/x", setup), fault.Invalid, "/access_token_ttl", "/client_defaults/access_token_ttl: m"},
		{call("PUT", "/v2/x", setup), fault.Invalid, "/grant_types/0", "/client_defaults/grant_types/0: m"},
		{call("PUT", "/v2/x", setup), fault.Invalid, "/scope_policy_refresh_token", "/resource_server_defaults/scope_policy_refresh_token: m"},
		{call("PUT", "/v2/x", setup), fault.Malformed, "/grant_types", "/grant_types: m"},
		{object(call("POST", "/v2/x", "/v2/modules/{module}/setups"), web.ObjectModule), fault.Invalid, "/id_token_ttl", "/client_defaults/id_token_ttl: m"},
		{server, fault.Invalid, "/scopes/0/localized_metadata/2", "/scopes/0/metadata/2: m"},
		{call("POST", "/v2/x", setup+"/resource-servers"), fault.Invalid, "/localized_metadata/0", "/metadata/0: m"},
		{call("POST", "/v3/x", "/v3/modules/{module}/setups/{setupId}/clients"), fault.Invalid, "/client_name", "/client_name: m"},
	} {
		f := fault.At(row.path, "r", "m")
		f.Kind = row.kind
		doc := decode(t, nevismeta.WriteError(row.call, f).Body)
		if got := doc["error_text"]; got == nil && doc["error_description"] != row.want || got != nil && got != row.want {
			t.Errorf("%s %s: %v", row.call.Request.URL.Path, row.path, doc)
		}
	}
}

// A small body that breaks rules very often gets a small answer.
func TestManyFaults(t *testing.T) {
	f := &fault.Fault{Kind: fault.Invalid}
	for i := range 100000 {
		f.Fields = append(f.Fields, fault.Field{Path: fmt.Sprintf("/contacts/%d", i), Message: "m"})
	}
	reply := nevismeta.WriteError(call("PUT", "/v2/x", ""), f)
	if len(reply.Body) > 2000 || !strings.Contains(string(reply.Body), fmt.Sprintf("/contacts/%d: m; and %d more", nevismeta.MaxNamed-1, 100000-nevismeta.MaxNamed)) {
		t.Errorf("%.3000s", reply.Body)
	}
}

// inside are errors as they come from below, and words that show them.
func TestNoInnerTextLeaks(t *testing.T) {
	words := []string{"sqlite", ".go", "pgx", "select", "insert", "constraint", "snapshot_body", "goroutine", "10.0.0.1", "/var/lib", "sql"}
	for _, err := range []error{
		errors.New("sqlite3: UNIQUE constraint failed: snapshot_body.snapshot_id"),
		fmt.Errorf("exec INSERT INTO entity: %w", sql.ErrConnDone),
		errors.New("pgx: failed to connect to 10.0.0.1:5432: server error (FATAL)"),
		&os.PathError{Op: "open", Path: "/var/lib/tenure/tenure.db", Err: os.ErrPermission},
		fault.Wrap(errors.New("store.go:12: SELECT content FROM snapshot_body"), fault.Unavailable, "", "try again"),
		fault.Wrap(errors.New("panic: goroutine 1 [running] main.go:3"), fault.Internal, "", "sqlite in handlers.go"),
	} {
		for _, path := range []string{"/v2/modules/m/setups", "/v3/modules/m/setups/s/clients"} {
			body := strings.ToLower(string(nevismeta.WriteError(call("GET", path, ""), fault.Of(err)).Body))
			if i := slices.IndexFunc(words, func(w string) bool { return strings.Contains(body, w) }); i >= 0 {
				t.Errorf("%v shows %s: %s", err, words[i], body)
			}
		}
	}
}

// The store's own failures do not show either.
func TestBrokenStore(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`)
	must(t, f.DB.Close())
	for _, target := range []string{f.setup + "/clients", path + "/snapshots", f.setup + "/clients/names", f.setup + "/clients/entity-id?client_id=x"} {
		a := f.get(t, target)
		if a.Code < 500 || strings.Contains(strings.ToLower(a.Body.String()), "sql") || strings.Contains(a.Body.String(), "database") {
			t.Errorf("%s: %d %s", target, a.Code, a.Body)
		}
	}
	a := f.send(t, "PUT", path, `{"name":"b"}`)
	if a.Code < 500 || strings.Contains(strings.ToLower(a.Body.String()), "sql") {
		t.Errorf("PUT: %d %s", a.Code, a.Body)
	}
}
