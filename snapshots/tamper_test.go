package snapshots_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// full makes a world with rows in every immutable table, two at least.
func everyTable(t *testing.T, dsn string) *snapshotstest.World {
	t.Helper()
	w := snapshotstest.New(t, dsn, snapshots.Options{Sealer: sealer(t, 1)})
	admin, root := w.Admin(w.North), w.Admin(w.Root)
	file, err := history.NewKeyFile(rand.Reader)
	w.Must(err)
	keys, err := history.ParseKeys(file)
	w.Must(err)
	publisher, err := history.OpenPublisher(ctx, w.DB, w.Log, history.PublisherOptions{Keys: keys, Origin: "example.com/log"})
	w.Must(err)
	sign := func() {
		w.Clock.Advance(2 * time.Second)
		_, err := publisher.Checkpoint(ctx)
		w.Must(err)
	}
	for i := range 2 {
		sign()
		secret := func(text string) *snapshots.NewSecret {
			return generated(t, w, fmt.Sprintf("%s of at least thirty-two bytes %d", text, i))
		}
		key, _, err := w.Tenancy.CreateKey(ctx, root, tenancy.NewKey{Org: w.South, Name: fmt.Sprint("key", i), Role: tenancy.Editor})
		w.Must(err)
		w.Must(w.Tenancy.RevokeKey(ctx, root, key.ID))
		w.Must(w.Store.CreateModule(ctx, root, fmt.Sprint("module", i)))
		w.Must(w.Store.SetPolicy(ctx, admin, snapshotstest.Module, w.Setup, snapshots.Policy{OnStalePlan: []string{"keep", "refuse"}[i], ScopeCheck: "dialect"}))
		grant, err := w.Tenancy.AuthorizeGrant(tenancy.Grant{Setup: string(w.Setup), Owner: w.North, Actor: fmt.Sprint("participant:", i),
			Allowed: tenancy.Resolve | tenancy.WriteClients, Surface: "test",
			Participant: &tenancy.Participant{Code: fmt.Sprint("code", i), Name: fmt.Sprint("bank ", i), ID: tenancy.OrgID(w.Tenancy.IDs().UUID())}}, "")
		w.Must(err)
		initial, _, err := w.Store.CreateInitialToken(ctx, admin, w.Setup, snapshots.InitialToken{Name: fmt.Sprint("initial", i)})
		w.Must(err)
		_, err = w.Store.CreateClient(ctx, grant, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: w.Tenancy.IDs().UUID(), Surface: "test", Initial: initial.ID},
			snapshotstest.To(snapshotstest.Named(fmt.Sprint("registered", i))))
		w.Must(err)
		w.Must(w.Store.RevokeInitialToken(ctx, admin, w.Setup, initial.ID))
		ch := snapshotstest.To(full())
		ch.Secret, ch.Token = secret("first"), w.Store.GenerateToken("test", fmt.Sprint("token", i), fmt.Sprint("token", i))
		id := w.NewClient(admin, fmt.Sprint("shop", i), ch).Entity.ID
		plan := w.Edit(admin, id, snapshotstest.ToAt(snapshotstest.Named("plan"), w.In(time.Hour)))
		w.Must(snapshots.Withdraw[client](ctx, w.Store, admin, w.Ref(id), plan.ID))
		_, err = w.Store.RotateSecret(ctx, admin, w.Ref(id), secret("second"), w.Clock.Millis()+history.Millis(time.Hour.Milliseconds()))
		w.Must(err)
		ch = snapshotstest.To(snapshotstest.Named(fmt.Sprint("renewed", i)))
		ch.Token = w.Store.GenerateToken("test", fmt.Sprint("next", i), fmt.Sprint("next", i))
		w.Edit(admin, id, ch)
		erased := w.NewClient(admin, fmt.Sprint("fruit", i), snapshotstest.To(personal())).Entity.ID
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(erased), nil))
		_, err = w.Store.Erase(ctx, w.Admin(w.Root), erased, snapshots.Erasure{Reason: "asked"})
		w.Must(err)
		sign()
	}
	// Enough events for a tile.
	w.Must(w.DB.Write(ctx, func(tx *db.Tx) error {
		for i := range 230 {
			history.Record(tx, history.Event{Kind: "client.secret-disclosed", ObjectKind: history.ObjectClient, Object: fmt.Sprint("x", i), Org: string(w.North)})
		}
		return nil
	}))
	return w
}

// problems is what the check says, without what it says of triggers.
func problems(t *testing.T, w *snapshotstest.World) []string {
	t.Helper()
	all, err := snapshots.Check(ctx, w.DB)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(s string) bool { return strings.HasPrefix(s, "trigger ") })
}

// disarm takes away what the engine itself would refuse.
func disarm(t *testing.T, w *snapshotstest.World) {
	t.Helper()
	query := "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"
	if w.DB.Dialect == db.Postgres {
		query = `SELECT 'DROP TRIGGER ' || tgname || ' ON ' || tgrelid::regclass FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
			UNION ALL SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || conname || ' CASCADE' FROM pg_catalog.pg_constraint
				WHERE contype IN ('f', 'c') AND conrelid <> 0`
	}
	var drops []string
	if err := w.DB.Raw().Select(&drops, query); err != nil {
		t.Fatal(err)
	}
	if w.DB.Dialect == db.SQLite {
		drops = append(drops, "PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON")
	}
	for _, drop := range append(drops, "DROP INDEX log_event_object", "CREATE INDEX log_event_object ON log_event (object_id, object_seq)") {
		raw(w, drop)
	}
}

// tampered is a table whose rows a test changes and puts back.
type tampered struct {
	w *snapshotstest.World
	db.Shape
	primary []string // columns that find a row
	rows    [][]any
}

func tamper(t *testing.T, w *snapshotstest.World, s db.Shape) *tampered {
	t.Helper()
	x := &tampered{w: w, Shape: s, primary: s.Key}
	rows, err := w.DB.Raw().Queryx("SELECT " + strings.Join(s.Columns, ", ") + " FROM " + s.Name + " ORDER BY " + strings.Join(s.Key, ", "))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		row, err := rows.SliceScan()
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range s.Columns {
			if b, ok := row[i].([]byte); ok {
				row[i] = slices.Clone(b)
				if !s.Bytes[c] {
					row[i] = string(b)
				}
			}
		}
		x.rows = append(x.rows, row)
	}
	return x
}

func (x *tampered) at(column string) int { return slices.Index(x.Columns, column) }

// where finds a row.
func (x *tampered) where(row []any) (string, []any) {
	var parts []string
	var args []any
	for _, c := range x.primary {
		parts, args = append(parts, c+" = ?"), append(args, row[x.at(c)])
	}
	return " WHERE " + strings.Join(parts, " AND "), args
}

func (x *tampered) set(row []any, column string, value any) {
	where, args := x.where(row)
	raw(x.w, "UPDATE "+x.Name+" SET "+column+" = ?"+where, append([]any{value}, args...)...)
}

func (x *tampered) remove(row []any) {
	where, args := x.where(row)
	raw(x.w, "DELETE FROM "+x.Name+where, args...)
}

func (x *tampered) insert(row []any) {
	raw(x.w, "INSERT INTO "+x.Name+" ("+strings.Join(x.Columns, ", ")+") VALUES (?"+strings.Repeat(", ?", len(row)-1)+")", row...)
}

// other is another value of a column.
func other(value any) any {
	switch v := value.(type) {
	case int64:
		return v + 1000
	case []byte:
		if len(v) == 0 {
			return []byte{1}
		}
		changed := slices.Clone(v)
		changed[0] ^= 1
		return changed
	}
	return value.(string) + "x"
}

// meanwhile is a value that no row has.
func meanwhile(value any) any {
	if raw, ok := value.([]byte); ok {
		return bytes.Repeat([]byte{7}, len(raw))
	}
	return other(other(value))
}

func with(row []any, at int, value any) []any {
	row = slices.Clone(row)
	row[at] = value
	return row
}

// TestTampering changes, in a database that is right, every column of every table in which
// nothing is changed, takes rows away, adds some and swaps two, and the check names each.
func TestTampering(t *testing.T) {
	if raced {
		t.Skip("nothing runs at the same time here: the run without the race detector has it")
	}
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := everyTable(t, dsn)
		if found, err := snapshots.Check(ctx, w.DB); err != nil || len(found) > 0 {
			t.Fatalf("before: %q %v", found, err)
		}
		disarm(t, w)
		if found := problems(t, w); len(found) > 0 {
			t.Fatalf("without triggers: %q", found)
		}
		tried := 0
		try := func(what string, change, back func(), says ...string) {
			t.Helper()
			tried++
			change()
			found := problems(t, w)
			if len(found) == 0 {
				t.Errorf("%s: it is not found", what)
			}
			for _, s := range says {
				if len(found) > 0 && !slices.ContainsFunc(found, func(p string) bool { return strings.Contains(p, s) }) {
					t.Errorf("%s: no sentence names %q: %.300q", what, s, found)
				}
			}
			back()
		}
		bound := map[string]bool{}
		for _, s := range history.Bound() {
			bound[s.Name] = true
		}
		tables := 0
		for _, s := range db.Shapes() {
			if !s.Immutable {
				continue
			}
			tables++
			x := tamper(t, w, s)
			if len(x.rows) == 0 || len(x.rows) == 1 && s.Name != "schema_version" && s.Name != "log_tile" {
				t.Errorf("%s has %d rows: this test cannot try it", s.Name, len(x.rows))
				continue
			}
			row := x.rows[len(x.rows)/2]
			var says []string
			if bound[s.Name] {
				says = append(says, s.Name)
			}
			for i, c := range s.Columns {
				changed := with(row, i, other(row[i]))
				try(s.Name+"."+c, func() { x.set(row, c, changed[i]) }, func() { x.set(changed, c, row[i]) }, says...)
			}
			try(s.Name+": row removed", func() { x.remove(row) }, func() { x.insert(row) }, says...)
			// Every column of text or bytes is another one, as a key or an index may want.
			added := slices.Clone(row)
			for i := range added {
				added[i] = other(added[i])
			}
			try(s.Name+": row added", func() { x.insert(added) }, func() { x.remove(added) })
			key := slices.Clone(row) // the same row once more, under another key
			for i, c := range s.Columns {
				if slices.Contains(s.Key, c) || slices.Contains([]string{"hash", "incarnation", "attempt"}, c) { // what is unique
					key[i] = other(key[i])
				}
			}
			try(s.Name+": row copied", func() { x.insert(key) }, func() { x.remove(key) })
			for i, c := range s.Columns {
				if slices.Contains(s.Key, c) {
					continue
				}
				at := slices.IndexFunc(x.rows, func(r []any) bool { return !reflect.DeepEqual(r[i], row[i]) })
				if at < 0 {
					continue
				}
				second := x.rows[at]
				try(s.Name+"."+c+" of two swapped", func() {
					x.set(row, c, meanwhile(row[i])) // for a value that is to be unique
					x.set(second, c, row[i])
					x.set(row, c, second[i])
				}, func() {
					x.set(row, c, meanwhile(row[i]))
					x.set(second, c, second[i])
					x.set(row, c, row[i])
				}, says...)
			}
			if found := problems(t, w); len(found) > 0 {
				t.Fatalf("%s was not put back: %q", s.Name, found)
			}
		}
		t.Logf("%d changes in %d tables were tried", tried, tables)
		if tables < 20 || tried < 200 {
			t.Errorf("only %d changes in %d tables were tried", tried, tables)
		}
	})
}

// TestSwappedSecrets: a sealed copy of one client is not shown as that of another, nor after
// its hash was replaced.
func TestSwappedSecrets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := snapshotstest.New(t, dsn, snapshots.Options{Sealer: sealer(t, 1)})
		admin := w.Admin(w.North)
		var made [2]snapshots.Entity
		var secrets [2]string
		for i := range made {
			ch := snapshotstest.To(full())
			ch.Secret = generated(t, w, fmt.Sprintf("the secret of a client with %d", i))
			secrets[i] = ch.Secret.ID
			made[i] = w.NewClient(admin, fmt.Sprint("shop", i), ch).Entity
		}
		w.Reopen(db.Options{}) // so that nothing is remembered
		admin = w.Admin(w.North)
		disarm(t, w)
		shown := func(e snapshots.Entity) (string, error) {
			found, err := w.Store.Disclose(ctx, admin, e, 0)
			return found.Plain, err
		}
		if text, err := shown(made[0]); err != nil || text != "the secret of a client with 0" {
			t.Fatalf("%q, %v", text, err)
		}
		raw(w, "UPDATE client_secret SET entity_id = ? WHERE secret_id = ?", string(made[1].ID), secrets[0])
		raw(w, "UPDATE client_secret SET entity_id = ? WHERE secret_id = ?", string(made[0].ID), secrets[1])
		w.Reopen(db.Options{})
		admin = w.Admin(w.North)
		for _, e := range made {
			if text, err := shown(e); err == nil || text != "" || !strings.Contains(err.Error(), "not of this secret, client, client_id and hash") {
				t.Errorf("swapped: %q, %v", text, err)
			}
		}
		raw(w, "UPDATE client_secret SET entity_id = ? WHERE secret_id = ?", string(made[0].ID), secrets[0])
		raw(w, "UPDATE client_secret SET entity_id = ? WHERE secret_id = ?", string(made[1].ID), secrets[1])
		raw(w, "UPDATE client_secret SET hash = (SELECT c.hash FROM client_secret c WHERE c.secret_id = ?) WHERE secret_id = ?", secrets[1], secrets[0])
		w.Reopen(db.Options{})
		admin = w.Admin(w.North)
		if text, err := shown(made[0]); err == nil || text != "" {
			t.Errorf("another hash: %q, %v", text, err)
		}
		for i, name := range []string{"between", made[0].ClientID, made[1].ClientID} {
			raw(w, "UPDATE entity SET client_id = ? WHERE entity_id = ?", name, string(made[[]int{0, 1, 0}[i]].ID))
		}
		w.Reopen(db.Options{})
		admin = w.Admin(w.North)
		if text, err := shown(made[1]); err == nil || text != "" {
			t.Errorf("another client_id: %q, %v", text, err)
		}
	})
}
