package diff_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"pgregory.net/rapid"

	"tenure/snapshots/diff"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

// drawClient is a client in which each member is that of a full one, unset, or
// the full one's with something else about it.
func drawClient(t *rapid.T, name string) *document.Client {
	c := documenttest.FullClient()
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		field := v.Field(i)
		switch rapid.IntRange(0, 3).Draw(t, name+" "+v.Type().Field(i).Name) {
		case 0:
			field.SetZero()
		case 1:
			alter(field)
		}
	}
	return &c
}

func alter(field reflect.Value) {
	switch m := field.Addr().Interface().(type) {
	case *string:
		*m += "x"
	case *[]string:
		*m = append(slices.Clone((*m)[1:]), "https://another.example/", (*m)[0])
	case *document.Flag:
		*m = document.FlagOf(!m.Bool(false))
	case *document.Lifetime:
		more := **m + 1
		*m = &more
	case *[]document.Localized:
		*m = append((*m)[:1:1], document.Localized{Name: "other", Value: "v", Locale: "pt-BR"})
	case *document.JSON:
		*m = `{"Tier":[1.50],"tier":[1,null,{"a":"b"}]}`
	case *document.JWKS:
		*m = `{"keys":[]}`
	}
}

// TestLaws: equal documents have no difference, a patch makes the other
// document, a merge patch too where it says so, and what is added one way is
// removed the other way.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawClient(t, "a"), drawClient(t, "b")
		if r := diff.Of(a, a, diff.Options{}); !r.Empty() || len(r.Reordered) > 0 || string(diff.Patch(a, a)) != "[]" {
			t.Fatalf("equal: %+v", r)
		}
		applied(t, a, b)
		forth, back := diff.Of(a, b, diff.Options{}), diff.Of(b, a, diff.Options{})
		if counts(forth, diff.Added) != counts(back, diff.Removed) || counts(forth, diff.Removed) != counts(back, diff.Added) ||
			counts(forth, diff.Changed) != counts(back, diff.Changed) {
			t.Fatalf("forth %+v\nback %+v", forth.Changes, back.Changes)
		}
		if forth.Empty() != back.Empty() {
			t.Fatal("a difference in one direction only")
		}
	})
}

func counts(r diff.Result, kind diff.Kind) (n int) {
	for _, c := range r.Changes {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

func applied(t *rapid.T, a, b *document.Client) {
	patch, err := jsonpatch.DecodePatch(diff.Patch(a, b))
	if err != nil {
		t.Fatal(err)
	}
	made, err := patch.Apply(document.Encode(a))
	if err != nil {
		t.Fatalf("%s on %s: %v", diff.Patch(a, b), document.Encode(a), err)
	}
	if doc, _, faults := document.Parse[document.Client](made, nil); len(faults) > 0 || !documenttest.Equal(doc, b) {
		t.Fatalf("patched: %v %s, want %s", faults, made, document.Encode(b))
	}
	merge, unsaid := diff.MergePatch(a, b)
	if made, err = jsonpatch.MergePatch(document.Encode(a), merge); err != nil {
		t.Fatal(err)
	}
	if doc, _, faults := document.Parse[document.Client](made, nil); len(unsaid) == 0 && (len(faults) > 0 || !documenttest.Equal(doc, b)) {
		t.Fatalf("merged: %v %s, want %s", faults, made, document.Encode(b))
	}
}

// TestOrderOfSets is no change, whatever the set.
func TestOrderOfSets(t *testing.T) {
	a := documenttest.FullClient()
	b := documenttest.FullClient()
	v := reflect.ValueOf(&b).Elem()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range v.NumField() {
		if list, ok := v.Field(i).Addr().Interface().(*[]string); ok && v.Type().Field(i).Name != "DefaultACRValues" {
			random.Shuffle(len(*list), func(i, j int) { (*list)[i], (*list)[j] = (*list)[j], (*list)[i] })
			slices.Reverse(*list)
		}
	}
	if r := diff.Of(&a, &b, diff.Options{}); !r.Empty() || len(r.Reordered) < 3 {
		t.Errorf("%+v", r)
	}
}

// TestBlame tells which snapshot last set each member.
func TestBlame(t *testing.T) {
	versions := []diff.Version[document.Client]{
		{ID: "1", Doc: &document.Client{ClientName: "a", Scopes: []string{"x", "y"}}},
		{ID: "2", Doc: &document.Client{ClientName: "b", Scopes: []string{"y", "x"}}},
		{ID: "3", Doc: &document.Client{ClientName: "b", Scopes: []string{"y", "x"}, TosURI: "https://a.example/"}},
		{ID: "4", Doc: &document.Client{ClientName: "b", Scopes: []string{"y", "x"}}},
	}
	origins, err := diff.Blame(func(yield func(diff.Version[document.Client], error) bool) {
		for _, v := range versions {
			if !yield(v, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range origins {
		want := map[string]diff.Origin{"client_name": {Member: "client_name", Snapshot: "2", Set: true}, "scopes": {Member: "scopes", Snapshot: "1", Set: true},
			"tos_uri": {Member: "tos_uri", Snapshot: "4"}}[o.Member]
		if want.Member == "" {
			want.Member = o.Member
		}
		if o != want {
			t.Errorf("%+v, want %+v", o, want)
		}
	}
}

// BenchmarkOf compares two clients with 50 redirect URIs and 10 keys with
// certificates, of which one of each differs.
func BenchmarkOf(b *testing.B) {
	var keys []map[string]any
	for range 11 {
		p := newPair(b)
		keys = append(keys, p.jwk("k", p.certificate(b, "a.example", noon.AddDate(1, 0, 0))))
	}
	from, to := &document.Client{JWKS: keySet(b, keys[:10]...)}, &document.Client{JWKS: keySet(b, keys[1:]...)}
	for i := range 50 {
		from.RedirectURIs = append(from.RedirectURIs, fmt.Sprintf("https://a.example/%d", i))
		to.RedirectURIs = append(to.RedirectURIs, fmt.Sprintf("https://a.example/%d", i+1))
	}
	b.ReportAllocs()
	for b.Loop() {
		if r := diff.Of(from, to, diff.Options{At: noon}); len(r.Changes) != 4 {
			b.Fatalf("%d changes", len(r.Changes))
		}
	}
}
