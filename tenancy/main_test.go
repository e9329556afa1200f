package tenancy_test

import (
	"context"
	"testing"

	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var ctx = context.Background()

// each runs fn in a new World on both engines and checks the log afterwards.
func each(t *testing.T, fn func(t *testing.T, w *tenancytest.World)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := tenancytest.New(t, dsn)
		fn(t, w)
		w.Check(t)
	})
}

// wantFault fails unless err is a fault of the kind.
func wantFault(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Fatalf("got %v, want a fault of kind %s", err, kind)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
