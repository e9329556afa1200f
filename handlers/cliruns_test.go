package handlers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// cliRun is one recorded run of Hydra's command line tool.
type cliRun struct {
	Case    string   `json:"case"`
	Command []string `json:"command"`
	Exit    int      `json:"exit_code"`
	Stdout  string   `json:"stdout"`
	Stderr  string   `json:"stderr"`
	HTTP    []struct {
		Method   string          `json:"method"`
		Path     string          `json:"path"`
		Request  json.RawMessage `json:"request_body"`
		Status   int             `json:"status"`
		Response json.RawMessage `json:"response_body"`
	} `json:"http"`
}

// exchanges are the run's requests in the form of the other recordings. The
// headers were not recorded with them: they are those of the same calls there.
func (run cliRun) exchanges(t *testing.T, number string) []recorded {
	t.Helper()
	text := func(raw json.RawMessage) *string {
		if len(raw) == 0 || string(raw) == "null" {
			return nil
		}
		var b bytes.Buffer
		must(t, json.Compact(&b, raw))
		s := b.String()
		return &s
	}
	var all []recorded
	for _, h := range run.HTTP {
		r := recorded{Case: run.Case, Group: "cli", number: number}
		r.Request.Listener, r.Request.Method, r.Request.Path, r.Request.Body = "admin", h.Method, h.Path, text(h.Request)
		r.Request.Headers = map[string]string{"Accept": "application/json"}
		if r.Request.Body != nil {
			r.Request.Headers["Content-Type"] = "application/json"
		}
		r.Response.Status, r.Response.Headers = h.Status, map[string]string{}
		if body := text(h.Response); body != nil {
			r.Response.Body = *body + "\n"
			r.Response.Headers["Content-Type"] = "application/json"
			if h.Status < 300 {
				r.Response.Headers["Content-Type"] += "; charset=utf-8"
			}
		}
		if h.Method == http.MethodGet {
			r.Response.Headers["Cache-Control"] = "private, no-cache, no-store, must-revalidate"
		}
		if h.Status == http.StatusCreated {
			r.Response.Headers["Location"] = "/admin/clients/" + occurrences(r.Response.Body)[place{1, "client_id"}]
		}
		if h.Method == http.MethodGet && strings.HasPrefix(h.Path, "/admin/clients?") {
			const at = "/admin/clients?page_size=2&page_token="
			r.Response.Headers["Link"] = "<" + at + "first-" + number + `>; rel="first",<` + at + run.nextToken() + `>; rel="next"`
		}
		all = append(all, r)
	}
	return all
}

// nextToken is the page token that the tool printed, as it stands in a query.
func (run cliRun) nextToken() string {
	var list struct {
		Next string `json:"next_page_token"`
	}
	if json.Unmarshal([]byte(run.Stdout), &list) == nil && list.Next != "" {
		return url.QueryEscape(list.Next)
	}
	cells := cellsOf(run.Stdout)
	for i, cell := range cells {
		if cell == "NEXT PAGE TOKEN" {
			return url.QueryEscape(cells[i+1])
		}
	}
	return ""
}

// cellsOf are the cells of a printed table that are not empty.
func cellsOf(stdout string) []string {
	return strings.FieldsFunc(stdout, func(r rune) bool { return r == '\t' || r == '\n' })
}

// titles are the words that the tool prints around values.
var titles = []string{"CLIENT ID", "CLIENT SECRET", "GRANT TYPES", "RESPONSE TYPES", "SCOPE", "AUDIENCE", "REDIRECT URIS",
	"NEXT PAGE TOKEN", "IS LAST PAGE", "ID"}

// TestReplayCLI sends what Hydra's command line tool sent in 21 recorded runs,
// compares the answers as TestReplayHydra does, and then makes of them what
// the tool printed: its exit status, its tables, its JSON, its error bodies.
func TestReplayCLI(t *testing.T) {
	dir := goldenDir(t)
	files, err := filepath.Glob(filepath.Join(dir, "cli-*.json"))
	must(t, err)
	slices.Sort(files)
	re := newReplay(t)
	total, same := 0, 0
	for _, file := range files {
		var run cliRun
		readJSON(t, file, &run)
		number := filepath.Base(file)[:len("cli-00")]
		var answers []answer
		for _, r := range run.exchanges(t, number) {
			re.recorded[number] = r.Response
			got := re.exchange(t, r)
			// Its place in the list depends on the generated id: it sorts behind the others.
			for number == "cli-01" && occurrences(got.body)[place{1, "client_id"}] < "d" {
				re.remake(t, &got, r)
			}
			answers = append(answers, got)
			total++
		}
		if re.printed(t, number, run, answers) {
			same++
		}
	}
	t.Logf("%d runs, %d with the recorded output and exit status", len(files), same)
	re.report(t, total, func(number string) bool { return strings.HasPrefix(number, "cli-") })
}

// remake deletes the client that was made and makes it again.
func (re *replay) remake(t *testing.T, got *answer, r recorded) {
	t.Helper()
	id := func(body string) string { return occurrences(body)[place{1, "client_id"}] }
	if gone := re.send(t, "admin", "DELETE", "/admin/clients/"+id(got.body), nil, nil); gone.status != http.StatusNoContent {
		t.Fatalf("delete: %d", gone.status)
	}
	before := occurrences(got.body)
	*got = re.send(t, "admin", r.Request.Method, r.Request.Path, r.Request.Headers, r.Request.Body)
	for at, value := range occurrences(got.body) {
		for recorded, own := range re.pairs.words {
			if own == before[at] {
				re.pairs.words[recorded] = value
			}
		}
		for key, own := range re.pairs.times {
			if key.member == at.member && own == before[at] {
				re.pairs.times[key] = value
			}
		}
	}
}

// printed reports whether the tool would have printed and returned of this
// server's answers what it did of the recorded ones.
func (re *replay) printed(t *testing.T, number string, run cliRun, answers []answer) bool {
	t.Helper()
	exit, errors := 0, ""
	var values []string
	var bodies, sent strings.Builder
	for i, a := range answers {
		bodies.WriteString(a.body)
		sent.Write(run.HTTP[i].Request)
		if a.status >= 400 {
			exit = 1
			var b bytes.Buffer
			must(t, json.Indent(&b, []byte(a.body), "", "  "))
			errors += b.String() + "Failed to execute API request, see error above.\n"
			continue
		}
		if a.status == http.StatusNoContent {
			values = append(values, run.HTTP[i].Path[strings.LastIndexByte(run.HTTP[i].Path, '/')+1:])
			continue
		}
		values = append(values, re.row(t, a)...)
	}
	ok := true
	fail := func(format string, args ...any) { ok = false; t.Errorf(number+" "+run.Case+": "+format, args...) }
	if exit != run.Exit {
		fail("exit status %d, recorded %d", exit, run.Exit)
	}
	// The tool adds a line of its own for some commands; it never leaves the body out.
	if !strings.HasPrefix(run.Stderr, errors) || errors == "" && run.Stderr != "" {
		fail("standard error %q, recorded %q", errors, run.Stderr)
	}
	sort := run.Command[len(run.Command)-1]
	switch {
	case exit == 0 && (sort == "json" || sort == "json-pretty"):
		stdout := re.editedOutput(number, strings.NewReplacer(`": "`, `":"`).Replace(run.Stdout))
		want, problems := re.pairs.body(stdout, bodies.String(), sent.String(), 0)
		got := re.json(t, answers[0], sort == "json-pretty")
		got = strings.NewReplacer(`": "`, `":"`).Replace(got)
		if len(problems) > 0 || got != want {
			fail("standard output\n got %s\nwant %s\n%s", got, want, problems)
		}
	default:
		want := slices.DeleteFunc(cellsOf(re.pairs.ours(run.Stdout)), func(cell string) bool { return slices.Contains(titles, cell) })
		if !slices.Equal(values, want) {
			fail("printed values\n got %q\nwant %q", values, want)
		}
	}
	return ok
}

// editedOutput is recorded output with the deliberate differences of a run.
func (re *replay) editedOutput(number, stdout string) string {
	r := recorded{number: number, Response: answered{Body: stdout, Headers: map[string]string{}}}
	for _, d := range differencesOf(r) {
		d.edit(edit{number, re.pairs, re.recorded}, &r.Response)
	}
	return r.Response.Body
}

// row is what the tool's table shows of an answer.
func (re *replay) row(t *testing.T, a answer) []string {
	t.Helper()
	var clients []map[string]any
	list := strings.HasPrefix(a.body, "[")
	if list {
		must(t, json.Unmarshal([]byte(a.body), &clients))
	} else {
		clients = make([]map[string]any, 1)
		must(t, json.Unmarshal([]byte(a.body), &clients[0]))
	}
	var cells []string
	for _, c := range clients {
		for _, member := range []string{"client_id", "client_secret", "grant_types", "response_types", "scope", "audience", "redirect_uris"} {
			cell := ""
			switch v := c[member].(type) {
			case string:
				cell = v
			case []any:
				var words []string
				for _, w := range v {
					words = append(words, fmt.Sprint(w))
				}
				cell = strings.Join(words, ", ")
			}
			if cell != "" {
				cells = append(cells, cell)
			}
		}
	}
	if list {
		next, last := nextPage(t, a.header)
		cells = append(cells, next, fmt.Sprint(last))
	}
	return cells
}

// nextPage reads a Link header as the tool does.
func nextPage(t *testing.T, header http.Header) (token string, last bool) {
	t.Helper()
	for _, link := range strings.Split(header.Get("Link"), ",") {
		target, rel, _ := strings.Cut(link, ">; ")
		if rel != `rel="next"` {
			continue
		}
		u, err := url.Parse(strings.TrimPrefix(target, "<"))
		must(t, err)
		return u.Query().Get("page_token"), false
	}
	return "", true
}

// json is what the tool prints of an answer for --format json: members by
// name, null ones left out, and empty lists too where it is one client.
func (re *replay) json(t *testing.T, a answer, pretty bool) string {
	t.Helper()
	clean := func(c map[string]json.RawMessage, empty bool) {
		maps.DeleteFunc(c, func(_ string, v json.RawMessage) bool { return string(v) == "null" || empty && string(v) == "[]" })
	}
	var shown any
	if strings.HasPrefix(a.body, "[") {
		var items []map[string]json.RawMessage
		must(t, json.Unmarshal([]byte(a.body), &items))
		for _, item := range items {
			clean(item, false)
		}
		next, last := nextPage(t, a.header)
		shown = struct {
			Items []map[string]json.RawMessage `json:"items"`
			Next  string                       `json:"next_page_token"`
			Last  bool                         `json:"is_last_page"`
		}{items, next, last}
	} else {
		var c map[string]json.RawMessage
		must(t, json.Unmarshal([]byte(a.body), &c))
		clean(c, true)
		shown = c
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if pretty {
		enc.SetIndent("", "  ")
	}
	must(t, enc.Encode(shown))
	return b.String()
}
