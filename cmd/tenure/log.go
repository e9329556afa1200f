package main

import (
	"context"

	"github.com/spf13/cobra"
)

func logCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "log", Short: "The signed log: its keys, a new origin, and watching it from outside", Args: cobra.NoArgs}
	cmd.AddCommand(logKeyCommand(), logOriginCommand(), logWatchCommand())
	return cmd
}

type logFlags struct{ config, database, key, state, reason, evidenceKey string }

func (f *logFlags) add(cmd *cobra.Command) {
	cmd.SetContext(context.Background())
	cmd.Flags().StringVar(&f.config, "config", "", "JSON file whose members are these flags")
	cmd.Flags().StringVar(&f.database, "database", "tenure.db", "SQLite file, or postgres://…")
	cmd.Flags().StringVar(&f.key, "log-key", "", "signing keys of the log (default: beside a SQLite file)")
}
