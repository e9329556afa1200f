package main

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3"
)

// tables in the order in which they can be filled, with the columns that give
// their rows an order.
var tables = []struct{ name, order string }{
	{"installation", "name"}, {"log_head", "log_id"}, {"log_event", "idx"}, {"log_detail", "idx"}, {"log_tile", "level, n"},
	{"log_checkpoint", "size"}, {"org_version", "recorded_at, org_id, seq"}, {"participant", "recorded_at, code"},
	{"api_key", "recorded_at, key_id"}, {"key_revocation", "key_id"}, {"key_use", "key_id"}, {"module", "recorded_at, name"},
	{"setup_policy", "recorded_at, setup_id"}, {"entity", "recorded_at, entity_id"}, {"client_use", "entity_id"},
	{"client_read", "first_at, key_id, snapshot_id"}, {"snapshot", "recorded_at, snapshot_id"}, {"snapshot_body", "snapshot_id"},
	{"withdrawal", "recorded_at, snapshot_id"}, {"erasure", "ref"}, {"entity_term", "bucket, field, value, entity_id"},
	{"client_secret", "recorded_at, secret_id"}, {"secret_end", "recorded_at, secret_id"}, {"registration_token", "recorded_at, token_id"},
	{"registration_token_end", "recorded_at, token_id"}, {"initial_token", "recorded_at, token_id"},
	{"initial_token_use", "recorded_at, token_id"}, {"initial_token_end", "recorded_at, token_id"}, {"idempotency", "key_id, route, idem_key"},
}

// dump writes every row of a database, a statement for each table and a line
// for each row; bytes are spelled as SQLite does. The row of schema_version
// comes with the schema.
func dump(dsn, path string) error {
	driver := "sqlite3"
	if strings.HasPrefix(dsn, "postgres://") {
		driver = "pgx"
	}
	d, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer d.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	for _, t := range tables {
		if err := dumpTable(out, d, t.name, t.order); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func dumpTable(out *bufio.Writer, d *sql.DB, table, order string) error {
	rows, err := d.Query("SELECT * FROM " + table + " ORDER BY " + order)
	if err != nil {
		return err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	values := make([]any, len(types))
	for i, t := range types {
		switch strings.ToUpper(t.DatabaseTypeName()) {
		case "TEXT":
			values[i] = new(string)
		case "BYTEA":
			values[i] = new([]byte)
		default:
			values[i] = new(int64)
		}
	}
	var lines []string
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return err
		}
		texts := make([]string, len(values))
		for i, v := range values {
			switch v := v.(type) {
			case *string:
				texts[i] = "'" + strings.ReplaceAll(*v, "'", "''") + "'"
			case *[]byte:
				texts[i] = fmt.Sprintf("X'%x'", *v)
			case *int64:
				texts[i] = fmt.Sprint(*v)
			}
		}
		lines = append(lines, "("+strings.Join(texts, ", ")+")")
	}
	if len(lines) == 0 {
		return errors.New("the fixture has no row in it")
	}
	fmt.Fprintf(out, "INSERT INTO %s VALUES\n%s;\n", table, strings.Join(lines, ",\n"))
	return rows.Err()
}
