package snapshots_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// TestFailuresAroundCommit: a change whose commit fails is not there and can
// be made again; one whose answer is lost stands, and making it again changes
// nothing.
func TestFailuresAroundCommit(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		made := w.NewClient(w.Admin(w.North), "shop", snapshotstest.To(snapshotstest.Named("0")))
		for n, point := range []string{db.BeforeCommit, db.AfterCommit} {
			armed := false
			w.Reopen(db.Options{Inject: func(at string) error {
				if armed && at == point {
					armed = false
					return errors.New("injected")
				}
				return nil
			}})
			admin := w.Admin(w.North)
			name := fmt.Sprint("named-", n)
			create := func() (snapshots.Outcome[client], error) {
				return w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: name},
					snapshotstest.To(snapshotstest.Named(name)))
			}
			edit := func() (snapshots.Outcome[client], error) {
				return snapshots.Edit(ctx, w.Store, admin, w.Ref(made.Entity.ID), snapshotstest.To(snapshotstest.Named(name)))
			}
			lands := point == db.AfterCommit
			for what, change := range map[string]func() (snapshots.Outcome[client], error){"create": create, "edit": edit} {
				w.Tick()
				size := w.Count("SELECT count(*) FROM snapshot")
				armed = true
				out, err := change()
				if (err == nil) != lands {
					t.Fatalf("%s, %s: %v", point, what, err)
				}
				w.Reopen(db.Options{})
				w.Sound()
				admin = w.Admin(w.North)
				if n := w.Count("SELECT count(*) FROM snapshot") - size; (n == 1) != lands || n > 1 {
					t.Errorf("%s, %s: %d snapshots more", point, what, n)
				}
				if lands && w.Active(admin, out.Entity.ID).ID != out.ID {
					t.Errorf("%s, %s: what was answered is not in force", point, what)
				}
				w.Tick()
				again, err := change()
				switch {
				case what == "create" && lands:
					w.Refused(err, fault.Conflict, fault.CodeIDTaken)
				case lands:
					if w.Must(err); again.Changed || again.ID != out.ID {
						t.Errorf("%s, %s: again %+v", point, what, again)
					}
				default:
					if w.Must(err); !again.Changed {
						t.Errorf("%s, %s: nothing changed", point, what)
					}
				}
				if n := w.Count("SELECT count(*) FROM snapshot") - size; n != 1 {
					t.Errorf("%s, %s: %d snapshots in the end", point, what, n)
				}
				w.Reopen(db.Options{Inject: func(at string) error {
					if armed && at == point {
						armed = false
						return errors.New("injected")
					}
					return nil
				}})
				admin = w.Admin(w.North)
			}
		}
	})
}

// What the process under TestKill finds in its environment.
const (
	writerDatabase = "TENURE_TEST_WRITER_DATABASE"
	writerSetup    = "TENURE_TEST_WRITER_SETUP"
)

// writeUntilKilled publishes from 16 goroutines and prints a line for each
// snapshot that was confirmed.
func writeUntilKilled(dsn string, setupID snapshots.EntityID) {
	check := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	d, err := db.Open(ctx, dsn, db.Options{})
	check(err)
	log := history.New(nil, nil)
	check(log.Load(ctx, d))
	ids := tenancy.NewIDs(nil)
	tenants, err := tenancy.Open(ctx, d, log, ids)
	check(err)
	store, err := snapshots.Open(ctx, d, log, ids, snapshots.Options{})
	check(err)
	scope := tenants.Operator("test")
	for range 16 {
		go func() {
			for {
				out, err := store.CreateClient(ctx, scope, snapshots.NewClient{Module: snapshotstest.Module, Setup: setupID, ClientID: ids.Hex()},
					snapshotstest.To(snapshotstest.Named("0")))
				check(err)
				fmt.Println(out.Entity.ID, out.ID)
				for n := range 5 {
					ref := snapshots.Ref{Module: snapshotstest.Module, Setup: setupID, Entity: out.Entity.ID}
					next, err := snapshots.Edit(ctx, store, scope, ref, adding(fmt.Sprintf("https://w%d.example/", n)))
					check(err)
					fmt.Println(next.Entity.ID, next.ID)
				}
			}
		}()
	}
	io.Copy(io.Discard, os.Stdin) // ends with the parent, if that dies first
}

// TestKill: whatever was confirmed before kill -9 is there afterwards, and
// everything that is there is whole.
func TestKill(t *testing.T) {
	const rounds = 20
	w := snapshotstest.New(t, dbtest.SQLite(t), snapshots.Options{})
	setupID := w.NewSetup(w.Admin(w.Root), snapshotstest.MinimalSetup("killed")).Entity.ID
	if err := w.DB.Close(); err != nil {
		t.Fatal(err)
	}
	total := 0
	for round := range rounds {
		acked := killed(t, w.DSN, setupID, 20+rand.IntN(150))
		total += len(acked)
		d := dbtest.Open(t, w.DSN, db.Options{})
		problems, err := snapshots.Check(ctx, d)
		if err != nil || len(problems) > 0 {
			t.Fatalf("round %d: %v %v", round, problems, err)
		}
		for chunk := range slices.Chunk(acked, 200) {
			var n int
			if err := d.View(ctx, func(c *db.Conn) error {
				return c.Get(&n, "SELECT count(*) FROM snapshot WHERE entity_id || ' ' || snapshot_id IN ('"+strings.Join(chunk, "','")+"')")
			}); err != nil || n != len(chunk) {
				t.Fatalf("round %d: of %d confirmed snapshots %d are there, %v", round, len(chunk), n, err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d confirmed snapshots in %d rounds", total, rounds)
}

// killed runs the writer until it has confirmed n snapshots, kills it, and
// lists everything that it confirmed.
func killed(t *testing.T, dsn string, setupID snapshots.EntityID, n int) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), self)
	cmd.Env = append(os.Environ(), writerDatabase+"="+dsn, writerSetup+"="+string(setupID))
	stdin, err := cmd.StdinPipe() // open as long as this process lives
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var acked []string
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line without an end was not said
		}
		if acked = append(acked, strings.TrimSpace(line)); len(acked) == n {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	if len(acked) < n {
		t.Fatalf("the writer ended by itself after %d: %s", len(acked), complaints.String())
	}
	return acked
}
