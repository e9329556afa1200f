package snapshots_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// distinctive are texts that stand only in the client that is erased.
var distinctive = []string{"Zwetschge Obsthandel", "zwetschge.example.net", "Quittengelee", "Mirabellenmus"}

func personal() client {
	c := snapshotstest.Named(distinctive[0])
	c.RedirectURIs = []string{"https://" + distinctive[1] + "/cb"}
	c.Localized = []document.Localized{{Name: "client_name", Value: distinctive[2], Locale: "de"}}
	c.OwnerLabel = distinctive[3]
	return c
}

// holding lists which of the texts the database's files hold as bytes.
func holding(t *testing.T, dsn string, texts [][]byte) (found []string) {
	t.Helper()
	path, _, _ := strings.Cut(strings.TrimPrefix(dsn, "sqlite://"), "?")
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		raw, err := os.ReadFile(path + suffix)
		if err != nil && (suffix == "" || !os.IsNotExist(err)) {
			t.Fatal(err)
		}
		for _, text := range texts {
			if bytes.Contains(raw, text) {
				found = append(found, suffix+" "+string(text))
			}
		}
	}
	return found
}

// TestErase: the content is nowhere in the files, also without writing them
// anew; reads say that it is gone, history still tells, the check still holds
// (each ends with it), and the neighbour is untouched.
func TestErase(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		change := snapshotstest.To(personal())
		change.Secret = generated(t, w, "a secret of at least thirty-two bytes")
		made := w.NewClient(admin, "fruit", change)
		id, from := made.Entity.ID, made.ValidFrom
		other := w.NewClient(admin, "other", snapshotstest.To(full()))
		w.Clock.Advance(time.Hour)
		w.Must(w.Store.Scrub(ctx, admin, false)) // so that the file is known to hold it
		texts := [][]byte{}
		for _, text := range distinctive {
			texts = append(texts, []byte(text))
		}
		var hash string
		w.Must(w.DB.Raw().Get(&hash, w.DB.Raw().Rebind("SELECT hash FROM client_secret WHERE entity_id = ?"), id))
		texts = append(texts, []byte(hash))
		if w.DB.Dialect == db.SQLite {
			if found := holding(t, w.DSN, texts); len(found) < len(texts) {
				t.Fatalf("before: only %q", found)
			}
		}
		at := snapshots.Instant{At: &from}
		if _, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByEntity(id), at); err != nil { // cached from here on
			t.Fatal(err)
		}
		want := snapshots.Erasure{Reason: "request 17"}
		_, err := w.Store.Erase(ctx, admin, id, want)
		w.Refused(err, fault.Conflict, "")
		_, err = w.Store.Erase(ctx, admin, id, snapshots.Erasure{})
		w.Refused(err, fault.Invalid, "")
		_, err = w.Store.Erase(ctx, admin, id, snapshots.Erasure{Reason: "x", ClientID: "other", Delete: true})
		w.Refused(err, fault.Invalid, "")
		_, err = w.Store.Erase(ctx, w.Admin(w.South), id, want)
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(id), nil))
		w.Clock.Advance(time.Hour)
		_, err = w.Store.Erase(ctx, admin, id, want)
		w.Must(err)
		w.Must(w.Store.Scrub(ctx, admin, false))
		if w.DB.Dialect == db.SQLite {
			if found := holding(t, w.DSN, texts); len(found) > 0 {
				t.Errorf("after: %q", found)
			}
		}
		_, err = snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByEntity(id), at)
		w.Refused(err, fault.Gone, fault.CodeErased)
		_, err = w.Store.Erase(ctx, admin, id, want)
		w.Refused(err, fault.Gone, fault.CodeErased)
		past, err := w.Store.History(ctx, admin, id, snapshots.Part{After: 0, Limit: 100})
		w.Must(err)
		last := past.Events[len(past.Events)-1]
		if last.Envelope.Kind != "client.erased" || last.Envelope.Reason != "request 17" {
			t.Errorf("the last event is %+v", last)
		}
		if _, err := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByEntity(other.Entity.ID), snapshots.Instant{}); err != nil {
			t.Errorf("the neighbour: %v", err)
		}
	})
}

// TestEraseForgetsIdempotentAnswers: what was remembered of the client's
// creation goes with it, found by an index; its neighbour's stays.
func TestEraseForgetsIdempotentAnswers(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		s := watch(w)
		admin := w.Admin(w.North)
		var made []snapshots.EntityID
		for _, key := range []string{"fruit", "other"} {
			once, err := tenancy.NewOnce(key, "POST /clients", "credential", []byte(key))
			w.Must(err)
			made = append(made, w.NewClient(admin.Once(once), key, snapshotstest.To(personal())).Entity.ID)
			w.Tick()
		}
		w.Edit(admin, made[0], snapshotstest.To(snapshotstest.Named("fruit")))
		s.texts = nil
		if _, err := w.Store.Erase(ctx, admin, made[0], snapshots.Erasure{Reason: "request 17", Delete: true}); err != nil {
			t.Fatal(err)
		}
		if found := s.scans(t, w); len(found) > 0 {
			t.Errorf("it goes over everything:\n%s", strings.Join(found, "\n"))
		}
		var left []string
		w.Must(w.DB.Raw().Select(&left, "SELECT idem_key FROM idempotency"))
		if len(left) != 1 || left[0] != "other" {
			t.Errorf("remembered: %v", left)
		}
	})
}

// TestEraseAtOnce: what is not deleted yet is deleted with it, and only an
// administrator may.
func TestEraseAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		id := w.NewClient(w.Admin(w.North), "fruit", snapshotstest.To(personal())).Entity.ID
		want := snapshots.Erasure{Reason: "request 17", ClientID: "fruit", Delete: true}
		_, err := w.Store.Erase(ctx, w.Scope(w.North, tenancy.Editor), id, want)
		w.Refused(err, fault.Forbidden, "")
		_, err = w.Store.Erase(ctx, w.Admin(w.North), id, want)
		w.Must(err)
		if n := w.Count("SELECT count(*) FROM entity_term WHERE entity_id = ?", id); n != 0 {
			t.Errorf("%d search terms are left", n)
		}
	})
}
