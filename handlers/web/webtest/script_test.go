package webtest_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"tenure/handlers/web/webtest"
)

// echo answers a document with a changing id and what it was sent.
func echo(id *int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*id++
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Location", fmt.Sprintf("/things/generated-%d", *id))
		w.WriteHeader(201)
		fmt.Fprintf(w, `{"id":"generated-%d","number":%d,"sent":%q,"who":%q}`, *id, *id, body, r.Header.Get("X-Who"))
	})
}

const passes = `Binds, compares by meaning, ignores layout.
-- make --
POST /things
X-Who: {{who}}

a
b
===
201
Location: /things/{{id}}
Retry-After:

{"who": "me and you", "sent": "a\nb", "id": "{{id}}", "number": "{{_}}"}
-- make another --
POST /things
X-Who: {{id}}
===
201

{
  "id": "{{other}}",
  "number": 2,
  "sent": "",
  "who": "{{id}}"
}
`

func write(t *testing.T, script string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "s.txtar")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRunAndUpdate(t *testing.T) {
	t.Setenv("UPDATE_GOLDEN", "")
	id, vars := 0, map[string]string{"who": "me and you"}
	webtest.Run(t, echo(&id), write(t, passes), vars)
	if vars["id"] != "generated-1" || vars["other"] != "generated-2" {
		t.Errorf("bound %v", vars)
	}

	t.Setenv("UPDATE_GOLDEN", "1")
	file := write(t, `-- make --
POST /things
X-Who: {{who}}
===
500
Location: {{_}}

{"id": "{{id}}", "number": "{{_}}", "gone": 1}
-- make another --
POST /things
X-Who: {{id}}
===
`)
	id = 0
	webtest.Run(t, echo(&id), file, map[string]string{"who": "me and you"})
	got, err := os.ReadFile(file)
	want := `-- make --
POST /things
X-Who: {{who}}
===
201
Location: {{_}}

{
  "id": "{{id}}",
  "number": "{{_}}",
  "sent": "",
  "who": "{{who}}"
}
-- make another --
POST /things
X-Who: {{id}}
===
201

{
  "id": "generated-2",
  "number": 2,
  "sent": "",
  "who": "{{id}}"
}
`
	if err != nil || string(got) != want {
		t.Errorf("rewritten to\n%s", got)
	}
}
