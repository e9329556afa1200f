package translog

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

// statuses is the one table from kind to status. Kinds that no request here can
// lead to are there too, so that none is ever a surprise.
var statuses = map[fault.Kind]int{
	fault.Internal:           http.StatusInternalServerError,
	fault.Malformed:          http.StatusBadRequest,
	fault.Invalid:            http.StatusBadRequest,
	fault.Unauthenticated:    http.StatusUnauthorized,
	fault.Forbidden:          http.StatusForbidden,
	fault.NotFound:           http.StatusNotFound,
	fault.Gone:               http.StatusGone,
	fault.Conflict:           http.StatusConflict,
	fault.PreconditionFailed: http.StatusPreconditionFailed,
	fault.TooLarge:           http.StatusRequestEntityTooLarge,
	fault.Unsupported:        http.StatusUnsupportedMediaType,
	fault.Throttled:          http.StatusTooManyRequests,
	fault.Unavailable:        http.StatusServiceUnavailable,
	fault.Timeout:            http.StatusGatewayTimeout,
	fault.Upstream:           http.StatusBadGateway,
	fault.Quota:              http.StatusForbidden,
	fault.Replayed:           http.StatusUnprocessableEntity,
}

// spell writes a fault as one line of text. What is not there now may be later.
func spell(_ *web.Call, f *fault.Fault) *web.Reply {
	status := statuses[f.Kind]
	if f.Code == web.CodeMethod {
		status = http.StatusMethodNotAllowed
	}
	text := f.Message
	if text == "" {
		text = http.StatusText(status)
	}
	return &web.Reply{Status: status, ContentType: typeText, Body: []byte(text + "\n"), NoStore: true}
}
