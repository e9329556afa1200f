package db

import (
	"context"
	"fmt"
	"strings"

	"tenure"
	"tenure/tenancy/fault"
)

// applySchema makes the tables in an empty database and checks the version of
// any other.
func (d *DB) applySchema(ctx context.Context, readOnly bool) error {
	exists, err := d.hasSchema(ctx)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "", "the database cannot be read")
	}
	if !exists {
		if readOnly {
			return fault.New(fault.Conflict, "", "the database is empty: it holds no Tenure schema")
		}
		if err := d.createSchema(ctx); err != nil && !d.madeMeanwhile(ctx) {
			return fault.Wrap(err, fault.Unavailable, "", "the schema cannot be created")
		}
	}
	var version int
	if err := d.writer.GetContext(ctx, &version, "SELECT max(version) FROM schema_version"); err != nil {
		return fault.Wrap(err, fault.Conflict, "", "the database holds no readable Tenure schema")
	}
	if version != tenure.SchemaVersion {
		return fault.New(fault.Conflict, "",
			"the database has schema version %d, this program knows version %d: use the program that made it, or a newer one",
			version, tenure.SchemaVersion)
	}
	return nil
}

func (d *DB) hasSchema(ctx context.Context) (bool, error) {
	query := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'"
	if d.Dialect == Postgres {
		query = "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_version'"
	}
	var n int
	err := d.writer.GetContext(ctx, &n, query)
	return n > 0, err
}

// madeMeanwhile reports whether another node that starts now was faster.
func (d *DB) madeMeanwhile(ctx context.Context) bool {
	exists, err := d.hasSchema(ctx)
	return err == nil && exists
}

func (d *DB) createSchema(ctx context.Context) error {
	tx, err := d.writer.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	script, err := ForDialect(tenure.Schema, d.Dialect)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, script); err != nil {
		return err
	}
	return tx.Commit()
}

// ForDialect returns the statements of a schema that are for the dialect:
// all but the marked blocks of the other one.
func ForDialect(schema string, dialect Dialect) (string, error) {
	var out strings.Builder
	block := ""
	for n, line := range strings.SplitAfter(schema, "\n") {
		mark, isMark := strings.CutPrefix(strings.TrimSpace(line), "-- +")
		switch {
		case isMark && mark == "end" && block != "":
			block = ""
		case isMark && block == "" && (mark == string(SQLite) || mark == string(Postgres)):
			block = mark
		case isMark:
			return "", fmt.Errorf("schema line %d: unexpected mark %q", n+1, mark)
		case block == "" || block == string(dialect):
			out.WriteString(line)
		}
	}
	if block != "" {
		return "", fmt.Errorf("schema: the block %q has no end", block)
	}
	return out.String(), nil
}
