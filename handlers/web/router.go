package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// segment is everything below one first path segment.
type segment struct {
	router  *mux.Router
	routes  []mounted
	byMux   map[*mux.Route]*mounted
	methods []string // that any route takes, sorted
}

type mounted struct {
	surface *Surface
	route   *Route
}

// build registers all routes, each under its first path segment. It panics on
// a route that could never be served: that is a mistake in the program.
func build(surfaces []Surface) map[string]*segment {
	segments := make(map[string]*segment)
	for i := range surfaces {
		s := &surfaces[i]
		for j := range s.Routes {
			r := &s.Routes[j]
			check(s, r)
			r.dated = isDated(r.Query)
			r.vary = varies(s, r)
			first := firstSegment(r.Pattern)
			seg := segments[first]
			if seg == nil {
				seg = &segment{router: mux.NewRouter().UseEncodedPath().SkipClean(true)}
				segments[first] = seg
			}
			seg.routes = append(seg.routes, mounted{s, r})
		}
	}
	for _, seg := range segments {
		seg.register()
	}
	return segments
}

func (seg *segment) register() {
	seg.byMux = make(map[*mux.Route]*mounted, len(seg.routes))
	for i := range seg.routes {
		m := &seg.routes[i]
		methods := []string{m.route.Method}
		if m.route.Method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		// The path comes before the methods: a router that has seen a path
		// match remembers a wrong method only until another matcher succeeds.
		route := seg.router.NewRoute()
		if shape := shapeOf(m.route.Pattern); shape != nil {
			route.MatcherFunc(shape.matches)
		}
		route = route.Path(m.route.Pattern).Methods(methods...).Handler(http.NotFoundHandler())
		if err := route.GetError(); err != nil {
			panic(fmt.Sprintf("web: route %s %s: %v", m.route.Method, m.route.Pattern, err))
		}
		seg.byMux[route] = m
		seg.methods = append(seg.methods, methods...)
	}
	slices.Sort(seg.methods)
	seg.methods = slices.Compact(seg.methods)
}

// shape is a pattern cut at its slashes, with an empty part for a variable. The
// router tries a regular expression a route, which takes microseconds for a
// path with ids. Comparing the shape first leaves one of them, that of the
// route that is found. It agrees with the expression (FuzzShape); nil is a
// pattern that only an expression can tell.
type shape []string

func shapeOf(pattern string) shape {
	parts := strings.Split(pattern, "/")[1:]
	for i, part := range parts {
		switch {
		case !strings.Contains(part, "{"):
		case strings.IndexByte(part, '}') == len(part)-1 && part[0] == '{' && !strings.Contains(part, ":"):
			parts[i] = ""
		default:
			return nil
		}
	}
	return parts
}

func (parts shape) matches(r *http.Request, _ *mux.RouteMatch) bool {
	path := r.URL.Path
	if r.URL.RawPath != "" {
		path = r.URL.EscapedPath()
	}
	for _, want := range parts {
		if path == "" || path[0] != '/' {
			return false
		}
		path = path[1:]
		end := strings.IndexByte(path, '/')
		if end < 0 {
			end = len(path)
		}
		if end == 0 || want != "" && path[:end] != want {
			return false
		}
		path = path[end:]
	}
	return path == ""
}

func check(s *Surface, r *Route) {
	objects := []string{ObjectNone, ObjectOrganization, ObjectKey, ObjectModule, ObjectSetup, ObjectResourceServer, ObjectClient}
	first := firstSegment(r.Pattern)
	switch {
	case s.Name == "" || s.Error == nil:
		panic("web: a surface has a name and spells faults")
	case r.Handle == nil, r.Method == "", !strings.HasPrefix(r.Pattern, "/"), first == "", strings.Contains(first, "{"),
		!slices.Contains(objects, r.Object), r.Open != (r.Permission == 0), r.Conditional && r.Method == http.MethodGet,
		r.Stale && (r.Method != http.MethodGet || r.Permission != tenancy.Resolve || r.Object != ObjectClient || r.Admit != nil):
		panic(fmt.Sprintf("web: the route %s %s of %s is not complete", r.Method, r.Pattern, s.Name))
	}
	checkParams(r)
}

// checkParams panics on a declaration that cannot be meant.
func checkParams(r *Route) {
	seen := map[string]bool{}
	for _, p := range r.Query {
		switch {
		case p.Name == "", seen[p.Name], p.loose && p.kind != kindText, p.kind == kindWord && len(p.words) == 0,
			p.kind == kindInt && p.least > p.most:
			panic(fmt.Sprintf("web: the query parameter %q of %s %s is not declared well", p.Name, r.Method, r.Pattern))
		}
		seen[p.Name] = true
	}
}

// isDated reports whether a route answers about another instant.
func isDated(query []Param) bool {
	return slices.ContainsFunc(query, func(p Param) bool { return p.Name == nameAt })
}

// varies is the value of Vary for the answers of a route.
func varies(s *Surface, r *Route) []string {
	var names []string
	switch {
	case r.Open:
	case s.Vary != nil:
		names = slices.Clone(s.Vary)
	default:
		names = []string{"Authorization"}
		if r.Admit == nil || r.TakesKey {
			names = append(names, "Tenure-Org")
		}
	}
	names = append(names, r.Vary...)
	if r.dated {
		names = append(names, "Accept-Datetime")
	}
	if len(names) == 0 {
		return nil
	}
	return []string{strings.Join(names, ", ")}
}

// firstSegment is what stands between the first slash and the second.
func firstSegment(path string) string {
	path = strings.TrimPrefix(path, "/")
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return path
}

// find sets c's surface, route and path variables. Without a route it says
// why, and leaves the surface that is to answer, if there is one.
func (h *handler) find(c *Call) error {
	seg := h.segments[firstSegment(c.Request.URL.Path)]
	if seg == nil {
		return fault.New(fault.NotFound, CodeRoute, "there is nothing at this path")
	}
	// Match and not ServeHTTP: that would copy the request twice to carry
	// along what c carries.
	if seg.router.Match(c.Request, &c.match) && c.match.MatchErr == nil {
		m := seg.byMux[c.match.Route]
		c.surface, c.Route = m.surface, m.route
		return c.decodeVars()
	}
	if errors.Is(c.match.MatchErr, mux.ErrMethodMismatch) {
		c.surface, c.allow = seg.allowed(c.Request)
		return fault.New(fault.Unsupported, CodeMethod, "this path does not take the method %s", c.method())
	}
	c.surface = seg.owner(c.Request.URL.EscapedPath())
	if trimmed, ok := withoutSlash(c.Request); ok && c.surface != nil && c.surface.DropSlash {
		c.Request, c.match = trimmed, mux.RouteMatch{}
		return h.find(c)
	}
	return fault.New(fault.NotFound, CodeRoute, "there is nothing at this path")
}

// withoutSlash is the request without the slash that ends its path.
func withoutSlash(r *http.Request) (*http.Request, bool) {
	path, ok := strings.CutSuffix(r.URL.EscapedPath(), "/")
	if !ok || path == "" || strings.HasSuffix(path, "/") {
		return r, false
	}
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return r, false
	}
	u, trimmed := *r.URL, *r
	u.Path, u.RawPath = decoded, path
	trimmed.URL = &u
	return &trimmed, true
}

// allowed lists the methods that the request's path takes, and whose it is. A
// path that ends in a verb after a variable is no other pattern's, although the
// variable of one could have that end.
func (seg *segment) allowed(r *http.Request) (*Surface, string) {
	var owner *Surface
	var methods []string
	var verb bool
	for _, method := range seg.methods {
		try := *r
		try.Method = method
		var match mux.RouteMatch
		if seg.router.Match(&try, &match) && match.MatchErr == nil {
			found := seg.byMux[match.Route]
			isVerb := strings.Contains(found.route.Pattern, "}:")
			if isVerb && !verb {
				verb, methods = true, nil
			}
			if isVerb == verb {
				methods = append(methods, method)
				owner = found.surface
			}
		}
	}
	return owner, strings.Join(methods, ", ")
}

// owner is the surface with the route whose beginning agrees longest with path.
func (seg *segment) owner(path string) *Surface {
	var owner *Surface
	longest := -1
	asked := strings.Split(path, "/")
	for _, m := range seg.routes {
		n := 0
		for _, part := range strings.Split(m.route.Pattern, "/") {
			if n == len(asked) || part != asked[n] && !strings.HasPrefix(part, "{") {
				break
			}
			n++
		}
		if n > longest {
			owner, longest = m.surface, n
		}
	}
	return owner
}
