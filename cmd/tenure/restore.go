package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/cmd/tenure/upkeep"
	"tenure/tenancy/db"
)

func restoreCommand() *cobra.Command {
	var to, state string
	cmd := &cobra.Command{
		Use:   "restore DIR --to FILE",
		Short: "Restore a SQLite database from a backup to a new file",
		Args:  oneArgument("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if to == "" {
				return exit.With(exit.Usage, errors.New("--to is required: the file to create"))
			}
			return restore(cmd.Context(), cmd.OutOrStdout(), args[0], to, state)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "SQLite file to create")
	cmd.Flags().StringVar(&state, "log-state", "", "file with the last published checkpoint, to compare with (default: FILE.log-state)")
	return cmd
}

func restore(ctx context.Context, out io.Writer, dir, to, state string) error {
	if _, err := upkeep.Read(dir); err != nil {
		return exit.With(exit.Usage, err)
	}
	a, err := db.ParseDSN(to)
	if err != nil || a.Dialect != db.SQLite { // as no server could be started on it
		return exit.With(exit.Usage, errors.New("--to is not the name of a SQLite file: it must have a /, or end in .db, .sqlite or .sqlite3"))
	}
	to = a.File
	m, err := upkeep.Restore(dir, to)
	if errors.Is(err, fs.ErrExist) {
		return exit.With(exit.Usage, fmt.Errorf("nothing is overwritten: %w", err))
	}
	if err != nil {
		return exit.With(exit.Database, err)
	}
	fmt.Fprintf(out, "%s is restored from the backup of %s: %d entries of the log\n", to, m.MadeAt, m.Log.Entries)
	needs(out, m)
	return sayState(ctx, out, m, to, state)
}

// sayState prints whether a server will accept the restored state.
func sayState(ctx context.Context, out io.Writer, m upkeep.Manifest, to, named string) error {
	state := node.LogStateFile(to, named)
	published, err := upkeep.CompareState(ctx, to, state)
	if err != nil {
		return exit.With(exit.Usage, fmt.Errorf("--log-state: %w", err))
	}
	switch {
	case published == nil:
		fmt.Fprintf(out, "there is no %s to compare with: if more than %d entries were published since the backup, run\n"+
			"tenure log new-origin --database %s --reason … before you serve it, or two histories are signed under one name\n", state, m.Log.Covered, to)
	case len(published.Behind) > 0:
		fmt.Fprintf(out, "%s knows of %d published entries, and this state does not agree: serve will refuse it with exit code 6.\n"+
			"If the restore is meant to stay: tenure log new-origin --database %s --log-state %s --reason …\n", state, published.Entries, to, state)
	default:
		fmt.Fprintf(out, "%s agrees: nothing was published that this state does not have\n", state)
	}
	return nil
}
