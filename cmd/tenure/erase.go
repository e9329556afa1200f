package main

import (
	"errors"
	"fmt"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/snapshots"
)

// eraseCommand erases offline, with an operator's scope, and rewrites a SQLite
// file so that no erased byte remains in it; a running server cannot do that.
func eraseCommand() *cobra.Command {
	var database, client string
	var want snapshots.Erasure
	cmd := &cobra.Command{
		Use:   "erase",
		Short: "Erase the content of a deleted client, for privacy law; every proof stays valid",
		Long: `Deletes the content of every snapshot of a client, its search terms, the hashes and recoverable copies
of its secrets, and the details of its events. No server may be running on the database. Ids (also the
client_id), times, actors and reasons remain. It cannot be undone, and it does not reach backups.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if client == "" || want.Reason == "" {
				return exit.With(exit.Usage, errors.New("--client and --reason are required"))
			}
			if err := node.RequireSchema(database); err != nil { // or opening it would create one
				return err
			}
			ctx := cmd.Context()
			n, err := node.Open(ctx, node.Config{Database: database, SecretsKey: node.None, LogKey: node.None, Log: zerolog.Nop()})
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
	databaseFlag(cmd.Flags(), &database)
	cmd.Flags().StringVar(&client, "client", "", "entity id of the client")
	cmd.Flags().StringVar(&want.Reason, "reason", "", "reason, kept in the log for ever: do not name a person")
	cmd.Flags().BoolVar(&want.Delete, "delete", false, "delete the client first, unless it is deleted")
	return cmd
}
