package webtest

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
)

// rewrite is the expected part that the answer would pass, in the words of
// the one that was there.
func (e expected) rewrite(w *httptest.ResponseRecorder, vars map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", w.Code)
	for _, h := range e.headers {
		got := strings.Join(w.Header().Values(h[0]), ", ")
		fmt.Fprintf(&b, "%s\n", strings.TrimSpace(h[0]+": "+reword(h[1], got, vars)))
	}
	if w.Body.Len() == 0 {
		return b.String()
	}
	body := reword(e.body, strings.TrimSuffix(w.Body.String(), "\n"), vars)
	if got, err := decode(w.Body.Bytes()); err == nil {
		want, _ := decode([]byte(e.body))
		takeRequestID(want, got, w.Header().Get("X-Request-Id"))
		body = e.body // keep the layout where nothing changed
		if want == nil || len(diff("", want, got, maps.Clone(vars))) > 0 {
			body = render(rewordJSON(want, got, vars))
		} else {
			diff("", want, got, vars) // binds
		}
	}
	return b.String() + "\n" + body + "\n"
}

// reword keeps the old text if it fits, else puts variables for their values.
func reword(old, got string, vars map[string]string) string {
	if old != "" && matches(old, got, vars) {
		return old
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if len(vars[name]) >= 8 { // anything shorter would stand there by chance
			got = strings.ReplaceAll(got, vars[name], "{{"+name+"}}")
		}
	}
	return got
}

func rewordJSON(old, got any, vars map[string]string) any {
	switch g := got.(type) {
	case string:
		o, _ := old.(string)
		return reword(o, g, vars)
	case []any:
		o, _ := old.([]any)
		for i := range g {
			var before any
			if i < len(o) {
				before = o[i]
			}
			g[i] = rewordJSON(before, g[i], vars)
		}
	case map[string]any:
		o, _ := old.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(g)) {
			g[name] = rewordJSON(o[name], g[name], vars)
		}
	}
	if old == "{{_}}" {
		return old
	}
	return got
}
