package db_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tenure/jwk/jwktest"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// TestFaultsOfTheDriver: what is the connection's fault is Unavailable, with a time to wait.
func TestFaultsOfTheDriver(t *testing.T) {
	code := func(c string) error { return &pgconn.PgError{Code: c, Severity: "FATAL"} }
	for _, c := range []struct {
		err  error
		want fault.Kind
	}{
		{code("57P01"), fault.Unavailable}, {code("57P02"), fault.Unavailable}, {code("57P03"), fault.Unavailable}, {code("57P05"), fault.Unavailable},
		{code("08006"), fault.Unavailable}, {code("08P01"), fault.Unavailable}, {code("53300"), fault.Unavailable}, {code("25P03"), fault.Unavailable},
		{code("55P03"), fault.Unavailable}, {code("40001"), fault.Unavailable}, {code("25006"), fault.Unavailable}, {code("53100"), fault.Unavailable},
		{pgconn.ErrConnClosed, fault.Unavailable}, {io.EOF, fault.Unavailable}, {io.ErrUnexpectedEOF, fault.Unavailable}, {net.ErrClosed, fault.Unavailable},
		{driver.ErrBadConn, fault.Unavailable}, {sql.ErrConnDone, fault.Unavailable}, {syscall.ECONNREFUSED, fault.Unavailable}, {syscall.EPIPE, fault.Unavailable},
		{&net.OpError{Op: "read", Net: "unix", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, fault.Unavailable}, {&pgconn.ConnectError{}, fault.Unavailable},
		{code("57014"), fault.Timeout}, {os.ErrDeadlineExceeded, fault.Timeout}, {sql.ErrNoRows, fault.NotFound}, {code("23505"), fault.Conflict},
		{code("42P01"), fault.Internal}, {errors.New("of another kind"), fault.Internal},
	} {
		f := fault.Of(db.Classify(db.Postgres, c.err))
		if f.Kind != c.want || (f.Kind == fault.Unavailable) != (f.RetryAfter > 0) {
			t.Errorf("%#v: %s, to be tried again after %s; want %s", c.err, f.Kind, f.RetryAfter, c.want)
		}
	}
}

// TestTerminatedBackends: after all connections of a node were ended, its next read and its
// next write go through, each with all of its pool dead.
func TestTerminatedBackends(t *testing.T) {
	// To a socket that is closed nothing can be written. Over a network the end is seen by what is read.
	t.Run("socket", func(t *testing.T) {
		dsn := dbtest.Postgres(t)
		terminated(t, dsn, dsn)
	})
	t.Run("network", func(t *testing.T) {
		dsn := dbtest.Postgres(t)
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		port := forward(t, u.Query().Get("host")+"/.s.PGSQL.5432")
		terminated(t, dsn, fmt.Sprintf("host=127.0.0.1 port=%d user=postgres sslmode=disable dbname=%s", port, u.Path[1:]))
	})
}

// forward is the port of a listener that passes everything on to a socket.
func forward(t *testing.T, socket string) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	pass := func(to, from net.Conn) {
		io.Copy(to, from)
		to.Close()
	}
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("unix", socket)
			if err != nil {
				here.Close()
				continue
			}
			go pass(here, there)
			go pass(there, here)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func terminated(t *testing.T, direct, dsn string) {
	d, _ := load(t, dsn, db.Options{})
	other := dbtest.Open(t, direct, db.Options{ReadOnly: true})
	var n int64
	look := func(c *db.Conn) error { return c.Get(&n, "SELECT count(*) FROM scratch") }
	fill := func() { // every connection of both pools
		for _, pool := range []interface {
			Begin() (*sql.Tx, error)
			Stats() sql.DBStats
		}{d.Readers(), d.Raw()} {
			for range pool.Stats().MaxOpenConnections {
				tx, err := pool.Begin()
				if err != nil {
					t.Fatal(err)
				}
				defer tx.Rollback()
			}
		}
	}
	id := int64(0)
	for name, ask := range map[string]func() error{
		"view":       func() error { return d.View(bg, look) },
		"view aside": func() error { return d.ViewAside(bg, look) },
		"single":     func() error { return look(d.Single(bg)) },
		"each": func() error {
			return d.Single(bg).Each(func(scan func(...any) error) error { return scan(&n) }, "SELECT n FROM scratch")
		},
		"write": func() error { id++; return d.Write(bg, put(id)) },
		"decide": func() error {
			id++
			return d.Decide(bg, "", func() []db.Need { return nil }, put(id))
		},
	} {
		fill()
		fill() // now quickly: one that was idle for a second is looked at before it is used
		const others = " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
		var ended, left int
		err := other.Raw().Get(&ended, "SELECT count(pg_terminate_backend(pid))"+others)
		for left = ended; err == nil && left > 0; { // a second of waiting would have them looked at, too
			err = other.Raw().Get(&left, "SELECT count(*)"+others)
		}
		if err != nil {
			t.Fatal(err)
		}
		if ended < d.Readers().Stats().MaxOpenConnections+d.Raw().Stats().MaxOpenConnections {
			t.Fatalf("%s: only %d backends were ended", name, ended)
		}
		for try := range 2 {
			if err := ask(); err != nil {
				t.Errorf("%s, %d after its connections were ended: %v", name, try, err)
			}
		}
	}
	sound(t, d, 4)
}

// TestServerThatReadsOnly: a write to a server that takes none any more is refused, and its
// connection given up, so that the next one may find another server.
func TestServerThatReadsOnly(t *testing.T) {
	here, there := dbtest.Server(t), dbtest.Server(t)
	dsn := func(hosts ...string) string {
		return fmt.Sprintf("host=%s port=%s dbname=postgres user=postgres sslmode=disable", strings.Join(hosts, ","), strings.Repeat(",5432", len(hosts))[1:])
	}
	second, _ := load(t, dsn(there), db.Options{})
	first, _ := load(t, dsn(here), db.Options{})
	both, _ := load(t, dsn(here, there), db.Options{})
	admin := dbtest.Open(t, dsn(here)+" default_transaction_read_only=off", db.Options{})
	demote := func(on string) {
		statement(t, admin, "ALTER SYSTEM SET default_transaction_read_only = "+on)
		statement(t, admin, "SELECT pg_reload_conf()")
		for i := 0; ; i++ {
			var now string
			if err := first.View(bg, func(c *db.Conn) error {
				return c.Get(&now, "SELECT setting FROM pg_settings WHERE name = 'default_transaction_read_only'")
			}); err != nil || i > 1000 {
				t.Fatalf("%s after %d looks: %v", now, i, err)
			}
			if now == on {
				return
			}
		}
	}
	where := func(d *db.DB) (folder string) {
		if err := d.Raw().Get(&folder, "SHOW unix_socket_directories"); err != nil {
			t.Fatal(err)
		}
		return folder
	}
	backend := func(d *db.DB) (pid int64) {
		if err := d.ViewAside(bg, func(c *db.Conn) error { return c.Get(&pid, "SELECT pg_backend_pid()") }); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	if got := where(both); got != here {
		t.Fatalf("the node writes at %s, want the first server %s", got, here)
	}
	pid := backend(first)
	demote("on")
	err := first.Write(bg, put(1))
	wantFault(t, err, fault.Unavailable, "can only be read")
	if f := fault.Of(err); f.RetryAfter == 0 || f.Code != fault.CodeStorage {
		t.Errorf("the fault %+v has no code, or no time to wait", f)
	}
	if backend(first) == pid {
		t.Error("the connection to a server that only reads was kept")
	}
	if err := both.Write(bg, put(2)); err != nil {
		t.Errorf("a write with another server to go to: %v", err)
	}
	if got := where(both); got != there {
		t.Errorf("the node writes at %s, want the second server %s", got, there)
	}
	var folder string
	if err := both.View(bg, func(c *db.Conn) error { return c.Get(&folder, "SHOW unix_socket_directories") }); err != nil || folder != there {
		t.Errorf("the node reads at %s (%v), want %s", folder, err, there)
	}
	if got := ids(t, second); fmt.Sprint(got) != "[2]" {
		t.Errorf("the second server has %v", got)
	}
	demote("off")
	if err := first.Write(bg, put(3)); err != nil {
		t.Errorf("a write once the server takes them again: %v", err)
	}
	// A program that only reads finds the server that takes writes, too.
	check := dbtest.Open(t, dsn(here, there), db.Options{ReadOnly: true})
	if _, err := check.Raw().Exec("DELETE FROM scratch"); err == nil {
		t.Error("a connection that reads only writes")
	}
}

// TestPgBouncer: a node behind PgBouncer in transaction mode, whose other end is shared.
func TestPgBouncer(t *testing.T) {
	through, direct := dbtest.PgBouncer(t)
	if _, err := db.Open(bg, through, db.Options{}); err == nil {
		t.Fatal("PgBouncer takes our settings as they are: this test shows nothing")
	}
	d, _ := load(t, through, db.Options{Connections: db.Connections{Bouncer: true}})
	again, _ := load(t, through+"&pgbouncer=true", db.Options{})
	answers := make(chan error)
	const writers, rounds = 8, 20
	for w := range writers {
		go func() {
			node, err := []*db.DB{d, again}[w%2], error(nil)
			for r := int64(1); r <= rounds && err == nil; r++ {
				id := int64(w)*rounds + r
				if err = node.Write(bg, put(id)); err == nil {
					err = node.View(bg, func(c *db.Conn) error {
						var n int64
						if err := c.Get(&n, "SELECT n FROM scratch WHERE id = ?", id); err != nil || n != id {
							return fmt.Errorf("row %d: %d, %w", id, n, err)
						}
						return c.Get(&n, "SELECT id FROM scratch WHERE n = ? AND id > ?", id, id-1)
					})
				}
				var n int64
				err = errors.Join(err, node.Single(bg).Get(&n, "SELECT n FROM scratch WHERE id = ?", id))
			}
			answers <- err
		}()
	}
	for range writers {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	sound(t, d, writers*rounds)
	// The settings hold inside of transactions, and leave nothing behind.
	setting := func(c *db.Conn) (text string) {
		if err := c.Get(&text, "SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')"); err != nil {
			t.Fatal(err)
		}
		return text
	}
	if err := d.View(bg, func(c *db.Conn) error {
		if got := setting(c); got != "30s 10s" {
			t.Errorf("in a view: %s", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(bg, func(tx *db.Tx) error {
		if got := setting(&tx.Conn); got != "30s 10s" {
			t.Errorf("in a write: %s", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := setting(d.Single(bg)); got != "0 0" {
		t.Errorf("after them: %s", got)
	}
	reopened(t, dbtest.Open(t, direct, db.Options{}), direct, ids(t, d)...)
}

func TestTimesOfConnections(t *testing.T) {
	for name, want := range map[string]time.Duration{"the time to connect to one PostgreSQL server": db.ConnectTime,
		"the time of a statement on PostgreSQL": db.StatementTime, "the time that a statement waits for a lock on PostgreSQL": db.LockTime} {
		if got := jwktest.Limit(t, "Requests", name)[0]; time.Duration(got)*time.Second != want {
			t.Errorf("%s: %d s, and the program has %s", name, got, want)
		}
	}
	d := dbtest.Open(t, dbtest.Postgres(t), db.Options{})
	if got := jwktest.Limit(t, "Requests", "connections to PostgreSQL that read")[0]; got*runtime.GOMAXPROCS(0) != d.Readers().Stats().MaxOpenConnections {
		t.Errorf("%d a processor, and there are %d", got, d.Readers().Stats().MaxOpenConnections)
	}
}

// TestSettingsOfConnections: those of the program hold where the DSN says nothing.
func TestSettingsOfConnections(t *testing.T) {
	dsn := dbtest.Postgres(t)
	for extra, want := range map[string]string{"": "7s 2s 30s tenure", "&lock_timeout=3000&application_name=x": "7s 3s 30s x"} {
		d := dbtest.Open(t, dsn+extra, db.Options{Connections: db.Connections{Statement: 7e9, Lock: 2e9, Readers: 3}})
		var got string
		if err := d.View(bg, func(c *db.Conn) error {
			return c.Get(&got, `SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout') || ' ' ||
				current_setting('idle_in_transaction_session_timeout') || ' ' || current_setting('application_name')`)
		}); err != nil || got != want {
			t.Errorf("%q: %s (%v), want %s", extra, got, err, want)
		}
		if n := d.Readers().Stats().MaxOpenConnections; n != 3 {
			t.Errorf("%d readers", n)
		}
	}
}
