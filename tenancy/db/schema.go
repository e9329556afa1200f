package db

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"tenure"
	"tenure/tenancy/fault"
)

// Version is the schema version of a database.
type Version struct {
	Schema int // the number of its tables
	// Oldest is the oldest version whose programs may use it. Every migration
	// says that, and a database keeps it in the table installation.
	Oldest int
}

// OldestReader is the name in the table installation of Version.Oldest. A
// database without it is for programs of its own version only.
const OldestReader = "schema-oldest"

// ReadVersion reads the version of a database within a view or a write.
func ReadVersion(c *Conn) (Version, error) {
	var v Version
	if err := c.Get(&v.Schema, "SELECT max(version) FROM schema_version"); err != nil {
		return v, err
	}
	v.Oldest = v.Schema
	var text string
	err := c.Get(&text, "SELECT value FROM installation WHERE name = ?", OldestReader)
	if fault.Is(err, fault.NotFound) {
		return v, nil
	}
	if err == nil {
		v.Oldest, err = strconv.Atoi(text)
	}
	return v, err
}

// Version reads the version of the database.
func (d *DB) Version(ctx context.Context) (v Version, err error) {
	err = d.View(ctx, func(c *Conn) error {
		v, err = ReadVersion(c)
		return err
	})
	return v, err
}

// program is what a program can do with databases: use those of one version,
// and migrate to it those from oldest on.
type program struct{ version, oldest int }

// usable refuses a database that the program cannot use, naming the version
// found, the versions that the program knows, and the program to take.
// migrating accepts one that the program can migrate.
func (p program) usable(v Version, migrating bool) error {
	const found = "the database has schema version %d, this program knows version %d"
	switch {
	case v.Schema == p.version, v.Schema > p.version && v.Oldest <= p.version, migrating && v.Schema >= p.oldest && v.Schema < p.version:
		return nil
	case v.Schema > p.version:
		return fault.New(fault.Conflict, CodeSchema, found+": take the program that made or migrated it, or a newer one; "+
			"its \"tenure version\" says schema %d or more", v.Schema, p.version, v.Schema)
	case v.Schema >= p.oldest:
		return fault.New(fault.Conflict, CodeSchema, found+": back the database up and migrate it with \"tenure migrate\", "+
			"or take the program whose \"tenure version\" says schema %d", v.Schema, p.version, v.Schema)
	}
	return fault.New(fault.Conflict, CodeSchema, found+" and migrates from %d on: there is no way up from that version; "+
		"take the program whose \"tenure version\" says schema %d", v.Schema, p.version, p.oldest, v.Schema)
}

// Codes of faults of kind Conflict: a database whose schema version this
// program does not use, and one without tables where none are made.
const (
	CodeSchema = "schema-version"
	CodeEmpty  = "database-empty"
)

// applySchema makes the tables in an empty database and checks the version of
// any other.
func (d *DB) applySchema(ctx context.Context, opts Options) error {
	exists, err := d.hasSchema(ctx)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "", "the database cannot be read")
	}
	if !exists {
		if opts.ReadOnly || opts.Migrating {
			return fault.New(fault.Conflict, CodeEmpty, "the database is empty: it has no Tenure schema")
		}
		if err := d.createSchema(ctx); err != nil && !d.madeMeanwhile(ctx) {
			return fault.Wrap(err, fault.Unavailable, "", "the schema cannot be created")
		}
	}
	v, err := d.Version(ctx)
	if err != nil {
		return fault.Wrap(err, fault.Conflict, "", "the database has no readable Tenure schema")
	}
	return program{tenure.SchemaVersion, tenure.OldestSchema}.usable(v, opts.Migrating)
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
