package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/snapshots"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

func checkCommand() *cobra.Command {
	var config, database, logKey string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a database: every leaf, the tree's root, every snapshot, without changing anything",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			d, err := db.Open(cmd.Context(), database, db.Options{ReadOnly: true})
			if err != nil {
				return exit.With(exit.Database, err)
			}
			defer d.Close()
			problems, err := snapshots.Check(cmd.Context(), d)
			if err != nil {
				return exit.With(exit.Database, fmt.Errorf("%s", exit.Message(err)))
			}
			signatures, err := checkSignatures(cmd.Context(), d, node.LogKeyFile(d.Dialect, database, logKey), logKey != "")
			if err != nil {
				return err
			}
			problems = append(problems, signatures...)
			for _, p := range problems {
				fmt.Fprintln(cmd.OutOrStdout(), p)
			}
			if len(problems) > 0 {
				return exit.With(exit.Problems, fmt.Errorf("%s is not consistent: %d problems", shown(database), len(problems)))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is consistent\n", shown(database))
			return nil
		},
	}
	cmd.SetContext(context.Background())
	cmd.Flags().StringVar(&config, "config", "", "JSON file whose members are these flags")
	cmd.Flags().StringVar(&database, "database", "tenure.db", "SQLite file, or postgres://…")
	cmd.Flags().StringVar(&logKey, "log-key", "", "signing keys of the log, to verify its checkpoints, or none (default: beside a SQLite file, if there)")
	return cmd
}

// checkSignatures verifies the log's checkpoints, if the key is there; a file
// that is named must be.
func checkSignatures(ctx context.Context, d *db.DB, file string, named bool) (problems []string, err error) {
	keys, err := node.LoadLogKeys(d.Dialect, file, true)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named, err == nil && keys == nil:
		return nil, nil
	case err != nil:
		return nil, exit.With(exit.Usage, err)
	}
	err = d.View(ctx, func(c *db.Conn) error {
		problems, err = history.CheckSignatures(c, keys)
		return err
	})
	if err != nil {
		return nil, exit.With(exit.Database, fmt.Errorf("%s", exit.Message(err)))
	}
	return problems, nil
}
