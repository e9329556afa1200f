package db_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// TestReserve: on a full disk only reserved writes are tried, also the one that found it
// full, until there is room for the reserve again. A limit of pages is the disk; what the
// reserve frees is added to it.
func TestReserve(t *testing.T) {
	const size = 1 << 20
	path := dbtest.SQLite(t)
	d, _ := load(t, path, db.Options{})
	statement(t, d, "CREATE TABLE bulk (data TEXT NOT NULL)")
	var pages int64
	if err := d.Raw().Get(&pages, "PRAGMA page_count"); err != nil {
		t.Fatal(err)
	}
	room := func(n int64) { statement(t, d, fmt.Sprintf("PRAGMA max_page_count = %d", n)) }
	var told []string
	if err := d.Guard(size, func(reason string) {
		if told = append(told, reason); reason != "" {
			room(pages + 60)
		}
	}); err != nil {
		t.Fatal(err)
	}
	reserve := func() int64 {
		info, err := os.Stat(path + ".reserve")
		if err != nil {
			return 0
		}
		if info.Mode().Perm() != 0o600 {
			t.Error(info.Mode())
		}
		return info.Size()
	}
	fill := func(bytes int) func(tx *db.Tx) error {
		return func(tx *db.Tx) error {
			_, err := tx.Exec("INSERT INTO bulk (data) VALUES (?)", strings.Repeat("x", bytes))
			return err
		}
	}
	if err := d.Write(bg, put(1)); err != nil || reserve() != size || d.Writable() != nil {
		t.Fatal(err, reserve(), d.Writable())
	}
	room(pages + 10)
	// The write that finds the disk full is a reserved one: it is done with the reserve's space.
	if err := d.WriteReserved(bg, "", fill(100<<10)); err != nil {
		t.Error("a reserved write:", err)
	}
	if reserve() != 0 {
		t.Error("the reserve is still there")
	}
	const says = "the store cannot write: the disk is full"
	wantFault(t, d.Writable(), fault.Unavailable, says)
	err := d.Write(bg, put(2))
	wantFault(t, err, fault.Unavailable, says)
	if f := fault.Of(err); f.Code != fault.CodeStorage || f.RetryAfter == 0 {
		t.Errorf("%+v", f)
	}
	if err := d.WriteReserved(bg, "", put(3)); err != nil {
		t.Error("a reserved write later:", err)
	}
	wantFault(t, d.WriteReserved(bg, "", fill(size)), fault.Unavailable, says) // even the reserve has an end
	if got := ids(t, d); !slices.Equal(got, []int64{1, 3}) {
		t.Error("reads go on:", got)
	}
	if err := os.Mkdir(path+".reserve.new", 0o700); err != nil { // no room for the reserve
		t.Fatal(err)
	}
	d.Recover(bg)
	wantFault(t, d.Write(bg, put(2)), fault.Unavailable, says)
	if err := os.Remove(path + ".reserve.new"); err != nil {
		t.Fatal(err)
	}
	room(1_000_000)
	d.Recover(bg)
	if err := d.Writable(); err != nil || reserve() != size {
		t.Error("with room again:", err, reserve())
	}
	if err := d.Write(bg, put(2)); err != nil {
		t.Error("with room again:", err)
	}
	if want := []string{"the disk is full", ""}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	sound(t, d, 3)
}

// TestFullAgain: where the disk is full even after the reserve was freed, every write is
// refused, and the log gives the reason once.
func TestFullAgain(t *testing.T) {
	path := dbtest.SQLite(t)
	d, _ := load(t, path, db.Options{})
	var told []string
	if err := d.Guard(4096, func(reason string) { told = append(told, reason) }); err != nil {
		t.Fatal(err)
	}
	var pages int64
	if err := d.Raw().Get(&pages, "PRAGMA page_count"); err != nil {
		t.Fatal(err)
	}
	statement(t, d, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
	full := func(tx *db.Tx) error {
		_, err := tx.Exec("CREATE TABLE more (data TEXT)")
		return err
	}
	for range 3 {
		wantFault(t, d.WriteReserved(bg, "", full), fault.Unavailable, "the disk is full")
		wantFault(t, d.Write(bg, put(1)), fault.Unavailable, "the disk is full")
		if len(told) != 1 {
			t.Errorf("told %q", told)
		}
	}
	d.Recover(bg) // the head's row can be written in place
	if want := []string{"the disk is full", ""}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// TestReadOnlyDisk: a database that can only be read is told, and works again with the
// first write that does.
func TestReadOnlyDisk(t *testing.T) {
	d, _ := load(t, dbtest.SQLite(t), db.Options{})
	var told []string
	if err := d.Guard(4096, func(reason string) { told = append(told, reason) }); err != nil {
		t.Fatal(err)
	}
	statement(t, d, "PRAGMA query_only = 1")
	wantFault(t, d.Write(bg, put(1)), fault.Unavailable, "the store cannot write: the database can only be read")
	wantFault(t, d.Writable(), fault.Unavailable, "can only be read")
	d.Recover(bg)
	wantFault(t, d.Writable(), fault.Unavailable, "can only be read")
	statement(t, d, "PRAGMA query_only = 0")
	d.Recover(bg)
	if err := d.Writable(); err != nil {
		t.Error(err)
	}
	if want := []string{"the database can only be read", ""}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestReasonOf(t *testing.T) {
	const full, failed, readOnly = "the disk is full", "the disk reports an error", "the database can only be read"
	for want, errs := range map[string][]error{
		full: {sqlite3.Error{Code: sqlite3.ErrFull}, sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.ENOSPC},
			sqlite3.Error{Code: sqlite3.ErrCantOpen, SystemErrno: syscall.EDQUOT}, &os.PathError{Err: syscall.ENOSPC},
			fault.Wrap(sqlite3.Error{Code: sqlite3.ErrFull}, fault.Unavailable, "", "x"), &pgconn.PgError{Code: "53100"}},
		failed: {sqlite3.Error{Code: sqlite3.ErrIoErr}, sqlite3.Error{Code: sqlite3.ErrCantOpen}, &pgconn.PgError{Code: "58030"}},
		readOnly: {sqlite3.Error{Code: sqlite3.ErrReadonly}, sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.EROFS},
			&pgconn.PgError{Code: "25006"}},
		"": {nil, errors.New("the disk is full"), sqlite3.Error{Code: sqlite3.ErrBusy}, sqlite3.Error{Code: sqlite3.ErrConstraint},
			&pgconn.PgError{Code: "53300"}, fault.New(fault.Unavailable, "", "x")},
	} {
		for _, err := range errs {
			if got := db.ReasonOf(err); got != want {
				t.Errorf("%v: %q, want %q", err, got, want)
			}
		}
	}
}
