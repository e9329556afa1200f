package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"tenure/snapshots"
)

// eraseCommand erases offline, in one's own name as operator: the file is
// written anew, which a running server does not do.
func eraseCommand() *cobra.Command {
	var config, database, client string
	var want snapshots.Erasure
	cmd := &cobra.Command{
		Use:   "erase",
		Short: "Erase everything that a client ever said, for privacy law; every proof stays",
		Long: `Deletes the content of every snapshot of a client, its search terms, the hashes and recoverable copies
of its secrets and the details of its events, while no server runs on the database. What stays are ids
(the client_id too), times, actors and reasons. It cannot be taken back; backups are not reached.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			if client == "" || want.Reason == "" {
				return &exit{exitUsage, errors.New("say which --client, by its entity id, and for what --reason")}
			}
			if err := hasSchema(database); err != nil { // nothing is made by mistake
				return &exit{exitDatabase, err}
			}
			ctx := cmd.Context()
			n, err := openNode(ctx, nodeConfig{database: database, secretsKey: sealingNone, logKey: noLogKey, log: zerolog.Nop()})
			if err != nil {
				return err
			}
			scope := n.tenancy.Operator("erase")
			e, err := n.snapshots.Erase(ctx, scope, snapshots.EntityID(client), want)
			if err == nil {
				err = n.snapshots.Scrub(ctx, scope, true)
			}
			if err != nil {
				err = &exit{exitFailure, fmt.Errorf("--client %s: %s", client, message(err))}
			}
			if err := errors.Join(err, n.close()); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "client %s (%s) is erased\n", e.ClientID, e.ID)
			return nil
		},
	}
	cmd.SetContext(context.Background())
	cmd.Flags().StringVar(&config, "config", "", "JSON file whose members are these flags")
	cmd.Flags().StringVar(&database, "database", "tenure.db", "SQLite file, or postgres://…")
	cmd.Flags().StringVar(&client, "client", "", "entity id of the client")
	cmd.Flags().StringVar(&want.Reason, "reason", "", "why, for the log, where it stays: name no person")
	cmd.Flags().BoolVar(&want.Delete, "delete", false, "delete the client first, if it is not")
	return cmd
}
