package db_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
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
	if d.Under() < 2*time.Second {
		t.Errorf("batches that hang are told to do so for %s", d.Under())
	}
	if d.Recover(bg); d.Under() != 0 {
		t.Errorf("and still for %s, when another connection writes", d.Under())
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

// TestBlackholedHost: a server that accepts connections and answers nothing is one that cannot
// be reached, told after the time to connect; who had less time than that is told that it is over.
func TestBlackholedHost(t *testing.T) {
	address, err := url.Parse(dbtest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var silent atomic.Bool
	var held []net.Conn // of the accepting goroutine
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				for _, c := range held {
					c.Close()
				}
				return
			}
			held = append(held, here)
			if silent.Load() {
				continue
			}
			there, err := net.Dial("unix", address.Query().Get("host")+"/.s.PGSQL.5432")
			if err != nil {
				continue
			}
			held = append(held, there)
			go io.Copy(here, there)
			go io.Copy(there, here)
		}
	}()
	d := dbtest.Open(t, fmt.Sprintf("postgres://postgres@%s%s?sslmode=disable", l.Addr(), address.Path), db.Options{Connections: db.Connections{Connect: 300 * time.Millisecond}})
	silent.Store(true)
	d.Readers().SetMaxIdleConns(0) // so that the next read connects
	one := func(ctx context.Context) error {
		var n int
		return d.Single(ctx).Get(&n, "SELECT 1")
	}
	if f := fault.Of(one(bg)); f.Kind != fault.Unavailable || f.RetryAfter == 0 {
		t.Errorf("%v: %s, to be tried again after %s", f, f.Kind, f.RetryAfter)
	}
	short, cancel := context.WithTimeout(bg, 100*time.Millisecond)
	defer cancel()
	if err := one(short); !fault.Is(err, fault.Timeout) {
		t.Errorf("with less time: %v", err)
	}
}
