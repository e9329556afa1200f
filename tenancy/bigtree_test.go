package tenancy_test

import (
	"fmt"
	"sync"
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

// grow makes n organizations, each below one of parents in turn, many at once.
func grow(t testing.TB, w *tenancytest.World, parents []tenancy.OrgID, n int) []tenancy.OrgID {
	t.Helper()
	made := make([]tenancy.OrgID, n)
	operator := w.Store.Operator("test")
	var done sync.WaitGroup
	for worker := range 64 {
		done.Go(func() {
			for i := worker; i < n; i += 64 {
				o, err := w.Store.CreateOrganization(ctx, operator, parents[i%len(parents)], fmt.Sprint("o", i))
				if err != nil {
					t.Error(err)
					return
				}
				made[i] = o.ID
			}
		})
	}
	done.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return made
}

// TestTenThousandOrganizations: moving and deleting a subtree of 5,000 is one
// row, in force for the next question, and stands in nobody's way.
func TestTenThousandOrganizations(t *testing.T) {
	w := tenancytest.New(t, dbtest.SQLite(t))
	top := w.MustOrg(t, w.North, "top")
	inner := grow(t, w, []tenancy.OrgID{top}, 99)
	leaves := grow(t, w, inner, 4900)
	deep := w.MustChain(t, w.South, tenancy.MaxDepth-2)
	grow(t, w, []tenancy.OrgID{w.South, w.Harbour}, 10_000-5000-34)
	root := w.Scope(t, w.Root, tenancy.Admin)
	north, south := w.Scope(t, w.North, tenancy.Reader), w.Scope(t, w.South, tenancy.Reader)
	if n := len(root.Subtree()); n != 10_000 {
		t.Fatalf("%d organizations", n)
	}
	if o, err := w.Store.Organization(root, deep); err != nil || o.Depth != tenancy.MaxDepth {
		t.Fatalf("%+v, %v", o, err)
	}

	before := len(w.Events(t))
	_, err := w.Store.MoveOrganization(ctx, root, top, w.South, keeps)
	must(t, err)
	if n := len(w.Events(t)) - before; n != 1 {
		t.Errorf("a move wrote %d events", n)
	}
	for _, leaf := range []tenancy.OrgID{top, inner[98], leaves[0], leaves[4899]} {
		if north.Covers(leaf) || !south.Covers(leaf) || !root.Covers(leaf) {
			t.Errorf("%s did not move along", leaf)
		}
	}
	_, err = w.Store.MoveOrganization(ctx, root, w.South, leaves[7], keeps)
	wantFault(t, err, fault.Invalid)

	// Others write while the subtree goes.
	var done sync.WaitGroup
	for worker := range 8 {
		done.Go(func() {
			for i := range 25 {
				if _, err := w.Store.CreateOrganization(ctx, root, w.North, fmt.Sprint(worker, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	must(t, w.Store.DeleteOrganization(ctx, root, top, true, tenancy.Contents{}))
	done.Wait()
	for _, leaf := range []tenancy.OrgID{top, inner[98], leaves[0], leaves[4899]} {
		if root.Alive(leaf) {
			t.Errorf("%s is still there", leaf)
		}
	}
	if n := len(root.Subtree()); n != 10_000-5000+200 {
		t.Errorf("%d organizations are left", n)
	}
	w.Check(t)
}

// BenchmarkCovers asks the parent rule one step up and 31 steps up, in a tree
// of 10,000: both cost the same (design section 10).
func BenchmarkCovers(b *testing.B) {
	w := tenancytest.New(b, dbtest.SQLite(b))
	grow(b, w, []tenancy.OrgID{w.South, w.Harbour}, 9_960)
	deep := w.MustChain(b, w.South, tenancy.MaxDepth-2)
	o, err := w.Store.Organization(w.Store.Operator("test"), deep)
	if err != nil {
		b.Fatal(err)
	}
	for name, acting := range map[string]tenancy.OrgID{"Owner": deep, "Parent": o.Parent, "31StepsUp": w.Root} {
		b.Run(name, func(b *testing.B) {
			scope := w.ScopeFor(b, w.Root, tenancy.Reader, acting)
			for b.Loop() {
				if !scope.Covers(deep) {
					b.Fatal("not covered")
				}
			}
		})
	}
}
