package upkeep

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"tenure/snapshots/clientsecret"
	"testing"
	"testing/fstest"
	"time"

	"tenure/snapshots"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/db/migrate"
	"tenure/tenancy/db/migrate/migratetest"
	"tenure/tenancy/history"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var bg = context.Background()

func noon() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// options are those of a backup of the fixture.
func options(t *testing.T) Options {
	keys := func(name string) *history.Keys {
		k, err := history.ParseKeys([]byte(migratetest.Read(t, "keys", name)))
		must(t, err)
		return k
	}
	return Options{Program: "tenure test", Now: noon, LogKeys: keys("log-key"), EvidenceKeys: keys("evidence-key"),
		EvidenceName: func(origin string) string { return "evidence/" + origin }}
}

// fixture is the database of schema version 3 in a file.
func fixture(t *testing.T) string {
	t.Helper()
	path := dbtest.SQLite(t)
	migratetest.Load(t, path)
	return path
}

// program are the steps of this program.
func program(t *testing.T) migrate.Steps {
	t.Helper()
	s, err := migrate.OfProgram()
	must(t, err)
	return s
}

// backup backs the fixture up and returns the folder.
func backup(t *testing.T) (string, Manifest) {
	t.Helper()
	d := dbtest.Open(t, fixture(t), db.Options{ReadOnly: true, Migrating: true})
	dir := filepath.Join(t.TempDir(), "backup")
	m, err := Backup(bg, d, dir, options(t))
	must(t, err)
	return dir, m
}

func sound(t *testing.T, dir string) Manifest {
	t.Helper()
	m, problems, err := Verify(bg, dir, program(t))
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	return m
}

func TestABackupSaysWhatItIs(t *testing.T) {
	dir, m := backup(t)
	if m.Schema != 3 || m.Log.Origin != "tenure.example/log2" || m.Log.Entries < 256 || m.Log.Covered < 256 || m.Keys.Sealing == "" ||
		m.MadeAt != "2026-12-01T12:00:00Z" || len(m.Keys.Log) != 1 || len(m.Keys.Evidence) != 1 {
		t.Errorf("manifest %+v", m)
	}
	if want := migratetest.Answers(t).VerifierKeys; m.Keys.Log[0] != want[0] {
		t.Errorf("the log key is %s, want %s", m.Keys.Log[0], want[0])
	}
	if again := sound(t, dir); fmt.Sprint(again.Database, again.Log, again.Keys) != fmt.Sprint(m.Database, m.Log, m.Keys) {
		t.Errorf("verified %+v, made %+v", again, m)
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 3 {
		t.Errorf("the backup has %v", entries)
	}
	for _, key := range []string{"sealing-key", "log-key", "evidence-key"} {
		secret := strings.Fields(migratetest.Read(t, "keys", key))
		for _, e := range entries {
			raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
			must(t, err)
			if strings.Contains(string(raw), secret[len(secret)-1]) {
				t.Errorf("%s contains the %s", e.Name(), key)
			}
		}
	}
	d := dbtest.Open(t, filepath.Join(dir, databaseFile), db.Options{ReadOnly: true, Migrating: true})
	if _, err := Backup(bg, d, dir, options(t)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second backup into the folder: %v", err)
	}
	stopped, cancel := context.WithCancel(bg)
	cancel()
	other := filepath.Join(t.TempDir(), "none")
	if _, err := Backup(stopped, d, other, options(t)); err == nil {
		t.Error("a backup under a context that has ended is made")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(other), ".*")); len(left) > 0 {
		t.Errorf("a backup that failed leaves %v", left)
	}
}

// TestABackupUnderWrites: the copies made while others write are each of one
// instant, and what was answered before one began is in it.
func TestABackupUnderWrites(t *testing.T) {
	path := fixture(t)
	d := dbtest.Open(t, path, db.Options{Migrating: true})
	l := history.New(nil, nil)
	must(t, l.Load(bg, d))
	must(t, program(t).Run(bg, d, l, migrate.Making{Program: "tenure test", Done: func(migrate.Step) {}, Secrets: giveUp}))
	stop, ended, written := make(chan struct{}), make(chan error, 4), make(chan struct{})
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				err := d.Write(bg, func(tx *db.Tx) error {
					name := fmt.Sprintf("module-%d-%d", w, i)
					history.Record(tx, history.Event{Kind: "module.created", ObjectKind: "module", Object: name, Actor: "operator:test"})
					tx.Insert(db.NewTable("module", "name, recorded_at", ""), "", name, int64(history.At(tx)))
					return nil
				})
				if err != nil {
					ended <- err
					return
				}
				select {
				case written <- struct{}{}:
				case <-stop:
					ended <- nil
					return
				}
			}
		}()
	}
	reading := dbtest.Open(t, path, db.Options{ReadOnly: true}) // as another process does
	last := int64(0)
	for i := range 4 {
		for range 20 {
			<-written
		}
		from := l.Size()
		copied := make(chan struct{})
		go func() { // writers go on meanwhile
			for {
				select {
				case <-written:
				case <-copied:
					return
				}
			}
		}()
		dir := filepath.Join(t.TempDir(), fmt.Sprint(i))
		m, err := Backup(bg, reading, dir, options(t))
		close(copied)
		must(t, err)
		if m.Log.Entries < from || m.Log.Entries <= last {
			t.Errorf("backup %d has %d entries; %d were answered before it", i, m.Log.Entries, from)
		}
		last = m.Log.Entries
		sound(t, dir)
	}
	close(stop)
	for range 4 {
		must(t, <-ended)
	}
}

func TestVerifyFinds(t *testing.T) {
	good, _ := backup(t)
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		says  string
	}{
		"a byte of the database": {func(t *testing.T, dir string) { flip(t, filepath.Join(dir, databaseFile), 100_000) }, "tenure.db has"},
		"the last byte":          {func(t *testing.T, dir string) { flip(t, filepath.Join(dir, databaseFile), -1) }, "tenure.db has"},
		"a byte more": {func(t *testing.T, dir string) {
			f, err := os.OpenFile(filepath.Join(dir, databaseFile), os.O_APPEND|os.O_WRONLY, 0)
			must(t, err)
			_, err = f.Write([]byte{0})
			must(t, errors.Join(err, f.Close()))
		}, "tenure.db has"},
		"no database":              {func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, databaseFile))) }, "cannot be read"},
		"no checkpoint":            {func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, checkpointFile))) }, "checkpoint cannot be read"},
		"a byte of the checkpoint": {func(t *testing.T, dir string) { flip(t, filepath.Join(dir, checkpointFile), 30) }, "checkpoint has"},
		"a checkpoint and its digest": {func(t *testing.T, dir string) {
			flip(t, filepath.Join(dir, checkpointFile), -10)
			change(t, dir, func(m *Manifest) {
				stored, err := describe(dir, checkpointFile)
				must(t, err)
				m.Stored = &stored
			})
		}, "the checkpoint: "},
		"a row and the digest": {func(t *testing.T, dir string) {
			spoiled, err := sql.Open("sqlite3", filepath.Join(dir, databaseFile))
			must(t, err)
			_, err = spoiled.Exec("INSERT INTO withdrawal (snapshot_id, recorded_at) SELECT min(snapshot_id), 1 FROM snapshot WHERE snapshot_id NOT IN (SELECT snapshot_id FROM withdrawal)")
			must(t, errors.Join(err, spoiled.Close()))
			change(t, dir, func(m *Manifest) {
				database, err := describe(dir, databaseFile)
				must(t, err)
				m.Database = database
			})
		}, "withdrawal of"},
		"another number of entries": {func(t *testing.T, dir string) { change(t, dir, func(m *Manifest) { m.Log.Entries++ }) }, "and not the"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			must(t, os.CopyFS(dir, os.DirFS(good)))
			c.spoil(t, dir)
			_, problems, err := Verify(bg, dir, program(t))
			if err != nil || len(problems) == 0 || !strings.Contains(strings.Join(problems, "\n"), c.says) {
				t.Errorf("problems %q, %v; want %q", problems, err, c.says)
			}
		})
	}
	sound(t, good)
}

// flip changes a byte of a file, counted from the end where at is negative.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	must(t, err)
	if at < 0 {
		at += len(raw)
	}
	raw[at] ^= 1
	must(t, os.WriteFile(path, raw, 0o600))
}

// change changes the manifest of a backup.
func change(t *testing.T, dir string, fn func(*Manifest)) {
	t.Helper()
	m, err := Read(dir)
	must(t, err)
	fn(&m)
	raw, err := json.Marshal(m)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, manifestFile), raw, 0o600))
}

func TestReadRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"":                           "is not a backup",
		"{":                          "is not a backup",
		`{"form":"tenure-backup/2"}`: `it has the form "tenure-backup/2"`,
		`{"form":"tenure-backup/1","database":{"name":"../../etc/passwd"}}`:   "other files",
		`{"form":"tenure-backup/1","more":1,"database":{"name":"tenure.db"}}`: "unknown field",
	} {
		dir := t.TempDir()
		if text != "" {
			must(t, os.WriteFile(filepath.Join(dir, manifestFile), []byte(text), 0o600))
		}
		if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

func TestRestore(t *testing.T) {
	dir, made := backup(t)
	to := filepath.Join(t.TempDir(), "restored.db")
	m, err := Restore(dir, to)
	if err != nil || m.Database != made.Database {
		t.Fatalf("restored %+v, %v", m, err)
	}
	must(t, run(bg, to, program(t), "tenure test"))
	d := dbtest.Open(t, to, db.Options{ReadOnly: true})
	problems, err := snapshots.Check(bg, d)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	if _, err := Restore(dir, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over itself: %v", err)
	}
	for _, beside := range []string{"-wal", "-shm", "-journal"} {
		to := filepath.Join(t.TempDir(), "x.db")
		must(t, os.WriteFile(to+beside, nil, 0o600))
		if _, err := Restore(dir, to); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), to+beside) {
			t.Errorf("beside an old %s: %v", beside, err)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("beside an old %s a file is made", beside)
		}
	}
	flip(t, filepath.Join(dir, databaseFile), 5000)
	spoiled := filepath.Join(t.TempDir(), "spoiled.db")
	if _, err := Restore(dir, spoiled); err == nil || !strings.Contains(err.Error(), "backup verify") {
		t.Errorf("of a spoiled backup: %v", err)
	}
	if _, err := os.Stat(spoiled); err == nil {
		t.Error("a spoiled database is left")
	}
}

func TestCompareState(t *testing.T) {
	path := fixture(t)
	dir := t.TempDir()
	state := func(name, text string) string {
		file := filepath.Join(dir, name)
		must(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	if p, err := CompareState(bg, path, filepath.Join(dir, "none")); p != nil || err != nil {
		t.Errorf("no file: %+v, %v", p, err)
	}
	good := migratetest.Read(t, "checkpoint.txt")
	if p, err := CompareState(bg, path, state("good", good)); err != nil || p == nil || len(p.Behind) > 0 {
		t.Errorf("its own checkpoint: %+v, %v", p, err)
	}
	lines := strings.SplitN(good, "\n", 3)
	if p, err := CompareState(bg, path, state("ahead", lines[0]+"\n9999\n"+lines[2])); err != nil || p == nil || p.Entries != 9999 || len(p.Behind) != 1 {
		t.Errorf("a later checkpoint: %+v, %v", p, err)
	}
	if _, err := CompareState(bg, path, state("bad", "nonsense")); err == nil {
		t.Error("nonsense is taken")
	}
}

// newer are synthetic steps beyond this program's version.
func newer(t *testing.T, text string) migrate.Steps {
	t.Helper()
	s, err := migrate.Read(fstest.MapFS{"0005.sql": {Data: []byte(text)}}, 4, 5)
	must(t, err)
	return append(program(t), s...)
}

// giveUp migrates without the key of the sealed copies.
func giveUp(tx *db.Tx) error {
	return clientsecret.Migrate(tx, rand.Reader, nil, clientsecret.GiveUp)
}

const addition = "-- 5: one more table\n-- oldest: 4\nCREATE TABLE more (id TEXT NOT NULL PRIMARY KEY);\n"

func TestMigration(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		migratetest.Load(t, dsn)
		var said []string
		m := Migration{Database: dsn, Steps: newer(t, addition), Options: options(t), Say: func(s string) { said = append(said, s) }, Secrets: giveUp}
		pending, found, err := m.Pending(bg)
		if err != nil || len(pending) != 2 || found.Schema != 3 {
			t.Fatalf("pending %v, found %+v, %v", pending, found, err)
		}
		m.Options.Now = time.Now // the log's clock is that of the fixture's day
		must(t, m.Run(bg))
		text := strings.Join(said, "\n")
		if !strings.Contains(text, "schema 4 to 5: one more table; programs of schema 4 can go on using the database") {
			t.Errorf("said %q", text)
		}
		if pending, found, err := m.Pending(bg); err != nil || len(pending) != 0 || found.Schema != 5 {
			t.Errorf("afterwards pending %v, found %+v, %v", pending, found, err)
		}
		d := dbtest.Open(t, dsn, db.Options{}) // this program goes on with it
		problems, err := snapshots.Check(bg, d)
		if err != nil || len(problems) > 0 {
			t.Errorf("%v %v", problems, err)
		}
		d.Close()
		if m.Postgres() {
			return
		}
		dir, there := strings.CutPrefix(said[0], "backed up to ")
		if !there || !strings.HasPrefix(dir, dsn+".schema-3-") {
			t.Fatalf("said %q", said)
		}
		if before := sound(t, dir); before.Schema != 3 {
			t.Errorf("the backup has schema %d", before.Schema)
		}
		// And an older backup is checked in a copy that is migrated.
		was, err := os.ReadFile(filepath.Join(dir, databaseFile))
		must(t, err)
		if _, problems, err := Verify(bg, dir, m.Steps); err != nil || len(problems) > 0 {
			t.Errorf("with steps to make: %v %v", problems, err)
		}
		is, err := os.ReadFile(filepath.Join(dir, databaseFile))
		if err != nil || string(is) != string(was) {
			t.Errorf("verifying changed the backup: %v", err)
		}
	})
}

// TestMigrationThatFails: the database is as it was, and so is the backup.
func TestMigrationThatFails(t *testing.T) {
	path := fixture(t)
	m := Migration{Database: path, Steps: newer(t, addition+"CREATE TABLE module (id TEXT NOT NULL);\n"), Options: options(t), Say: func(string) {}, Secrets: giveUp}
	m.Options.Now = time.Now
	if err := m.Run(bg); err == nil || !strings.Contains(err.Error(), "schema version 5") {
		t.Errorf("error %v", err)
	}
	if _, found, err := m.Pending(bg); err != nil || found.Schema != 4 {
		t.Errorf("found %+v, %v", found, err)
	}
	if dirs, _ := filepath.Glob(path + ".schema-3-*"); len(dirs) != 1 {
		t.Errorf("backups %v", dirs)
	}
}

func TestNothingToMigrate(t *testing.T) {
	m := Migration{Database: filepath.Join(t.TempDir(), "none.db"), Steps: program(t), Options: options(t), Say: func(s string) { t.Error(s) }}
	if pending, found, err := m.Pending(bg); pending != nil || found.Schema != 0 || err != nil {
		t.Errorf("%v %+v %v", pending, found, err)
	}
	must(t, m.Run(bg))
	if _, err := os.Stat(m.Database); err == nil {
		t.Error("a database is made")
	}
	must(t, os.WriteFile(m.Database, nil, 0o600))
	must(t, m.Run(bg))
}
