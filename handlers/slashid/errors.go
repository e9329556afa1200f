package slashid

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

// codeConsistency is of kind Timeout: the write stands, and not everywhere yet.
const codeConsistency = "consistency"

// statuses is the one table from kind to status, with the text of a fault that
// has none.
var statuses = map[fault.Kind]struct {
	status int
	text   string
}{
	fault.Internal:           {http.StatusInternalServerError, "internal error"},
	fault.Malformed:          {http.StatusBadRequest, "the request does not parse"},
	fault.Invalid:            {http.StatusBadRequest, "the request breaks a rule"},
	fault.Unauthenticated:    {http.StatusUnauthorized, "the organization id or the API key is not valid"},
	fault.Forbidden:          {http.StatusForbidden, "access denied"},
	fault.NotFound:           {http.StatusNotFound, "could not find the resource"},
	fault.Gone:               {http.StatusGone, "the object is gone"},
	fault.Conflict:           {http.StatusConflict, "the state does not allow it"},
	fault.PreconditionFailed: {http.StatusPreconditionFailed, "a precondition does not hold"},
	fault.TooLarge:           {http.StatusRequestEntityTooLarge, "the request is too large"},
	fault.Unsupported:        {http.StatusUnsupportedMediaType, "the media type is not supported"},
	fault.Throttled:          {http.StatusTooManyRequests, "too many requests"},
	fault.Unavailable:        {http.StatusServiceUnavailable, "not available now"},
	fault.Timeout:            {http.StatusGatewayTimeout, "the store did not answer in time"},
	fault.Upstream:           {http.StatusBadGateway, "another service answered wrongly"},
	fault.Quota:              {http.StatusPaymentRequired, "a maximum is reached"},
	fault.Replayed:           {http.StatusUnprocessableEntity, "the idempotency key was used with another request"},
}

// notFoundPage is how a router answers where there is no such route: callers
// tell it from an unknown id by its not being JSON.
const notFoundPage = "404 page not found\n"

// challenge names the scheme of a 401 (RFC 9110, 11.6.1).
const challenge = "SlashID-API-Key"

// spell spells a fault.
func spell(c *web.Call, f *fault.Fault) *web.Reply {
	if f.Code == web.CodeRoute {
		return &web.Reply{Status: http.StatusNotFound, ContentType: "text/plain; charset=utf-8", Body: []byte(notFoundPage)}
	}
	row := statuses[f.Kind]
	status := row.status
	switch {
	case f.Code == web.CodeMethod:
		status = http.StatusMethodNotAllowed
	case f.Code == codeConsistency:
		status = http.StatusRequestTimeout
	case f.Code == fault.CodeOrgUnknown && f.Kind == fault.Forbidden && c.Scope.Check(0) != nil:
		// No scope: the key may not act for the organization that was named.
		f = fault.New(fault.Unauthenticated, "", "")
	}
	if f.Kind == fault.Unauthenticated { // which of the two it is, is not told
		row = statuses[f.Kind]
		status, f = row.status, fault.New(f.Kind, "", "")
	}
	reply, err := web.JSON(status, failure{itemsOf(f, status, row.text)})
	if err != nil {
		return nil
	}
	if status == http.StatusUnauthorized {
		reply.Header = http.Header{"Www-Authenticate": {challenge}}
	}
	return reply
}

// An answer names so many broken members, with so many bytes of their paths.
const (
	maxNamed   = 20
	maxPath    = 300
	maxMessage = 1000
)

// itemsOf is one item for each broken member, the first fault of each, or one
// for the whole.
func itemsOf(f *fault.Fault, status int, without string) []item {
	if f.Kind == fault.Internal || f.Message == "" && len(f.Fields) == 0 {
		return []item{{status, without}}
	}
	if len(f.Fields) == 0 {
		return []item{{status, cut(f.Message, maxMessage)}}
	}
	var items []item
	named := map[string]bool{}
	for _, field := range f.Fields {
		name := wireName(field.Path)
		if named[name] {
			continue
		}
		named[name] = true
		if len(items) == maxNamed {
			return append(items, item{status, "more members are broken than are named here"})
		}
		message := field.Message
		if name != "" {
			message = fmt.Sprintf("%s: %s", cut(name, maxPath), message)
		}
		items = append(items, item{status, cut(message, maxMessage)})
	}
	return items
}

// cut is the beginning of s, of at most n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// wireNames are the members that have another name in the domain.
var wireNames = map[string]string{
	"access_token_ttl":  "access_token_duration",
	"id_token_ttl":      "access_token_duration",
	"refresh_token_ttl": "refresh_token_duration",
	"name":              "sub_org_name",
}

// wireName is how a member is called in this dialect, by its JSON pointer in
// domain names: "scopes/0". The settings of hosted pages are a body of their own.
func wireName(path string) string {
	first, rest, nested := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if nested && first == "ui_configuration" {
		return rest
	}
	if own, ok := wireNames[first]; ok {
		first = own
	}
	if nested {
		return first + "/" + rest
	}
	return first
}

func badQuery(format string, args ...any) error {
	return fault.New(fault.Malformed, fault.CodeQuery, format, args...)
}
