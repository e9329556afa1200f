package tenancy_test

import (
	"testing"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// TestTheLastAdministratorsKeyStays: no organization locks itself out by one request.
func TestTheLastAdministratorsKeyStays(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		for _, org := range []tenancy.OrgID{w.Root, w.North} {
			scope, own := w.Scope(t, org, tenancy.Admin), w.KeyID(org, tenancy.Admin)
			last := func() {
				t.Helper()
				size := w.Log.Size()
				err := w.Store.RevokeKey(ctx, scope, own)
				wantFault(t, err, fault.Conflict)
				if !fault.HasCode(err, fault.CodeLastKey) || w.Log.Size() != size {
					t.Errorf("%v, %d events", err, w.Log.Size()-size)
				}
			}
			last()
			must(t, w.Store.RevokeKey(ctx, scope, w.KeyID(org, tenancy.Reader))) // another one, and no administrator's
			// One that ends, one that was revoked and one of an organization below do not count.
			soon := history.Micros(w.Clock.Now().Add(time.Minute).UnixMicro())
			w.MustKey(t, tenancy.NewKey{Org: org, Name: "ends", Role: tenancy.Admin, ExpiresAt: soon})
			last() // it would end, and then there were none
			w.Clock.Advance(time.Hour)
			k, _ := w.MustKey(t, tenancy.NewKey{Org: org, Name: "revoked", Role: tenancy.Admin})
			must(t, w.Store.RevokeKey(ctx, scope, k.ID))
			last()
			other, text := w.MustKey(t, tenancy.NewKey{Org: org, Name: "other", Role: tenancy.Admin})
			must(t, w.Store.RevokeKey(ctx, scope, own))
			p, err := w.Store.Authenticate(text)
			must(t, err)
			scope, err = w.Store.Authorize(p, "", tenancy.Administer, "test", "")
			must(t, err)
			own = other.ID
			last()
		}
		// A key from above may.
		_, text := w.MustKey(t, tenancy.NewKey{Org: w.Root, Name: "root's", Role: tenancy.Admin})
		p, err := w.Store.Authenticate(text)
		must(t, err)
		root, err := w.Store.Authorize(p, "", tenancy.Administer, "test", "")
		must(t, err)
		must(t, w.Store.RevokeKey(ctx, root, w.KeyID(w.South, tenancy.Admin)))
	})
}
