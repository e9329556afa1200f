package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/snapshots"
	"tenure/snapshots/keycheck"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

func checkCommand() *cobra.Command {
	var database, logKey string
	var keys bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a database without changing it: every leaf, the tree's root, every snapshot",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := db.Open(cmd.Context(), database, readingAll())
			if err != nil {
				return exit.Opening(err)
			}
			defer d.Close()
			problems, err := snapshots.Check(cmd.Context(), d)
			if err != nil {
				return exit.With(exit.Database, fmt.Errorf("%s", exit.Message(err)))
			}
			named := logKey != ""
			signatures, err := checkSignatures(cmd.Context(), d, node.LogKeyFile(database, logKey), named)
			if err != nil {
				return err
			}
			problems = append(problems, signatures.Problems...)
			uncovered := signatures.Uncovered()
			for _, p := range problems {
				fmt.Fprintln(cmd.OutOrStdout(), p)
			}
			if len(problems) > 0 {
				return exit.With(exit.Problems, fmt.Errorf("%s is not consistent: %d problems", redacted(database), len(problems)))
			}
			if uncovered != "" && named {
				return exit.With(exit.Unconfirmed, fmt.Errorf("%s is consistent, but %s (servers sign them within a minute, and when they end; a copy stays so)", redacted(database), strings.TrimPrefix(uncovered, "log: ")))
			}
			if uncovered != "" {
				fmt.Fprintln(cmd.OutOrStdout(), uncovered+" (a server signs them within a minute, and when it ends; with --log-key this is a failure)")
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is consistent\n", redacted(database))
			if keys {
				return checkKeys(cmd, d)
			}
			return nil
		},
	}
	databaseFlag(cmd.Flags(), &database)
	cmd.Flags().BoolVar(&keys, "keys", false, "also list the stored keys that would be refused today, with the client and the rule")
	cmd.Flags().StringVar(&logKey, "log-key", "", "file with the keys that sign the log, to verify its checkpoints and that they cover every entry, or none (default: next to a SQLite file, if it exists; entries that none covers are then only told)")
	return cmd
}

// readingAll opens a database for a command that reads all of it. Nobody waits for its
// statements but the operator, who can end it: those of a large database, or of one that was just
// restored and has no statistics, take longer than a request's may.
func readingAll() db.Options {
	return db.Options{ReadOnly: true, Connections: db.Connections{Statement: 24 * time.Hour}}
}

// checkKeys lists stored key sets that break the rules of today.
func checkKeys(cmd *cobra.Command, d *db.DB) error {
	found := 0
	err := keycheck.Run(cmd.Context(), d, history.Millis(time.Now().UnixMilli()), func(f keycheck.Finding) {
		found++
		fmt.Fprintln(cmd.OutOrStdout(), f)
	})
	switch {
	case err != nil:
		return exit.With(exit.Database, fmt.Errorf("%s", exit.Message(err)))
	case found > 0:
		return exit.With(exit.Problems, fmt.Errorf("stored keys break %d rules of today; they are kept until they are replaced (docs/keys.md)", found))
	}
	fmt.Fprintln(cmd.OutOrStdout(), "no stored key breaks a rule of today")
	return nil
}

// checkSignatures verifies the log's checkpoints, if the key file exists. A file
// that --log-key names must exist.
func checkSignatures(ctx context.Context, d *db.DB, file string, named bool) (found history.Signatures, err error) {
	keys, err := node.LoadLogKeys(d.Dialect, file, true)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named, err == nil && keys == nil:
		return found, nil
	case err != nil:
		return found, exit.With(exit.Usage, err)
	}
	err = d.View(ctx, func(c *db.Conn) error {
		found, err = history.CheckSignatures(c, keys)
		return err
	})
	if err != nil {
		return found, exit.With(exit.Database, fmt.Errorf("%s", exit.Message(err)))
	}
	return found, nil
}
