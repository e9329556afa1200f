package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tenure/tenancy/history"
)

func logCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "log", Short: "The signed log: print, add and retire its keys, start a new origin, watch it from outside"}
	cmd.AddCommand(logKeyCommand(), newKeyCommand(history.SignsLog), retireKeyCommand(history.SignsLog),
		logNewOriginCommand(), logClockCommand(), logWatchCommand(), logWitnessCommand())
	return cmd
}

// logFlags are those of the commands that open the database of a log.
type logFlags struct{ database, key string }

func (f *logFlags) add(flags *pflag.FlagSet) {
	databaseFlag(flags, &f.database)
	flags.StringVar(&f.key, "log-key", "", "file with the keys that sign the log (default: next to a SQLite file)")
}
