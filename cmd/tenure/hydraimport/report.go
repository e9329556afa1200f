package hydraimport

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"tenure/cmd/tenure/exit"
	"tenure/tenancy/fault"
)

// What happened to a client.
const (
	resultCreated   = "created"
	resultUpdated   = "updated"
	resultUnchanged = "unchanged"
	resultRefused   = "refused"
)

// result is what happened to one client. It contains no secret.
type result struct {
	ClientID string        `json:"client_id,omitempty"`
	Number   int           `json:"number"` // position in the file, from 1
	Result   string        `json:"result"`
	Changed  []string      `json:"changed,omitempty"` // members that changed
	Secrets  int           `json:"secrets,omitempty"` // number imported
	Note     string        `json:"note,omitempty"`
	Faults   []resultFault `json:"faults,omitempty"`
	Warnings []resultFault `json:"warnings,omitempty"` // rules that an import may break
}

type resultFault struct {
	Path    string `json:"path,omitempty"` // JSON pointer
	Message string `json:"message"`
}

// result is the client's result, to be completed.
func (c sourceClient) result(as string) result {
	return result{ClientID: c.id, Number: c.number, Result: as}
}

// warn adds rules that the client breaks and that were let pass.
func (r *result) warn(broken []fault.Field) {
	for _, f := range broken {
		r.Warnings = append(r.Warnings, resultFault{f.Path, f.Message})
	}
}

// refused is the result of a refused client: one fault for each member.
func (c sourceClient) refused(err error) result {
	r, f := c.result(resultRefused), fault.Of(err)
	said := map[string]bool{}
	for _, field := range f.Fields {
		if !said[field.Path] {
			said[field.Path] = true
			r.Faults = append(r.Faults, resultFault{field.Path, field.Message})
		}
	}
	if len(r.Faults) == 0 {
		r.Faults = []resultFault{{Message: exit.Message(err)}}
	}
	return r
}

// report writes the result of each client, and then the sums.
type report struct {
	Created, Updated, Unchanged, Refused int

	out    *bufio.Writer
	stderr io.Writer // for what is not part of the report
	shown  *progress
	json   bool
	dry    bool
	begun  bool
}

func newReport(out, screen io.Writer, f Options) (*report, error) {
	if f.Format != "text" && f.Format != "json" {
		return nil, fmt.Errorf("--format must be text or json, not %q", f.Format)
	}
	r := &report{out: bufio.NewWriter(out), stderr: screen, json: f.Format == "json", dry: f.DryRun, shown: newProgress(screen, f.Progress)}
	return r, nil
}

func (r *report) total() int { return r.Created + r.Updated + r.Unchanged + r.Refused }

// key shows the API key of a new database. If the report is JSON, it goes to
// standard error.
func (r *report) key(text string) {
	if r.json {
		fmt.Fprintf(r.stderr, "first administrator's API key, shown this once: %s\n", text)
		return
	}
	fmt.Fprintf(r.out, "first administrator's API key, shown this once: %s\n", text)
	r.out.Flush() // a later failure must not lose it
}

func (r *report) add(c result) {
	switch c.Result {
	case resultCreated:
		r.Created++
	case resultUpdated:
		r.Updated++
	case resultUnchanged:
		r.Unchanged++
	case resultRefused:
		r.Refused++
	}
	if r.json {
		r.addJSON(c)
		return
	}
	name := c.ClientID
	if name == "" {
		name = fmt.Sprintf("(client %d in the file)", c.Number)
	}
	fmt.Fprintf(r.out, "%-9s  %s", c.Result, printable(name))
	if len(c.Changed) > 0 {
		fmt.Fprintf(r.out, "  %s", strings.Join(c.Changed, ", "))
	}
	if c.Note != "" {
		fmt.Fprintf(r.out, "  (%s)", c.Note)
	}
	fmt.Fprintln(r.out)
	for _, f := range c.Faults {
		fmt.Fprintf(r.out, "           %s\n", printable(strings.TrimPrefix(f.Path+": "+f.Message, ": ")))
	}
	for _, f := range c.Warnings {
		fmt.Fprintf(r.out, "           warning: %s\n", printable(f.Path+": "+f.Message))
	}
}

// printable quotes a text that could control the terminal.
func printable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return text
	}
	return strconv.Quote(text)
}

func (r *report) addJSON(c result) {
	separator := ",\n"
	if !r.begun {
		separator = "{\"clients\":[\n"
	}
	r.begun = true
	r.out.WriteString(separator)
	raw, err := json.Marshal(c)
	if err != nil {
		raw = []byte("null") // cannot happen: it consists of strings and numbers
	}
	r.out.Write(raw)
}

// progress shows the progress of the import, now and then.
func (r *report) progress(share float64) {
	if r.shown.due() {
		r.shown.wipe()
		r.out.Flush()
		r.shown.show(r.total(), share)
	}
}

// end writes the sums; partial says that the file is one page of a longer list.
func (r *report) end(partial bool) {
	r.shown.wipe()
	if r.json {
		r.endJSON(partial)
	} else {
		would := ""
		if r.dry {
			would = "; nothing was written"
		}
		fmt.Fprintf(r.out, "%d clients: %d created, %d updated, %d unchanged, %d refused%s\n",
			r.total(), r.Created, r.Updated, r.Unchanged, r.Refused, would)
		if partial {
			fmt.Fprintln(r.out, "the file is one page of a longer list (is_last_page is false): import the other pages, too")
		}
	}
	r.out.Flush()
}

func (r *report) endJSON(partial bool) {
	if !r.begun {
		r.out.WriteString("{\"clients\":[")
	}
	raw, err := json.Marshal(sums{r.total(), r.Created, r.Updated, r.Unchanged, r.Refused, r.dry, partial})
	if err == nil {
		fmt.Fprintf(r.out, "\n],%s\n", raw[1:])
	}
}

type sums struct {
	Total     int  `json:"total"`
	Created   int  `json:"created"`
	Updated   int  `json:"updated"`
	Unchanged int  `json:"unchanged"`
	Refused   int  `json:"refused"`
	DryRun    bool `json:"dry_run"`
	Partial   bool `json:"partial"` // the file is one page of a longer list
}
