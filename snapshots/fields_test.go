package snapshots_test

import (
	"reflect"
	"slices"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
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
		"x", []string{"x"}, snapshots.True, &one, snapshots.JWKS(`{"keys":[]}`), snapshots.Document(`{"x":1}`),
		[]snapshots.Localized{{Name: "x"}}, []snapshots.Scope{{Name: "x"}},
	} {
		if reflect.TypeOf(value) == member.Type() {
			member.Set(reflect.ValueOf(value))
			return
		}
	}
	t.Fatalf("no example of a %s", member.Type())
}

// testTable sets one member at a time: exactly one name has to notice, a name
// of its own, and the value has to survive the bytes.
func testTable[T snapshots.Content](t *testing.T) {
	var seen []string
	all := leaves(reflect.TypeFor[T]())
	for _, leaf := range all {
		var empty, doc T
		set(t, reflect.ValueOf(&doc).Elem().FieldByIndex(leaf))
		member := reflect.TypeFor[T]().FieldByIndex(leaf).Name
		names := snapshots.Changed(&empty, &doc)
		if len(names) != 1 {
			t.Errorf("%s: the changed members are %q, want one", member, names)
			continue
		}
		if slices.Contains(seen, names[0]) {
			t.Errorf("%s: %q names another member as well", member, names[0])
		}
		seen = append(seen, names[0])
		if snapshots.Equal(&empty, &doc) {
			t.Errorf("%s: equal to the empty document", member)
		}
		if got := roundTrip(t, &doc); !reflect.DeepEqual(*got, doc) {
			t.Errorf("%s: %+v came back as %+v", member, doc, *got)
		}
	}
	if !slices.Equal(seen, snapshots.Fields[T]()) {
		t.Errorf("members in the order of the struct:\n%q\nin the table:\n%q", seen, snapshots.Fields[T]())
	}
}

func TestEveryMemberHasARow(t *testing.T) {
	t.Run("Client", testTable[snapshots.Client])
	t.Run("Setup", testTable[snapshots.Setup])
	t.Run("ResourceServer", testTable[snapshots.ResourceServer])
}

// Scopes and localized texts have tables of their own.
func TestEveryListedMemberHasARow(t *testing.T) {
	check := func(t *testing.T, name string, doc snapshots.ResourceServer) {
		if got := roundTrip(t, &doc); !reflect.DeepEqual(*got, doc) {
			t.Errorf("%s: %+v came back as %+v", name, doc, *got)
		}
	}
	for _, leaf := range leaves(reflect.TypeFor[snapshots.Scope]()) {
		var scope snapshots.Scope
		set(t, reflect.ValueOf(&scope).Elem().FieldByIndex(leaf))
		check(t, reflect.TypeFor[snapshots.Scope]().FieldByIndex(leaf).Name,
			snapshots.ResourceServer{Scopes: []snapshots.Scope{{}, scope}})
	}
	for _, leaf := range leaves(reflect.TypeFor[snapshots.Localized]()) {
		var text snapshots.Localized
		set(t, reflect.ValueOf(&text).Elem().FieldByIndex(leaf))
		check(t, reflect.TypeFor[snapshots.Localized]().FieldByIndex(leaf).Name,
			snapshots.ResourceServer{Localized: []snapshots.Localized{text, {}}})
	}
}

func TestFixturesSetEveryMember(t *testing.T) {
	client, setup, server := snapshotstest.FullClient(), snapshotstest.FullSetup(), snapshotstest.FullResourceServer()
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
	full := snapshotstest.FullClient()
	other := snapshotstest.FullClient()
	if names := snapshots.Changed(&full, &other); names != nil {
		t.Fatalf("two equal documents differ in %q", names)
	}
	*other.AccessTokenTTL++
	other.Scopes[0], other.Scopes[1] = other.Scopes[1], other.Scopes[0]
	other.SkipConsent = snapshots.Unset
	want := []string{"scopes", "access_token_ttl", "skip_consent"}
	if names := snapshots.Changed(&full, &other); !slices.Equal(names, want) {
		t.Errorf("changed: %q, want %q", names, want)
	}
}

// Only a client's grant types tell nil from empty.
func TestNilAndEmptyLists(t *testing.T) {
	nils := snapshots.Client{}
	empties := snapshots.Client{Contacts: []string{}, Localized: []snapshots.Localized{}, Scopes: []string{}}
	if !snapshots.Equal(&nils, &empties) {
		t.Errorf("nil and empty lists differ: %q", snapshots.Changed(&nils, &empties))
	}
	empties.GrantTypes = []string{}
	if names := snapshots.Changed(&nils, &empties); !slices.Equal(names, []string{"grant_types"}) {
		t.Errorf("changed: %q, want grant_types alone", names)
	}
	if !snapshots.Equal(&snapshots.Setup{}, &snapshots.Setup{GrantTypes: []string{}}) {
		t.Error("a setup's nil and empty grant types differ")
	}
}

// A clone has to keep its content whatever is written into the original.
func TestClone(t *testing.T) {
	testClone(t, snapshotstest.FullClient, func(c *snapshots.Client) {
		c.GrantTypes[0], c.Contacts[0], c.Localized[0].Value = "x", "x", "x"
		*c.AccessTokenTTL, *c.Lifespans.ImplicitIDToken = -1, -1
	})
	testClone(t, snapshotstest.FullSetup, func(s *snapshots.Setup) {
		s.GrantTypes[0], s.Localized[0].Value, *s.IDTokenTTL = "x", "x", -1
	})
	testClone(t, snapshotstest.FullResourceServer, func(r *snapshots.ResourceServer) {
		r.Scopes[0].Name, r.Scopes[1].Localized[0].Value = "x", "x"
	})
}

func testClone[T snapshots.Content](t *testing.T, full func() T, scribble func(*T)) {
	t.Helper()
	original, want := full(), full()
	clone := snapshots.Clone(&original)
	scribble(&original)
	if !reflect.DeepEqual(*clone, want) {
		t.Errorf("%T: the clone changed in %q", want, snapshots.Changed(clone, &want))
	}
	if snapshots.Equal(&original, &want) {
		t.Errorf("%T: nothing was written into the original", want)
	}
}
