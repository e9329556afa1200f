package ory

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

// CacheControl and ContentType are headers of Hydra's answers.
const (
	CacheControl = "private, no-cache, no-store, must-revalidate"
	ContentType  = "application/json; charset=utf-8"
)

// Codes of faults that this dialect makes itself.
const (
	CodeMetadata = "invalid_client_metadata" // of kind Invalid
	CodeRedirect = "invalid_redirect_uri"
	CodeRequest  = "invalid_request" // of kind Malformed
)

// BadCredentials is the only reason for a 401 that the self-service API gives.
const BadCredentials = "The requested OAuth 2.0 client does not exist or you provided incorrect credentials."

const (
	metadataSentence = "The value of one of the Client Metadata fields is invalid and the server has rejected this request. " +
		"Note that an Authorization Server MAY choose to substitute a valid value for any requested parameter of a Client's Metadata."
	redirectSentence = "The value of one or more redirect_uris is invalid."
	routeSentence    = "The requested route does not exist. Make sure you are using the right path, domain, and port."

	routePage = "<!DOCTYPE html>\n<title>404 - Not Found</title>\n<h1>404 - Not Found</h1>\n<p>" + routeSentence + "</p>\n"

	errorBadRequest = "The request was malformed or contained invalid parameters"
	errorNoClient   = "Unable to locate the resource"
	errorTaken      = "Unable to insert or update resource because a resource with that value exists already"
)

// statuses is the one table from kind to status and error member.
var statuses = map[fault.Kind]struct {
	status int
	text   string
}{
	fault.Internal:           {http.StatusInternalServerError, "error"},
	fault.Malformed:          {http.StatusBadRequest, errorBadRequest},
	fault.Invalid:            {http.StatusBadRequest, CodeMetadata},
	fault.Unauthenticated:    {http.StatusUnauthorized, "The request could not be authorized"},
	fault.Forbidden:          {http.StatusForbidden, "The requested action was forbidden"},
	fault.NotFound:           {http.StatusNotFound, "The requested resource could not be found"},
	fault.Gone:               {http.StatusGone, "The requested resource is gone"},
	fault.Conflict:           {http.StatusConflict, "The request conflicts with the state of the resource"},
	fault.PreconditionFailed: {http.StatusPreconditionFailed, "The resource has changed"},
	fault.TooLarge:           {http.StatusRequestEntityTooLarge, "The request is too large"},
	fault.Unsupported:        {http.StatusUnsupportedMediaType, "The request is of an unsupported media type"},
	fault.Throttled:          {http.StatusTooManyRequests, "Too many requests"},
	fault.Unavailable:        {http.StatusServiceUnavailable, "The service is not available now"},
	fault.Timeout:            {http.StatusGatewayTimeout, "The service did not answer in time"},
	fault.Upstream:           {http.StatusBadGateway, "Another service gave an invalid answer"},
	fault.Quota:              {http.StatusForbidden, "The requested action was forbidden"},
	fault.Replayed:           {http.StatusUnprocessableEntity, "The idempotency key was used with another request"},
}

// BadRequest is a 400 with a reason.
func BadRequest(format string, args ...any) error {
	return fault.New(fault.Malformed, "", format, args...)
}

// InvalidRequest is a 400 with the error invalid_request.
func InvalidRequest(format string, args ...any) error {
	return fault.New(fault.Malformed, CodeRequest, format, args...)
}

// InvalidMetadata is a 400 with the error invalid_client_metadata and a hint.
func InvalidMetadata(hint string) error { return fault.New(fault.Invalid, CodeMetadata, "%s", hint) }

// Spell writes a fault as Hydra does.
func Spell(c *web.Call, f *fault.Fault) *web.Reply {
	row := statuses[f.Kind]
	reply := &web.Reply{Status: row.status}
	if method := c.Request.Method; method == http.MethodGet || method == http.MethodHead {
		reply.Header = http.Header{"Cache-Control": {CacheControl}}
	}
	if f.Code == web.CodeRoute || f.Code == web.CodeMethod {
		return notRouted(c, reply)
	}
	var body any = errorBody{Error: row.text, Description: tidy(f.Message)}
	switch {
	case f.Code == fault.CodeClientUnknown:
		body = errorBody{Error: errorNoClient}
	case f.Code == fault.CodeIDTaken && f.Kind == fault.Conflict:
		body = errorBody{Error: errorTaken}
	case f.Code == CodeRequest:
		body = errorBody{CodeRequest, tidy(f.Message)}
	case f.Kind == fault.Invalid:
		code, description := describe(f)
		body = errorBody{code, tidy(description)}
	case f.Kind == fault.Internal:
		body = errorBody{row.text, "The error is unrecognizable"}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil
	}
	reply.Body = append(raw, '\n')
	return reply
}

// notRouted answers on a path that is not routed: with a page, unless the caller
// asks for JSON.
func notRouted(c *web.Call, reply *web.Reply) *web.Reply {
	reply.Status = http.StatusNotFound
	if !strings.Contains(c.Request.Header.Get("Accept"), "json") {
		reply.ContentType, reply.Body = "text/html; charset=utf-8", []byte(routePage)
		return reply
	}
	raw, err := json.MarshalIndent(unrouted{unroutedError{http.StatusNotFound, http.StatusText(http.StatusNotFound), routeSentence}}, "", "  ")
	if err != nil {
		return nil
	}
	reply.ContentType, reply.Body = ContentType, append(raw, '\n')
	return reply
}

// describe describes the first broken rule: of this dialect's in their order, else
// of those that all dialects share.
func describe(f *fault.Fault) (code, description string) {
	if len(f.Fields) == 0 {
		return CodeMetadata, strings.TrimSuffix(metadataSentence+" "+f.Message, " ")
	}
	first, rank := f.Fields[0], len(names)
	for _, field := range f.Fields {
		if at := slices.Index(names, field.Rule); at >= 0 && at < rank {
			first, rank = field, at
		}
	}
	hint := first.Message
	if first.Path == "/scopes" || strings.HasPrefix(first.Path, "/scopes/") { // one text here
		first.Path = "/scope"
	}
	switch {
	case first.Rule == keyForm:
		return errorBadRequest, hint
	case rank < len(names):
	case strings.HasPrefix(first.Path+"/", "/jwks/"):
		hint = fmt.Sprintf("Invalid JSON web key: %s: %s", first.Path, hint)
	case first.Path != "":
		hint = fmt.Sprintf("%s: %s", first.Path, hint)
	}
	if strings.HasPrefix(first.Path, "/redirect_uris") {
		return CodeRedirect, redirectSentence + " " + hint
	}
	return CodeMetadata, strings.TrimSuffix(metadataSentence+" "+hint, " ")
}

// maxDescription limits descriptions, because hints repeat what was sent.
const maxDescription = 2000

// tidy makes a description of a message: with single quotes, and not too long.
func tidy(s string) string {
	s = strings.ReplaceAll(s, `"`, "'")
	if len(s) <= maxDescription {
		return s
	}
	end := maxDescription
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
