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
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Print the public keys that verify the log's checkpoints",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			return printLogKeys(cmd.Context(), cmd.OutOrStdout(), f)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.evidenceKey, "evidence-key", node.NoLogKey, "print those of this file of evidence keys instead")
	return cmd
}

func printLogKeys(ctx context.Context, out io.Writer, f logFlags) error {
	d, err := db.Open(ctx, f.database, db.Options{ReadOnly: true})
	if err != nil {
		return exit.With(exit.Database, err)
	}
	defer d.Close()
	origin, err := history.ReadOrigin(ctx, d)
	if err != nil {
		return exit.With(exit.Database, fmt.Errorf("%s", exit.Message(err)))
	}
	keys, err := node.LoadLogKeys(d.Dialect, node.LogKeyFile(d.Dialect, f.database, f.key), true)
	switch {
	case err != nil:
		return exit.With(exit.Usage, err)
	case keys == nil:
		return exit.With(exit.Usage, errors.New("there is no log key: name it with --log-key"))
	case origin == "":
		return errors.New("the log has no origin yet: it gets one when a server first starts with the key")
	case f.evidenceKey != node.NoLogKey:
		own, err := node.ReadEvidenceKeys(f.evidenceKey)
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
