package tenure_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tenure"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// denied is SQL that the two engines, or the distributed ones behind
// PostgreSQL's protocol, do not share.
var denied = []struct{ why, pattern string }{
	{"types: TEXT, BIGINT, SMALLINT and BYTEA only", `\b(JSONB?|BOOLEAN|BOOL|TIMESTAMP|TIMESTAMPTZ|DATETIME|INTERVAL|SERIAL|BIGSERIAL|BLOB|VARCHAR|UUID|NUMERIC|DECIMAL|REAL|FLOAT)\b`},
	{"types: INTEGER is 32 bits on PostgreSQL", `\b(INT|INTEGER|INT8|INT4)\b`},
	{"ids are made by the application", `\b(AUTOINCREMENT|AUTO_INCREMENT|IDENTITY|SEQUENCE|nextval|last_insert_rowid|gen_random_uuid)\b`},
	{"ON CONFLICT instead", `\b(INSERT\s+OR|UPDATE\s+OR|REPLACE\s+INTO|MERGE)\b`},
	{"UPDATE ... RETURNING is the lock", `\b(FOR\s+(NO\s+KEY\s+)?UPDATE|FOR\s+(KEY\s+)?SHARE|SKIP\s+LOCKED|NOWAIT|LOCK\s+TABLE)\b`},
	{"CockroachDB accepts advisory locks and does nothing", `\bpg_(try_)?advisory\w*`},
	{"arrays", `\b(ANY|ARRAY|ARRAY_AGG)\s*[(\[]|\bunnest\b`},
	{"table options of SQLite", `\b(WITHOUT\s+ROWID|STRICT)\b`},
	{"rowid", `\b(_?rowid_?|oid|ctid|xmin)\b`},
	{"placeholders are ?", `\$\d`},
	{"casts are CAST", `::`},
	{"the clock is the application's", `\b(NOW\s*\(|strftime|datetime\s*\(|julianday|unixepoch|CURRENT_TIMESTAMP|CURRENT_DATE|CURRENT_TIME|date_trunc|to_timestamp|EXTRACT\s*\()`},
	{"functions of one engine", `\b(octet_length|encode\s*\(|decode\s*\(|hex\s*\(|ifnull|nvl|group_concat|string_agg|random\s*\(|instr\s*\(|printf\s*\(|format\s*\(|to_char|json_\w+|jsonb_\w+|regexp_\w+|gen_\w+)`},
	{"operators of one engine", `\b(ILIKE|GLOB|REGEXP|SIMILAR\s+TO)\b|->>?|@>|<@|~\*?\s*'`},
	{"feeds of one engine", `\b(LISTEN|NOTIFY)\b`},
	{"rules and procedures", `\b(CREATE\s+(OR\s+REPLACE\s+)?(RULE|PROCEDURE|VIEW|MATERIALIZED|EXTENSION|TYPE|DOMAIN)|DO\s+\$\$)`},
}

var deny = func() []*regexp.Regexp {
	all := make([]*regexp.Regexp, len(denied))
	for i, d := range denied {
		all[i] = regexp.MustCompile(`(?i)` + d.pattern)
	}
	return all
}()

var (
	sqlComment = regexp.MustCompile(`--[^\n]*`)
	sqlText    = regexp.MustCompile(`'[^']*'`)
)

// outside says what of the SQL is outside the subset.
func outside(sql string) []string {
	sql = sqlText.ReplaceAllString(sqlComment.ReplaceAllString(sql, ""), "''")
	var found []string
	for i, re := range deny {
		if m := re.FindString(sql); m != "" {
			found = append(found, strconv.Quote(m)+": "+denied[i].why)
		}
	}
	return found
}

// isSQL tells SQL from other text: whole statements and, as this repository
// writes keywords in capitals, parts of some.
var isSQL = regexp.MustCompile(`(?is)^\s*(SELECT\s.*\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|REPLACE\s+INTO\s|UPDATE\s+(OR\s+\w+\s+)?\w+\s+SET\s|DELETE\s+FROM\s|MERGE\s+INTO\s|` +
	`WITH\s+(RECURSIVE\s+)?\w+\s*(\(|AS\s)|(CREATE|ALTER|DROP|LOCK|TRUNCATE)\s+(UNIQUE\s+)?(TABLE|INDEX|TRIGGER|FUNCTION|VIEW|SEQUENCE)\s|SAVEPOINT\s|LISTEN\s|NOTIFY\s)` +
	`|(?-i:\b(SELECT|INSERT INTO|DELETE FROM|WHERE|JOIN|ORDER BY|GROUP BY|HAVING|UNION ALL|VALUES|ON CONFLICT|RETURNING|LIMIT|FOR UPDATE|SKIP LOCKED|EXISTS)\b)`)

// literals calls fn for every text in the non-test Go files under root, with
// "a"+"b" as one.
func literals(t *testing.T, root string, fn func(at token.Position, text string)) (files int) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != root && (name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files++
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec, *ast.Field: // paths, struct tags
				if f, ok := n.(*ast.Field); ok && f.Tag == nil {
					return true
				}
				return false
			case *ast.BinaryExpr, *ast.BasicLit:
				text, ok := concatenated(n.(ast.Expr))
				if ok {
					fn(fset.Position(n.Pos()), text)
				}
				return !ok
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// concatenated is the text of a literal, or of literals joined by +. What is
// not constant within counts as one word.
func concatenated(e ast.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, okLeft := concatenated(e.X)
		right, okRight := concatenated(e.Y)
		if !okLeft {
			left = "x"
		}
		if !okRight {
			right = "x"
		}
		return left + right, okLeft || okRight
	}
	return "", false
}

// unmarked returns the part of a script that both engines run, and the two
// blocks of one engine each.
func unmarked(t *testing.T, script string) (both, sqlite, postgres string) {
	t.Helper()
	parts := map[string]*strings.Builder{"": {}, "sqlite": {}, "postgres": {}}
	block := ""
	for _, line := range strings.SplitAfter(script, "\n") {
		switch mark, ok := strings.CutPrefix(strings.TrimSpace(line), "-- +"); {
		case ok && mark == "end":
			block = ""
		case ok:
			block = mark
		default:
			parts[block].WriteString(line)
		}
	}
	return parts[""].String(), parts["sqlite"].String(), parts["postgres"].String()
}

var (
	tableBody  = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`)
	constraint = regexp.MustCompile(`^\s*(PRIMARY KEY|FOREIGN KEY|UNIQUE|CHECK) \(`)
	firstWords = regexp.MustCompile(`^\s*(\w+)\s+(\w+)`)
	statement  = regexp.MustCompile(`(?m)^(CREATE|INSERT|ALTER|DROP|UPDATE|DELETE|PRAGMA|SET|DO|GRANT|REVOKE)\s+((UNIQUE|OR REPLACE)\s+)?\w+`)
)

func TestSchemaStaysInTheSubset(t *testing.T) {
	both, sqlite, postgres := unmarked(t, tenure.Schema)
	if !strings.Contains(both, "CREATE TABLE") || sqlite == "" || postgres == "" {
		t.Fatal("this test does not understand the marks of schema.sql")
	}
	for _, found := range outside(both) {
		t.Errorf("schema.sql: %s", found)
	}
	// A deny-list cannot know every type; this list knows all that are allowed.
	tables := tableBody.FindAllStringSubmatch(sqlComment.ReplaceAllString(both, ""), -1)
	if n := strings.Count(both, "CREATE TABLE"); len(tables) != n {
		t.Fatalf("this test understands %d tables of %d", len(tables), n)
	}
	for _, table := range tables {
		for line := range strings.SplitSeq(strings.TrimSpace(table[2]), "\n") {
			if constraint.MatchString(line) {
				continue
			}
			m := firstWords.FindStringSubmatch(line)
			if m == nil {
				t.Errorf("table %s: this test does not understand %q", table[1], line)
			} else if !slices.Contains([]string{"TEXT", "BIGINT", "SMALLINT", "BYTEA"}, m[2]) {
				t.Errorf("table %s: column %s has the type %s", table[1], m[1], m[2])
			}
		}
	}
	for _, m := range statement.FindAllString(both, -1) {
		if !slices.Contains([]string{"CREATE TABLE", "CREATE INDEX", "CREATE UNIQUE INDEX", "INSERT INTO"}, m) {
			t.Errorf("schema.sql for both engines: %s", m)
		}
	}
	// The triggers that refuse change are all that one engine has alone.
	for name, block := range map[string]string{"sqlite": sqlite, "postgres": postgres} {
		for _, m := range statement.FindAllString(block, -1) {
			if m != "CREATE TRIGGER" && (m != "CREATE FUNCTION" || name != "postgres") {
				t.Errorf("schema.sql for %s: %s", name, m)
			}
		}
	}
}

// What a migration has for both engines is in the subset, too.
func TestMigrationsStayInTheSubset(t *testing.T) {
	names, err := filepath.Glob("tenancy/db/migrate/[0-9]*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		both, _, _ := unmarked(t, string(raw))
		for _, found := range outside(both) {
			t.Errorf("%s: %s", name, found)
		}
	}
}

// digests of the statements of schema.sql, by its version. A change of the
// schema needs the next number here and in schema.go, and a migration to it; a
// digest that is here never changes.
var digests = map[int]string{
	4: "1d43cef6971100873c6e86abcffc75918338fc3db52e1a9f86294488c09f7718",
	3: "8c30c354f14fefbd7c87d8e47b1038b6ca7ca650574524dbe29a4fafff5fe50e",
}

func TestSchemaHasANewNumberForEachChange(t *testing.T) {
	if got := digest(tenure.Schema); got != digests[tenure.SchemaVersion] {
		t.Errorf("schema.sql has changed and is still version %d: give it the next number and write the migration (tenancy/db/migrate/README.md); its digest is %s",
			tenure.SchemaVersion, got)
	}
	old, err := os.ReadFile("testdata/schema3/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if got := digest(string(old)); got != digests[3] {
		t.Errorf("the digest of version 3 is %s, not the one that is written here", got)
	}
	for version := tenure.OldestSchema; version <= tenure.SchemaVersion; version++ {
		if digests[version] == "" {
			t.Errorf("version %d has no digest", version)
		}
	}
	// Comments and spaces are no change; anything else is.
	for other, same := range map[string]bool{"-- new\n" + tenure.Schema: true, strings.ReplaceAll(tenure.Schema, "    ", "\t"): true,
		strings.Replace(tenure.Schema, "'client'", "'app'", 1): false, tenure.Schema + "CREATE INDEX x ON module (name);\n": false,
		strings.Replace(tenure.Schema, "\n-- +sqlite", "\n-- +postgres", 1): false} {
		if (digest(other) == digest(tenure.Schema)) != same {
			t.Errorf("a change gives the digest %s: the same digest is %v expected", digest(other), same)
		}
	}
}

// digest is of a schema's statements and marks, without comments and with one
// space for many.
func digest(schema string) string {
	var kept []string
	for line := range strings.SplitSeq(schema, "\n") {
		if mark := strings.TrimSpace(line); !strings.HasPrefix(mark, "-- +") {
			line, _, _ = strings.Cut(line, "--")
		}
		kept = append(kept, strings.Fields(line)...)
	}
	sum := sha256.Sum256([]byte(strings.Join(kept, " ")))
	return hex.EncodeToString(sum[:])
}

func TestSQLInGoStaysInTheSubset(t *testing.T) {
	found := 0
	files := literals(t, ".", func(at token.Position, text string) {
		if !isSQL.MatchString(text) || filepath.Base(at.Filename) == "schema_test.go" {
			return
		}
		found++
		for _, what := range outside(text) {
			t.Errorf("%s: %s\n\t%s", at, what, text)
		}
	})
	// The log alone has more; a search that finds nothing checks nothing.
	if files < 10 || found < 15 {
		t.Errorf("%d SQL texts in %d files: this test has lost sight of them", found, files)
	}
}

// The checks themselves find what they are for, and take what is right.
func TestSubsetChecks(t *testing.T) {
	for _, c := range []struct {
		sql string
		bad bool
	}{
		{"SELECT a FROM t WHERE b = ? ORDER BY c LIMIT ?", false},
		{"INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ON CONFLICT (a) DO UPDATE SET b = excluded.b", false},
		{"UPDATE log_head SET log_id = 1 WHERE log_id = 1 RETURNING size", false},
		{"WITH RECURSIVE up (id, n) AS (SELECT ?, 0 UNION ALL SELECT p, n + 1 FROM up) SELECT id FROM up", false},
		{"CREATE TABLE x (a TEXT NOT NULL, b BIGINT, c SMALLINT, d BYTEA CHECK (length(d) = 32))", false},
		{"SELECT replace(a, 'x', 'y'), merged, strictly, boolean_x, blobs FROM t WHERE any_b = 'JSONB NOW() $1'", false},
		{"SELECT CAST(idx AS TEXT) FROM t -- not a JSONB, not NOW()", false},
		{"SELECT a FROM t WHERE b = $1", true},
		{"select a from t where b = $2", true},
		{"INSERT OR IGNORE INTO t (a) VALUES (?)", true},
		{"insert or replace into t values (?)", true},
		{"REPLACE INTO t (a) VALUES (?)", true},
		{"MERGE INTO t USING u ON t.a = u.a", true},
		{"SELECT a FROM t FOR UPDATE", true},
		{"SELECT a FROM t WHERE b = ? FOR NO KEY UPDATE SKIP LOCKED", true},
		{" LIMIT 1 FOR\n\tUPDATE", true},
		{"LOCK TABLE t", true},
		{"SELECT pg_advisory_xact_lock(?) FROM t", true},
		{"SELECT a FROM t WHERE b = ANY(?)", true},
		{"SELECT a FROM unnest(?) AS a", true},
		{"CREATE TABLE x (a TEXT) WITHOUT ROWID", true},
		{"CREATE TABLE x (a TEXT) STRICT", true},
		{"CREATE TABLE x (a JSONB)", true},
		{"CREATE TABLE x (a BOOLEAN)", true},
		{"CREATE TABLE x (a TIMESTAMP)", true},
		{"CREATE TABLE x (a BIGSERIAL)", true},
		{"CREATE TABLE x (a INTEGER PRIMARY KEY AUTOINCREMENT)", true},
		{"CREATE TABLE x (a BLOB)", true},
		{"SELECT a FROM t WHERE b < NOW()", true},
		{"SELECT strftime('%s', a) FROM t", true},
		{"SELECT a::text FROM t", true},
		{"SELECT a ->> 'b' FROM t", true},
		{"SELECT a FROM t WHERE b ILIKE ?", true},
		{"SELECT rowid FROM t", true},
		{"LISTEN log_head", true},
	} {
		if !isSQL.MatchString(c.sql) {
			t.Errorf("not taken for SQL: %s", c.sql)
		}
		if found := outside(c.sql); len(found) > 0 != c.bad {
			t.Errorf("%s: found %v", c.sql, found)
		}
	}
	for _, text := range []string{"DELETE", "update", "select one of these", "the client is deleted from the setup", "insert", "with a key",
		"any(thing) and a strict $1 timestamp", "/v1/clients", "application/json", "create a key", "lock the file"} {
		if isSQL.MatchString(text) {
			t.Errorf("taken for SQL: %s", text)
		}
	}
	for source, want := range map[string]string{
		`"a" + "b"`:             "ab",
		"`a` + (`b`)":           "ax",
		`"SELECT " + c + " x "`: "SELECT x x ",
		`"a" + f("b")`:          "ax",
	} {
		e, err := parser.ParseExpr(source)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := concatenated(e); !ok || got != want {
			t.Errorf("%s is %q, want %q", source, got, want)
		}
	}
}

func TestSchemaApplies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn, db.Options{})
		var versions []int
		if err := d.View(context.Background(), func(c *db.Conn) error {
			return c.Select(&versions, "SELECT version FROM schema_version")
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(versions, []int{tenure.SchemaVersion}) {
			t.Errorf("schema.sql makes the versions %v, SchemaVersion is %d", versions, tenure.SchemaVersion)
		}
		// A second open finds it and leaves it.
		d.Close()
		d = dbtest.Open(t, dsn, db.Options{})
		if err := d.Ping(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// SQLite and PostgreSQL end up with the same columns in the same order.
func TestEnginesAgree(t *testing.T) {
	columns := func(d *db.DB, query string) (all []string) {
		t.Helper()
		if err := d.Raw().Select(&all, query); err != nil {
			t.Fatal(err)
		}
		return all
	}
	sqlite := columns(dbtest.Open(t, dbtest.SQLite(t), db.Options{}),
		`SELECT m.name || '.' || c.name || ' ' || lower(c.type) || ' ' || c."notnull" FROM sqlite_master m, pragma_table_info(m.name) c
		 WHERE m.type = 'table' ORDER BY m.name, c.cid`)
	postgres := columns(dbtest.Open(t, dbtest.Postgres(t), db.Options{}),
		`SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END
		 FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name COLLATE "C", ordinal_position`)
	if !slices.Equal(sqlite, postgres) || len(sqlite) < 50 {
		t.Errorf("SQLite has the columns\n%s\nPostgreSQL\n%s", strings.Join(sqlite, "\n"), strings.Join(postgres, "\n"))
	}
	for _, c := range sqlite {
		if strings.HasSuffix(c, " 0") {
			t.Errorf("%s may be NULL", c)
		}
	}
}
