package tenancy_test

import (
	"context"
	"testing"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// TestKeysAsOf: at an instant there are the keys that were made and not revoked
// by then, of the organizations that were there and that the scope covers now.
func TestKeysAsOf(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		ctx := context.Background()
		w := tenancytest.New(t, dsn)
		admin := w.Scope(t, w.Root, tenancy.Admin)
		now := func() history.Micros {
			w.Clock.Advance(time.Minute)
			at := w.Store.Now()
			w.Clock.Advance(time.Minute)
			return at
		}
		before := now()
		port := w.MustOrg(t, w.North, "port")
		key, text := w.MustKey(t, tenancy.NewKey{Org: port, Name: "port's", Role: tenancy.Reader})
		made := now()
		if _, err := w.Store.Authenticate(text); err != nil {
			t.Fatal(err)
		}
		used := now()
		if err := w.Store.RevokeKey(ctx, admin, key.ID); err != nil {
			t.Fatal(err)
		}
		revoked := now()
		other, _ := w.MustKey(t, tenancy.NewKey{Org: port, Name: "another", Role: tenancy.Admin})
		second := now()
		if err := w.Store.DeleteOrganization(ctx, admin, port, true, tenancy.Contents{}); err != nil {
			t.Fatal(err)
		}
		deleted := now()
		for _, row := range []struct {
			when     string
			at       history.Micros
			has      []string
			lastUsed bool
		}{
			{"before", before, nil, false}, {"made", made, []string{key.ID}, false}, {"used", used, []string{key.ID}, true},
			{"revoked", revoked, nil, false}, {"second", second, []string{other.ID}, false}, {"deleted", deleted, nil, false},
		} {
			for who, scope := range map[string]tenancy.Scope{"above": admin, "beside": w.Scope(t, w.South, tenancy.Auditor)} {
				keys, err := w.Store.KeysAsOf(ctx, scope, row.at)
				if err != nil {
					t.Fatalf("%s: %v", row.when, err)
				}
				var has []tenancy.Key
				last := history.Micros(0)
				for _, k := range keys {
					if k.RecordedAt < last || k.RecordedAt > row.at {
						t.Errorf("%s: %+v is out of order or too new", row.when, k)
					}
					if last = k.RecordedAt; k.Org == port {
						has = append(has, k)
					}
				}
				want := row.has
				if who == "beside" {
					want = nil
				}
				if len(has) != len(want) || len(want) == 1 && (has[0].ID != want[0] || has[0].LastUsed != 0 != row.lastUsed) {
					t.Errorf("%s, for one %s: %+v, want %v", row.when, who, has, want)
				}
			}
			_, err := w.Store.OrganizationAsOf(ctx, admin, port, row.at)
			want := ""
			switch {
			case row.at <= before:
				want = fault.CodeNotYetEffective
			case row.at >= deleted:
				want = fault.CodeDeleted
			}
			if want == "" && err != nil || want != "" && !fault.HasCode(err, want) {
				t.Errorf("%s: the organization: %v", row.when, err)
			}
		}
		if _, err := w.Store.KeysAsOf(ctx, w.Scope(t, w.Root, tenancy.Reader), made); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a reader: %v", err)
		}
	})
}
