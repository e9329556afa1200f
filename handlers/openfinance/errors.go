package openfinance

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"tenure/handlers/openfinance/scheme"
	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

// Codes of faults that this surface makes itself, in addition to those of package
// scheme. The first three are values of the error member (RFC 7591 section 3.2.2;
// the scheme added the one for webhooks).
const (
	CodeMetadata = "invalid_client_metadata"
	CodeRedirect = "invalid_redirect_uri"
	CodeWebhook  = "invalid_webhook_uris"
	CodeKeySet   = "client-key-set" // Upstream or Timeout: the document at jwks_uri
	CodeSettings = "settings"       // Unavailable: the server was started without what the profile needs
)

// refuse makes an Invalid fault about one member of the body. Its text is ASCII
// (RFC 6749 section 5.2) and repeats nothing of the request but short words.
func refuse(code, path, rule, format string, args ...any) *fault.Fault {
	f := fault.New(fault.Invalid, code, format, args...)
	f.Fields = []fault.Field{{Path: path, Rule: rule, Message: f.Message}}
	return f
}

// unconfigured is the fault of a server that was started without what the setup's
// profile needs. It names the two ways out.
func unconfigured(lacks string) error {
	return fault.New(fault.Unavailable, CodeSettings, "%s, or set open_finance_profile to plain in the setup's policy", lacks)
}

// item is the path of an element of a member.
func item(member string, i int) string { return fmt.Sprintf("/%s/%d", member, i) }

// statuses is the one table from kind to status and error member. The scheme's
// page lists these statuses; 503 of CodeSettings is ours.
var statuses = map[fault.Kind]struct {
	status int
	error  string
}{
	fault.Internal:           {http.StatusInternalServerError, "server_error"},
	fault.Malformed:          {http.StatusBadRequest, scheme.CodeRequest},
	fault.Invalid:            {http.StatusBadRequest, CodeMetadata},
	fault.Unauthenticated:    {http.StatusUnauthorized, "invalid_token"},
	fault.Forbidden:          {http.StatusForbidden, "insufficient_scope"},
	fault.NotFound:           {http.StatusNotFound, "not_found"},
	fault.Gone:               {http.StatusNotFound, "not_found"},
	fault.Conflict:           {http.StatusBadRequest, CodeMetadata},
	fault.PreconditionFailed: {http.StatusBadRequest, scheme.CodeRequest},
	fault.TooLarge:           {http.StatusBadRequest, scheme.CodeRequest},
	fault.Unsupported:        {http.StatusMethodNotAllowed, scheme.CodeRequest},
	fault.Throttled:          {http.StatusTooManyRequests, "temporarily_unavailable"},
	fault.Unavailable:        {http.StatusGatewayTimeout, "temporarily_unavailable"},
	fault.Timeout:            {http.StatusGatewayTimeout, "temporarily_unavailable"},
	fault.Upstream:           {http.StatusBadGateway, "server_error"},
	fault.Quota:              {http.StatusForbidden, "insufficient_scope"},
	fault.Replayed:           {http.StatusBadRequest, scheme.CodeRequest},
}

// ownCodes are the codes that appear unchanged in the error member.
var ownCodes = map[string]bool{scheme.CodeStatement: true, scheme.CodeUnapproved: true, CodeMetadata: true, CodeRedirect: true, CodeWebhook: true, scheme.CodeRequest: true}

func badRequest(format string, args ...any) error {
	return fault.New(fault.Malformed, scheme.CodeRequest, format, args...)
}

// spell writes a refusal in this dialect: the members of RFC 7591 and of the
// page. Each text is one line of ASCII (RFC 6749 section 5.2).
func spell(c *web.Call, f *fault.Fault) *web.Reply {
	row := statuses[f.Kind]
	body := errorBody{Error: row.error, Description: ascii(f.Message)}
	switch {
	case f.Kind == fault.Internal:
		body.Description = "the server failed to process the request"
	case ownCodes[f.Code]:
		body.Error = f.Code
	case f.Kind == fault.Invalid && len(f.Fields) > 0:
		body.Error, body.Description = describe(f.Fields[0])
	}
	if body.Description == "" {
		body.Description = strings.ToLower(http.StatusText(row.status))
	}
	for _, field := range f.Fields {
		_, text := describe(field)
		body.Errors = append(body.Errors, text)
	}
	if len(body.Errors) == 0 {
		body.Errors = []string{body.Description}
	}
	if f.Code == CodeSettings {
		row.status = http.StatusServiceUnavailable
	}
	reply, err := web.JSON(row.status, body)
	if err != nil {
		return nil
	}
	if row.status == http.StatusUnauthorized {
		challenge := `Bearer realm="` + realm + `"`
		if len(c.Request.Header["Authorization"]) > 0 {
			challenge += `, error="` + body.Error + `", error_description="` + body.Description + `"`
		}
		reply.Header = http.Header{"Www-Authenticate": {challenge}}
	}
	return reply
}

const realm = "registration"

// describe returns the error member and the text for a rule of the store that was
// broken.
func describe(f fault.Field) (code, text string) {
	path := strings.Replace(f.Path, "/scopes", "/scope", 1)
	member, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	code = CodeMetadata
	switch member {
	case "redirect_uris":
		code = CodeRedirect
	case "webhook_uris":
		code = CodeWebhook
	}
	text = ascii(f.Message)
	if member != "" && !strings.Contains(text, member) {
		text = ascii(strings.TrimPrefix(path, "/") + ": " + f.Message)
	}
	return code, text
}

// ascii replaces the characters that error_description must not contain (RFC 6749
// section 5.2).
func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"' || r == '\\':
			return '\''
		case r > unicode.MaxASCII || unicode.IsControl(r):
			return '?'
		}
		return r
	}, text)
}
