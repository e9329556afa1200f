package db_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// TestHungConnection: a write whose connection hangs gives it up soon after the time for which
// it would wait for a lock, and the next one goes through while the old one still hangs.
func TestHungConnection(t *testing.T) {
	dsn := dbtest.Postgres(t)
	d, _ := load(t, dsn, db.Options{Connections: db.Connections{Lock: 100 * time.Millisecond}})
	backend := func() (pid int) {
		t.Helper()
		if err := d.Write(bg, func(tx *db.Tx) error { return tx.Get(&pid, "SELECT pg_backend_pid()") }); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	hung := backend()
	if err := syscall.Kill(hung, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(hung, syscall.SIGCONT)
	began := time.Now()
	err := d.Write(bg, func(*db.Tx) error { return nil })
	if took := time.Since(began); !fault.Is(err, fault.Timeout) || took > 8*time.Second || took < 2*time.Second {
		t.Errorf("after %s: %v", took, err)
	}
	if now := backend(); now == hung {
		t.Error("the connection that hangs is used again")
	}
}

// TestHungAside: a connection that hangs under the node's own reads is not the committer's.
func TestHungAside(t *testing.T) {
	dsn := dbtest.Postgres(t)
	d, _ := load(t, dsn, db.Options{})
	var aside, committer string
	if err := d.ViewAside(bg, func(c *db.Conn) error { return c.Get(&aside, "SELECT CAST(pg_backend_pid() AS TEXT)") }); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := d.Write(bg, func(tx *db.Tx) error { return tx.Get(&committer, "SELECT CAST(pg_backend_pid() AS TEXT)") }); err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(aside) == committer {
			t.Fatalf("the committer and ViewAside share the backend %s", aside)
		}
	}
}
