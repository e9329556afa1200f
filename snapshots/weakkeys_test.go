package snapshots_test

import (
	"slices"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy/fault"
)

// weakKeys is a set that a policy may let pass: an RSA key of one byte.
const weakKeys = document.JWKS(`{"keys":[{"e":"AQAB","kty":"RSA","n":"AQ"}]}`)

// TestWeakKeys: a setup's policy decides whether a key set may break the rules that
// are newer than some sets; what is stored stays acceptable, and an import is let pass.
func TestWeakKeys(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		set := func(value string) {
			t.Helper()
			p := snapshots.DefaultPolicy()
			p.WeakKeys = value
			w.Must(w.Store.SetPolicy(ctx, admin, snapshots.DefaultModule, w.Setup, p))
		}
		weak := snapshotstest.To(client{ClientName: "weak", JWKS: weakKeys})
		wanted := func(out snapshots.Outcome[client], told bool) {
			t.Helper()
			is := slices.ContainsFunc(out.Warnings, func(f fault.Field) bool {
				return f.Path == "/jwks/keys/0/n" && f.Rule == "rsa-modulus-small" && f.Message != ""
			})
			if is != told || out.Content.JWKS != weakKeys {
				t.Errorf("warnings %v, stored %s", out.Warnings, out.Content.JWKS)
			}
		}
		made := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("shop")))
		w.Tick()
		_, err := snapshots.Edit(ctx, w.Store, admin, w.Ref(made.Entity.ID), weak)
		w.RefusedAt(err, "/jwks/keys/0/n", "rsa-modulus-small")
		set(snapshots.WeakWarn)
		wanted(w.Edit(admin, made.Entity.ID, weak), true)
		set(snapshots.WeakRefuse)
		w.Tick()
		wanted(w.Edit(admin, made.Entity.ID, snapshotstest.To(client{ClientName: "renamed", JWKS: weakKeys})), false)
		_, err = snapshots.Edit(ctx, w.Store, admin, w.Ref(made.Entity.ID), snapshotstest.To(client{JWKS: weakKeys[:len(weakKeys)-2] + `,{"kty":"RSA","n":"AQ","e":"AQAB"}]}`}))
		w.RefusedAt(err, "/jwks", "jwks") // nobody stores what is not canonical JSON
		_, err = snapshots.Edit(ctx, w.Store, admin, w.Ref(made.Entity.ID), snapshotstest.To(client{JWKS: `{"keys":[{"d":"AQ","e":"AQAB","kty":"RSA","n":"AQ"}]}`}))
		w.RefusedAt(err, "/jwks/keys/0/d", "private-key")

		imported := weak
		imported.WeakKeys = true
		wanted(w.NewClient(admin, "imported", imported), true)
		imported = snapshotstest.To(client{JWKS: `{"keys":[{"d":"AQ","e":"AQAB","kty":"RSA","n":"AQ"}]}`})
		imported.WeakKeys = true
		_, err = w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: w.Setup, ClientID: "private"}, imported)
		w.RefusedAt(err, "/jwks/keys/0/d", "private-key")
		p := snapshots.DefaultPolicy()
		p.WeakKeys = "maybe"
		w.RefusedAt(w.Store.SetPolicy(ctx, admin, snapshots.DefaultModule, w.Setup, p), "/weak_keys", "enum")
		w.Sound()
	})
}
