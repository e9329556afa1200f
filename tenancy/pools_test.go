package tenancy_test

import (
	"context"
	"slices"
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
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

// TestPooledAsOf: an organization with its pools as they were, and only those that
// the caller may see today.
func TestPooledAsOf(t *testing.T) {
	w := tenancytest.New(t, dbtest.SQLite(t))
	ctx, admin := context.Background(), w.Scope(t, w.Root, tenancy.Admin)
	start := w.Log.Now()
	o, _, err := w.Store.CreateSuborganization(ctx, admin, tenancy.NewOrganization{Parent: w.North, Name: "a", PersonsPool: w.North})
	if err != nil {
		t.Fatal(err)
	}
	made := w.Log.Now()
	if err := w.Store.DeleteOrganization(ctx, admin, o.ID, true, tenancy.Contents{}); err != nil {
		t.Fatal(err)
	}
	scope := w.ScopeFor(t, w.Root, tenancy.Admin, w.North)
	for name, row := range map[string]struct {
		at   history.Micros
		want []tenancy.OrgID
	}{"before it was made": {start, []tenancy.OrgID{w.North}}, "while it was there": {made, []tenancy.OrgID{w.North, o.ID}}, "after its end": {w.Log.Now(), []tenancy.OrgID{w.North}}} {
		got, err := w.Store.PooledAsOf(ctx, scope, row.at)
		if err != nil || !slices.Equal(got.Persons, row.want) || got.ID != w.North || got.RootName != "root" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := w.Store.PooledAsOf(ctx, scope, 1); !fault.Is(err, fault.NotFound) {
		t.Errorf("before the installation: %v", err)
	}
	if _, err := w.Store.PooledAsOf(ctx, w.ScopeFor(t, w.Root, tenancy.Reader, w.North), made); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a reader: %v", err)
	}
}
