package snapshots_test

import (
	"fmt"
	"strings"
	"testing"

	"tenure/snapshots"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// TestCheckNeedsLittleMemory: what the check has in memory does not grow with
// the log.
func TestCheckNeedsLittleMemory(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t), db.Options{})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(history.New(nil, nil).Load(ctx, d))
	reason := strings.Repeat("because ", 125)
	const writes, events = 20, 1000
	for i := range writes {
		must(d.Write(ctx, func(tx *db.Tx) error {
			for j := range events {
				id := fmt.Sprint("lost", i, "-", j)
				history.Record(tx, history.Event{Kind: "client.published", ObjectKind: history.ObjectClient, Object: id, Ref: id, Reason: reason})
			}
			return nil
		}))
	}
	var problems []string
	peak := dbtest.PeakMemory(func() {
		var err error
		problems, err = snapshots.Check(ctx, d)
		must(err)
	})
	if len(problems) != 200 || !strings.Contains(problems[0], "names lost0-0, which is not there") {
		t.Errorf("%d problems, the first is %q", len(problems), problems[:min(len(problems), 1)])
	}
	if whole := int64(writes * events * len(reason)); peak > whole/2 {
		t.Errorf("the check had %d kB in memory; the reasons in the log alone are %d kB", peak>>10, whole>>10)
	}
}
