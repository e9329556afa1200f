package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/history"
)

// attribute is what a version of OCSF says of one.
type attribute struct {
	kind, sibling, profile string
	required               bool
	values                 map[string]string // labels by number; nil for any
}

// ocsfObject is a class or an object of a version of OCSF.
type ocsfObject struct {
	attributes map[string]attribute
	oneOf      []string
}

func ocsfTable(t *testing.T, version string) map[string]ocsfObject {
	t.Helper()
	text, err := os.ReadFile("testdata/ocsf/" + version + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	table, name := make(map[string]ocsfObject), ""
	for _, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case !strings.HasPrefix(line, " "):
			name = words[1]
			table[name] = ocsfObject{make(map[string]attribute), words[2:]}
		default:
			line, values, _ := strings.Cut(line, " enum=")
			words = strings.Fields(line)
			a := attribute{kind: words[1], required: words[2] == "required"}
			for _, word := range words[3:] {
				switch name, value, _ := strings.Cut(word, "="); name {
				case "sibling":
					a.sibling = value
				case "profile":
					a.profile = value
				}
			}
			for _, v := range strings.Split(values, "|") {
				if number, label, ok := strings.Cut(v, ":"); ok {
					if a.values == nil {
						a.values = make(map[string]string)
					}
					a.values[number] = label
				}
			}
			table[name].attributes[words[0]] = a
		}
	}
	return table
}

// broken says what of an object is not as the table wants it.
func (o ocsfObject) broken(table map[string]ocsfObject, at string, have map[string]any, profiles []string) (found []string) {
	say := func(format string, args ...any) { found = append(found, at+": "+fmt.Sprintf(format, args...)) }
	for name, a := range o.attributes {
		if _, there := have[name]; a.required && !there && (a.profile == "" || slices.Contains(profiles, a.profile)) {
			say("%s is required", name)
		}
	}
	if len(o.oneOf) > 0 && !slices.ContainsFunc(o.oneOf, func(name string) bool { return have[name] != nil }) {
		say("none of %v is there", o.oneOf)
	}
	for name, value := range have {
		a, known := o.attributes[name]
		if !known {
			say("%s is not an attribute", name)
			continue
		}
		if a.profile != "" && !slices.Contains(profiles, a.profile) {
			say("%s is of the profile %s, which the event does not claim", name, a.profile)
		}
		list, isList := value.([]any)
		kind, wantsList := strings.CutSuffix(a.kind, "[]")
		if isList != wantsList {
			say("%s: list %t", name, isList)
			continue
		}
		if !isList {
			list = []any{value}
		}
		for _, value := range list {
			switch kind {
			case "string_t", "username_t":
				if text, ok := value.(string); !ok || text == "" || len(text) > 65535 {
					say("%s: no text: %v", name, value)
				}
			case "integer_t", "long_t", "timestamp_t":
				number, ok := value.(json.Number)
				if _, err := strconv.ParseInt(number.String(), 10, 64); !ok || err != nil {
					say("%s: no integer: %v", name, value)
				}
				label, listed := a.values[number.String()]
				if a.values != nil && !listed {
					say("%s: %s is none of its values", name, number)
				}
				if s, there := have[a.sibling]; a.values != nil && a.sibling != "" && there && number.String() != "99" && s != label {
					say("%s is %s, which is %q, and %s is %v", name, number, label, a.sibling, s)
				}
			case "object", "json_t":
				if _, ok := value.(map[string]any); !ok {
					say("%s: no object", name)
				}
			default:
				inner, ok := value.(map[string]any)
				o, described := table[kind]
				if !ok || !described {
					say("%s: no %s, or none that the table describes", name, kind)
					continue
				}
				found = append(found, o.broken(table, at+"."+name, inner, profiles)...)
			}
		}
	}
	return found
}

// TestOCSFIsValid: each kind of event, by each kind of actor, has the required
// attributes of its class, no other than the class and the profiles it claims
// give it, and their types and values, in both versions of the schema.
func TestOCSFIsValid(t *testing.T) {
	keys := map[string]tenancy.Key{"known": {ID: "known", Name: "deploy", Org: "0a6d"}}
	kinds := append(history.Kinds(), "log.origin", "later.unknown")
	actors := []string{"key:known", "key:above", "client:c1", "anonymous:192.0.2.1", "operator:example", "operator:", ":", ""}
	for _, version := range []string{"1.1.0", "1.8.0"} {
		table, n := ocsfTable(t, version), 0
		for _, kind := range kinds {
			for _, actor := range actors {
				for _, seq := range []int64{1, 2} {
					object, _, _ := strings.Cut(string(kind), ".")
					e := history.Entry{Index: 1 << 40, Envelope: history.Envelope{Kind: kind, ObjectKind: object, Seq: seq, Actor: actor, RecordedAt: 1767326645678958}}
					if seq == 2 {
						e.Object, e.Org, e.ActingOrg, e.Reason, e.Ref, e.Content = "o1", "0a6d", "0b6d", "because", "s1", "ff"
					}
					text, err := json.Marshal(toOCSF(fromEntry(e, extras{keys: keys}), e, "v1.2.3"))
					if err != nil {
						t.Fatal(err)
					}
					var event map[string]any
					dec := json.NewDecoder(strings.NewReader(string(text)))
					dec.UseNumber()
					if err := dec.Decode(&event); err != nil {
						t.Fatal(err)
					}
					for _, b := range broken(table, event) {
						t.Errorf("%s, %s by %q: %s", version, kind, actor, b)
					}
					n++
				}
			}
		}
		t.Logf("%s: %d events", version, n)
	}
}

func broken(table map[string]ocsfObject, event map[string]any) []string {
	var profiles []string
	meta, _ := event["metadata"].(map[string]any)
	list, _ := meta["profiles"].([]any)
	for _, p := range list {
		profiles = append(profiles, fmt.Sprint(p))
	}
	found := table["entity_management"].broken(table, "event", event, profiles)
	if class, activity := fmt.Sprint(event["class_uid"]), fmt.Sprint(event["activity_id"]); fmt.Sprint(event["type_uid"]) != class+("0" + activity)[len(activity)-1:] { // two digits
		found = append(found, fmt.Sprintf("event: type_uid %v of class %s and activity %s", event["type_uid"], class, activity))
	}
	return found
}

// TestExportedCells: no cell of the CSV form is a formula, and a reader gets
// each value back.
func TestExportedCells(t *testing.T) {
	for _, reason := range []string{"=1+1", "＝1+1", "＋1", "－1", "＠x", "\u3000-1", "\u00a0+1", "'quoted"} {
		e := history.Entry{Envelope: history.Envelope{Kind: "client.changed", Reason: reason}}
		for _, f := range forms {
			if f.name != "csv" {
				continue
			}
			var b strings.Builder
			if err := f.line(&b, fromEntry(e, extras{}), e, ""); err != nil || !strings.HasSuffix(b.String(), ",'"+reason+",,\r\n") {
				t.Errorf("%q: %q, %v", reason, b.String(), err)
			}
		}
	}
}

// TestOCSFTableFinds: what the table is to find, it finds.
func TestOCSFTableFinds(t *testing.T) {
	e := history.Entry{Envelope: history.Envelope{Kind: "client.changed", ObjectKind: "client", Object: "o1", Actor: "key:k1"}}
	for want, change := range map[string]func(map[string]any){
		"activity_id: 9 is none of its values":      func(m map[string]any) { m["activity_id"] = json.Number("9") },
		"activity_name is Delete":                   func(m map[string]any) { m["activity_name"] = "Delete" },
		"type_uid 300409":                           func(m map[string]any) { m["type_uid"] = json.Number("300409") },
		"api is of the profile cloud":               func(m map[string]any) { m["api"] = map[string]any{"operation": "x"} },
		"actor is of the profile host":              func(m map[string]any) { delete(m["metadata"].(map[string]any), "profiles") },
		"cloud is required":                         func(m map[string]any) { m["metadata"].(map[string]any)["profiles"] = []any{"host", "cloud"} },
		"event.entity: none of [name uid] is there": func(m map[string]any) { delete(m["entity"].(map[string]any), "uid") },
		"event.entity: type_id is not an attribute": func(m map[string]any) { m["entity"].(map[string]any)["type_id"] = json.Number("99") },
		"event: time is required":                   func(m map[string]any) { delete(m, "time") },
		"time: no integer":                          func(m map[string]any) { m["time"] = "today" },
		"event.metadata.product: vendor_name is required": func(m map[string]any) {
			delete(m["metadata"].(map[string]any)["product"].(map[string]any), "vendor_name")
		},
		"message: no text": func(m map[string]any) { m["message"] = "" },
		"event.actor: none of [process user invoked_by session]": func(m map[string]any) { m["actor"] = map[string]any{} },
	} {
		text, err := json.Marshal(toOCSF(fromEntry(e, extras{}), e, ""))
		if err != nil {
			t.Fatal(err)
		}
		var event map[string]any
		dec := json.NewDecoder(strings.NewReader(string(text)))
		dec.UseNumber()
		if err := dec.Decode(&event); err != nil {
			t.Fatal(err)
		}
		change(event)
		if all := strings.Join(broken(ocsfTable(t, "1.1.0"), event), "\n"); !strings.Contains(all, want) {
			t.Errorf("nothing of %q in %q", want, all)
		}
	}
}

// TestOCSFSays: what a reader of the events needs is where the schema has it.
func TestOCSFSays(t *testing.T) {
	e := history.Entry{Index: 7, Envelope: history.Envelope{Kind: "client.secret-added", ObjectKind: "client", Object: "o1", Org: "owner", ActingOrg: "acting",
		Actor: "key:k1", RecordedAt: 1767326645678958}}
	own := toOCSF(fromEntry(e, extras{keys: map[string]tenancy.Key{"k1": {Name: "deploy", Org: "own"}}}), e, "v1.2.3")
	if own.Actor.User.Org == nil || own.Actor.User.Org.UID != "own" || own.Metadata.Tenant != "owner" || own.Metadata.Product.Version != "v1.2.3" ||
		own.Metadata.Original != "2026-01-02T04:04:05.678958Z" || own.Message != "client o1: secret added by key deploy" {
		t.Errorf("%+v", own)
	}
	if other := toOCSF(fromEntry(e, extras{}), e, ""); other.Actor.User.Org != nil || other.Message != "client o1: secret added by key k1" {
		t.Errorf("a key from above has an organization: %+v", other)
	}
	want := map[history.Kind]int{"client.published": 1, "key.created": 1, "client.imported": 1, "client.secret-disclosed": 2, "client.erased": 4, "key.revoked": 4,
		"client.deleted": 4, "client.withdrawn": 3, "organization.moved": 3}
	for _, kind := range slices.Sorted(maps.Keys(want)) {
		if got, _ := ocsfActivity(history.Entry{Envelope: history.Envelope{Kind: kind, Seq: 1}}); got != want[kind] {
			t.Errorf("%s is %d", kind, got)
		}
	}
}
