package upkeep

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"tenure/snapshots/clientsecret"
	"tenure/tenancy/db"
	"tenure/tenancy/db/migrate"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Migration brings the database that Database names up by Steps.
type Migration struct {
	Database string
	Steps    migrate.Steps
	Options  Options        // of the backup
	Say      func(s string) // takes a line for each thing that is done
	// Secrets gives each secret what schema version 4 has of it (migrate.Making).
	Secrets func(tx *db.Tx) error
}

// Pending are the steps that the database lacks, and the version that it has; a
// database that is not there yet, or is empty, lacks none and has version 0.
// Nothing is changed and no lock is taken.
func (m Migration) Pending(ctx context.Context) (migrate.Steps, db.Version, error) {
	d, err := db.Open(ctx, m.Database, db.Options{ReadOnly: true, Migrating: true})
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || fault.Of(err).Code == db.CodeEmpty {
			err = nil
		}
		return nil, db.Version{}, err
	}
	defer d.Close()
	v, err := d.Version(ctx)
	return m.Steps.After(v.Schema), v, err
}

// Postgres reports whether the database is PostgreSQL's.
func (m Migration) Postgres() bool {
	return db.DialectOf(m.Database) == db.Postgres
}

// BackupDir is the folder that Run backs a SQLite database up to.
func (m Migration) BackupDir(from db.Version) string {
	return db.Beside(m.Database, fmt.Sprintf(".schema-%d-%s", from.Schema, m.Options.Now().UTC().Format("20060102T150405Z")))
}

// Run makes the steps that the database lacks, after a backup beside it with
// SQLite. Without any it does nothing.
func (m Migration) Run(ctx context.Context) error {
	pending, from, err := m.Pending(ctx)
	if err != nil || len(pending) == 0 {
		return err
	}
	d, err := db.Open(ctx, m.Database, db.Options{Migrating: true})
	if err != nil {
		return err
	}
	defer d.Close()
	if !m.Postgres() {
		dir := m.BackupDir(from)
		if _, err := Backup(ctx, d, dir, m.Options); err != nil {
			return fmt.Errorf("the backup before the migration: %w", err)
		}
		m.Say("backed up to " + dir)
	}
	l := history.New(m.Options.Now, nil)
	if err := l.Load(ctx, d); err != nil {
		return err
	}
	return m.Steps.Run(ctx, d, l, migrate.Making{Program: m.Options.Program, Done: func(s migrate.Step) { m.Say(Describe(s)) }, Secrets: m.Secrets})
}

// run migrates a copy that goes away, without a backup and without the sealed copies of
// secrets.
func run(ctx context.Context, database string, steps migrate.Steps, program string) error {
	d, err := db.Open(ctx, database, db.Options{Migrating: true})
	if err != nil {
		return err
	}
	defer d.Close()
	l := history.New(nil, nil)
	if err := l.Load(ctx, d); err != nil {
		return err
	}
	return steps.Run(ctx, d, l, migrate.Making{Program: program, Done: func(migrate.Step) {},
		Secrets: func(tx *db.Tx) error { return clientsecret.Migrate(tx, rand.Reader, nil, clientsecret.GiveUp) }})
}

// Describe is one line about a step.
func Describe(s migrate.Step) string {
	others := fmt.Sprintf("programs of schema %d cannot use the database any more", s.From)
	if s.Oldest <= s.From {
		others = fmt.Sprintf("programs of schema %d can go on using the database", s.From)
	}
	return fmt.Sprintf("schema %d to %d: %s; %s", s.From, s.To, s.Title, others)
}
