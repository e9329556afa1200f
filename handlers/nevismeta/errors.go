package nevismeta

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

// statuses is the one table from kind to status and V2 error code. Conflicts
// are 400 in this dialect.
var statuses = map[fault.Kind]struct {
	status int
	code   string
	text   string // where the fault has none
}{
	fault.Internal:           {http.StatusInternalServerError, "INTERNAL_ERROR", "internal error"},
	fault.Malformed:          {http.StatusBadRequest, "MALFORMED_PAYLOAD", "the request does not parse"},
	fault.Invalid:            {http.StatusBadRequest, "MALFORMED_PAYLOAD", "the document breaks a rule"},
	fault.Unauthenticated:    {http.StatusUnauthorized, "AUTHENTICATION_FAILURE", "no valid credential"},
	fault.Forbidden:          {http.StatusForbidden, "AUTHORIZATION_FAILURE", "not allowed"},
	fault.NotFound:           {http.StatusNotFound, "NOT_FOUND", "there is no such resource"},
	fault.Gone:               {http.StatusGone, "CONTENT_ERASED", "the content was erased"},
	fault.Conflict:           {http.StatusBadRequest, "MALFORMED_PAYLOAD", "the state does not allow it"},
	fault.PreconditionFailed: {http.StatusPreconditionFailed, "PRECONDITION_FAILED", "the object has changed"},
	fault.TooLarge:           {http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE", "the request is too large"},
	fault.Unsupported:        {http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "the media type is not supported"},
	fault.Throttled:          {http.StatusTooManyRequests, "TOO_MANY_REQUESTS", "too many requests"},
	fault.Unavailable:        {http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "not available now"},
	fault.Timeout:            {http.StatusGatewayTimeout, "TIMEOUT", "the store did not answer in time"},
	fault.Upstream:           {http.StatusBadGateway, "UPSTREAM_ERROR", "a peer answered wrongly"},
	fault.Quota:              {http.StatusForbidden, "QUOTA_EXCEEDED", "a maximum is reached"},
	fault.Replayed:           {http.StatusUnprocessableEntity, "IDEMPOTENCY_KEY_REUSED", "the key was used with another request"},
}

// codes are the documented error codes of single cases.
var codes = map[string]string{
	fault.CodeSetupUnknown:    "SETUP_NOT_FOUND",
	fault.CodeModuleUnknown:   "MODULE_NOT_FOUND",
	fault.CodeClientUnknown:   "CLIENT_NOT_FOUND",
	fault.CodeServerUnknown:   "RESOURCE_SERVER_NOT_FOUND",
	fault.CodeSnapshotUnknown: "SNAPSHOT_NOT_FOUND",
	fault.CodeNotFuture:       "INVALID_SNAPSHOT",
	fault.CodeLastSnapshot:    "DELETE_FORBIDDEN",
	fault.CodeDeleted:         "DELETED",
	fault.CodeQuery:           "MALFORMED_QUERY_PARAMETER",
}

// wireName is where a domain member stands on the wire, if that differs.
func wireName(object, member string) string {
	switch {
	case member == "localized_metadata":
		return "metadata"
	case member == "client_name" && object == web.ObjectClient:
		return "name"
	case object != web.ObjectModule && object != web.ObjectSetup:
		return member
	case strings.HasPrefix(member, "scope_policy_"):
		return "resource_server_defaults/" + member
	case member == "grant_types" || member == "force_reauthentication" || strings.HasSuffix(member, "_ttl"):
		return "client_defaults/" + member
	}
	return member
}

// spell spells a fault: V3 paths in the form of RFC 7591, all others in
// that of V2.
func spell(c *web.Call, f *fault.Fault) *web.Reply {
	row := statuses[f.Kind]
	if f.Code == web.CodeMethod {
		row.status, row.code = http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED"
	}
	code, message := row.code, describe(c, f)
	if own, ok := codes[f.Code]; ok {
		code = own
	}
	if message == "" {
		message = row.text
	}
	var body any = errorV2{Code: code, Text: message}
	if strings.HasPrefix(c.Request.URL.Path, "/v3/") {
		body = errorV3{Error: codeV3(f, code), Description: message}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil
	}
	return &web.Reply{Status: row.status, Body: append(raw, '\n')}
}

// codeV3 tells the rules' faults apart, as the V3 table does.
func codeV3(f *fault.Fault, code string) string {
	if f.Kind != fault.Invalid && f.Kind != fault.Conflict {
		return code
	}
	for _, field := range f.Fields {
		if !strings.HasPrefix(field.Path, "/redirect_uris") {
			return "INVALID_CLIENT_METADATA"
		}
	}
	if len(f.Fields) > 0 {
		return "INVALID_REDIRECT_URI"
	}
	return "INVALID_CLIENT_METADATA"
}

// An answer names so many broken members, with so many bytes of their paths: a
// body can break rules a hundred thousand times, or have one long name.
const (
	maxNamed = 20
	maxPath  = 300
)

// describe joins the message and every field with its path on the wire.
func describe(c *web.Call, f *fault.Fault) string {
	if f.Kind == fault.Internal {
		return ""
	}
	if len(f.Fields) == 0 {
		return f.Message
	}
	var parts []string
	for i, field := range f.Fields {
		if i == maxNamed {
			parts = append(parts, fmt.Sprintf("and %d more", len(f.Fields)-i))
			break
		}
		path := field.Path
		if f.Kind != fault.Malformed { // what does not decode is named as it was sent
			path = wirePath(c, path)
		}
		if len(path) > maxPath {
			path = strings.ToValidUTF8(path[:maxPath], "") + "…"
		}
		if path != "" {
			path += ": "
		}
		parts = append(parts, path+field.Message)
	}
	return strings.Join(parts, "; ")
}

// wirePath turns a path in domain names into one in V2's; V3's paths are made
// where its members are sorted. What is posted below a setup has its own names.
func wirePath(c *web.Call, path string) string {
	if c.Route == nil || strings.HasPrefix(c.Request.URL.Path, "/v3/") {
		return path
	}
	object := c.Route.Object
	switch {
	case strings.HasSuffix(c.Route.Pattern, "/clients"):
		object = web.ObjectClient
	case strings.HasSuffix(c.Route.Pattern, "/resource-servers"):
		object = web.ObjectResourceServer
	}
	parts := strings.Split(path, "/")
	for i := range parts {
		switch {
		case i == 1:
			parts[i] = wireName(object, parts[i])
		case parts[i] == "localized_metadata":
			parts[i] = "metadata"
		}
	}
	return strings.Join(parts, "/")
}
