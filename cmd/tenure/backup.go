package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/cmd/tenure/upkeep"
	"tenure/snapshots/evidence"
	"tenure/tenancy/db"
	"tenure/tenancy/db/migrate"
	"tenure/tenancy/history"
)

// backupKeys are the key files whose public ids are in the manifest of a backup.
type backupKeys struct{ log, evidence string }

func (k *backupKeys) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.log, "log-key", "", "file with the keys that sign the log, to name them in the backup, or none (default: next to the database, if it exists)")
	cmd.Flags().StringVar(&k.evidence, "evidence-key", "", "file with the keys that sign evidence bundles, likewise")
}

// options are the options of a backup of database.
func (k backupKeys) options(database string) (upkeep.Options, error) {
	o := upkeep.Options{Program: "tenure " + node.Version(), Now: time.Now, EvidenceName: evidence.KeyName}
	var err error
	if o.LogKeys, err = publicKeys(k.log, db.Beside(database, ".log-key")); err != nil {
		return o, exit.With(exit.Usage, fmt.Errorf("--log-key: %w", err))
	}
	if o.EvidenceKeys, err = publicKeys(k.evidence, db.Beside(database, ".evidence-key")); err != nil {
		return o, exit.With(exit.Usage, fmt.Errorf("--evidence-key: %w", err))
	}
	return o, nil
}

// publicKeys reads the named file of keys, or the usual one if it exists; nil for
// none.
func publicKeys(named, usual string) (*history.Keys, error) {
	path := named
	switch named {
	case "none":
		return nil, nil
	case "":
		path = usual
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && named == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return history.ParseKeys(raw)
}

func backupCommand() *cobra.Command {
	var to string
	var keys backupKeys
	cmd := &cobra.Command{
		Use:   "backup FILE --to DIR",
		Short: "Back up a SQLite database to a new folder, even while a server writes to it",
		Long: `Backs up a SQLite database to a new folder: a copy as of one instant, the log's newest checkpoint, and a
manifest with digests and the public ids of the keys that the database needs. The keys themselves are not
in the backup: keep them in another place.`,
		Args: oneArgument("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case to == "":
				return exit.With(exit.Usage, errors.New("--to is required: the folder to create"))
			case db.DialectOf(args[0]) == db.Postgres:
				return exit.With(exit.Usage, errors.New("use PostgreSQL's own tools to back it up: see docs/operations.md"))
			}
			opts, err := keys.options(args[0])
			if err != nil {
				return err
			}
			return makeBackup(cmd.Context(), cmd.OutOrStdout(), args[0], to, opts)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "folder to create")
	keys.flags(cmd)
	cmd.AddCommand(backupVerifyCommand())
	return cmd
}

func makeBackup(ctx context.Context, out io.Writer, file, to string, opts upkeep.Options) error {
	d, err := db.Open(ctx, file, db.Options{ReadOnly: true, Migrating: true})
	if err != nil {
		return exit.Opening(err)
	}
	defer d.Close()
	m, err := upkeep.Backup(ctx, d, to, opts)
	if errors.Is(err, fs.ErrExist) {
		return exit.With(exit.Usage, fmt.Errorf("--to %s is there already", to))
	}
	if err != nil {
		return errors.New(exit.Message(err))
	}
	fmt.Fprintf(out, "%s is backed up to %s: %d entries of the log, %d of them covered by a checkpoint\n", file, to, m.Log.Entries, m.Log.Covered)
	needs(out, m)
	return nil
}

// needs prints which keys the database of a backup needs.
func needs(out io.Writer, m upkeep.Manifest) {
	for _, key := range m.Keys.Log {
		fmt.Fprintf(out, "it needs the log key %s\n", key)
	}
	for _, key := range m.Keys.Evidence {
		fmt.Fprintf(out, "it needs the evidence key %s\n", key)
	}
	if m.Keys.Sealing != "" {
		fmt.Fprintf(out, "it needs the sealing key %s\n", m.Keys.Sealing)
	}
}

func backupVerifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify DIR",
		Short: "Check a backup: its files, and everything that tenure check checks",
		Args:  oneArgument("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			steps, err := migrate.OfProgram()
			if err != nil {
				return err
			}
			if _, err := upkeep.Read(args[0]); err != nil {
				return exit.With(exit.Usage, err)
			}
			m, problems, err := upkeep.Verify(cmd.Context(), args[0], steps)
			if err != nil {
				return exit.With(exit.Database, errors.New(exit.Message(err)))
			}
			for _, p := range problems {
				fmt.Fprintln(cmd.OutOrStdout(), p)
			}
			if len(problems) > 0 {
				return exit.With(exit.Problems, fmt.Errorf("the backup %s is not sound: %d problems", args[0], len(problems)))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "the backup %s of %s is sound: schema %d, %d entries of the log, %d of them covered by a checkpoint\n",
				args[0], m.MadeAt, m.Schema, m.Log.Entries, m.Log.Covered)
			if m.Stored != nil && len(m.Keys.Log) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "not checked: who signed the checkpoint, as the backup was made without the log's keys")
			}
			return nil
		},
	}
	return cmd
}
