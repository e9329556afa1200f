package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"tenure/tenancy/fault"
)

// What pages of other origins may send and read. No answer allows credentials of a
// browser's own (cookies, certificates): nothing here takes a cookie.
const (
	corsRequest = "Authorization, Content-Type, If-Match, If-None-Match, Tenure-At-Least, MCP-Protocol-Version, X-FAPI-Interaction-ID, X-FAPI-Auth-Date, X-Request-Id"
	corsAnswer  = "ETag, Location, Retry-After, WWW-Authenticate, Tenure-Snapshot-Id, Tenure-Valid-From, Tenure-Recorded-At, Tenure-Revision, X-FAPI-Interaction-ID, X-Request-Id"
	corsMaxAge  = "600" // seconds
)

// allowedOrigin is the value of Access-Control-Allow-Origin for the call: "*", the
// caller's origin, or empty where its surface lets no page of that origin call.
func (c *Call) allowedOrigin() string {
	origin := c.Request.Header["Origin"]
	if c.surface == nil || c.surface.Origins == nil || len(origin) != 1 {
		return ""
	}
	allowed := c.surface.Origins(c)
	switch {
	case slices.Contains(allowed, "*"):
		return "*"
	case slices.Contains(allowed, origin[0]):
		return origin[0]
	}
	return ""
}

// allowOrigin lets a page of the caller's origin read the answer, errors included.
func (c *Call) allowOrigin() {
	if len(c.Request.Header["Origin"]) == 0 || c.surface.Origins == nil {
		return
	}
	if c.Header == nil {
		c.Header = http.Header{}
	}
	c.Header["Vary"] = []string{"Origin"}
	if origin := c.allowedOrigin(); origin != "" {
		c.Header["Access-Control-Allow-Origin"] = []string{origin}
		c.Header["Access-Control-Expose-Headers"] = []string{corsAnswer}
	}
}

// preflight answers a browser that asks whether a page may make a call (Fetch, CORS
// protocol); nil where it may not, or where this is no such question.
func (h *handler) preflight(c *Call, err error) *Reply {
	method := c.Request.Header.Get("Access-Control-Request-Method")
	if c.Request.Method != http.MethodOptions || method == "" || !fault.HasCode(err, CodeMethod) {
		return nil
	}
	asked := *c.Request
	asked.Method = method
	var match mux.RouteMatch
	segment := h.segments[firstSegment(asked.URL.EscapedPath())]
	if !slices.Contains(strings.Split(c.allow, ", "), method) || !segment.router.Match(&asked, &match) || match.MatchErr != nil {
		return nil
	}
	c.match = match
	if c.decodeVars() != nil {
		return nil
	}
	origin := c.allowedOrigin()
	if origin == "" {
		return nil
	}
	return &Reply{Status: http.StatusNoContent, Header: http.Header{
		"Access-Control-Allow-Origin":  {origin},
		"Access-Control-Allow-Methods": {c.allow},
		"Access-Control-Allow-Headers": {corsRequest},
		"Access-Control-Max-Age":       {corsMaxAge},
		"Vary":                         {"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"},
	}}
}
