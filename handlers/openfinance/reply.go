package openfinance

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// statuses is the one table from kind to status and error. The scheme lists no
// statuses but these.
var statuses = map[fault.Kind]struct {
	status int
	error  string
}{
	fault.Internal:           {http.StatusInternalServerError, "server_error"},
	fault.Malformed:          {http.StatusBadRequest, CodeRequest},
	fault.Invalid:            {http.StatusBadRequest, CodeMetadata},
	fault.Unauthenticated:    {http.StatusUnauthorized, "invalid_token"},
	fault.Forbidden:          {http.StatusForbidden, "insufficient_scope"},
	fault.NotFound:           {http.StatusNotFound, "not_found"},
	fault.Gone:               {http.StatusNotFound, "not_found"},
	fault.Conflict:           {http.StatusBadRequest, CodeMetadata},
	fault.PreconditionFailed: {http.StatusBadRequest, CodeRequest},
	fault.TooLarge:           {http.StatusBadRequest, CodeRequest},
	fault.Unsupported:        {http.StatusMethodNotAllowed, CodeRequest},
	fault.Throttled:          {http.StatusTooManyRequests, "temporarily_unavailable"},
	fault.Unavailable:        {http.StatusGatewayTimeout, "temporarily_unavailable"},
	fault.Timeout:            {http.StatusGatewayTimeout, "temporarily_unavailable"},
	fault.Upstream:           {http.StatusBadGateway, "server_error"},
	fault.Quota:              {http.StatusForbidden, "insufficient_scope"},
	fault.Replayed:           {http.StatusBadRequest, CodeRequest},
}

// ownCodes are the codes that are error members as they are.
var ownCodes = map[string]bool{CodeStatement: true, CodeUnapproved: true, CodeMetadata: true, CodeRedirect: true, CodeWebhook: true, CodeRequest: true}

func badRequest(format string, args ...any) error {
	return fault.New(fault.Malformed, CodeRequest, format, args...)
}

// spell is a refusal as this dialect writes it: RFC 7591's members and the
// page's. A text is one line of ASCII (RFC 6749 section 5.2).
func spell(c *web.Call, f *fault.Fault) *web.Reply {
	row := statuses[f.Kind]
	body := errorBody{Error: row.error, Description: ascii(f.Message)}
	switch {
	case f.Kind == fault.Internal:
		body.Description = "the server met an error of its own"
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

// describe gives the error of a broken rule of the store's, and its text.
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

// ascii replaces what error_description may not have (RFC 6749 section 5.2).
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

// answer is a client as answers have it; token and secret are what this answer
// may show of them.
func (h *surface) answer(c *web.Call, status int, found snapshots.Resolved[document.Client], token, secret, statement string) (*web.Reply, error) {
	view := show(found.Content, found.Setup.Content)
	view.ClientID, *view.IssuedAt = found.Entity.ClientID, found.Entity.RecordedAt.Time().Unix()
	view.RegistrationURI, view.RegistrationToken = h.address(c, found.Entity), token
	view.Secret, view.Statement = secret, statement
	raw, err := view.encode(found.Content.Localized)
	if err != nil {
		return nil, err
	}
	return &web.Reply{Status: status, Body: raw}, nil
}

// address is a client's registration_client_uri.
func (h *surface) address(c *web.Call, e snapshots.Entity) string {
	below := ""
	if string(e.Setup) != h.Tenancy.DefaultSetup(h.Tenancy.Root()) {
		below = "/modules/" + url.PathEscape(e.Module) + "/setups/" + url.PathEscape(string(e.Setup))
	}
	return strings.TrimSuffix(h.PublicURL(c), "/") + below + pathReg + "/" + url.PathEscape(e.ClientID)
}
