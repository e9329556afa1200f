package webtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

const divider = "===\n"

// Run runs the script in file against h. vars are the variables known at the
// start; Run adds what the script binds, so that scripts can go on from there.
//
// A script is a txtar archive. The text before the first file says what the
// script shows; each file is one step, its name a sentence for failures:
//
//	-- an admin creates a child --
//	POST /v1/organizations
//	Authorization: Bearer {{root_admin}}
//
//	{"name": "quay", "parent_id": "{{north}}"}
//	===
//	201
//	Location: /v1/organizations/{{quay}}
//	Retry-After:
//
//	{"id": "{{quay}}", "name": "quay", "depth": 3}
//
// Above === is the request: method and target, header lines, a blank line and the
// body, without its last line feed. Below is what is expected: the status, the
// headers that matter (an empty one must be absent), a blank line and the body.
// If no body is written, none may come. JSON is compared by meaning, with exactly
// the members that are written; any other body as text.
//
// {{name}} in a request is a variable that the test gave or an earlier step bound.
// In what is expected it must be the variable's value, or binds the variable if it
// has none yet. {{_}} is anything, and as a whole JSON string any value.
//
// With UPDATE_GOLDEN=1 the expected part is written anew from the answers; values
// of variables become {{name}} again, and {{_}} and bindings stay where they fit.
func Run(t *testing.T, h http.Handler, file string, vars map[string]string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	update := os.Getenv("UPDATE_GOLDEN") == "1"
	for i := range archive.Files {
		f := &archive.Files[i]
		request, expected, _ := strings.Cut(string(f.Data), divider)
		w, err := send(h, request, vars)
		if err != nil {
			t.Fatalf("%s: %s: %v", filepath.Base(file), f.Name, err)
		}
		want := parseExpected(expected)
		if update {
			f.Data = []byte(request + divider + want.rewrite(w, vars))
			continue
		}
		for _, problem := range want.compare(w, vars) {
			t.Errorf("%s: %s: %s", filepath.Base(file), f.Name, problem)
		}
		if t.Failed() {
			t.Fatalf("the answer was %d %v\n%s", w.Code, w.Header(), w.Body)
		}
	}
	if update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// RunDir runs every script of a folder, each against a handler and variables
// of its own.
func RunDir(t *testing.T, dir string, fresh func(t *testing.T) (http.Handler, map[string]string)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			h, vars := fresh(t)
			Run(t, h, file, vars)
		})
	}
}

// send makes the request of a step.
func send(h http.Handler, text string, vars map[string]string) (*httptest.ResponseRecorder, error) {
	var unknown []string
	text = variable.ReplaceAllStringFunc(text, func(ref string) string {
		value, ok := vars[nameIn(ref)]
		if !ok {
			unknown = append(unknown, ref)
		}
		return value
	})
	if len(unknown) > 0 {
		return nil, fmt.Errorf("the request uses %s, which nothing has bound", strings.Join(unknown, ", "))
	}
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	method, target, ok := strings.Cut(lines[0], " ")
	if !ok {
		return nil, fmt.Errorf("%q is no request line", lines[0])
	}
	r := httptest.NewRequest(method, target, strings.NewReader(strings.TrimSuffix(body, "\n")))
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%q is no header", line)
		}
		r.Header.Add(name, strings.TrimSpace(value))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w, nil
}
