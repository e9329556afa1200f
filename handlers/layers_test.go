package handlers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed is the import table: what each package may import of ours. Adding an
// edge means editing this table in the same change.
var allowed = map[string][]string{
	".":                                      {},
	"jwk/strictjson":                         {},
	"jwk/x509view":                           {"jwk/strictjson"},
	"jwk":                                    {"jwk/strictjson", "jwk/x509view", "tenancy/text"},
	"jwk/jwktest":                            {},
	"tenancy/fault":                          {},
	"tenancy/fair":                           {"tenancy/fault"},
	"tenancy/db":                             {".", "tenancy/fair", "tenancy/fault"},
	"tenancy/history":                        {"tenancy/db", "tenancy/fault"},
	"tenancy/history/counts":                 {"tenancy/db", "tenancy/fault", "tenancy/history"},
	"tenancy/history/witness":                {"tenancy/fault", "tenancy/history"},
	"tenancy/text":                           {},
	"tenancy/text/cells":                     {},
	"snapshots/document/uri":                 {"tenancy/text"},
	"tenancy":                                {"tenancy/text", "tenancy/fault", "tenancy/db", "tenancy/history"},
	"tenancy/accesslog":                      {"tenancy/db", "tenancy/history"},
	"snapshots/document":                     {"tenancy/text", "snapshots/document/uri", "jwk", "jwk/strictjson", "tenancy/fault"},
	"snapshots/document/registry":            {"snapshots/document", "jwk/strictjson", "tenancy/fault"},
	"snapshots/policy":                       {"snapshots/document", "snapshots/document/uri", "tenancy", "tenancy/fault", "tenancy/db", "tenancy/history"},
	"snapshots/credential":                   {},
	"snapshots/holdings":                     {"jwk/strictjson", "snapshots/document", "tenancy", "tenancy/db", "tenancy/fault", "tenancy/history"},
	"snapshots/ending":                       {"snapshots/clientsecret", "snapshots/holdings", "snapshots/initial", "snapshots/selftoken", "tenancy", "tenancy/db", "tenancy/history"},
	"snapshots/clientsecret":                 {"snapshots/credential", "tenancy/db", "tenancy/fault", "tenancy/history"},
	"snapshots/initial":                      {"tenancy", "tenancy/db", "tenancy/fault", "tenancy/history"},
	"snapshots/selftoken":                    {"tenancy/db", "tenancy/history"},
	"snapshots/modules":                      {"tenancy", "tenancy/db", "tenancy/fault", "tenancy/history"},
	"snapshots/erasing":                      {"tenancy", "tenancy/db", "tenancy/history"},
	"snapshots/consistency":                  {"snapshots/candidates", "snapshots/clientsecret", "snapshots/document", "snapshots/holdings", "tenancy", "tenancy/db", "tenancy/history"},
	"snapshots/candidates":                   {"snapshots/caches", "snapshots/document", "jwk/strictjson", "tenancy", "tenancy/db", "tenancy/history"},
	"snapshots/caches":                       {},
	"snapshots/lastuse":                      {"tenancy", "tenancy/db", "tenancy/history"},
	"snapshots/disclosures":                  {"snapshots/tally", "tenancy", "tenancy/db", "tenancy/history"},
	"snapshots":                              {"snapshots/caches", "snapshots/candidates", "snapshots/clientsecret", "snapshots/selftoken", "snapshots/consistency", "snapshots/erasing", "snapshots/initial", "snapshots/modules", "snapshots/disclosures", "snapshots/lastuse", "snapshots/ending", "snapshots/holdings", "snapshots/policy", "snapshots/readlog", "snapshots/turns", "snapshots/document", "snapshots/credential", "jwk", "tenancy", "tenancy/fair", "tenancy/fault", "tenancy/db", "tenancy/history"},
	"snapshots/unused":                       {"snapshots", "snapshots/document", "tenancy", "tenancy/fault", "tenancy/history"},
	"snapshots/inheriting":                   {"snapshots", "snapshots/diff", "snapshots/document", "tenancy", "tenancy/db", "tenancy/fault", "tenancy/history"},
	"snapshots/tally":                        {"tenancy/history"},
	"snapshots/turns":                        {"tenancy", "tenancy/fair"},
	"snapshots/readlog":                      {"tenancy/db", "tenancy/fault", "tenancy/history"},
	"snapshots/evidence/pages":               {"snapshots/diff", "snapshots/document", "tenancy/history", "tenancy/text", "tenancy/text/cells"},
	"snapshots/evidence":                     {"snapshots", "snapshots/evidence/pages", "tenancy", "tenancy/fault", "tenancy/db", "tenancy/history", "tenancy/history/counts"},
	"snapshots/keycheck":                     {"snapshots/document", "tenancy/db", "tenancy/fault", "tenancy/history"},
	"snapshots/diff":                         {"snapshots/document", "snapshots/document/uri", "jwk", "jwk/strictjson", "jwk/x509view"},
	"handlers/web":                           {"tenancy/text", "snapshots/document/uri", "jwk/strictjson", "tenancy", "tenancy/accesslog", "tenancy/fair", "tenancy/fault", "tenancy/history"},
	"handlers/jsonpatch":                     {},
	"handlers/nevismeta":                     append([]string{"snapshots/diff"}, surface...),
	"handlers/api":                           append([]string{"snapshots/readlog", "snapshots/inheriting", "handlers/jsonpatch", "snapshots/diff", "snapshots/evidence", "tenancy/text/cells"}, surface...),
	"handlers/slashid":                       surface,
	"handlers/openfinance":                   append([]string{"handlers/openfinance/scheme", "snapshots/document/registry"}, surface...),
	"handlers/openfinance/scheme":            {"handlers/web", "tenancy/fault"},
	"handlers/openfinance/demo":              {},
	"handlers/translog":                      {"handlers/web", "tenancy/fault", "tenancy/history", "tenancy/history/witness"},
	"handlers/ory":                           {"snapshots", "snapshots/document", "snapshots/document/registry", "jwk", "jwk/strictjson", "tenancy", "tenancy/fault", "tenancy/history", "handlers/web"},
	"handlers/hydra":                         append([]string{"handlers/jsonpatch", "handlers/ory"}, surface...),
	"handlers/register":                      append([]string{"handlers/ory", "snapshots/document/registry"}, surface...),
	"handlers":                               {"handlers/web", "handlers/nevismeta", "handlers/api", "handlers/hydra", "handlers/openfinance", "handlers/ory", "handlers/register", "handlers/slashid", "handlers/translog", "snapshots", "snapshots/evidence", "tenancy", "tenancy/fault", "tenancy/db", "tenancy/history", "tenancy/history/witness"},
	"tenancy/db/migrate":                     {".", "tenancy/db", "tenancy/fault", "tenancy/history"},
	"cmd/tenure/upkeep":                      {"snapshots", "snapshots/clientsecret", "tenancy/db", "tenancy/db/migrate", "tenancy/fault", "tenancy/history"},
	"cmd/tenure/exit":                        {"tenancy/fault"},
	"cmd/tenure/node":                        {"snapshots/caches", "tenancy/accesslog", "snapshots/unused", "snapshots/readlog", "handlers/openfinance/scheme", "cmd/tenure/exit", "handlers", "handlers/openfinance", "handlers/web", "snapshots", "snapshots/credential", "snapshots/document", "snapshots/evidence", "tenancy", "tenancy/db", "tenancy/fault", "tenancy/history", "tenancy/history/counts", "tenancy/history/witness"},
	"cmd/tenure/ops":                         {"cmd/tenure/exit", "cmd/tenure/node", "handlers/web", "tenancy/db"},
	"cmd/tenure/tracing":                     {"cmd/tenure/exit"},
	"cmd/tenure/hydraimport":                 {"snapshots/credential", "cmd/tenure/exit", "cmd/tenure/node", "handlers/ory", "snapshots", "snapshots/document", "tenancy", "tenancy/fault", "tenancy/history", "tenancy/db"},
	"cmd/tenure/bench":                       {"cmd/tenure/demo", "cmd/tenure/exit", "cmd/tenure/node", "handlers/ory", "snapshots", "snapshots/credential", "snapshots/document", "tenancy", "tenancy/fault", "tenancy/history", "tenancy/db"},
	"cmd/tenure/demo":                        {"handlers/openfinance/scheme", "cmd/tenure/node", "handlers/openfinance", "handlers/openfinance/demo", "handlers/ory", "handlers/web", "snapshots", "snapshots/document", "tenancy", "tenancy/fault", "tenancy/history"},
	"cmd/tenure":                             {"cmd/tenure/ops", "cmd/tenure/tracing", "snapshots/clientsecret", "tenancy/fault", "snapshots/readlog", "cmd/tenure/bench", "cmd/tenure/exit", "cmd/tenure/node", "cmd/tenure/hydraimport", "cmd/tenure/demo", "handlers/openfinance", "handlers/web", "snapshots", "snapshots/evidence", "snapshots/keycheck", "tenancy", "tenancy/db", "tenancy/history", "tenancy/history/witness", "handlers/openfinance/scheme", ".", "cmd/tenure/upkeep", "tenancy/db/migrate"},
	"cmd/tenure/drill":                       {},
	"tenancy/fault/faulttest":                {"tenancy/fault"},
	"tenancy/db/dbtest":                      {"tenancy/db"},
	"tenancy/db/migrate/migratetest":         {"tenancy/db"},
	"tenancy/tenancytest":                    {"tenancy", "tenancy/db", "tenancy/db/dbtest", "tenancy/history", "tenancy/fault"},
	"snapshots/snapshotstest":                {"snapshots", "snapshots/document", "snapshots/holdings", "tenancy", "tenancy/db", "tenancy/db/dbtest", "tenancy/fault", "tenancy/history", "tenancy/tenancytest"},
	"snapshots/document/documenttest":        {"snapshots/document"},
	"handlers/web/webtest":                   {"handlers/web"},
	"handlers/openfinance/demo/demotest":     {"handlers/openfinance/demo"},
	"handlers/openfinance/scheme/schemetest": {"handlers/openfinance/scheme", "handlers/openfinance/demo", "tenancy/fault"},
}

// surface is what a surface may import: never another one.
var surface = []string{"handlers/web", "snapshots", "snapshots/document", "jwk", "jwk/strictjson", "tenancy", "tenancy/fault", "tenancy/db", "tenancy/history"}

// testsMay is what tests import beyond what their package's imports reach.
var testsMay = map[string][]string{
	".":          {"tenancy/db"},
	"tenancy/db": {"tenancy/history"}, // the real sequencer, not a stand-in

	"tenancy/db/migrate": {"snapshots", "snapshots/clientsecret", "snapshots/document"}, // the whole consistency check, and the canonical bytes

	"tenancy/accesslog": {"tenancy"}, // the real keys and journal

	"handlers/openfinance":        {"handlers/openfinance/demo"},
	"handlers/openfinance/scheme": {"handlers/openfinance/demo"},
	"snapshots":                   {"snapshots/diff"},
	"snapshots/keycheck":          {"snapshots"}, // the real store makes what is checked

	"cmd/tenure/drill": {"cmd/tenure/node"}, // the --info file of the programs that it starts
}

// source is a parsed Go file of the module.
type source struct {
	path, dir string // from the module's root, with slashes
	file      *ast.File
	set       *token.FileSet
	test      bool
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("..", path)
		rel = filepath.ToSlash(rel)
		all = append(all, source{rel, filepath.ToSlash(filepath.Dir(rel)), file, set, strings.HasSuffix(rel, "_test.go")})
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	return all
}

func TestImportsFollowTheTable(t *testing.T) {
	for _, s := range sources(t) {
		may, known := allowed[s.dir]
		if !known {
			t.Errorf("%s: the package is not in the import table", s.path)
			continue
		}
		for _, spec := range s.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if path != "tenure" && !strings.HasPrefix(path, "tenure/") {
				continue
			}
			path = strings.TrimPrefix(strings.TrimPrefix(path, "tenure"), "/")
			if path == "" {
				path = "."
			}
			helper := strings.HasSuffix(path, "test")
			switch {
			case s.test && (helper || path == s.dir || slices.Contains(testsMay[s.dir], path) || below(path, s.dir)):
			case !s.test && slices.Contains(may, path) && (!helper || strings.HasSuffix(s.dir, "test")):
			default:
				t.Errorf("%s imports %s, which the table does not allow", s.path, path)
			}
		}
	}
}

// libraries are those of others that only some packages may know: what is counted and
// traced is counted and traced by means that tell nobody how it is shown.
var libraries = map[string][]string{
	"github.com/prometheus/":             {"cmd/tenure/ops"},
	"go.opentelemetry.io/otel/sdk":       {"cmd/tenure/tracing"},
	"go.opentelemetry.io/otel/exporters": {"cmd/tenure/tracing"},
	"go.opentelemetry.io/":               {"cmd/tenure/tracing", "cmd/tenure/node", "handlers/web", "tenancy/db", "tenancy/history/witness"},
	"net/http/pprof":                     {"cmd/tenure/ops"},
	"github.com/maypok86/otter/":         {"handlers/web", "snapshots/caches", "snapshots/lastuse", "snapshots/readlog"},
}

func TestOutsideLibrariesStayWhereTheyAre(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, spec := range s.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for prefix, in := range libraries {
				if strings.HasPrefix(path, prefix) {
					used[prefix] = true
					if !slices.Contains(in, s.dir) {
						t.Errorf("%s imports %s", s.path, path)
					}
				}
			}
		}
	}
	if len(used) != len(libraries) {
		t.Errorf("only %v are imported at all", used)
	}
}

// pure are the packages that reach no database and no tenant through any import
// of this module.
var pure = []string{"jwk", "tenancy/fault", "snapshots/document", "snapshots/credential", "snapshots/diff"}

func TestPurePackagesReachNoDatabase(t *testing.T) {
	imports := map[string][]string{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, spec := range s.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			imports[s.dir] = append(imports[s.dir], strings.TrimPrefix(path, "tenure/"))
		}
	}
	forbidden := []string{"database/sql", "tenancy", "tenancy/db", "tenancy/history", "snapshots"}
	for _, dir := range pure {
		reached := []string{dir}
		for i := 0; i < len(reached); i++ {
			for _, path := range imports[reached[i]] {
				if slices.Contains(forbidden, path) {
					t.Errorf("%s reaches %s, by %s", dir, path, reached[i])
				}
				if !slices.Contains(reached, path) {
					reached = append(reached, path)
				}
			}
		}
		if len(imports[dir]) == 0 {
			t.Errorf("%s: there is no such package, or it imports nothing", dir)
		}
	}
}

// below reports whether a package is one that a test of dir may use because
// dir's own imports reach it.
func below(path, dir string) bool {
	for _, direct := range allowed[dir] {
		if direct == path || below(path, direct) {
			return true
		}
	}
	return false
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		documented[s.dir] = documented[s.dir] || !s.test && s.file.Doc.Text() != ""
		if lines := strings.Count(s.file.Doc.Text(), "\n"); !s.test && lines > 20 {
			t.Errorf("the package comment of %s has %d lines; 20 are enough", s.dir, lines)
		}
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", dir)
		}
	}
}

// storedJSON are the files whose types are JSON as it is stored, in the log, beside it or in a bundle.
var storedJSON = []string{"tenancy/history/event.go", "tenancy/history/keyevents.go", "tenancy/history/rollback.go", "tenancy/history/counts/event.go", "tenancy/history/witness/witness.go",
	"tenancy/accesslog/detail.go", "snapshots/policy/rows.go", "snapshots/evidence/types.go"}

// TestDomainTypesCarryNoTags: wire types live in a surface's types.go, what is stored as
// JSON in files of its own, rows in rows.go and beside the statements that read them.
func TestDomainTypesCarryNoTags(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			field, ok := n.(*ast.Field)
			if !ok || field.Tag == nil {
				return true
			}
			text, _ := strconv.Unquote(field.Tag.Value)
			tag := reflect.StructTag(text)
			_, wire := tag.Lookup("json")
			_, row := tag.Lookup("db")
			inSurface := strings.HasPrefix(s.dir, "handlers/") && strings.HasPrefix(filepath.Base(s.path), "types")
			switch {
			case wire && (inSurface || inProgram(s) || slices.Contains(storedJSON, s.path)):
			case row && !strings.HasPrefix(s.dir, "handlers") && !wire:
			default:
				t.Errorf("%s: tag %s", s.path, field.Tag.Value)
			}
			if s.dir == "snapshots/document" {
				t.Errorf("%s: a domain type has a tag", s.path)
			}
			return true
		})
	}
}

// inProgram reports whether a file is of the program's own packages.
func inProgram(s source) bool {
	return s.dir == "cmd/tenure" || strings.HasPrefix(s.dir, "cmd/tenure/")
}

// calls that only some packages may make: one writer of answers, one maker of
// an operator's scope.
var confined = []struct {
	name string
	in   func(s source) bool
}{
	{"WriteHeader", func(s source) bool {
		return s.dir == "handlers/web" || s.dir == "handlers/openfinance/demo" || // that plays another's server
			s.dir == "tenancy/history/witness" || // a server of its own, with no surface
			s.dir == "cmd/tenure/bench" // whose bare handler is what ours is compared with
	}},
	{"http.Error", func(source) bool { return false }},
	{"Operator", func(s source) bool { return inProgram(s) || strings.HasSuffix(s.dir, "test") }},
	{"WithLevel", func(s source) bool { return s.dir == "handlers/web" }},
}

func TestConfinedCalls(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			name := sel.Sel.Name
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "http" {
				name = "http." + name
			}
			for _, c := range confined {
				if name == c.name && !c.in(s) {
					t.Errorf("%s calls %s", s.path, name)
				}
			}
			return true
		})
	}
}

func TestFilesStayReadable(t *testing.T) {
	for _, s := range sources(t) {
		raw, err := os.ReadFile(filepath.Join("..", s.path))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(raw), "\n"); n > 600 && !s.test {
			t.Errorf("%s has %d lines", s.path, n)
		}
		if base := filepath.Base(s.dir); base == "util" || base == "common" || base == "helpers" {
			t.Errorf("%s: a package name that refuses nothing", s.path)
		}
	}
}
