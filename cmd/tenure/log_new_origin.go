package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/tenancy/history"
)

func logOriginCommand() *cobra.Command {
	var f logFlags
	cmd := &cobra.Command{
		Use:   "new-origin",
		Short: "After a restore: end the log's origin, and go on under the next",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			return newOrigin(cmd.Context(), cmd.OutOrStdout(), f)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.state, "log-state", "", "file with the last published checkpoint")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for the log")
	return cmd
}

// newOrigin opens the installation without its log, so that one that is refused
// opens too.
func newOrigin(ctx context.Context, out io.Writer, f logFlags) (err error) {
	log, _, err := node.NewLog("error", "")
	if err != nil {
		return err
	}
	kept, err := node.LogState(f.state).Read()
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	n, err := node.Open(ctx, node.Config{Database: f.database, SecretsKey: node.SealingNone, LogKey: node.NoLogKey, EvidenceKey: node.NoLogKey, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	keys, err := node.LoadLogKeys(n.DB.Dialect, node.LogKeyFile(n.DB.Dialect, f.database, f.key), false)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	if keys == nil {
		return exit.With(exit.Usage, errors.New("there is no log key: name it with --log-key"))
	}
	e := n.Tenancy.Operator("log new-origin").Event(history.Event{Org: string(n.Tenancy.Root())})
	e.Reason = f.reason
	origin, last, err := history.NewOrigin(ctx, n.DB, kept, e)
	if err != nil {
		return errors.New(exit.Message(err))
	}
	p, err := history.OpenPublisher(ctx, n.DB, n.Log, history.PublisherOptions{Keys: keys, Kept: kept, Keep: node.LogState(f.state).Keep})
	if err != nil {
		return errors.New(exit.Message(err))
	}
	first, err := p.Checkpoint(ctx)
	if err != nil {
		return errors.New(exit.Message(err))
	}
	fmt.Fprintf(out, "%s ended with %d entries; %s goes on with %d\n", last.Origin, last.Size, origin, first.Size)
	return writeLogKeys(out, keys, origin)
}
