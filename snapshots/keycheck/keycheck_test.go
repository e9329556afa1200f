package keycheck_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/keycheck"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// TestRun: of each client, what is in force or planned is checked, and nothing that
// is over, withdrawn or deleted.
func TestRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := snapshotstest.New(t, dsn, snapshots.Options{})
		admin := w.Admin(w.North)
		keys := func(n string) snapshots.Change[document.Client] {
			ch := snapshotstest.To(document.Client{JWKS: document.JWKS(`{"keys":[{"e":"AQAB","kty":"RSA","n":"` + n + `"}]}`)})
			ch.WeakKeys = true // as an older program stored it
			return ch
		}
		none := snapshotstest.To(snapshotstest.Named("plain"))
		weak := w.NewClient(admin, "weak", keys("AQ"))
		mended := w.NewClient(admin, "mended", keys("Aw"))
		planned := w.NewClient(admin, "planned", none)
		gone := w.NewClient(admin, "gone", keys("BQ"))
		w.NewClient(admin, "keyless", none)
		w.Tick()
		w.Edit(admin, mended.Entity.ID, none)
		later := keys("Bw")
		later.ValidFrom = w.In(time.Hour)
		w.Edit(admin, planned.Entity.ID, later)
		withdrawn := keys("CQ")
		withdrawn.ValidFrom = w.In(2 * time.Hour)
		out := w.Edit(admin, weak.Entity.ID, withdrawn)
		w.Must(snapshots.Withdraw[document.Client](context.Background(), w.Store, admin, w.Ref(weak.Entity.ID), out.ID))
		w.Must(snapshots.Delete[document.Client](context.Background(), w.Store, admin, w.Ref(gone.Entity.ID), nil))
		w.Tick()
		var found []string
		err := keycheck.Run(context.Background(), w.DB, w.Clock.Millis(), func(f keycheck.Finding) {
			found = append(found, f.ClientID+" "+f.Broken.Path+" "+f.Broken.Rule)
			if line := f.String(); !strings.Contains(line, f.Entity) || !strings.Contains(line, f.Broken.Message) || f.Setup != string(w.Setup) {
				t.Errorf("%s", line)
			}
		})
		slices.Sort(found)
		if want := []string{"planned /jwks/keys/0/n rsa-modulus-small", "weak /jwks/keys/0/n rsa-modulus-small"}; err != nil || !slices.Equal(found, want) {
			t.Errorf("%q, %v", found, err)
		}
	})
}
