package db_test

import (
	"testing"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// TestSynchronousStandby: a change that a synchronous standby does not have yet is not confirmed,
// whatever ends the waiting: the server's time for a statement, or the connection. Nobody could
// tell it from one that a failover loses.
func TestSynchronousStandby(t *testing.T) {
	dsn := "host=" + dbtest.Server(t) + " user=postgres dbname=postgres sslmode=disable"
	d, _ := load(t, dsn, db.Options{Connections: db.Connections{Statement: 300 * time.Millisecond}})
	other := dbtest.Open(t, dsn, db.Options{})
	say := func(statements ...string) {
		t.Helper()
		for _, text := range statements {
			if _, err := other.Readers().Exec(text); err != nil {
				t.Fatal(err)
			}
		}
	}
	id := int64(0)
	// waiting is a write that waits for a standby. The server begins to want one a moment
	// after it has the setting, so the first ones may not.
	waiting := func(name string) chan error {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
			answered := make(chan error, 1)
			id++
			go func() { answered <- d.Write(bg, put(id)) }()
			for pids := 0; pids == 0; {
				if err := other.Readers().Get(&pids, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"); err != nil {
					t.Fatal(err)
				}
				if pids > 0 {
					return answered
				}
				select {
				case err := <-answered:
					if err != nil {
						t.Fatal(err)
					}
					pids = 1
				default:
				}
			}
		}
		t.Fatalf("%s: no write waits for a standby", name)
		return nil
	}
	for name, disturb := range map[string]func(){
		"nothing":               func() {},
		"the connection is cut": func() { say("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") },
	} {
		say("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
		settled(t, other, "nobody")
		answered := waiting(name)
		disturb()
		select {
		case err := <-answered:
			t.Errorf("%s: it is answered (%v) and no standby has it", name, err)
		case <-time.After(1500 * time.Millisecond): // longer than a statement may take
		}
		if under := d.Under(); under < time.Second {
			t.Errorf("%s: a batch is under way for %s", name, under)
		}
		say("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
		select {
		case err := <-answered:
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: it is not answered when no standby is waited for", name)
		}
		settled(t, other, "")
	}
	sound(t, d, id)
}

// settled waits until the server goes by a value of synchronous_standby_names.
func settled(t *testing.T, d *db.DB, want string) {
	t.Helper()
	var got string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if err := d.Readers().Get(&got, "SHOW synchronous_standby_names"); err != nil {
			t.Fatal(err)
		}
		if got == want {
			return
		}
	}
	t.Fatalf("synchronous_standby_names is %q, not %q", got, want)
}
