package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tenure"
	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/cmd/tenure/upkeep"
	"tenure/snapshots/clientsecret"
	"tenure/tenancy/db"
	"tenure/tenancy/db/migrate"
	"tenure/tenancy/fault"
)

func migrateCommand() *cobra.Command {
	var database, secretsKey string
	var keys backupKeys
	var dry bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Migrate a database to the schema version of this program",
		Long: `Migrates a database of an older schema version to the version of this program. No server may be using a
SQLite file; a backup is made next to it first. Back up PostgreSQL yourself: servers can keep running on
it, but writes wait. Copies of secrets that the server can show are sealed anew, with the key that
--secrets-key-file names. --dry-run lists the steps, and says whether servers of the older version can keep
running after them.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := migration(database, secretsKey, cmd.OutOrStdout())
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
	secretsKeyFlag(cmd.Flags(), &secretsKey)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "list the steps and do nothing")
	keys.flags(cmd)
	return cmd
}

// migration is the migration to this program's schema version; it reports each
// step to out.
func migration(database, secretsKey string, out io.Writer) (upkeep.Migration, error) {
	steps, err := migrate.OfProgram()
	m := upkeep.Migration{Database: database, Steps: steps, Options: upkeep.Options{Program: "tenure " + node.Version(), Now: time.Now},
		Say: func(s string) { fmt.Fprintln(out, s) }}
	m.Secrets = func(tx *db.Tx) error {
		keyless := clientsecret.Refuse
		if secretsKey == node.None {
			keyless = clientsecret.GiveUp
		}
		sealer, err := node.SealingKey(db.DialectOf(database), database, secretsKey)
		if err != nil {
			return fault.Wrap(err, fault.Conflict, "", "%v", err)
		}
		return clientsecret.Migrate(tx, rand.Reader, sealer, keyless)
	}
	return m, err
}

// runMigration runs a migration, or lists its steps.
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
		return migrationFailed(err)
	}
	if found.Schema > tenure.SchemaVersion {
		fmt.Fprintf(out, "%s has schema %d, which this program (schema %d) can use: nothing to migrate\n", redacted(m.Database), found.Schema, tenure.SchemaVersion)
		return nil
	}
	fmt.Fprintf(out, "%s has schema %d\n", redacted(m.Database), found.Schema+len(pending))
	return nil
}

// migrateFirst migrates a database before it is served: SQLite always, PostgreSQL
// only if the operator asks, because other servers may be using it.
func migrateFirst(ctx context.Context, out io.Writer, database, secretsKey string, asked bool) error {
	m, err := migration(database, secretsKey, out)
	if err != nil {
		return err
	}
	return serveMigration(ctx, m, asked)
}

func serveMigration(ctx context.Context, m upkeep.Migration, asked bool) error {
	if m.Postgres() && !asked {
		return nil // opening the database reports what is missing
	}
	if err := m.Run(ctx); err != nil {
		return migrationFailed(err)
	}
	return nil
}

func migrationFailed(err error) error {
	if fault.Is(err, fault.Malformed) {
		return exit.Opening(err)
	}
	return exit.With(exit.Database, errors.New(exit.Message(err)))
}
