package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tenure"
	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/cmd/tenure/upkeep"
	"tenure/tenancy/db/migrate"
)

func migrateCommand() *cobra.Command {
	var database string
	var keys backupKeys
	var dry bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring a database of an older schema version up to that of this program",
		Long: "Bring a database of an older schema version up to that of this program. A SQLite file, which no server may\n" +
			"use meanwhile, is backed up beside it first; back PostgreSQL up yourself. On PostgreSQL servers may go on running,\n" +
			"but writes wait; --dry-run says whether servers of the older version can go on afterwards.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := migration(database, cmd.OutOrStdout())
			if err == nil {
				m.Options, err = keys.options(database)
			}
			if err != nil {
				return err
			}
			return runMigration(cmd.Context(), cmd.OutOrStdout(), m, dry)
		},
	}
	databaseFlag(cmd.Flags(), &database)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "list what would be done, and do nothing")
	keys.flags(cmd)
	return cmd
}

// migration is that of this program, said line by line to out.
func migration(database string, out io.Writer) (upkeep.Migration, error) {
	steps, err := migrate.OfProgram()
	return upkeep.Migration{Database: database, Steps: steps, Options: upkeep.Options{Program: "tenure " + node.Version(), Now: time.Now},
		Say: func(s string) { fmt.Fprintln(out, s) }}, err
}

// runMigration migrates, or lists what that would do.
func runMigration(ctx context.Context, out io.Writer, m upkeep.Migration, dry bool) error {
	pending, found, err := m.Pending(ctx)
	switch {
	case err == nil && found.Schema == 0:
		err = fmt.Errorf("there is no database at %s: serve makes one", redacted(m.Database))
	case err != nil, len(pending) == 0:
	case dry:
		if !m.Postgres() {
			fmt.Fprintf(out, "would back up to %s\n", m.BackupDir(found))
		}
		for _, s := range pending {
			fmt.Fprintf(out, "would migrate %s\n", upkeep.Describe(s))
		}
		return nil
	default:
		err = m.Run(ctx)
	}
	if err != nil {
		return exit.With(exit.Database, errors.New(exit.Message(err)))
	}
	if found.Schema > tenure.SchemaVersion {
		fmt.Fprintf(out, "%s has schema %d, which this program (schema %d) can use: nothing to migrate\n", redacted(m.Database), found.Schema, tenure.SchemaVersion)
		return nil
	}
	fmt.Fprintf(out, "%s has schema %d\n", redacted(m.Database), found.Schema+len(pending))
	return nil
}

// migrateFirst is what serve does before it opens a database: SQLite is
// migrated, PostgreSQL only where that is wished, as others may be using it.
func migrateFirst(ctx context.Context, out io.Writer, database string, wished bool) error {
	m, err := migration(database, out)
	if err != nil {
		return err
	}
	return serveMigration(ctx, m, wished)
}

func serveMigration(ctx context.Context, m upkeep.Migration, wished bool) error {
	if m.Postgres() && !wished {
		return nil // opening it says what is missing
	}
	if err := m.Run(ctx); err != nil {
		return exit.With(exit.Database, errors.New(exit.Message(err)))
	}
	return nil
}
