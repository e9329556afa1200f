package web

import (
	"net/http"

	"tenure/snapshots/document/uri"
)

// IsPublic is the guard of fetched addresses.
var IsPublic = uri.Public

// Asked is a call of a route that declares query, for what a surface makes of a
// request's query. The fault is that of a query which such a route does not take.
func Asked(r *http.Request, query ...Param) (*Call, error) {
	route := Route{Method: r.Method, Query: query, dated: isDated(query)}
	c := &Call{Request: r, Route: &route}
	return c, c.check()
}

// CallerAddress is where a request came from.
func CallerAddress(p Proxies, r *http.Request) string {
	addr, _ := p.caller(r)
	return addr.String()
}

// BodyTime is how long a body may take to arrive if Config does not say.
const BodyTime = bodyTime
