package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorilla/mux"

	"tenure/tenancy/fault"
)

// FuzzPath sends any path through the router: whatever reaches a handler is
// text that every database can hold, and nothing panics.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/a/x/b/y", "/a/%2F/b/..", "/a/%20/b/%00", "/a/%ff/b/x", "/a//b/", "/a/x/b/y/", "/a/%zz/b/y", "//a/x/b/y", "/a/x%2fb%2fy"} {
		f.Add(seed, "q=%2&x=1")
	}
	h := &handler{segments: build([]Surface{{Name: "s",
		Error: func(*Call, *fault.Fault) *Reply { return NoContent() },
		Routes: []Route{{Method: http.MethodGet, Pattern: "/a/{one}/b/{two}", Open: true, Object: ObjectNone,
			Handle: func(*Call) (*Reply, error) { return NoContent(), nil }}}}})}
	f.Fuzz(func(t *testing.T, path, query string) {
		u, err := url.ParseRequestURI("/" + strings.TrimPrefix(path, "/"))
		if err != nil {
			return
		}
		u.RawQuery = query
		c := &Call{Request: &http.Request{Method: http.MethodGet, URL: u}}
		if err := h.find(c); err == nil {
			for _, name := range []string{"one", "two"} {
				if v := c.Var(name); v == "" || !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
					t.Errorf("%q: %s is %q", path, name, v)
				}
			}
		}
		c, err = Asked(&http.Request{Method: http.MethodGet, URL: u}, Family(""))
		for name, all := range c.Family("") {
			for _, v := range all {
				if err != nil || !utf8.ValidString(name+v) || strings.ContainsRune(name+v, 0) {
					t.Errorf("%q: %q=%q, %v", query, name, v, err)
				}
			}
		}
	})
}

// FuzzShape compares the shape of patterns with what the router makes of them.
func FuzzShape(f *testing.F) {
	for _, seed := range []string{"/a", "/a/", "/a/x", "/a/x/b", "/a/x/b/y", "/a/%2F/b/..", "/a/%20/b/%00", "/a//b/", "/a/x/b/y/", "//a/x", "/a/x%2fb%2fy", "/a/x/c/y/d", "/a/x:erase", "/a/names:all", "/a/:erase"} {
		f.Add(seed)
	}
	patterns := []string{"/a", "/a/{one}", "/a/names", "/a/{one}/b", "/a/{one}/b/{two}", "/a/{one}/c/{two}/d", "/a/{one}:erase", "/a/names:all", "/log/tile/{tile:.+}"}
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.ParseRequestURI("/" + strings.TrimPrefix(path, "/"))
		if err != nil {
			return
		}
		r := &http.Request{Method: http.MethodGet, URL: u}
		for _, pattern := range patterns {
			route := mux.NewRouter().UseEncodedPath().SkipClean(true).NewRoute().Path(pattern)
			want := route.Match(r, &mux.RouteMatch{})
			got := shapeOf(pattern)
			if matched := got.matches(r, nil); got != nil && matched != want {
				t.Errorf("%q by %q: %v, the router says %v", path, pattern, matched, want)
			}
		}
	})
}
