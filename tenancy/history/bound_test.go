package history

import (
	"encoding/json"
	"testing"
	"testing/quick"

	"tenure/tenancy/db"
)

// What is appended is what encoding/json writes, without escapes for HTML.
func TestAppendedForms(t *testing.T) {
	same := func(appended []byte, v any) bool {
		want, err := packed(v)
		if string(appended) != string(want) || err != nil {
			t.Errorf("%s, want %s", appended, want)
		}
		return true
	}
	if err := quick.Check(func(text, more string, raw, other []byte, n int64) bool {
		for _, s := range []string{text, more, string(raw), "a" + string(other), "<&>\u2028\u2029\x7f\"\\"} {
			same(appendText(nil, s), s)
		}
		same(BoundRow{text, []string{more, string(raw)}, "ff"}.appendTo(nil), []any{text, []string{more, string(raw)}, "ff"})
		return same(BoundTable{text, n, more}.appendTo(nil), []any{text, n, more})
	}, nil); err != nil {
		t.Error(err)
	}
}

// A row's form is fixed: its hash is in the log for ever.
func TestCanonicalRow(t *testing.T) {
	values := map[string]any{"secret_id": "s1", "entity_id": "<e>", "snapshot_id": "", "valid_from": int64(-5), "recorded_at": 7,
		"hash": "not in it", "sealed": []byte("nor this"), "last4": "nor this"}
	got, err := CanonicalRow(db.ShapeOf("client_secret"), func(c string) any { return values[c] })
	if want := `["client_secret","s1","<e>","",-5,7]`; err != nil || string(got) != want {
		t.Errorf("%s %v, want %s", got, err, want)
	}
	values = map[string]any{"key_id": "k", "org_id": "o", "name": "n", "role": "reader", "surface": "api", "hash": []byte{0xab, 1}, "expires_at": int64(0), "recorded_at": int64(9)}
	got, err = CanonicalRow(db.ShapeOf("api_key"), func(c string) any { return values[c] })
	if want := `["api_key","k","o","n","reader","api","ab01",0,9]`; err != nil || string(got) != want || !json.Valid(got) {
		t.Errorf("%s %v, want %s", got, err, want)
	}
	if _, err := CanonicalRow(db.ShapeOf("api_key"), func(string) any { return 1.5 }); err == nil {
		t.Error("a fraction is taken")
	}
}

// Every immutable table is bound, or it is said what proves its rows instead.
func TestBound(t *testing.T) {
	named := map[string]bool{}
	for _, s := range Bound() {
		named[s.Name] = true
		if len(s.Key) == 0 {
			t.Errorf("%s has no key", s.Name)
		}
	}
	for _, s := range db.Shapes() {
		if _, not := unbound[s.Name]; s.Immutable && named[s.Name] == not {
			t.Errorf("%s: bound %v, unbound %v", s.Name, named[s.Name], not)
		}
	}
	for _, name := range []string{"entity", "snapshot", "client_secret", "secret_end", "registration_token", "registration_token_end", "api_key", "key_revocation",
		"org_version", "setup_policy", "participant", "module", "initial_token", "initial_token_use", "initial_token_end", "withdrawal", "erasure", "secret_copy", "schema_version"} {
		if !named[name] {
			t.Errorf("%s is not bound", name)
		}
	}
	for table, columns := range erasable {
		for _, c := range columns {
			if s := db.ShapeOf(table); !s.Bytes[c] && c != "hash" && c != "last4" {
				t.Errorf("%s has no column %s", table, c)
			}
		}
	}
}
