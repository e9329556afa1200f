package tenancy_test

import (
	"context"
	"slices"
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

func TestPoolsListWhoSharesThem(t *testing.T) {
	w := tenancytest.New(t, dbtest.SQLite(t))
	admin := w.Scope(t, w.Root, tenancy.Admin)
	make := func(parent tenancy.OrgID, name string, persons, groups tenancy.OrgID) tenancy.OrgID {
		o, _, err := w.Store.CreateSuborganization(context.Background(), admin,
			tenancy.NewOrganization{Parent: parent, Name: name, PersonsPool: persons, GroupsPool: groups})
		if err != nil {
			t.Fatal(err)
		}
		return o.ID
	}
	a := make(w.North, "a", w.North, "")
	b := make(a, "b", a, w.North) // a's persons are north's
	c := make(a, "c", "", a)
	for _, row := range []struct {
		acting          tenancy.OrgID
		persons, groups []tenancy.OrgID
	}{
		{w.North, []tenancy.OrgID{w.North, a, b}, []tenancy.OrgID{w.North, b}},
		{a, []tenancy.OrgID{a, b}, []tenancy.OrgID{a, c}},
		{b, []tenancy.OrgID{b}, []tenancy.OrgID{b}},
		{c, []tenancy.OrgID{c}, []tenancy.OrgID{c}},
		{w.South, []tenancy.OrgID{w.South}, []tenancy.OrgID{w.South}},
	} {
		persons, groups, err := w.Store.Pools(w.ScopeFor(t, w.Root, tenancy.Reader, row.acting))
		if err != nil || !slices.Equal(persons, row.persons) || !slices.Equal(groups, row.groups) {
			t.Errorf("%s: persons %v, groups %v, %v", row.acting, persons, groups, err)
		}
	}
	if _, _, err := w.Store.Pools(tenancy.Scope{}); !fault.Is(err, fault.Internal) {
		t.Errorf("without a scope: %v", err)
	}
	if got := w.Store.RootName(); got != "root" {
		t.Errorf("the root is called %q", got)
	}
}
