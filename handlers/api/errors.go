package api

import (
	"net/http"
	"strings"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

// statuses spells each kind of fault.
var statuses = map[fault.Kind]struct {
	status int
	title  string
}{
	fault.Internal:           {http.StatusInternalServerError, "Something went wrong on our side"},
	fault.Malformed:          {http.StatusBadRequest, "The request does not have the right form"},
	fault.Invalid:            {http.StatusUnprocessableEntity, "The request breaks a rule"},
	fault.Unauthenticated:    {http.StatusUnauthorized, "A valid API key is needed"},
	fault.Forbidden:          {http.StatusForbidden, "The API key does not allow this"},
	fault.NotFound:           {http.StatusNotFound, "There is no such thing here"},
	fault.Gone:               {http.StatusGone, "The object is gone"},
	fault.Conflict:           {http.StatusConflict, "The present state does not allow this"},
	fault.PreconditionFailed: {http.StatusPreconditionFailed, "Somebody else made a change first"},
	fault.TooLarge:           {http.StatusRequestEntityTooLarge, "The request is too large"},
	fault.Unsupported:        {http.StatusUnsupportedMediaType, "The media type is not taken here"},
	fault.Throttled:          {http.StatusTooManyRequests, "Too many requests"},
	fault.Unavailable:        {http.StatusServiceUnavailable, "The service cannot do this now"},
	fault.Timeout:            {http.StatusGatewayTimeout, "The store did not answer in time"},
	fault.Upstream:           {http.StatusBadGateway, "Another service answered wrongly"},
	fault.Quota:              {http.StatusConflict, "A configured maximum is reached"},
	fault.Replayed:           {http.StatusUnprocessableEntity, "The idempotency key was used for another request"},
}

func spell(c *web.Call, f *fault.Fault) *web.Reply {
	row := statuses[f.Kind]
	p := problem{Type: "/problems/" + f.Kind.String(), Title: row.title, Status: row.status, RequestID: c.RequestID}
	if f.Kind == fault.Unsupported && f.Code == web.CodeMethod {
		p.Status, p.Title = http.StatusMethodNotAllowed, "The method is not taken here"
	}
	if f.Kind != fault.Internal {
		p.Detail, p.Code = f.Message, f.Code
		if f.Code == fault.CodeStalePlan {
			p.Detail += `, or send "later": "keep", which leaves them as they are`
		}
		if !f.Instant.IsZero() {
			at := f.Instant.UTC().Format(instant)
			if f.Kind == fault.Gone {
				p.EndedAt = &at
			} else {
				p.EffectiveFrom = &at
			}
		}
		for _, field := range f.Fields {
			p.Errors = append(p.Errors, fromField(field))
		}
	}
	reply, err := web.JSON(p.Status, p)
	if err != nil {
		return nil // the adapter has an answer for that
	}
	reply.ContentType = problemType
	return reply
}

const problemType = "application/problem+json"

// fromField says which member of the body, or which query parameter, is wrong.
func fromField(field fault.Field) problemField {
	wire := problemField{Rule: field.Rule, Detail: field.Message}
	if name, ok := strings.CutPrefix(field.Path, "?"); ok {
		wire.Parameter = name
	} else {
		if field.Path == "/valid_from" && field.Rule != "unknown" { // the store's name of what the body calls effective_from
			field.Path = "/effective_from"
		}
		wire.Pointer = &field.Path
	}
	return wire
}

// badParameter is the fault of a query parameter whose form the handler checks.
func badParameter(name, text string) error {
	f := fault.New(fault.Malformed, fault.CodeQuery, "%s", text)
	f.Fields = []fault.Field{{Path: "?" + name, Rule: "query", Message: text}}
	return f
}
