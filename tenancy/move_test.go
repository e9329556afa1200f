package tenancy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

func TestMoveOrganization(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		admin := w.Scope(t, w.Root, tenancy.Admin)
		quay := w.MustOrg(t, w.Harbour, "quay")
		var asked []tenancy.OrgID
		o, err := w.Store.MoveOrganization(ctx, admin, w.Harbour, w.South,
			func(_ *db.Tx, subtree []tenancy.OrgID, stays func(tenancy.OrgID) bool) error {
				asked = subtree
				for org, want := range map[tenancy.OrgID]bool{w.Root: true, w.South: true, w.Harbour: true, quay: true, w.North: false} {
					if stays(org) != want {
						t.Errorf("stays(%s) is %t", org, !want)
					}
				}
				return nil
			})
		must(t, err)
		if o.Parent != w.South || o.Depth != 3 {
			t.Errorf("%+v", o)
		}
		byID := cmpopts.SortSlices(func(a, b tenancy.OrgID) bool { return a < b })
		if diff := cmp.Diff([]tenancy.OrgID{w.Harbour, quay}, asked, byID); diff != "" {
			t.Error(diff)
		}
		if w.Scope(t, w.North, tenancy.Admin).Covers(quay) || !w.Scope(t, w.South, tenancy.Reader).Covers(quay) {
			t.Error("what is below did not move along")
		}
		_, err = w.Store.MoveOrganization(ctx, admin, w.Harbour, w.North,
			func(*db.Tx, []tenancy.OrgID, func(tenancy.OrgID) bool) error {
				return fault.New(fault.Conflict, "", "a client would leave its setup's subtree")
			})
		wantFault(t, err, fault.Conflict)
		if !w.Scope(t, w.South, tenancy.Reader).Covers(quay) {
			t.Error("a refused move changed the tree")
		}
	})
}

func TestMoveIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		gone := w.MustOrg(t, w.North, "gone")
		root := w.Scope(t, w.Root, tenancy.Admin)
		must(t, w.Store.DeleteOrganization(ctx, root, gone, false, tenancy.Contents{}))
		north := w.Scope(t, w.North, tenancy.Admin)
		for _, row := range []struct {
			what       string
			scope      tenancy.Scope
			id, parent tenancy.OrgID
			want       fault.Kind
		}{
			{"below itself", root, w.North, w.North, fault.Invalid},
			{"below its child", root, w.North, w.Harbour, fault.Invalid},
			{"the root", root, w.Root, w.North, fault.Conflict},
			{"to a deleted parent", root, w.South, gone, fault.NotFound},
			{"a deleted one", root, gone, w.South, fault.NotFound},
			{"to a parent sideways", north, w.Harbour, w.South, fault.NotFound},
			{"to a parent above", north, w.Harbour, w.Root, fault.NotFound},
			{"itself, from a parent above", north, w.North, w.Harbour, fault.Forbidden},
			{"one sideways", north, w.South, w.Harbour, fault.NotFound},
			{"as editor", w.Scope(t, w.Root, tenancy.Editor), w.Harbour, w.South, fault.Forbidden},
		} {
			_, err := w.Store.MoveOrganization(ctx, row.scope, row.id, row.parent, keeps)
			if !fault.Is(err, row.want) {
				t.Errorf("%s: got %v, want %s", row.what, err, row.want)
			}
		}
	})
}

func TestDeleteOrganization(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		root := w.Scope(t, w.Root, tenancy.Admin)
		wantFault(t, w.Store.DeleteOrganization(ctx, root, w.Root, true, tenancy.Contents{}), fault.Conflict)
		err := w.Store.DeleteOrganization(ctx, root, w.North, false, tenancy.Contents{})
		wantFault(t, err, fault.Conflict)
		if !fault.HasCode(err, fault.CodeNotEmpty) {
			t.Errorf("code of %v", err)
		}
		err = w.Store.DeleteOrganization(ctx, root, w.South, false, tenancy.Contents{Holds: func(_ *db.Conn, orgs []tenancy.OrgID) (tenancy.Holdings, error) {
			return tenancy.Holdings{Setups: 1, Clients: 119}, nil
		}})
		wantFault(t, err, fault.Conflict)
		if want := "the organization holds 1 setup and 119 clients, which would be deleted with it"; err.Error() != want {
			t.Errorf("%q", err)
		}
		err = w.Store.DeleteOrganization(ctx, root, w.South, true, tenancy.Contents{Defaults: func(*db.Conn, []tenancy.OrgID) (int64, error) { return 2, nil }})
		wantFault(t, err, fault.Conflict)
		if !fault.HasCode(err, fault.CodeDefaultSetup) {
			t.Errorf("code of %v", err)
		}

		key := w.Key(w.Harbour, tenancy.Admin)
		harbour := w.Scope(t, w.Harbour, tenancy.Admin)
		must(t, w.Store.DeleteOrganization(ctx, root, w.North, true, tenancy.Contents{}))
		for _, id := range []tenancy.OrgID{w.North, w.Harbour} {
			_, err := w.Store.Organization(root, id)
			wantFault(t, err, fault.NotFound)
			if root.Alive(id) || !root.Covers(id) {
				t.Errorf("alive %t, covered %t", root.Alive(id), root.Covers(id))
			}
			wantFault(t, w.Store.DeleteOrganization(ctx, root, id, false, tenancy.Contents{}), fault.NotFound)
		}
		_, err = w.Store.Authenticate(key)
		wantFault(t, err, fault.Unauthenticated)
		_, err = w.Store.CreateOrganization(ctx, harbour, w.Harbour, "x")
		wantFault(t, err, fault.NotFound)
		if ids := root.Subtree(); len(ids) != 2 {
			t.Errorf("%d organizations left", len(ids))
		}
		must(t, w.Store.DeleteOrganization(ctx, root, w.South, false, tenancy.Contents{}))
	})
}
