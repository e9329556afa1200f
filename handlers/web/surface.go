package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// What a route acts on: the access-matrix test is made from it.
const (
	ObjectNone           = "none"
	ObjectOrganization   = "organization"
	ObjectKey            = "key"
	ObjectModule         = "module"
	ObjectSetup          = "setup"
	ObjectResourceServer = "resource-server"
	ObjectClient         = "client"
)

// Codes of the faults that the adapter itself makes.
const (
	CodeRoute     = "route"      // NotFound: no such path
	CodeMethod    = "method"     // Unsupported: the path is there, the method is not
	CodeMediaType = "media-type" // Unsupported: the body's Content-Type
)

// Route is one route of a surface.
type Route struct {
	Method, Pattern string             // the pattern is a gorilla/mux template with a literal first segment
	Permission      tenancy.Permission // what Authorize must grant
	// LookFirst says that Handle asks the Scope for Permission itself, after it
	// has looked for what it acts on; before, no more than Resolve is asked.
	LookFirst bool
	Open      bool // no credential is asked for, and the Scope is zero
	// Admit makes the Scope where the credential is not an API key; nil for
	// API keys. It must not answer more than the credential proves.
	Admit func(*Call) (tenancy.Scope, error)
	// TakesKey says that an API key opens a route with Admit, too: what is
	// presented as Bearer and begins like one is. Handle then finds no Admitted.
	TakesKey bool
	Handle   func(*Call) (*Reply, error)
	Object   string // one of the Object constants

	// MaxBody is how many bytes the body may have; 0 for the adapter's MaxBody.
	MaxBody int

	// Time is how long a call may take where that is more than others may; 0 for
	// Config.RequestTime.
	Time time.Duration

	// Query declares every query parameter that Admit and Handle read.
	Query []Param
	// Vary names the request headers that the answer depends on beside the
	// credential, the acting organization and Accept-Datetime.
	Vary []string
	// TakesOwner says that Handle asks Owner: what the route writes takes the header
	// Tenure-Owner. Every other route but an Open one refuses it.
	TakesOwner bool
	// Once says that the route takes Idempotency-Key although its method is not POST.
	// Every POST with an API key takes it.
	Once bool
	// Stale says that the route reads one client as it is now, and so can answer from memory
	// while the database is gone (Config.Stale).
	Stale bool
	// Conditional says that Handle asks Match: the write takes If-Match and
	// If-None-Match.
	Conditional bool

	dated bool     // at is declared
	vary  []string // the value of Vary in answers to reads; nil for none
}

// Surface is one API dialect: its routes and its way of writing errors.
type Surface struct {
	Name   string
	Routes []Route // the hot GET first: routers scan in order
	// Credentials reads the API key and the organization to act for, empty for
	// the key's own; nil for Bearer and Tenure-Org.
	Credentials func(h http.Header) (key string, acting tenancy.OrgID, err error)
	// Begin, if there is one, sees each call of the surface before anything else
	// does, also where there is no such route or method.
	Begin func(*Call)
	// Timeout is how long a call may wait for the store and for peers where that is less
	// than it may take; 0 for the same.
	Timeout time.Duration
	// Strict refuses query parameters that a route does not declare, empty ones,
	// and conditions on writes that take none. Other surfaces pass over them, except
	// for another instant than now and for a dry run.
	Strict bool
	// Vary names the request headers that Credentials and Admit read; nil for
	// Authorization and, where an API key is taken, Tenure-Org.
	Vary []string
	// Origins lists the origins whose pages a browser may let call what the call's path
	// names, "*" for all. Nil for a surface that no page of another origin calls.
	Origins func(*Call) []string
	// DropSlash says that a path with one slash more at its end is the path
	// without it.
	DropSlash bool
	// Always says that calls are answered though the database was rolled back.
	Always bool
	// Error spells a fault. Retry-After, WWW-Authenticate and Allow are added
	// by the adapter. c.Route is nil if no route was found.
	Error func(c *Call, f *fault.Fault) *Reply
}

// Reply is what a handler answers. The adapter changes nothing in it, so a
// cached Reply may answer many requests at once.
type Reply struct {
	Status int
	Header http.Header // canonical names; may be nil
	Body   []byte      // ready bytes; nil for none
	// Stream writes a body too long to hold, after the headers; nil for Body. What
	// it writes is sent at once. Its error ends the connection, so that nobody
	// takes a part for the whole.
	Stream      func(io.Writer) error
	ContentType string // application/json if empty
	ETag        string // with quotes; empty for none
	// CacheControl is that header's one value; nil for none.
	CacheControl []string
	NoStore      bool // the body holds a secret, or nobody may keep it
}

// JSON makes a Reply of v. It is encoded here and not on the way out, so that
// what cannot be encoded can still become an error.
func JSON(status int, v any) (*Reply, error) {
	body, err := Encode(v)
	if err != nil {
		return nil, err
	}
	return &Reply{Status: status, Body: append(body, '\n')}, nil
}

// Encode is JSON as it goes on the wire, without a line feed: texts are not
// escaped for HTML.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Splice is a JSON document with items, which are encoded already, in its array: the
// bytes before and after them are given.
func Splice(before []byte, items [][]byte, after []byte) []byte {
	size := len(before) + len(items) + len(after)
	for _, item := range items {
		size += len(item)
	}
	body := append(make([]byte, 0, size), before...)
	for i, item := range items {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, item...)
	}
	return append(body, after...)
}

// NoContent is the Reply of status 204.
func NoContent() *Reply { return &Reply{Status: http.StatusNoContent} }

// Below repeats routes under a prefix, so that one dialect can be mounted for
// each setup. The prefix comes after the routes themselves in order.
func Below(prefix string, routes []Route) []Route {
	both := append([]Route(nil), routes...)
	for _, r := range routes {
		r.Pattern = prefix + r.Pattern
		both = append(both, r)
	}
	return both
}
