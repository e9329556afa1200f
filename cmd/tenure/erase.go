package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
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
				return exit.With(exit.Usage, errors.New("say which --client, by its entity id, and for what --reason"))
			}
			if err := node.RequireSchema(database); err != nil { // nothing is made by mistake
				return exit.With(exit.Database, err)
			}
			ctx := cmd.Context()
			n, err := node.Open(ctx, node.Config{Database: database, SecretsKey: node.SealingNone, LogKey: node.NoLogKey, Log: zerolog.Nop()})
			if err != nil {
				return err
			}
			scope := n.Tenancy.Operator("erase")
			e, err := n.Snapshots.Erase(ctx, scope, snapshots.EntityID(client), want)
			if err == nil {
				err = n.Snapshots.Scrub(ctx, scope, true)
			}
			if err != nil {
				err = exit.With(exit.Failure, fmt.Errorf("--client %s: %s", client, exit.Message(err)))
			}
			if err := errors.Join(err, n.Close()); err != nil {
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
