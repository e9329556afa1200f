package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
)

func secretsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "secrets", Short: "The key that seals client secrets: make one, and say which the nodes use"}
	cmd.AddCommand(newSealingKeyCommand(), useSealingKeyCommand())
	return cmd
}

func newSealingKeyCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "new-key",
		Short: "Make a file with a new key that seals client secrets, and print its public id",
		Long: `Makes a file (mode 0600) with a new key that seals client secrets, for --secrets-key-file of every node. It does
not open a database, and overwrites nothing. Keep a copy apart from the database: without the key, secrets that
can be shown again are lost.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" || file == node.None {
				return exit.With(exit.Usage, errors.New("--secrets-key-file is required: the file to make"))
			}
			id, err := node.NewSealingKey(file)
			if err != nil {
				return fmt.Errorf("--secrets-key-file: %w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s has the new key %s: start every node with --secrets-key-file %[1]s\n", file, id)
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "secrets-key-file", "", "file to make")
	return cmd
}

func useSealingKeyCommand() *cobra.Command {
	var database, file string
	cmd := &cobra.Command{
		Use:   "use-key",
		Short: "Say whether the nodes of a PostgreSQL database seal client secrets, and with which key",
		Long: `Notes in a PostgreSQL database whether its nodes seal client secrets, from their next start on: with the key of
--secrets-key-file, or not any more with none. A node that starts with something else refuses. Once it has sealed
secrets, a database takes no other key. After none, secrets go on working, and no server shows them again.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return useSealingKey(cmd.Context(), cmd.OutOrStdout(), database, file)
		},
	}
	databaseFlag(cmd.Flags(), &database)
	cmd.Flags().StringVar(&file, "secrets-key-file", "", "file with the key, or none")
	return cmd
}

func useSealingKey(ctx context.Context, out io.Writer, database, file string) (err error) {
	if file == "" {
		return exit.With(exit.Usage, errors.New("--secrets-key-file is required: the file with the key, or none"))
	}
	if err := node.RequireSchema(database); err != nil { // or opening it would make one
		return err
	}
	n, err := node.Open(ctx, node.Config{Database: database, SecretsKey: node.None, LogKey: node.None, EvidenceKey: node.None, Log: zerolog.Nop()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	sealer, err := node.SealingKey(n.DB.Dialect, database, file)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	if err := node.UseSealingKey(ctx, n.DB, sealer); err != nil {
		return err
	}
	if sealer == nil {
		fmt.Fprintln(out, "the nodes seal no secrets from their next start on: start each with --secrets-key-file none")
		return nil
	}
	fmt.Fprintf(out, "the nodes seal secrets with key %s from their next start on\n", sealer.KeyID())
	return nil
}
