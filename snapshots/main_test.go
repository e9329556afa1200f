package snapshots_test

import (
	"context"
	"flag"
	"os"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy/db/dbtest"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(writerDatabase); dsn != "" {
		writeUntilKilled(dsn, snapshots.EntityID(os.Getenv(writerSetup)))
		return
	}
	// Each random history asks the database some thousand times; more on demand.
	if err := flag.Set("rapid.checks", "12"); err != nil {
		panic(err)
	}
	dbtest.Main(m)
}

var ctx = context.Background()

type (
	client = document.Client
	setup  = document.Setup
	server = document.ResourceServer
)

// each runs fn in a new World on both engines and checks the database afterwards.
func each(t *testing.T, fn func(t *testing.T, w *snapshotstest.World)) {
	t.Helper()
	eachWith(t, snapshots.Options{}, fn)
}

func eachWith(t *testing.T, opts snapshots.Options, fn func(t *testing.T, w *snapshotstest.World)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := snapshotstest.New(t, dsn, opts)
		fn(t, w)
		w.Sound()
	})
}
