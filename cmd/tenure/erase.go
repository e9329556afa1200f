package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"tenure/snapshots"
)

type eraseFlags struct{ config, database, client, confirm, reason string }

func eraseCommand() *cobra.Command {
	var f eraseFlags
	cmd := &cobra.Command{
		Use:   "erase",
		Short: "Take away what a deleted client ever said, for privacy law, in a database that no server uses",
		Long: `Deletes content and salt of every snapshot of a client that was deleted. The log's entries and all
proofs stay; ids, instants, actors and reasons do, too. With a running server: POST /v1/clients/{entity}/erase.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			if f.client == "" || f.confirm == "" || f.reason == "" {
				return &exit{exitUsage, errors.New("--client, --confirm and --reason are needed")}
			}
			return erase(cmd.Context(), cmd.OutOrStdout(), f)
		},
	}
	cmd.SetContext(context.Background())
	cmd.Flags().StringVar(&f.config, "config", "", "JSON file whose members are these flags")
	cmd.Flags().StringVar(&f.database, "database", "tenure.db", "SQLite file, or postgres://…")
	cmd.Flags().StringVar(&f.client, "client", "", "entity id of the client")
	cmd.Flags().StringVar(&f.confirm, "confirm", "", "its client_id, once more")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for history")
	return cmd
}

func erase(ctx context.Context, out io.Writer, f eraseFlags) error {
	n, err := openNode(ctx, nodeConfig{database: f.database, secretsKey: sealingNone, logKey: noLogKey, log: zerolog.Nop()})
	if err != nil {
		return err
	}
	erased, err := n.snapshots.Erase(ctx, n.tenancy.Operator("tenure erase").Because(f.reason), snapshots.EntityID(f.client), f.confirm)
	if err != nil {
		return errors.Join(&exit{exitFailure, fmt.Errorf("%s", message(err))}, n.close())
	}
	fmt.Fprintf(out, "erased the content of %d snapshots of client %s\n", erased.Snapshots, erased.Entity.ID)
	return n.close()
}
