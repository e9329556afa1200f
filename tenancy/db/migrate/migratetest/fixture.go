// Package migratetest loads the database of testdata/schema3 into either
// engine, and reads what the program of that version answered. Only tests may
// import it.
package migratetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"tenure/tenancy/db"
)

// Fixture is testdata/schema3/answers.json.
type Fixture struct {
	VerifierKeys []string          // of the log
	IDs          map[string]string // by name
	Keys         map[string]string // API keys and registration tokens, by name
	Instants     map[string]string
	Answers      []Answer
}

// Answer is what the program of version 3 answered to a GET.
type Answer struct {
	Key     string            // name of the key or token; empty for none
	Path    string            // with the query
	Headers map[string]string // of the request
	Status  int
	Answer  map[string]string // of the answer's headers
	Body    string
}

// Path is the path of a file of the fixture.
func Path(t testing.TB, names ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(append([]string{dir, "testdata", "schema3"}, names...)...)
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

// Read is a file of the fixture.
func Read(t testing.TB, names ...string) string {
	t.Helper()
	raw, err := os.ReadFile(Path(t, names...))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Answers reads what the program of version 3 answered.
func Answers(t testing.TB) Fixture {
	t.Helper()
	var f Fixture
	if err := json.Unmarshal([]byte(Read(t, "answers.json")), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// Load makes the tables of version 3 in the empty database dsn, and its rows.
func Load(t testing.TB, dsn string) {
	t.Helper()
	driver, dialect := "sqlite3", db.SQLite
	if strings.HasPrefix(dsn, "postgres://") {
		driver, dialect = "pgx", db.Postgres
	}
	schema, err := db.ForDialect(Read(t, "schema.sql"), dialect)
	if err != nil {
		t.Fatal(err)
	}
	rows := Read(t, "data.sql")
	if dialect == db.Postgres {
		rows = postgresBytes(rows)
	}
	d, err := sqlx.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, script := range []string{schema, "BEGIN;\n" + rows + "COMMIT;"} {
		if _, err := d.Exec(script); err != nil {
			t.Fatalf("load schema version 3: %v", err)
		}
	}
}

var literal = regexp.MustCompile(`'(?:[^']|'')*'|X'[0-9a-f]*'`)

// postgresBytes spells bytes as PostgreSQL does. Texts stay as they are.
func postgresBytes(script string) string {
	return literal.ReplaceAllStringFunc(script, func(l string) string {
		if digits, ok := strings.CutPrefix(l, "X'"); ok {
			return `'\x` + digits
		}
		return l
	})
}
