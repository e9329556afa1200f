package snapshots_test

import (
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// TestHistoryOutlivesWhatItIsOf: a client, and then its owner, is deleted; who
// stood above still reads everything, nobody else anything.
func TestHistoryOutlivesWhatItIsOf(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		made := w.NewClient(w.Admin(w.Harbour), "shop", snapshotstest.To(snapshotstest.Named("shop")))
		id := made.Entity.ID
		w.Tick()
		w.Edit(w.Admin(w.North), id, snapshotstest.To(snapshotstest.Named("renamed")))
		other := w.NewClient(w.Admin(w.Harbour), "kiosk", snapshotstest.To(snapshotstest.Named("kiosk")))
		w.Must(snapshots.Delete[client](ctx, w.Store, w.Admin(w.Harbour), w.Ref(id), nil))
		w.Must(w.Tenancy.DeleteOrganization(ctx, w.Admin(w.North), w.Harbour, true, func(*db.Tx, tenancy.OrgID) (bool, error) { return true, nil }))

		var kinds []string
		for after := int64(0); ; {
			past, err := w.Store.History(ctx, w.Scope(w.North, tenancy.Auditor), id, snapshots.Part{After: after, Limit: 2})
			w.Must(err)
			e, events, more := past.Entity, past.Events, past.More
			if e.ClientID != "shop" || len(events) == 0 || len(events) > 2 {
				t.Fatalf("%+v, %d events", e, len(events))
			}
			for _, h := range events {
				if h.Object != string(id) || h.Seq != after+1 || h.Actor == "" || h.RecordedAt == 0 {
					t.Errorf("%+v", h)
				}
				kinds, after = append(kinds, string(h.Kind)), h.Seq
			}
			if !more {
				break
			}
		}
		if len(kinds) < 3 || kinds[len(kinds)-1] != "client.deleted" {
			t.Errorf("history of %q", kinds)
		}
		past, err := w.Store.History(ctx, w.Scope(w.Root, tenancy.Auditor), other.Entity.ID, snapshots.Part{After: 0, Limit: 10})
		w.Must(err)
		if end := past.EndedWith; len(past.Events) == 0 || end == nil || end.Object != string(w.Harbour) || end.Kind != "organization.deleted" {
			t.Errorf("a client that went with its owner: %d events, ended with %+v", len(past.Events), end)
		}
		left := w.NewClient(w.Admin(w.North), "left", snapshotstest.To(snapshotstest.Named("left")))
		if past, err := w.Store.History(ctx, w.Admin(w.North), left.Entity.ID, snapshots.Part{After: 0, Limit: 10}); err != nil || past.EndedWith != nil {
			t.Errorf("a client that is there ended with %+v, %v", past.EndedWith, err)
		}
		for _, scope := range []tenancy.Scope{w.Scope(w.South, tenancy.Admin), w.Scope(w.South, tenancy.Auditor)} {
			_, err := w.Store.History(ctx, scope, id, snapshots.Part{After: 0, Limit: 10})
			w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		}
		_, err = w.Store.History(ctx, w.Scope(w.North, tenancy.Reader), id, snapshots.Part{After: 0, Limit: 10})
		w.Refused(err, fault.Forbidden, "")
		_, err = w.Store.History(ctx, w.Admin(w.Root), w.Setup, snapshots.Part{After: 0, Limit: 10})
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		w.Sound()
	})
}
