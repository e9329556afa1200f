package db_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"tenure"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// wantFault fails the test unless err is a fault of the kind whose text holds
// every one of the words.
func wantFault(t testing.TB, err error, kind fault.Kind, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", kind)
	}
	if got := fault.Of(err).Kind; got != kind {
		t.Errorf("a fault of kind %s (%v), want %s", got, err, kind)
	}
	for _, word := range words {
		if !strings.Contains(fault.Of(err).Message, word) {
			t.Errorf("message %q does not say %q", fault.Of(err).Message, word)
		}
	}
}

// setting asks one connection for one PRAGMA or SHOW.
func setting(t *testing.T, c *sqlx.Conn, query string) string {
	t.Helper()
	var value string
	if err := c.GetContext(bg, &value, query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// everyConn holds n connections of pool at once and calls fn for each.
func everyConn(t *testing.T, pool *sqlx.DB, n int, fn func(c *sqlx.Conn)) {
	t.Helper()
	for range n {
		c, err := pool.Connx(bg)
		if err != nil {
			t.Fatalf("connection: %v", err)
		}
		defer c.Close()
		fn(c)
	}
	if open := pool.Stats().InUse; open != n {
		t.Errorf("%d connections at once, want %d", open, n)
	}
}

func TestSQLiteSettingsOfEveryConnection(t *testing.T) {
	d, _ := load(t, dbtest.SQLite(t), db.Options{})
	// Use and give back, so that a setting which a transaction resets shows.
	for range 4 {
		ids(t, d)
	}
	ask := func(c *sqlx.Conn, settings map[string]string) {
		for name, want := range settings {
			if got := setting(t, c, "PRAGMA "+name); got != want {
				t.Errorf("PRAGMA %s = %s, want %s", name, got, want)
			}
		}
	}
	everyConn(t, d.Readers(), runtime.GOMAXPROCS(0), func(c *sqlx.Conn) {
		ask(c, map[string]string{"foreign_keys": "1", "journal_mode": "wal", "query_only": "1", "busy_timeout": "5000"})
		if _, err := c.ExecContext(bg, "PRAGMA query_only = 0"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.ExecContext(bg, "DELETE FROM scratch"); err == nil || !strings.Contains(err.Error(), "readonly") {
			t.Errorf("a reader that lost query_only deletes: %v, want the file to be open for reading only", err)
		}
	})
	everyConn(t, d.Raw(), 1, func(c *sqlx.Conn) {
		ask(c, map[string]string{"foreign_keys": "1", "journal_mode": "wal", "synchronous": "2", "query_only": "0",
			"busy_timeout": "5000", "secure_delete": "1", "recursive_triggers": "1"})
	})
	if n := d.Raw().Stats().MaxOpenConnections; n != 1 {
		t.Errorf("%d writers, want 1", n)
	}
}

func TestPostgresSettingsOfEveryConnection(t *testing.T) {
	dsn := dbtest.Postgres(t)
	d, _ := load(t, dsn, db.Options{})
	readOnly := dbtest.Open(t, dsn, db.Options{ReadOnly: true})
	for _, pool := range []struct {
		name string
		pool *sqlx.DB
		n    int
		ro   string
		idle string
	}{
		{"writer", d.Raw(), 2, "off", "3s"},
		{"readers", d.Readers(), 4, "off", "30s"},
		{"read-only", readOnly.Raw(), 2, "on", "3s"},
	} {
		everyConn(t, pool.pool, pool.n, func(c *sqlx.Conn) {
			for name, want := range map[string]string{"statement_timeout": "30s", "idle_in_transaction_session_timeout": pool.idle,
				"application_name": "tenure", "default_transaction_read_only": pool.ro} {
				if got := setting(t, c, "SHOW "+name); got != want {
					t.Errorf("%s: %s = %s, want %s", pool.name, name, got, want)
				}
			}
		})
	}
	// What the address says itself stands.
	own := dbtest.Open(t, dsn+"&statement_timeout=7000", db.Options{})
	everyConn(t, own.Raw(), 2, func(c *sqlx.Conn) {
		if got := setting(t, c, "SHOW statement_timeout"); got != "7s" {
			t.Errorf("statement_timeout = %s, want 7s of the address", got)
		}
	})
}

func TestSecondOpenOfOneFile(t *testing.T) {
	path := dbtest.SQLite(t)
	d, _ := load(t, path, db.Options{})
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		_, err := db.Open(bg, name, db.Options{})
		wantFault(t, err, fault.Unavailable, path, "in use")
	}

	if err := d.Write(bg, put(1)); err != nil {
		t.Fatal(err)
	}
	reader := dbtest.Open(t, link, db.Options{ReadOnly: true})
	if got := fmt.Sprint(ids(t, reader)); got != "[1]" {
		t.Errorf("beside the writer a reader sees %s, want [1]", got)
	}
	// The reader does not keep the writer from writing, nor from seeing it.
	if err := d.Write(bg, put(2)); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(ids(t, reader)); got != "[1 2]" {
		t.Errorf("after another write the reader sees %s, want [1 2]", got)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("closing a second time: %v", err)
	}

	alone := dbtest.Open(t, path, db.Options{ReadOnly: true})
	sound(t, alone, 2)
	next := dbtest.Open(t, path, db.Options{}) // neither the closed one nor a reader holds the lock
	next.Close()
}

// TestHelperProcess is the other process of TestOtherProcess.
func TestHelperProcess(t *testing.T) {
	path := os.Getenv("TENURE_DB_TEST_HELPER")
	if path == "" {
		t.Skip("not a test: run by TestOtherProcess in another process")
	}
	d, _ := load(t, path, db.Options{})
	if err := d.Write(bg, put(1)); err != nil {
		t.Fatal(err)
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin) // until killed
}

func TestOtherProcess(t *testing.T) {
	path := dbtest.SQLite(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperProcess$")
	cmd.Env = append(os.Environ(), "TENURE_DB_TEST_HELPER="+path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the other process says %q (%v)", line, err)
	}

	_, err = db.Open(bg, path, db.Options{})
	wantFault(t, err, fault.Unavailable, path, "in use by another process")
	reader := dbtest.Open(t, path, db.Options{ReadOnly: true})
	sound(t, reader, 1)
	reader.Close()

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	// Killed without a word: the lock is free, and what was answered is there.
	d, l := load(t, path, db.Options{})
	if got := fmt.Sprint(ids(t, d)); got != "[1]" || l.Size() != 1 {
		t.Errorf("after the kill: rows %s and %d entries, want [1] and 1", got, l.Size())
	}
	sound(t, d, 1)
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn, db.Options{})
		statement(t, d, "INSERT INTO schema_version (version) VALUES (?)", tenure.SchemaVersion+1)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		for _, readOnly := range []bool{false, true} {
			// Twice, as a refused open must not keep the lock.
			for range 2 {
				_, err := db.Open(bg, dsn, db.Options{ReadOnly: readOnly})
				wantFault(t, err, fault.Conflict,
					fmt.Sprintf("schema version %d", tenure.SchemaVersion+1), fmt.Sprintf("knows version %d", tenure.SchemaVersion))
			}
		}
	})
}

func TestReadOnlyOpenOfNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		if strings.HasPrefix(dsn, "postgres:") {
			_, err := db.Open(bg, strings.Replace(dsn, "@/t", "@/missing_t", 1), db.Options{ReadOnly: true})
			wantFault(t, err, fault.Unavailable, "cannot open the database")
		} else {
			_, err := db.Open(bg, dsn, db.Options{ReadOnly: true})
			wantFault(t, err, fault.Unavailable, "cannot read the database "+dsn)
			if _, err := os.Stat(dsn); !os.IsNotExist(err) {
				t.Errorf("opening for reading made the file: %v", err)
			}
			if err := os.WriteFile(dsn, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err := db.Open(bg, dsn, db.Options{ReadOnly: true})
		wantFault(t, err, fault.Conflict, "empty")
		// And it stayed so.
		_, err = db.Open(bg, dsn, db.Options{ReadOnly: true})
		wantFault(t, err, fault.Conflict, "empty")
	})
}

func TestReadOnlyRefusesChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, _ := load(t, dsn, db.Options{})
		d.Close()
		d = dbtest.Open(t, dsn, db.Options{ReadOnly: true})
		wantFault(t, d.Write(bg, put(1)), fault.Unavailable, "reading only")
		if _, err := d.Raw().Exec("INSERT INTO scratch (id, n) VALUES (1, 1)"); err == nil {
			t.Error("the raw handle of a read-only database inserts")
		}
		if got := ids(t, d); len(got) != 0 {
			t.Errorf("rows %v, want none", got)
		}
		if err := d.Ping(bg); err != nil {
			t.Errorf("ping: %v", err)
		}
	})
}

func TestNotADatabase(t *testing.T) {
	path := dbtest.SQLite(t)
	if err := os.WriteFile(path, []byte(strings.Repeat("this is a text, no database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := db.Open(bg, path, db.Options{})
	wantFault(t, err, fault.Unavailable)
	_, err = db.Open(bg, filepath.Join(t.TempDir(), "missing", "tenure.db"), db.Options{})
	wantFault(t, err, fault.Unavailable, "lock file")
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"with space.db", "50%.db", "a?b#c.db", "ü&=+.db"} {
		path := filepath.Join(t.TempDir(), name)
		d, _ := load(t, path, db.Options{})
		if err := d.Write(bg, put(1)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		d.Close()
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%q is not where it was asked for: %v", name, err)
		}
		sound(t, dbtest.Open(t, path, db.Options{ReadOnly: true}), 1)
	}
}

// An address may hold a password; no error repeats it.
func TestPasswordStaysOut(t *testing.T) {
	for _, dsn := range []string{
		"postgres://tenure:geheim@[::1/x",
		"postgres://tenure:geheim@host:port/x",
		"postgres://tenure:geheim@/x?host=/nonexistent-socket-directory",
		"postgres:///x?host=/nonexistent-socket-directory&user=tenure&password=geheim",
		"host=/nonexistent-socket-directory user=tenure password=geheim",
	} {
		_, err := db.Open(bg, dsn, db.Options{})
		if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Malformed) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("open %s: %v", dsn, err)
		}
	}
}

// Nodes that start together on an empty database all come up.
func TestStartTogether(t *testing.T) {
	dsn := dbtest.Postgres(t)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			d, err := db.Open(bg, dsn, db.Options{})
			if err != nil {
				t.Errorf("node %d: %v", i, err)
				return
			}
			d.Close()
		})
	}
	wg.Wait()
}
