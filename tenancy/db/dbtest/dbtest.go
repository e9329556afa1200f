// Package dbtest runs a test on both engines, each case on a fresh database.
//
// PostgreSQL is a throw-away cluster made from the binaries installed on the
// machine, one for a test program, gone when that ends. Without binaries the
// PostgreSQL half is skipped, saying so, or fails when
// TENURE_REQUIRE_POSTGRES=1. Only tests may import it.
package dbtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"

	"tenure/tenancy/db"
)

// Main is what TestMain calls: it runs the tests and removes the cluster.
func Main(m *testing.M) {
	code := m.Run()
	if started != nil {
		started.stop()
	}
	os.Exit(code)
}

// Each runs fn once on SQLite and once on PostgreSQL; dsn names a database
// that nobody else uses and that holds nothing yet.
func Each(t *testing.T, fn func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite is the path of a fresh SQLite file.
func SQLite(t testing.TB) string { return filepath.Join(t.TempDir(), "tenure.db") }

// Open opens dsn for the length of the test.
func Open(t testing.TB, dsn string, opts db.Options) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), dsn, opts)
	if err != nil {
		t.Fatalf("open %s: %v", dsn, err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

var (
	start    sync.Once
	started  *cluster
	startErr error
	serial   atomic.Int64
)

// Postgres is the address of a fresh PostgreSQL database.
func Postgres(t testing.TB) string {
	t.Helper()
	start.Do(func() { started, startErr = newCluster() })
	if startErr != nil {
		if os.Getenv("TENURE_REQUIRE_POSTGRES") == "1" {
			t.Fatalf("PostgreSQL is required here: %v", startErr)
		}
		t.Skipf("no PostgreSQL: %v", startErr)
	}
	name := fmt.Sprintf("t%d", serial.Add(1))
	admin, err := sqlx.Open("pgx", started.dsn("postgres"))
	if err == nil {
		defer admin.Close()
		_, err = admin.Exec("CREATE DATABASE " + name)
	}
	if err != nil {
		t.Fatalf("create database: %v", err)
	}
	return started.dsn(name)
}

func (c *cluster) dsn(database string) string {
	q := url.Values{"host": {c.dir}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/" + database, RawQuery: q.Encode()}).String()
}

// Server is the folder of the socket of another PostgreSQL server, which is the test's
// own. Its database is called postgres.
func Server(t testing.TB) string {
	t.Helper()
	Postgres(t) // or the test is skipped
	c, err := newCluster()
	if err != nil {
		t.Fatalf("another server: %v", err)
	}
	t.Cleanup(c.stop)
	return c.dir
}
