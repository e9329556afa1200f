package document

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"tenure/snapshots/document/uri"
	"tenure/tenancy/text"
)

var uses = []struct {
	use  uri.Use
	name string
}{
	{uri.Redirect, "redirect"}, {uri.Logout, "logout"}, {uri.Page, "page"}, {uri.Frame, "frame"}, {uri.Called, "called"},
	{uri.Request, "request"}, {uri.Keys, "keys"}, {uri.Origin, "origin"}, {uri.Identifier, "identifier"}, {uri.Unknown, "unknown"},
}

func usesOf(set uri.Use) string {
	var names []string
	for _, u := range uses {
		if set&u.use != 0 {
			names = append(names, u.name)
		}
	}
	switch len(names) {
	case len(uses):
		return "all"
	case 0:
		return "–"
	}
	return strings.Join(names, ", ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// tables are those of docs/metadata-rules.md, made of the tables of Go.
func tables() map[string]string {
	all := map[string]string{}
	row := func(table string, cells ...string) {
		for i, cell := range cells {
			cells[i] = strings.ReplaceAll(cell, "|", `\|`)
		}
		all[table] += "| " + strings.Join(cells, " | ") + " |\n"
	}
	for _, name := range sorted(addresses) {
		of := ""
		if name == "uri" {
			of = " of a resource server"
		}
		row("@members", "`"+name+"`"+of, usesOf(addresses[name]))
	}
	for _, r := range uri.Rules {
		row("@addresses", "`"+r.Name+"`", usesOf(r.Everywhere), usesOf(r.Self), yes(r.Waivable), r.Message)
	}
	for kind := text.Line; kind <= text.Code; kind++ {
		var members []string
		for _, name := range sorted(texts) {
			if texts[name] == kind {
				members = append(members, "`"+name+"`")
			}
		}
		switch kind {
		case text.Name:
			members = []string{"names of organizations, keys and initial tokens"}
		case text.Reason:
			members = []string{"reasons of changes"}
		case text.ID:
			members = []string{"`client_id`"}
		case text.VSChar:
			members = []string{"`client_id` at nevisMeta"}
		}
		r := text.Table[kind]
		row("@texts", r.Name, strings.Join(members, ", "), fmt.Sprintf("%d bytes", r.Max), r.Says)
	}
	for _, w := range Works {
		from := map[Level]string{ByTenure: "/v1", ByItself: "itself"}[w.From]
		members := make([]string, len(w.Fields))
		for i, name := range w.Fields {
			members[i] = "`" + name + "`"
		}
		switch w.Name {
		case "lifetime-positive":
			members = []string{"the four `…_ttl`", "all `…_lifespan`", "`default_max_age`"}
		case "value-known":
			members = []string{"those of the table below"}
		}
		row("@works", "`"+w.Name+"`", from, strings.Join(members, ", "), w.Says)
	}
	members, values := map[string][]string{}, map[string]string{}
	for _, name := range sorted(registered) {
		set := "`" + strings.Join(registered[name], "`, `") + "`"
		members[set] = append(members[set], "`"+name+"`")
	}
	for set, names := range members {
		values[strings.Join(names, ", ")] = set
	}
	for _, names := range sorted(values) {
		row("@values", names, values[names])
	}
	return all
}

func sorted[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestThePageHasTheTables of Go, row by row and nothing else. UPDATE_GOLDEN=1
// writes them over what begins with the header of each.
func TestThePageHasTheTables(t *testing.T) {
	const page = "../../docs/metadata-rules.md"
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	headers := map[string]string{
		"@members":   "| member | use |\n|---|---|\n",
		"@addresses": "| rule | everywhere for | itself for | policy may allow | says |\n|---|---|---|---|---|\n",
		"@texts":     "| kind | members | at most | takes |\n|---|---|---|---|\n",
		"@works":     "| rule | refused from | members | wants |\n|---|---|---|---|\n",
		"@values":    "| members | registered values |\n|---|---|\n",
	}
	doc := string(raw)
	for name, want := range tables() {
		before, rest, found := strings.Cut(doc, headers[name])
		if !found {
			t.Errorf("the page has no table %s", headers[name])
			continue
		}
		got := rest[:max(0, strings.Index(rest, "\n\n")+1)]
		if name == "@members" {
			want += "| other names of localized texts, and names at any depth of a UI configuration, that end in `uri`, `uris`, `url` or `urls` | unknown |\n"
		}
		if got != want {
			t.Errorf("the table %s of the page is\n%s\nwant\n%s", name, got, want)
			doc = before + headers[name] + want + rest[len(got):]
		}
	}
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(page, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
