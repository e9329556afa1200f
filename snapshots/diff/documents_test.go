package diff_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tenure/jwk"
	"tenure/snapshots/diff"
	"tenure/snapshots/document"
)

var (
	words   = rapid.SampledFrom([]string{"a", "b", "c", "d e", "ü<|`>", "", "x\ny", "\u202e"})
	texts   = rapid.SliceOfN(words, 0, 6)
	flags   = rapid.SampledFrom([]document.Flag{document.Unset, document.False, document.True})
	spans   = rapid.Custom(func(t *rapid.T) document.Lifetime { return seconds(rapid.Int64Range(-1, 9999).Draw(t, "n")) })
	locales = rapid.SampledFrom([]string{"", "de", "de-CH", "fr"})
)

// value is free JSON, nulls included.
func value(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch n := rapid.IntRange(0, 7).Draw(t, "kind"); {
		case n < 2 && depth > 0:
			return rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "/~", "ü", ""}), value(depth-1), 0, 4).Draw(t, "object")
		case n < 4 && depth > 0:
			return rapid.SliceOfN(value(depth-1), 0, 5).Draw(t, "array")
		case n == 4:
			return nil
		case n == 5:
			return rapid.IntRange(0, 3).Draw(t, "number")
		case n == 6:
			return rapid.Bool().Draw(t, "bool")
		}
		return words.Draw(t, "text")
	})
}

func freeJSON(t *rapid.T) document.JSON {
	if rapid.Bool().Draw(t, "unset") {
		return ""
	}
	raw, err := json.Marshal(value(3).Draw(t, "json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := document.ParseJSON(raw)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func localized(t *rapid.T) []document.Localized {
	list := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) document.Localized {
		return document.Localized{Name: words.Draw(t, "name"), Value: words.Draw(t, "value"), Locale: locales.Draw(t, "locale")}
	}), 0, 5, func(l document.Localized) string { return l.Name + "\x00" + l.Locale }).Draw(t, "localized")
	return list
}

// clients draws clients that share many values, with keys of the ring.
func clients(ring []string) *rapid.Generator[*document.Client] {
	return rapid.Custom(func(t *rapid.T) *document.Client {
		c := &document.Client{
			ClientName: words.Draw(t, "name"), Localized: localized(t), FreeMetadata: freeJSON(t), UIConfiguration: freeJSON(t),
			RedirectURIs: texts.Draw(t, "redirects"), Scopes: texts.Draw(t, "scopes"), DefaultACRValues: texts.Draw(t, "acr"),
			ResponseTypes: rapid.SliceOfN(rapid.SampledFrom([]string{"code", "code id_token", "id_token code", "token"}), 0, 3).Draw(t, "types"),
			SkipConsent:   flags.Draw(t, "skip"), PKCEMode: rapid.SampledFrom([]string{"", "required", "s256-required"}).Draw(t, "pkce"),
		}
		if rapid.Bool().Draw(t, "grants") {
			c.GrantTypes = texts.Draw(t, "grants")
		}
		if rapid.Bool().Draw(t, "ttl") {
			c.AccessTokenTTL = spans.Draw(t, "span")
		}
		if rapid.Bool().Draw(t, "jwks") {
			keys := rapid.SliceOfNDistinct(rapid.SampledFrom(ring), 0, 4, rapid.ID[string]).Draw(t, "keys")
			set, faults := document.ParseJWKS([]byte(`{"keys":[` + strings.Join(keys, ",") + `]}`))
			if len(faults) > 0 {
				t.Fatalf("%v", faults)
			}
			c.JWKS = set
		}
		return c
	})
}

// ring is keys of which some are one key with another kid, use or certificate.
func ring(t testing.TB) []string {
	a, b := newHolder(t), newHolder(t)
	one := a.certificate("one", 1, start, start.AddDate(1, 0, 0))
	two := a.certificate("two", 2, start, start.AddDate(2, 0, 0))
	return []string{a.key(`"kid":"1"`), a.key(`"kid":"2","use":"sig"`, one), a.key(`"kid":"2"`, two), a.key(`"kid":"3"`, one, two),
		b.key(""), b.key(`"kid":"4","exp":5`), `{"kty":"NEW","kid":"5"}`, `{"kty":"NEW","kid":"6"}`}
}

func TestEqualDocumentsHaveNoDifference(t *testing.T) {
	keys := ring(t)
	rapid.Check(t, func(t *rapid.T) {
		a := clients(keys).Draw(t, "a")
		b := document.Clone(a)
		if r := diff.Of(a, b, diff.Options{At: start}); !r.Empty() || r.Reordered != nil || r.Level() != diff.Routine {
			t.Fatalf("%+v", r)
		}
		if p := diff.Patch(a, b); string(p) != "[]" {
			t.Fatalf("patch %s", p)
		}
		if p, unsaid := diff.MergePatch(a, b); string(p) != "{}" || unsaid != nil {
			t.Fatalf("merge patch %s, %q", p, unsaid)
		}
		if text := diff.Unified(a, b, "a", "b", 3); text != "" {
			t.Fatalf("unified %s", text)
		}
	})
}

// The members that a permutation must leave as they are: all that are sets.
func TestAnotherOrderIsNoDifference(t *testing.T) {
	keys := ring(t)
	rapid.Check(t, func(t *rapid.T) {
		a := clients(keys).Draw(t, "a")
		b := document.Clone(a)
		b.RedirectURIs = rapid.Permutation(b.RedirectURIs).Draw(t, "redirects")
		b.Scopes = rapid.Permutation(b.Scopes).Draw(t, "scopes")
		b.Localized = rapid.Permutation(b.Localized).Draw(t, "localized")
		b.ResponseTypes = rapid.Permutation(b.ResponseTypes).Draw(t, "types")
		if b.GrantTypes != nil {
			b.GrantTypes = append([]string{}, rapid.Permutation(b.GrantTypes).Draw(t, "grants")...)
		}
		var set struct{ Keys []json.RawMessage }
		if b.JWKS != "" {
			if err := json.Unmarshal([]byte(b.JWKS), &set); err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, key := range rapid.Permutation(set.Keys).Draw(t, "keys") {
				texts = append(texts, string(key))
			}
			b.JWKS = document.JWKS(`{"keys":[` + strings.Join(texts, ",") + `]}`)
		}
		r := diff.Of(a, b, diff.Options{At: start})
		if !r.Empty() {
			t.Fatalf("%q", told(r.Changes))
		}
		if want := document.Changed(a, b); !slices.Equal(r.Reordered, want) {
			t.Fatalf("reordered %q, want %q", r.Reordered, want)
		}
		if text := diff.Unified(a, b, "a", "b", 3); text != "" {
			t.Fatalf("unified %s", text)
		}
		if !repeats(a) && !slices.Equal(diff.Lines(a), diff.Lines(b)) {
			t.Fatalf("lines\n%q\n%q", diff.Lines(a), diff.Lines(b))
		}
	})
}

func TestPatchesMakeTheNewDocument(t *testing.T) {
	keys := ring(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := clients(keys).Draw(t, "a"), clients(keys).Draw(t, "b")
		old, new := document.Encode(a), document.Encode(b)
		raw := diff.Patch(a, b)
		patch, err := jsonpatch.DecodePatch(raw)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		got, err := patch.Apply(old)
		if err != nil {
			t.Fatalf("%s to %s: %v", raw, old, err)
		}
		if !sameJSON(t, got, new) {
			t.Fatalf("%s\nwith %s\nis %s\nnot %s", old, raw, got, new)
		}
		merge, unsaid := diff.MergePatch(a, b)
		if !json.Valid(merge) {
			t.Fatalf("merge patch %s", merge)
		}
		merged := mergePatch(decoded(t, old), decoded(t, merge))
		if exact := reflect.DeepEqual(merged, decoded(t, new)); exact != (unsaid == nil) {
			t.Fatalf("%s\nmerged with %s\nis %v\nnot %s; unsaid %q", old, merge, merged, new, unsaid)
		}
	})
}

func decoded(t *rapid.T, data []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return value
}

func sameJSON(t *rapid.T, a, b []byte) bool { return reflect.DeepEqual(decoded(t, a), decoded(t, b)) }

// mergePatch is the algorithm of RFC 7396 section 2.
func mergePatch(target, patch any) any {
	members, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	out, ok := target.(map[string]any)
	if !ok {
		out = map[string]any{}
	}
	for name, value := range members {
		if value == nil {
			delete(out, name)
		} else {
			out[name] = mergePatch(out[name], value)
		}
	}
	return out
}

// Documents that differ have a change or another order; both ways tell the same.
func TestTheOtherWayRound(t *testing.T) {
	keys := ring(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := clients(keys).Draw(t, "a"), clients(keys).Draw(t, "b")
		there, back := diff.Of(a, b, diff.Options{}), diff.Of(b, a, diff.Options{})
		if r := there; r.Empty() && !slices.Equal(r.Reordered, document.Changed(a, b)) {
			t.Fatalf("no change, yet %q differ", document.Changed(a, b))
		}
		for _, name := range document.Changed(a, b) {
			of := func(c diff.Change) bool { return c.Member == name }
			if slices.ContainsFunc(there.Changes, of) == slices.Contains(there.Reordered, name) {
				t.Fatalf("%s is told %q, reordered %q", name, told(there.Changes), there.Reordered)
			}
		}
		mirror := map[diff.Kind]diff.Kind{diff.Added: diff.Removed, diff.Removed: diff.Added, diff.Changed: diff.Changed}
		tell := func(changes []diff.Change, mirrored bool) []string {
			var all []string
			for _, c := range changes {
				path := c.Path
				if c.Kind == diff.Changed {
					path = "" // in the new document of either way
				}
				if mirrored {
					c.Kind, c.Old, c.New = mirror[c.Kind], c.New, c.Old
				}
				all = append(all, fmt.Sprintln(path, c.Kind, c.Label, c.Old, c.New))
			}
			slices.Sort(all)
			return all
		}
		if d := cmp.Diff(tell(there.Changes, false), tell(back.Changes, true)); d != "" && !ambiguous(a, b) {
			t.Fatalf("there and back: %s", d)
		}
	})
}

// ambiguous: of three keys with one thumbprint, or in arrays with several equal
// items, what goes with what depends on the side it is looked from.
func ambiguous(a, b *document.Client) bool {
	return a.JWKS != b.JWKS || strings.Contains(string(a.FreeMetadata+a.UIConfiguration+b.FreeMetadata+b.UIConfiguration), "[") ||
		len(a.DefaultACRValues)+len(b.DefaultACRValues) > 0
}

// The unified text, applied to the lines of the old document, gives those of
// the new one, whatever stands around the changes.
func TestUnifiedApplies(t *testing.T) {
	keys := ring(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := clients(keys).Draw(t, "a"), clients(keys).Draw(t, "b")
		if repeats(a) || repeats(b) {
			t.Skip("a key twice in one set: the package comment says what its lines lack")
		}
		text := diff.Unified(a, b, "old", "new", rapid.IntRange(0, 4).Draw(t, "context"))
		got, err := applyUnified(diff.Lines(a), text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if d := cmp.Diff(diff.Lines(b), got); d != "" {
			t.Fatalf("%s\n%s", d, text)
		}
	})
}

// repeats reports whether a client lists one key more than once.
func repeats(c *document.Client) bool {
	seen := map[string]bool{}
	for _, k := range jwk.Keys([]byte(c.JWKS)) {
		if seen[k.Thumbprint] {
			return true
		}
		seen[k.Thumbprint] = true
	}
	return false
}

// applyUnified believes nothing: every line and number of the diff has to fit.
func applyUnified(old []string, text string) ([]string, error) {
	if text == "" {
		return old, nil
	}
	var out []string
	at := 0
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 || lines[0] != "--- old" || lines[1] != "+++ new" {
		return nil, fmt.Errorf("no header")
	}
	oldLeft, newLeft := 0, 0
	for _, line := range lines[2:] {
		if oldLeft == 0 && newLeft == 0 {
			var ends [2][2]int
			marks := strings.Fields(line)
			if len(marks) != 4 || marks[0] != "@@" {
				return nil, fmt.Errorf("no hunk: %q", line)
			}
			for i, mark := range marks[1:3] {
				if n, _ := fmt.Sscanf(mark[1:], "%d,%d", &ends[i][0], &ends[i][1]); n == 1 {
					ends[i][1] = 1
				}
				if ends[i][1] > 0 {
					ends[i][0]-- // what stands before it
				}
			}
			out = append(out, old[at:ends[0][0]]...)
			if at = ends[0][0]; len(out) != ends[1][0] {
				return nil, fmt.Errorf("%q, but %d lines are made", line, len(out))
			}
			oldLeft, newLeft = ends[0][1], ends[1][1]
			continue
		}
		if line[0] != '+' {
			if at >= len(old) || old[at] != line[1:] {
				return nil, fmt.Errorf("line %d is not %q", at, line)
			}
			at++
			oldLeft--
		}
		if line[0] != '-' {
			out = append(out, line[1:])
			newLeft--
		}
	}
	if oldLeft != 0 || newLeft != 0 {
		return nil, fmt.Errorf("the last hunk lacks lines")
	}
	return append(out, old[at:]...), nil
}
