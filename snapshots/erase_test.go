package snapshots_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// TestErase takes a deleted client's content away, for good and everywhere, and
// leaves what proves the rest.
func TestErase(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		full := snapshotstest.FullClient()
		full.JWKSURI = ""
		made := w.NewClient(admin, "shop", snapshotstest.To(full))
		ref := w.Ref(made.Entity.ID)
		w.Tick()
		for i := range 40 { // pages split and are rebuilt
			other := snapshotstest.Named("neighbour")
			other.Comment = strings.Repeat("x", 50*i)
			w.NewClient(admin, "neighbour"+strings.Repeat("x", i), snapshotstest.To(other))
			full.Comment = strings.Repeat("padding ", i) + "an unmistakable comment"
			if _, err := snapshots.Edit(ctx, w.Store, admin, ref, snapshotstest.To(full)); err != nil {
				t.Fatal(err)
			}
			w.Tick()
		}
		w.Edit(admin, made.Entity.ID, snapshotstest.ToAt(snapshotstest.Named("planned-name"), w.In(time.Hour)))
		why := admin.Because("article 17, ticket 7")
		_, err := w.Store.Erase(ctx, why, made.Entity.ID, "shop")
		w.Refused(err, fault.Conflict, "not-deleted")
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, ref, nil))
		size := w.Log.Size()
		_, err = w.Store.Erase(ctx, admin.Because(""), made.Entity.ID, "shop")
		w.Refused(err, fault.Invalid, fault.CodeReasonRequired)
		_, err = w.Store.Erase(ctx, w.Scope(w.North, tenancy.Editor).Because("x"), made.Entity.ID, "shop")
		w.Refused(err, fault.Forbidden, "")
		_, err = w.Store.Erase(ctx, w.Admin(w.South).Because("x"), made.Entity.ID, "shop")
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		_, err = w.Store.Erase(ctx, why, made.Entity.ID, "neighbour")
		w.RefusedAt(err, "/confirm", "client-id")
		if w.Log.Size() != size {
			t.Error("a refusal wrote")
		}
		erased, err := w.Store.Erase(ctx, why, made.Entity.ID, "shop")
		w.Must(err) // the consistency check holds
		if erased.Snapshots != 43 {
			t.Errorf("%d snapshots", erased.Snapshots)
		}
		in := snapshots.Instant{At: &made.ValidFrom}
		_, err = w.Store.ClientAsOf(ctx, admin, made.Entity.ID, in)
		w.Refused(err, fault.Gone, fault.CodeErased)
		_, err = w.Store.SnapshotOf(ctx, admin, made.Entity.ID, made.ID)
		w.Refused(err, fault.Gone, fault.CodeErased)
		past, err := w.Store.History(ctx, admin, made.Entity.ID, snapshots.Part{Limit: 1000})
		w.Must(err)
		last := past.Events[len(past.Events)-1]
		if last.Kind != "client.erased" || last.Reason != "article 17, ticket 7" || len(past.Events) != 45 {
			t.Errorf("%d events, the last %+v", len(past.Events), last)
		}
		if again, err := w.Store.Erase(ctx, why, made.Entity.ID, "shop"); err != nil || again.Snapshots != 0 {
			t.Errorf("again: %+v, %v", again, err)
		}
		nowhere(t, w, "unmistakable", "planned-name", "Boutiques", "ops@shop.example.com", "com.example.shop:/cb", full.ClientURI)
	})
}

// nowhere searches the bytes of a SQLite database's files.
func nowhere(t *testing.T, w *snapshotstest.World, texts ...string) {
	t.Helper()
	if strings.Contains(w.DSN, "postgres") {
		return
	}
	files, err := filepath.Glob(strings.TrimPrefix(w.DSN, "file:") + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of %s: %v", w.DSN, err)
	}
	all := []byte{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw...)
	}
	if !bytes.Contains(all, []byte("neighbour")) {
		t.Fatalf("the files %v do not hold the database", files)
	}
	for _, text := range texts {
		if n := bytes.Count(all, []byte(text)); n > 0 {
			t.Errorf("%q stands %d times in the database's files", text, n)
		}
	}
}
