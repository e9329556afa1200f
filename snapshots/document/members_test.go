package document_test

import (
	"reflect"
	"slices"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

// leaves gives the index of every exported member of a struct type, those of
// structs inside it included.
func leaves(t reflect.Type) [][]int {
	var all [][]int
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type.Kind() != reflect.Struct {
			all = append(all, []int{i})
			continue
		}
		for _, inner := range leaves(f.Type) {
			all = append(all, append([]int{i}, inner...))
		}
	}
	return all
}

// set gives a member some value that is not its zero.
func set(t *testing.T, member reflect.Value) {
	t.Helper()
	one := int64(1)
	for _, value := range []any{
		"x", []string{"x"}, document.True, &one, document.JWKS(`{"keys":[]}`), document.JSON(`{"x":1}`),
		[]document.Localized{{Name: "x"}}, []document.Scope{{Name: "x"}},
	} {
		if reflect.TypeOf(value) == member.Type() {
			member.Set(reflect.ValueOf(value))
			return
		}
	}
	t.Fatalf("no example of a %s", member.Type())
}

// names are those of the members of T in table order.
func names[T document.Content]() []string {
	var all []string
	for _, m := range document.Members(new(T)) {
		all = append(all, m.Name)
	}
	return all
}

// testTable sets one member at a time: exactly one name has to notice, a name
// of its own, and the value has to survive the bytes.
func testTable[T document.Content](t *testing.T) {
	var seen []string
	all := leaves(reflect.TypeFor[T]())
	for _, leaf := range all {
		var empty, doc T
		set(t, reflect.ValueOf(&doc).Elem().FieldByIndex(leaf))
		member := reflect.TypeFor[T]().FieldByIndex(leaf).Name
		changed := document.Changed(&empty, &doc)
		if len(changed) != 1 {
			t.Errorf("%s: the changed members are %q, want one", member, changed)
			continue
		}
		if slices.Contains(seen, changed[0]) {
			t.Errorf("%s: %q names another member as well", member, changed[0])
		}
		seen = append(seen, changed[0])
		if documenttest.Equal(&empty, &doc) {
			t.Errorf("%s: equal to the empty document", member)
		}
		if got := roundTrip(t, &doc); !reflect.DeepEqual(*got, doc) {
			t.Errorf("%s: %+v came back as %+v", member, doc, *got)
		}
	}
	if !slices.Equal(seen, names[T]()) {
		t.Errorf("members in the order of the struct:\n%q\nin the table:\n%q", seen, names[T]())
	}
}

func TestEveryMemberHasARow(t *testing.T) {
	t.Run("Client", testTable[document.Client])
	t.Run("Setup", testTable[document.Setup])
	t.Run("ResourceServer", testTable[document.ResourceServer])
}

// Scopes and localized texts have tables of their own.
func TestEveryListedMemberHasARow(t *testing.T) {
	check := func(t *testing.T, name string, doc document.ResourceServer) {
		if got := roundTrip(t, &doc); !reflect.DeepEqual(*got, doc) {
			t.Errorf("%s: %+v came back as %+v", name, doc, *got)
		}
	}
	for _, leaf := range leaves(reflect.TypeFor[document.Scope]()) {
		var scope document.Scope
		set(t, reflect.ValueOf(&scope).Elem().FieldByIndex(leaf))
		check(t, reflect.TypeFor[document.Scope]().FieldByIndex(leaf).Name,
			document.ResourceServer{Scopes: []document.Scope{{}, scope}})
	}
	for _, leaf := range leaves(reflect.TypeFor[document.Localized]()) {
		var text document.Localized
		set(t, reflect.ValueOf(&text).Elem().FieldByIndex(leaf))
		check(t, reflect.TypeFor[document.Localized]().FieldByIndex(leaf).Name,
			document.ResourceServer{Localized: []document.Localized{text, {}}})
	}
}

func TestFixturesSetEveryMember(t *testing.T) {
	client, setup, server := documenttest.FullClient(), documenttest.FullSetup(), documenttest.FullResourceServer()
	for _, doc := range []any{client, setup, server, server.Scopes[1]} {
		value := reflect.ValueOf(doc)
		for _, leaf := range leaves(value.Type()) {
			if value.FieldByIndex(leaf).IsZero() {
				t.Errorf("%T: %s is not set", doc, value.Type().FieldByIndex(leaf).Name)
			}
		}
	}
}

func TestChanged(t *testing.T) {
	full := documenttest.FullClient()
	other := documenttest.FullClient()
	if names := document.Changed(&full, &other); names != nil {
		t.Fatalf("two equal documents differ in %q", names)
	}
	*other.AccessTokenTTL++
	other.Scopes[0], other.Scopes[1] = other.Scopes[1], other.Scopes[0]
	other.SkipConsent = document.Unset
	want := []string{"scopes", "access_token_ttl", "skip_consent"}
	if names := document.Changed(&full, &other); !slices.Equal(names, want) {
		t.Errorf("changed: %q, want %q", names, want)
	}
}

// Only a client's grant types tell nil from empty.
func TestNilAndEmptyLists(t *testing.T) {
	nils := document.Client{}
	empties := document.Client{Contacts: []string{}, Localized: []document.Localized{}, Scopes: []string{}}
	if !documenttest.Equal(&nils, &empties) {
		t.Errorf("nil and empty lists differ: %q", document.Changed(&nils, &empties))
	}
	empties.GrantTypes = []string{}
	if names := document.Changed(&nils, &empties); !slices.Equal(names, []string{"grant_types"}) {
		t.Errorf("changed: %q, want grant_types alone", names)
	}
	if !documenttest.Equal(&document.Setup{}, &document.Setup{GrantTypes: []string{}}) {
		t.Error("a setup's nil and empty grant types differ")
	}
}

// A clone has to keep its content whatever is written into the original.
func TestClone(t *testing.T) {
	testClone(t, documenttest.FullClient, func(c *document.Client) {
		c.GrantTypes[0], c.Contacts[0], c.Localized[0].Value = "x", "x", "x"
		*c.AccessTokenTTL, *c.Lifespans.ImplicitIDToken = -1, -1
	})
	testClone(t, documenttest.FullSetup, func(s *document.Setup) {
		s.GrantTypes[0], s.Localized[0].Value, *s.IDTokenTTL = "x", "x", -1
	})
	testClone(t, documenttest.FullResourceServer, func(r *document.ResourceServer) {
		r.Scopes[0].Name, r.Scopes[1].Localized[0].Value = "x", "x"
	})
}

func testClone[T document.Content](t *testing.T, full func() T, scribble func(*T)) {
	t.Helper()
	original, want := full(), full()
	clone := document.Clone(&original)
	scribble(&original)
	if !reflect.DeepEqual(*clone, want) {
		t.Errorf("%T: the clone changed in %q", want, document.Changed(clone, &want))
	}
	if documenttest.Equal(&original, &want) {
		t.Errorf("%T: nothing was written into the original", want)
	}
}
