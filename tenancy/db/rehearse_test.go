package db_test

import (
	"testing"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// TestRehearsing: a write under the mark does its work, keeps nothing, and says
// what it would have recorded; what fails, fails; other writes stand.
func TestRehearsing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, db.Options{})
		rehearse := db.Rehearsing(bg)
		events, ok := history.Rehearsed(d.Write(rehearse, put(1)))
		if !ok || len(events) != 1 || events[0].Object != "s1" {
			t.Fatalf("rehearsed: %v, %t", events, ok)
		}
		wantFault(t, d.Write(rehearse, func(*db.Tx) error { return fault.New(fault.Conflict, "", "no") }), fault.Conflict)
		if err := d.Write(bg, put(2)); err != nil {
			t.Error(err)
		}
		if _, ok := history.Rehearsed(d.Write(rehearse, put(1))); !ok {
			t.Error("the second rehearsal failed")
		}
		if got := ids(t, d); len(got) != 1 || got[0] != 2 || l.Size() != 1 {
			t.Errorf("rows %v, %d events", got, l.Size())
		}
		sound(t, d, 1)
	})
}
