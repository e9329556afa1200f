package tenancy_test

import (
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// BenchmarkJournal reads pages of 100 of a small organization, and of one with
// a client of 10,000 snapshots, where others have 100,000 events. The target
// is 20 ms a page.
func BenchmarkJournal(b *testing.B) {
	w := tenancytest.New(b, dbtest.SQLite(b))
	filled(b, w, w.South, 1000, 50_000)
	filled(b, w, w.Harbour, 1, 10_000)
	filled(b, w, w.South, 1000, 50_000)
	client := string(w.Harbour) + "-0"
	middle := w.Store.LogSize() / 2
	for _, bench := range []struct {
		name string
		org  tenancy.OrgID
		q    tenancy.Query
	}{
		{"all", w.Root, tenancy.Query{After: -1}},
		{"subtree", w.North, tenancy.Query{After: -1}},
		{"subtree from the middle", w.North, tenancy.Query{After: middle}},
		{"client", w.North, tenancy.Query{Object: client, After: -1}},
		{"client from the middle", w.North, tenancy.Query{Object: client, After: middle}},
		{"a kind there is none of", w.North, tenancy.Query{Kinds: []history.Kind{"client.none"}, After: -1}},
		{"a surface there is none of", w.Root, tenancy.Query{Surface: "none", After: -1}},
		{"a time", w.North, tenancy.Query{From: 1, To: w.Log.Now(), After: -1}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			scope := w.Scope(b, bench.org, tenancy.Auditor)
			bench.q.Limit = 100
			for b.Loop() {
				if _, err := w.Store.Journal(ctx, scope, bench.q); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(20, "target-ms")
		})
	}
}
