package webtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var variable = regexp.MustCompile(`\{\{\w+\}\}`)

func nameIn(ref string) string { return ref[2 : len(ref)-2] }

// expected is the part of a step below the divider.
type expected struct {
	status  string
	headers [][2]string
	body    string
}

func parseExpected(text string) expected {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	e := expected{status: lines[0], body: strings.TrimSuffix(body, "\n")}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		e.headers = append(e.headers, [2]string{name, strings.TrimSpace(value)})
	}
	return e
}

// compare lists what of the answer is not as expected, and binds variables.
func (e expected) compare(w *httptest.ResponseRecorder, vars map[string]string) (problems []string) {
	if got := strconv.Itoa(w.Code); got != e.status {
		problems = append(problems, fmt.Sprintf("status %s, want %s", got, e.status))
	}
	for _, h := range e.headers {
		if got := strings.Join(w.Header().Values(h[0]), ", "); !matches(h[1], got, vars) {
			problems = append(problems, fmt.Sprintf("header %s is %q, want %q", h[0], got, h[1]))
		}
	}
	got := w.Body.Bytes()
	want, errWant := decode([]byte(e.body))
	answer, errGot := decode(got)
	switch {
	case errWant == nil && errGot == nil:
		takeRequestID(want, answer, w.Header().Get("X-Request-Id"))
		problems = append(problems, diff("", want, answer, vars)...)
	case !matches(e.body, strings.TrimSuffix(string(got), "\n"), vars):
		problems = append(problems, fmt.Sprintf("body %q, want %q", got, e.body))
	}
	return problems
}

// takeRequestID takes the member request_id out of an answer, where it is that of the
// header and no script expects another: it is a new one each time.
func takeRequestID(want, answer any, id string) {
	expected, _ := want.(map[string]any)
	got, _ := answer.(map[string]any)
	if _, named := expected["request_id"]; !named && id != "" && got["request_id"] == id {
		delete(got, "request_id")
	}
}

func decode(data []byte) (v any, err error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	err = dec.Decode(&v)
	return v, err
}

// matches reports whether got has the form of want, and binds variables.
func matches(want, got string, vars map[string]string) bool {
	pattern, binds, end := "", []string(nil), 0
	for _, at := range variable.FindAllStringIndex(want, -1) {
		name := nameIn(want[at[0]:at[1]])
		pattern += regexp.QuoteMeta(want[end:at[0]])
		end = at[1]
		if value, known := vars[name]; known {
			pattern += regexp.QuoteMeta(value)
		} else {
			pattern += `([\s\S]+?)`
			binds = append(binds, name)
		}
	}
	found := regexp.MustCompile(`\A` + pattern + regexp.QuoteMeta(want[end:]) + `\z`).FindStringSubmatch(got)
	if found == nil {
		return false
	}
	for i, name := range binds {
		if name != "_" {
			vars[name] = found[i+1]
		}
	}
	return true
}

// diff lists the differences of two decoded JSON values.
func diff(at string, want, got any, vars map[string]string) (problems []string) {
	wrong := []string{fmt.Sprintf("%s is %s, want %s", at+"/", render(got), render(want))}
	switch w := want.(type) {
	case string:
		g, isText := got.(string)
		if w == "{{_}}" || isText && matches(w, g, vars) {
			return nil
		}
	case []any:
		g, isList := got.([]any)
		if isList && len(g) == len(w) {
			for i := range w {
				problems = append(problems, diff(fmt.Sprintf("%s/%d", at, i), w[i], g[i], vars)...)
			}
			return problems
		}
	case map[string]any:
		g, isObject := got.(map[string]any)
		if isObject && slices.Equal(slices.Sorted(maps.Keys(g)), slices.Sorted(maps.Keys(w))) {
			for _, name := range slices.Sorted(maps.Keys(w)) {
				problems = append(problems, diff(at+"/"+name, w[name], g[name], vars)...)
			}
			return problems
		}
	default: // null, true, false and numbers as written
		if want == got {
			return nil
		}
	}
	return wrong
}

func render(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(b.String(), "\n")
}
