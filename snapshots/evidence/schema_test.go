package evidence

import (
	"encoding/json"
	"os"
	"path"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tenure/snapshots"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

func parsed(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	must(t, err)
	return v
}

// asObject is a bundle as evidence.schema.json sees it.
func asObject(t *testing.T, files map[string]string) map[string]any {
	t.Helper()
	bundle := make(map[string]any)
	for name, text := range files {
		switch path.Ext(name) {
		case ".jsonl":
			list := []any{}
			for _, l := range splitLines(text) {
				if l != "" {
					list = append(list, parsed(t, l))
				}
			}
			bundle[name] = list
		case ".json":
			bundle[name] = text
			if text != "" {
				bundle[name] = parsed(t, text)
			}
		default:
			bundle[name] = text
		}
	}
	return bundle
}

func compiled(t *testing.T, ref string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	must(t, c.AddResource("urn:tenure:evidence:2", parsed(t, string(schema))))
	s, err := c.Compile("urn:tenure:evidence:2" + ref)
	must(t, err)
	return s
}

// TestSchema: bundles of every sort are what evidence.schema.json says, their
// envelopes too, and the bundles have that schema in them.
func TestSchema(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	whole, envelope := compiled(t, ""), compiled(t, "#/$defs/envelope")
	check := func(what string, files map[string]string) {
		t.Helper()
		if err := whole.Validate(asObject(t, files)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for _, l := range splitLines(files[fileEvents]) {
			var e event
			if l == "" {
				continue
			}
			must(t, json.Unmarshal([]byte(l), &e))
			if err := envelope.Validate(parsed(t, e.Envelope)); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	all := in.bundle(t, in.Root, Filter{})
	check("the root's", all)
	check("a child's", in.bundle(t, in.Harbour, Filter{}))
	check("nothing", in.bundle(t, in.North, Filter{From: in.Log.Now() + 1e9}))
	check("a client with no event in the time", in.bundle(t, in.North, Filter{Clients: []string{string(in.shop)}, From: in.Log.Now() + 1e9}))
	check("of version 1", oldBundle(t))
	check("since a size", in.bundle(t, in.Root, Filter{Since: 3}))
	if all[fileSchema] != string(schema) {
		t.Error("the schema in the bundle is another")
	}
	_, err := in.Store.Erase(ctx, in.Admin(in.North), in.shop, snapshots.Erasure{Reason: "request 17", Delete: true})
	must(t, err)
	in.Tick()
	in.Tick() // a bundle before has signed some microseconds ahead of the clock
	check("an erased client's", in.bundle(t, in.Root, Filter{}))

	// the schema refuses what no bundle has
	for name, change := range map[string]func(b map[string]any){
		"another member": func(b map[string]any) { b[fileManifest].(map[string]any)["more"] = true },
		"no index":       func(b map[string]any) { delete(b, "index.html") },
		"capitals":       func(b map[string]any) { b[fileManifest].(map[string]any)["log_root"] = strings.Repeat("A", 64) },
		"another file":   func(b map[string]any) { b["more.txt"] = "" },
		"a detail and none": func(b map[string]any) {
			b[fileEvents].([]any)[0].(map[string]any)["detail_gone"] = "erased"
		},
	} {
		b := asObject(t, all)
		change(b)
		if err := whole.Validate(b); err == nil {
			t.Errorf("%s is allowed", name)
		}
	}
}

// oldBundle is one of version 1, with a page and a table that are for reading
// only.
func oldBundle(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/schema3/evidence.zip")
	must(t, err)
	return unpacked(t, raw)
}

// TestOldBundle: a bundle of version 1 verifies as it did, and says that its
// pages prove nothing; with a page of today it does not.
func TestOldBundle(t *testing.T) {
	old := oldBundle(t)
	keys := strings.Fields(old[fileKeys])
	said, err := verify(t, old, keys...)
	if err != nil || !strings.Contains(said, "for reading only") || strings.Count(said, "holds:") != 15 {
		t.Errorf("%v\n%s", err, said)
	}
	old["index.html"] = "<!DOCTYPE html>\n"
	said, err = verify(t, old, keys...)
	found(t, "a page that is in no manifest", "the file index.html is not in the manifest", said, err)
}

// TestTheDocumentHasEverything: docs/evidence.md names each file and each
// member that a verifier reads, and each kind of event that has content.
func TestTheDocumentHasEverything(t *testing.T) {
	raw, err := os.ReadFile("../../docs/evidence.md")
	must(t, err)
	named := make(map[string]bool)
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(regexp.MustCompile("(?s)```.*?```").ReplaceAllString(string(raw), ""), -1) {
		named[m[1]] = true
	}
	for _, v := range []any{manifest{}, filter{}, object{}, file{}, event{}, inclusion{}, content{}, consistency{}, grown{}, names{}, namedOrganization{}, namedKey{}, namedClient{}, history.Envelope{}} {
		of := reflect.TypeOf(v)
		for i := range of.NumField() {
			member, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if !of.Field(i).Anonymous && !named[member] {
				t.Errorf("%s: nothing of `%s`", of.Name(), member)
			}
		}
	}
	in := newInstallation(t, dbtest.SQLite(t))
	for name := range in.bundle(t, in.North, Filter{Since: 3}) {
		name = regexp.MustCompile(`[0-9a-f]{32}`).ReplaceAllString(name, "<id>")
		if !named[name] {
			t.Errorf("nothing of the file `%s`", name)
		}
	}
	for _, kind := range history.Kinds() {
		object, verb, _ := strings.Cut(string(kind), ".")
		if object == "client" && !named["client."+verb] && !named["*."+verb] {
			t.Errorf("nothing of the kind `%s`", kind)
		}
	}
}
