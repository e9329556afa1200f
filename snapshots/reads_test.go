package snapshots_test

import (
	"fmt"
	"slices"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/readlog"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// reading runs fn in a World whose reads are kept, on both engines.
func reading(t *testing.T, mode readlog.Mode, fn func(t *testing.T, w *snapshotstest.World)) {
	dbtest.Each(t, func(t *testing.T, dsn string) { fn(t, snapshotstest.New(t, dsn, snapshots.Options{ReadLog: mode})) })
}

// TestReads: the first time that a key is shown a version is kept, once it is
// flushed; what is no client's is not.
func TestReads(t *testing.T) {
	reading(t, readlog.Full, func(t *testing.T, w *snapshotstest.World) {
		made := w.NewClient(w.Admin(w.Harbour), "shop", snapshotstest.To(snapshotstest.Named("shop")))
		w.Tick()
		second := w.Edit(w.Admin(w.North), made.Entity.ID, snapshotstest.To(snapshotstest.Named("second")))
		setup, err := snapshots.Resolve[setup](ctx, w.Store, w.Admin(w.North), snapshots.ByRef(snapshots.SetupRef(snapshotstest.Module, w.Setup)), snapshots.Instant{})
		w.Must(err)
		var want []readlog.Read
		for _, one := range []struct {
			key string
			of  snapshots.SnapshotID
		}{{"b", made.ID}, {"a", made.ID}, {"a", second.ID}, {"a", setup.ID}, {"a", made.ID}, {"a", "of no client"}, {"a", second.ID}} {
			w.Tick()
			read := readlog.Read{KeyID: one.key, Snapshot: string(one.of), FirstAt: w.Log.Now()}
			w.Store.NoteRead(one.key, one.of)
			if len(want) < 3 {
				want = append(want, read)
			}
		}
		slices.Reverse(want)
		auditor := w.Scope(w.North, tenancy.Auditor)
		page, err := w.Store.Reads(ctx, auditor, made.Entity.ID, nil, 10)
		w.Must(err)
		if len(page.Reads) != 0 {
			t.Errorf("told before they are written: %+v", page.Reads)
		}
		size := w.Log.Size()
		w.Must(w.Store.Flush(ctx))
		w.Tick()
		w.Store.NoteRead("b", made.ID)
		w.Must(w.Store.Flush(ctx))
		if w.Log.Size() != size {
			t.Error("reads are in the log")
		}
		w.Reopen(db.Options{})
		w.Tick()
		w.Store.NoteRead("b", made.ID) // a new node's first, which is later
		w.Must(w.Store.Flush(ctx))
		auditor = w.Scope(w.North, tenancy.Auditor)
		for _, limit := range []int{1, 2, 10} {
			var got []readlog.Read
			for after := (*readlog.Read)(nil); ; {
				page, err := w.Store.Reads(ctx, auditor, made.Entity.ID, after, limit)
				w.Must(err)
				if got = append(got, page.Reads...); !page.More {
					break
				}
				after = &got[len(got)-1]
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d a page: %+v, want %+v", limit, got, want)
			}
		}
		_, err = w.Store.Reads(ctx, w.Scope(w.South, tenancy.Auditor), made.Entity.ID, nil, 10)
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		_, err = w.Store.Reads(ctx, w.Scope(w.North, tenancy.Reader), made.Entity.ID, nil, 10)
		w.Refused(err, fault.Forbidden, "")
	})
}

// TestReadsAtOneInstant are listed by key and snapshot, over pages too.
func TestReadsAtOneInstant(t *testing.T) {
	reading(t, readlog.Full, func(t *testing.T, w *snapshotstest.World) {
		made := w.NewClient(w.Admin(w.North), "shop", snapshotstest.To(snapshotstest.Named("shop")))
		for _, key := range []string{"c", "a", "d", "b"} {
			w.Store.NoteRead(key, made.ID)
		}
		w.Must(w.Store.Flush(ctx))
		var got []string
		for after := (*readlog.Read)(nil); ; {
			page, err := w.Store.Reads(ctx, w.Admin(w.North), made.Entity.ID, after, 1)
			w.Must(err)
			got = append(got, page.Reads[0].KeyID)
			if after = &page.Reads[0]; !page.More {
				break
			}
		}
		if !slices.Equal(got, []string{"a", "b", "c", "d"}) {
			t.Error(got)
		}
	})
}

// TestReadsThatCannotBeWritten stay for the next time.
func TestReadsThatCannotBeWritten(t *testing.T) {
	reading(t, readlog.Full, func(t *testing.T, w *snapshotstest.World) {
		made := w.NewClient(w.Admin(w.North), "shop", snapshotstest.To(snapshotstest.Named("shop")))
		w.Store.NoteRead("a", made.ID)
		w.Clock.Advance(-2 * history.MaxLead) // far behind the log: nothing is written
		if err := w.Store.Flush(ctx); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("flushed: %v", err)
		}
		w.Clock.Advance(2 * history.MaxLead)
		w.Must(w.Store.Flush(ctx))
		page, err := w.Store.Reads(ctx, w.Admin(w.North), made.Entity.ID, nil, 10)
		w.Must(err)
		if len(page.Reads) != 1 {
			t.Errorf("%+v", page.Reads)
		}
	})
}

// TestReadLogs: off keeps nothing, and a sample of every node is the same.
func TestReadLogs(t *testing.T) {
	kept := func(mode readlog.Mode) int {
		w := snapshotstest.New(t, dbtest.SQLite(t), snapshots.Options{ReadLog: mode})
		made := w.NewClient(w.Admin(w.North), "shop", snapshotstest.To(snapshotstest.Named("shop")))
		for i := range 1600 {
			w.Store.NoteRead(fmt.Sprintf("%032x", i), made.ID)
		}
		w.Must(w.Store.Flush(ctx))
		sampled := w.Count("SELECT count(*) FROM client_read")
		w.Reopen(db.Options{})
		for i := range 1600 {
			w.Store.NoteRead(fmt.Sprintf("%032x", i), made.ID)
		}
		w.Must(w.Store.Flush(ctx))
		if again := w.Count("SELECT count(*) FROM client_read"); again != sampled {
			t.Errorf("%s: %d, and after a restart %d", mode, sampled, again)
		}
		return int(sampled)
	}
	if off, full := kept(readlog.Off), kept(readlog.Full); off != 0 || full != 1600 {
		t.Errorf("off keeps %d, full %d", off, full)
	}
	if n := kept(readlog.Sampled); n < 50 || n > 150 {
		t.Errorf("a sample of 1600 has %d", n)
	}
	for _, text := range []string{"", "on", "FULL"} {
		if mode, err := readlog.Parse(text); err == nil {
			t.Errorf("%q is %q", text, mode)
		}
	}
}

func BenchmarkNoteRead(b *testing.B) {
	for _, mode := range []readlog.Mode{readlog.Off, readlog.Sampled, readlog.Full} {
		b.Run(string(mode), func(b *testing.B) {
			w := snapshotstest.New(b, dbtest.SQLite(b), snapshots.Options{ReadLog: mode})
			id := snapshots.SnapshotID("0123456789abcdef0123456789abcdef")
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					w.Store.NoteRead("fedcba9876543210fedcba9876543210", id)
				}
			})
		})
	}
}
