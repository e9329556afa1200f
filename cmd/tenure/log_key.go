package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/snapshots/evidence"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

func logKeyCommand() *cobra.Command {
	var f logFlags
	var evidenceKey string
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Print the public keys that verify the log's checkpoints",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printLogKeys(cmd.Context(), cmd.OutOrStdout(), f, evidenceKey)
		},
	}
	f.add(cmd.Flags())
	cmd.Flags().StringVar(&evidenceKey, "evidence-key", node.None, "print the public keys of this file of evidence keys instead")
	return cmd
}

func printLogKeys(ctx context.Context, out io.Writer, f logFlags, evidenceKey string) error {
	d, err := db.Open(ctx, f.database, db.Options{ReadOnly: true})
	if err != nil {
		return exit.Opening(err)
	}
	defer d.Close()
	origin, err := history.ReadOrigin(ctx, d)
	if err != nil {
		return exit.With(exit.Database, fmt.Errorf("%s", exit.Message(err)))
	}
	keys, err := node.LoadLogKeys(d.Dialect, node.LogKeyFile(f.database, f.key), true)
	switch {
	case err != nil:
		return exit.With(exit.Usage, err)
	case keys == nil:
		return exit.With(exit.Usage, errors.New("there is no log key: give its file with --log-key"))
	case origin == "":
		return errors.New("the log has no origin yet: it gets one when a server first starts with the key")
	case evidenceKey != node.None:
		own, err := node.ReadEvidenceKeys(evidenceKey)
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		return writeLogKeys(out, own, evidence.KeyName(origin))
	}
	return writeLogKeys(out, keys, origin)
}

func writeLogKeys(out io.Writer, keys *history.Keys, origin string) error {
	texts, err := keys.VerifierKeys(origin)
	for _, text := range texts {
		fmt.Fprintln(out, text)
	}
	return err
}
