package tenancy_test

import (
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

// TestRequireReason: what an organization requires holds for it and all below
// it, whoever acts, and for nobody beside or above.
func TestRequireReason(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		north, root := w.Scope(t, w.North, tenancy.Admin), w.Scope(t, w.Root, tenancy.Admin)
		o, err := w.Store.SetRequireReason(ctx, north, w.North, true)
		must(t, err)
		if !o.RequireReason || !o.ReasonRequired {
			t.Errorf("%+v", o)
		}
		for _, row := range []struct {
			what   string
			scope  tenancy.Scope
			org    tenancy.OrgID
			reason string
			asked  bool
		}{
			{"itself", north, w.North, "", true},
			{"below it", w.Scope(t, w.Harbour, tenancy.Admin), w.Harbour, "", true},
			{"below it, from above", root, w.Harbour, "", true},
			{"a blank one", root, w.Harbour, " \u00a0", true},
			{"with one", root, w.Harbour, "ticket 7", false},
			{"beside it", root, w.South, "", false},
			{"above it", root, w.Root, "", false},
			{"an operator", w.Store.Operator("test"), w.Harbour, "", false},
		} {
			_, err := w.Store.RenameOrganization(ctx, row.scope.Because(row.reason), row.org, "name of "+row.what)
			if asked := fault.HasCode(err, fault.CodeReasonRequired); asked != row.asked || asked && !fault.Is(err, fault.Invalid) || !asked && err != nil {
				t.Errorf("%s: %v", row.what, err)
			}
		}
		harbour, err := w.Store.Organization(north, w.Harbour)
		must(t, err)
		if harbour.RequireReason || !harbour.ReasonRequired {
			t.Errorf("below it: %+v", harbour)
		}
		grant, err := w.Store.AuthorizeGrant(tenancy.Grant{Client: "c", Setup: "s", Owner: w.Harbour, Actor: "client:c", Surface: "test"}, "")
		must(t, err)
		must(t, w.DB.Write(ctx, func(tx *db.Tx) error { return grant.Recheck(tx, w.Harbour) }))
		must(t, w.DB.Write(ctx, func(tx *db.Tx) error { return north.Because("").RecheckRead(tx, w.Harbour) }))

		w.Reopen(t)
		north = w.Scope(t, w.North, tenancy.Admin)
		_, err = w.Store.SetRequireReason(ctx, north.Because(""), w.North, false)
		wantFault(t, err, fault.Invalid)
		_, err = w.Store.SetRequireReason(ctx, w.Scope(t, w.North, tenancy.Editor), w.North, false)
		wantFault(t, err, fault.Forbidden)
		_, err = w.Store.SetRequireReason(ctx, w.Scope(t, w.Harbour, tenancy.Admin), w.North, false)
		wantFault(t, err, fault.NotFound)
		_, err = w.Store.SetRequireReason(ctx, north, w.North, false)
		must(t, err)
		_, err = w.Store.RenameOrganization(ctx, north.Because(""), w.Harbour, "port")
		must(t, err)
	})
}

// TestWhatAnAncestorRequiredStays: an organization takes back what it required itself,
// not what one above required of it.
func TestWhatAnAncestorRequiredStays(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		why := func(org tenancy.OrgID) tenancy.Scope { return w.Scope(t, org, tenancy.Admin).Because("ticket 7") }
		set := func(by tenancy.OrgID, require bool) error {
			_, err := w.Store.SetRequireReason(ctx, why(by), w.Harbour, require)
			return err
		}
		must(t, set(w.Harbour, true))
		must(t, set(w.Harbour, false)) // its own
		must(t, set(w.North, true))
		wantFault(t, set(w.Harbour, false), fault.Forbidden)
		must(t, set(w.Root, false)) // from above both
		must(t, set(w.Harbour, true))
		must(t, set(w.North, true)) // it is required already, and now by the one above
		size := w.Log.Size()
		must(t, set(w.North, true))
		must(t, set(w.Harbour, true))
		if w.Log.Size() != size {
			t.Error("the same again was written")
		}
		wantFault(t, set(w.Harbour, false), fault.Forbidden)
		must(t, set(w.North, false))
		wantFault(t, set(w.South, true), fault.NotFound)
	})
}

// TestDepthIsTheCallers: how deep an organization is tells nobody how many are above
// the acting one.
func TestDepthIsTheCallers(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		for acting, want := range map[tenancy.OrgID]int{w.Root: 3, w.North: 2, w.Harbour: 1} {
			scope := w.Scope(t, acting, tenancy.Admin)
			o, err := w.Store.Organization(scope, w.Harbour)
			must(t, err)
			then, err := w.Store.OrganizationAsOf(ctx, scope, w.Harbour, w.Store.Now())
			must(t, err)
			if o.Depth != want || then.Depth != want {
				t.Errorf("depth %d, then %d, want %d", o.Depth, then.Depth, want)
			}
		}
	})
}
