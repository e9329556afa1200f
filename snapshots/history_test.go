package snapshots_test

import (
	"slices"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
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
		w.Must(w.Tenancy.DeleteOrganization(ctx, w.Admin(w.North), w.Harbour, true, tenancy.Contents{}))

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

// TestHistoryOfAPart: known_at leaves out what was recorded later, at what
// takes effect later; the moves of the owner and of what is above it are told
// once over the pages, as far as the scope covers them.
func TestHistoryOfAPart(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		id := w.NewClient(w.Admin(w.Quay), "shop", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
		step := func(do func()) history.Micros {
			w.Tick()
			do()
			return w.Log.Now()
		}
		stays := func(*db.Tx, []tenancy.OrgID, func(tenancy.OrgID) bool) error { return nil }
		move := func(org, parent tenancy.OrgID) func() {
			return func() {
				_, err := w.Tenancy.MoveOrganization(ctx, w.Admin(w.North), org, parent, stays)
				w.Must(err)
			}
		}
		edit := func(name string, in time.Duration) func() {
			return func() {
				change := snapshotstest.To(snapshotstest.Named(name))
				if in > 0 {
					change.ValidFrom = w.In(in)
				}
				w.Edit(w.Admin(w.North), id, change)
			}
		}
		other := w.MustOrg(w.North, "other")
		moved := step(move(w.Quay, w.North))
		step(edit("second", 0))
		planned := step(edit("third", time.Hour))
		step(move(w.Quay, other))
		step(func() {
			w.Must(w.Tenancy.DeleteOrganization(ctx, w.Admin(w.North), w.Quay, true, tenancy.Contents{}))
		})
		read := func(scope tenancy.Scope, limit int, at *history.Millis, known *history.Micros) (kinds []string, ended bool) {
			for part := (snapshots.Part{Limit: limit, At: at, Known: known}); ; {
				past, err := w.Store.History(ctx, scope, id, part)
				w.Must(err)
				all := append(slices.Clone(past.Events), past.Around...)
				slices.SortFunc(all, func(a, b snapshots.Happened) int { return int(a.Index - b.Index) })
				for _, h := range all {
					kinds = append(kinds, string(h.Kind))
				}
				if !past.More {
					return kinds, past.EndedWith != nil
				}
				part.After = past.Next
			}
		}
		whole := []string{"client.published", "organization.moved", "client.changed", "client.scheduled", "organization.moved", "organization.deleted"}
		soon := *w.In(time.Minute)
		for _, row := range []struct {
			what  string
			at    *history.Millis
			known *history.Micros
			want  []string
			ended bool
		}{
			{"everything", nil, nil, whole, true},
			{"known when it moved", nil, &moved, whole[:2], false},
			{"known when it was planned", nil, &planned, whole[:4], false},
			{"in force soon", &soon, nil, slices.Concat(whole[:3], whole[4:]), true},
			{"both", &soon, &planned, whole[:3], false},
		} {
			for _, limit := range []int{1, 2, 100} {
				if got, ended := read(w.Scope(w.North, tenancy.Auditor), limit, row.at, row.known); !slices.Equal(got, row.want) || ended != row.ended {
					t.Errorf("%s, %d a page: %q, ended %t", row.what, limit, got, ended)
				}
			}
		}
		w.Sound()
	})
}
