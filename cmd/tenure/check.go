package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tenure/snapshots"
	"tenure/tenancy/db"
)

func checkCommand() *cobra.Command {
	var config, database string
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
				return &exit{exitDatabase, err}
			}
			defer d.Close()
			problems, err := snapshots.Check(cmd.Context(), d)
			if err != nil {
				return &exit{exitDatabase, fmt.Errorf("%s", message(err))}
			}
			for _, p := range problems {
				fmt.Fprintln(cmd.OutOrStdout(), p)
			}
			if len(problems) > 0 {
				return &exit{exitProblems, fmt.Errorf("%s is not consistent: %d problems", shown(database), len(problems))}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is consistent\n", shown(database))
			return nil
		},
	}
	cmd.SetContext(context.Background())
	cmd.Flags().StringVar(&config, "config", "", "JSON file whose members are these flags")
	cmd.Flags().StringVar(&database, "database", "tenure.db", "SQLite file, or postgres://…")
	return cmd
}
