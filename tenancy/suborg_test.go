package tenancy_test

import (
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

func TestSuborganizationWithKey(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		admin := w.Scope(t, w.North, tenancy.Admin)
		o, text, err := w.Store.CreateSuborganization(ctx, admin, tenancy.NewOrganization{Parent: w.North, Name: "kiosks", KeyName: "first",
			PersonsPool: w.North, GroupsPool: w.Harbour, InheritsRBAC: true})
		must(t, err)
		p, err := w.Store.Authenticate(text)
		must(t, err)
		if p.Org != o.ID || p.Role != tenancy.Admin || o.PersonsPool != w.North || o.GroupsPool != w.Harbour || !o.InheritsRBAC || o.MaxBelow != nil {
			t.Errorf("%+v with the key of %+v", o, p)
		}
		w.Reopen(t)
		again, err := w.Store.Organization(w.Scope(t, w.North, tenancy.Reader), o.ID)
		must(t, err)
		if again != o {
			t.Errorf("after a restart %+v, was %+v", again, o)
		}
		w.Check(t)
	})
}

func TestSuborganizationNames(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		admin := w.Scope(t, w.Root, tenancy.Admin)
		size := len(w.Events(t))
		for _, name := range []string{"harbour", "HARBOUR"} {
			_, _, err := w.Store.CreateSuborganization(ctx, admin, tenancy.NewOrganization{Parent: w.North, Name: name, UniqueName: true, KeyName: "k"})
			wantFault(t, err, fault.Conflict)
			if !fault.HasCode(err, fault.CodeNameTaken) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := len(w.Events(t)); n != size {
			t.Errorf("a refusal left %d events", n-size)
		}
		// Elsewhere the name is free, and so it is when nobody bears it any more.
		_, _, err := w.Store.CreateSuborganization(ctx, admin, tenancy.NewOrganization{Parent: w.South, Name: "harbour", UniqueName: true})
		must(t, err)
		must(t, w.Store.DeleteOrganization(ctx, admin, w.Harbour, false, tenancy.Contents{}))
		_, _, err = w.Store.CreateSuborganization(ctx, admin, tenancy.NewOrganization{Parent: w.North, Name: "harbour", UniqueName: true})
		must(t, err)
	})
}

func TestSuborganizationPools(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		admin := w.Scope(t, w.North, tenancy.Admin)
		for pool, want := range map[tenancy.OrgID]fault.Kind{w.South: fault.PreconditionFailed, "5f0c8c4e-0000-4000-8000-000000000000": fault.PreconditionFailed} {
			for _, n := range []tenancy.NewOrganization{{Parent: w.North, Name: "x", PersonsPool: pool}, {Parent: w.North, Name: "x", GroupsPool: pool}} {
				_, _, err := w.Store.CreateSuborganization(ctx, admin, n)
				wantFault(t, err, want)
			}
		}
		for _, pool := range []tenancy.OrgID{w.Root, w.North, w.Harbour} {
			_, _, err := w.Store.CreateSuborganization(ctx, admin, tenancy.NewOrganization{Parent: w.North, Name: "x", PersonsPool: pool})
			must(t, err)
		}
	})
}

func TestQuotaOfOrganizations(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		root, north := w.Scope(t, w.Root, tenancy.Admin), w.Scope(t, w.North, tenancy.Admin)
		two := int64(2)
		o, err := w.Store.SetMaxBelow(ctx, root, w.North, &two)
		must(t, err)
		if o.MaxBelow == nil || *o.MaxBelow != 2 {
			t.Fatalf("%+v", o)
		}
		// An organization does not lift its own quota, nor do those beside it.
		_, err = w.Store.SetMaxBelow(ctx, north, w.North, nil)
		wantFault(t, err, fault.Forbidden)
		_, err = w.Store.SetMaxBelow(ctx, w.Scope(t, w.South, tenancy.Admin), w.North, nil)
		wantFault(t, err, fault.NotFound)
		low := int64(-1)
		_, err = w.Store.SetMaxBelow(ctx, root, w.North, &low)
		wantFault(t, err, fault.Invalid)

		second, err := w.Store.CreateOrganization(ctx, north, w.Harbour, "second") // at any depth
		must(t, err)
		_, err = w.Store.CreateOrganization(ctx, north, w.North, "third")
		wantFault(t, err, fault.Quota)
		_, err = w.Store.CreateOrganization(ctx, root, second.ID, "third")
		wantFault(t, err, fault.Quota)
		_, err = w.Store.MoveOrganization(ctx, root, w.South, w.North, keeps)
		wantFault(t, err, fault.Quota)
		_, err = w.Store.MoveOrganization(ctx, root, second.ID, w.North, keeps) // within: nothing more
		must(t, err)
		must(t, w.Store.DeleteOrganization(ctx, north, second.ID, false, tenancy.Contents{}))
		_, err = w.Store.CreateOrganization(ctx, north, w.North, "in its place")
		must(t, err)
		_, err = w.Store.SetMaxBelow(ctx, root, w.North, nil)
		must(t, err)
		_, err = w.Store.CreateOrganization(ctx, north, w.North, "free")
		must(t, err)
		_, err = w.Store.SetMaxBelow(ctx, root, w.Root, &two) // what is there stays
		must(t, err)
		_, err = w.Store.CreateOrganization(ctx, root, w.South, "over")
		wantFault(t, err, fault.Quota)
		w.Check(t)
	})
}

func TestTokenDuration(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		admin := w.Scope(t, w.North, tenancy.Admin)
		o, err := w.Store.SetTokenDuration(ctx, admin, w.Harbour, 600)
		must(t, err)
		if o.TokenDuration != 600 {
			t.Errorf("%+v", o)
		}
		for _, bad := range []int64{-1, 1 << 40} {
			_, err := w.Store.SetTokenDuration(ctx, admin, w.Harbour, bad)
			wantFault(t, err, fault.Invalid)
		}
		_, err = w.Store.SetTokenDuration(ctx, w.Scope(t, w.Harbour, tenancy.Editor), w.Harbour, 1)
		wantFault(t, err, fault.Forbidden)
		if o, err = w.Store.SetTokenDuration(ctx, admin, w.Harbour, 0); err != nil || o.TokenDuration != 0 {
			t.Errorf("%+v, %v", o, err)
		}
	})
}

func TestReplaceKey(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		alive := func(text string) bool { _, err := w.Store.Authenticate(text); return err == nil }
		// Its own key: that one ends, no other, and the new one is alike.
		own, other := w.Key(w.North, tenancy.Admin), w.Key(w.North, tenancy.Editor)
		fresh, err := w.Store.ReplaceKey(ctx, w.Scope(t, w.North, tenancy.Admin), "name of a first one")
		must(t, err)
		if alive(own) || !alive(fresh) || !alive(other) {
			t.Errorf("own %t, new %t, other %t", alive(own), alive(fresh), alive(other))
		}
		list, err := w.Store.Keys(ctx, w.Scope(t, w.Root, tenancy.Auditor))
		must(t, err)
		if k := list[len(list)-1]; k.Name != "admin" || k.Org != w.North || k.Role != tenancy.Admin {
			t.Errorf("the new key is %+v", k)
		}
		// From above: the organization's key of that surface, or a first one.
		p, err := w.Store.Authenticate(w.Key(w.Root, tenancy.Admin))
		must(t, err)
		from := func(surface string) tenancy.Scope {
			scope, err := w.Store.Authorize(p, w.Harbour, tenancy.Administer, surface, "")
			must(t, err)
			return scope
		}
		before := []string{w.Key(w.Root, tenancy.Admin), w.Key(w.Harbour, tenancy.Admin), w.Key(w.Harbour, tenancy.Reader)}
		first, err := w.Store.ReplaceKey(ctx, from("dialect"), "dialect key")
		must(t, err)
		second, err := w.Store.ReplaceKey(ctx, from("dialect"), "dialect key")
		must(t, err)
		if alive(first) || !alive(second) {
			t.Errorf("first %t, second %t", alive(first), alive(second))
		}
		for i, text := range before {
			if !alive(text) {
				t.Errorf("key %d ended too", i)
			}
		}
		_, err = w.Store.ReplaceKey(ctx, w.Scope(t, w.Harbour, tenancy.Editor), "x")
		wantFault(t, err, fault.Forbidden)
		w.Check(t)
		problems := 0
		must(t, w.DB.View(ctx, func(c *db.Conn) error {
			said, err := tenancy.Check(c)
			problems = len(said)
			return err
		}))
		if problems != 0 {
			t.Errorf("%d problems", problems)
		}
	})
}
