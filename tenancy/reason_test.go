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
