package tenancy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

// What the layer above answers where nothing stands against a change.
func keeps(*db.Tx, []tenancy.OrgID, func(tenancy.OrgID) bool) error { return nil }

func TestCreateOrganization(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		admin := w.Scope(t, w.North, tenancy.Admin)
		o, err := w.Store.CreateOrganization(ctx, admin, w.North, `Läden "Ost" & <West>`)
		must(t, err)
		want := tenancy.Organization{ID: o.ID, Parent: w.North, Name: `Läden "Ost" & <West>`, Depth: 2}
		if diff := cmp.Diff(want, o); diff != "" {
			t.Error(diff)
		}
		// Names need not be unique, not even among siblings.
		_, err = w.Store.CreateOrganization(ctx, admin, w.North, `Läden "Ost" & <West>`)
		must(t, err)

		for _, name := range []string{"", " \t", "a\x00b", "a\u0085b", "\xff", strings.Repeat("ü", 128)} {
			_, err := w.Store.CreateOrganization(ctx, admin, w.North, name)
			wantFault(t, err, fault.Invalid)
			if f := fault.Of(err).Fields; len(f) != 1 || f[0].Path != "/name" {
				t.Errorf("name %q: fields %v", name, f)
			}
		}
		for _, parent := range []tenancy.OrgID{w.Root, w.South, "", "5f0c8c4e-0000-4000-8000-000000000000"} {
			_, err := w.Store.CreateOrganization(ctx, admin, parent, "x")
			wantFault(t, err, fault.NotFound)
		}
		_, err = w.Store.CreateOrganization(ctx, w.Scope(t, w.North, tenancy.Editor), w.North, "x")
		wantFault(t, err, fault.Forbidden)
	})
}

func TestDepthIsLimited(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		admin := w.Scope(t, w.Root, tenancy.Admin)
		deepest := w.MustChain(t, w.Root, tenancy.MaxDepth-1)
		o, err := w.Store.Organization(admin, deepest)
		must(t, err)
		if o.Depth != tenancy.MaxDepth {
			t.Fatalf("depth %d", o.Depth)
		}
		_, err = w.Store.CreateOrganization(ctx, admin, deepest, "one too deep")
		wantFault(t, err, fault.Invalid)
		// A move counts what hangs below: north and harbour are two.
		_, err = w.Store.MoveOrganization(ctx, admin, w.North, o.Parent, keeps)
		wantFault(t, err, fault.Invalid)
		_, err = w.Store.MoveOrganization(ctx, admin, w.South, o.Parent, keeps)
		must(t, err)
		if !admin.Covers(deepest) || !w.Scope(t, w.Root, tenancy.Reader).Covers(w.South) {
			t.Error("the root does not cover what is deepest")
		}
		must(t, w.Store.DeleteOrganization(ctx, admin, w.Harbour, false, tenancy.Contents{}))
		// What is deleted does not count.
		_, err = w.Store.MoveOrganization(ctx, admin, w.North, o.Parent, keeps)
		must(t, err)
	})
}

func TestRenameOrganization(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		o, err := w.Store.RenameOrganization(ctx, w.Scope(t, w.North, tenancy.Admin), w.Harbour, "port")
		must(t, err)
		if o.Name != "port" || o.Parent != w.North || o.Depth != 2 {
			t.Errorf("%+v", o)
		}
		before := len(w.Events(t))
		_, err = w.Store.RenameOrganization(ctx, w.Scope(t, w.North, tenancy.Admin), w.Harbour, "port")
		must(t, err)
		if after := len(w.Events(t)); after != before {
			t.Errorf("the same name again appended %d events", after-before)
		}
		_, err = w.Store.RenameOrganization(ctx, w.Scope(t, w.Harbour, tenancy.Admin), w.North, "x")
		wantFault(t, err, fault.NotFound)
		_, err = w.Store.RenameOrganization(ctx, w.Scope(t, w.North, tenancy.Auditor), w.Harbour, "x")
		wantFault(t, err, fault.Forbidden)
	})
}

func TestDefaultSetupIsTheNearest(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		usable := func(*db.Tx) error { return nil }
		admin := w.Scope(t, w.Root, tenancy.Admin)
		if got := w.Store.DefaultSetup(w.Harbour); got != "" {
			t.Errorf("default setup %q of a new tree", got)
		}
		for _, step := range []struct {
			org                         tenancy.OrgID
			setup                       string
			root, north, harbour, south string
		}{
			{w.Root, "r", "r", "r", "r", "r"},
			{w.North, "n", "r", "n", "n", "r"},
			{w.Harbour, "h", "r", "n", "h", "r"},
			{w.North, "", "r", "r", "h", "r"},
		} {
			_, err := w.Store.SetDefaultSetup(ctx, admin, step.org, step.setup, usable)
			must(t, err)
			got := []string{w.Store.DefaultSetup(w.Root), w.Store.DefaultSetup(w.North), w.Store.DefaultSetup(w.Harbour), w.Store.DefaultSetup(w.South)}
			if diff := cmp.Diff([]string{step.root, step.north, step.harbour, step.south}, got); diff != "" {
				t.Errorf("after %+v: %s", step, diff)
			}
		}
		_, err := w.Store.SetDefaultSetup(ctx, admin, w.South, "other", func(*db.Tx) error {
			return fault.New(fault.NotFound, fault.CodeSetupUnknown, "there is no such setup")
		})
		wantFault(t, err, fault.NotFound)
		if got := w.Store.DefaultSetup(w.South); got != "r" {
			t.Errorf("a refused setup became the default: %q", got)
		}
	})
}

func TestOrganizationsListsTheActingSubtree(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		for _, row := range []struct {
			acting tenancy.OrgID
			want   []tenancy.OrgID
		}{
			{w.Root, []tenancy.OrgID{w.Root, w.North, w.South, w.Harbour}},
			{w.North, []tenancy.OrgID{w.North, w.Harbour}},
			{w.South, []tenancy.OrgID{w.South}},
		} {
			list, err := w.Store.Organizations(w.Scope(t, row.acting, tenancy.Reader))
			must(t, err)
			var got []tenancy.OrgID
			for _, o := range list {
				got = append(got, o.ID)
				if o.HasDescendants != (o.ID == w.Root || o.ID == w.North) {
					t.Errorf("%s: HasDescendants is %t", o.Name, o.HasDescendants)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		}
		_, err := w.Store.Organization(w.Scope(t, w.North, tenancy.Reader), w.Root)
		wantFault(t, err, fault.NotFound)
	})
}

func TestBootstrapOnlyOnce(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		root, made, err := w.Store.Bootstrap(ctx, w.Store.Operator("again"), "other")
		if err != nil || made || root != w.Root {
			t.Errorf("got %s, %t, %v", root, made, err)
		}
	})
}
