package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

func logNewOriginCommand() *cobra.Command {
	var f logFlags
	var state, reason string
	cmd := &cobra.Command{
		Use:   "new-origin",
		Short: "After a restore: end the log's origin and continue under a new one",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return newOrigin(cmd.Context(), cmd.OutOrStdout(), f, state, reason)
		},
	}
	f.add(cmd.Flags())
	cmd.Flags().StringVar(&state, "log-state", "", "file with the last published checkpoint, or none (default: next to a SQLite file)")
	cmd.Flags().StringVar(&reason, "reason", "", "why, kept in the log; required")
	return cmd
}

// newOrigin opens the installation without its log's key, because with it an
// installation whose log is refused does not open.
func newOrigin(ctx context.Context, out io.Writer, f logFlags, stateFile, reason string) (err error) {
	if reason == "" {
		return exit.With(exit.Usage, errors.New("--reason is required: why the log gets a new origin"))
	}
	log, _, err := node.NewLog("error", "")
	if err != nil {
		return err
	}
	there, err := db.Open(ctx, f.database, db.Options{ReadOnly: true}) // opening to write would make one
	if err != nil {
		return exit.Opening(err)
	}
	if err := there.Close(); err != nil {
		return exit.With(exit.Database, err)
	}
	state := node.LogState(node.LogStateFile(f.database, stateFile))
	kept, err := state.Read()
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	n, err := node.Open(ctx, node.Config{Database: f.database, SecretsKey: node.None, LogKey: node.None, EvidenceKey: node.None, AcceptRollback: true, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	keys, err := node.LoadLogKeys(n.DB.Dialect, node.LogKeyFile(f.database, f.key), false)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	if keys == nil {
		return exit.With(exit.Usage, errors.New("there is no log key: give its file with --log-key"))
	}
	before, err := readBroken(ctx, n.DB)
	if err != nil {
		return err
	}
	e := n.Tenancy.Operator("log new-origin").Event(history.Event{Org: string(n.Tenancy.Root())})
	e.Reason = reason
	origin, last, err := history.NewOrigin(ctx, n.DB, kept, e)
	if err != nil {
		return errors.New(exit.Message(err))
	}
	p, err := history.OpenPublisher(ctx, n.DB, n.Log, history.PublisherOptions{Keys: keys, Kept: kept, Keep: state.Keep})
	if err != nil {
		return errors.New(exit.Message(err))
	}
	first, err := p.Checkpoint(ctx)
	if err != nil {
		return errors.New(exit.Message(err))
	}
	fmt.Fprintf(out, "%s ended with %d entries; %s goes on with %d\n", last.Origin, last.Size, origin, first.Size)
	if lost := before.lost(last); lost != nil {
		fmt.Fprintf(out, "lost: %s\nwhat was answered as written between these two instants is not there any more: whoever wrote it must write it again\n", lost)
	}
	return writeLogKeys(out, keys, origin)
}

// broken is a log before it gets a new origin.
type broken struct {
	told *history.RolledBack // by nodes that ran when it was rolled back; nil for nothing
	head history.Head
}

func readBroken(ctx context.Context, d *db.DB) (b broken, err error) {
	err = d.View(ctx, func(c *db.Conn) error {
		if b.told, err = history.ReadRolledBack(c); err != nil {
			return err
		}
		b.head, err = history.ReadHead(c)
		return err
	})
	return b, err
}

// lost is what nodes have told, or what was published and is not there; nil for nothing.
func (b broken) lost(published history.Checkpoint) *history.RolledBack {
	if b.told == nil && published.Size > b.head.Size {
		return &history.RolledBack{Seen: published.Size, SeenAt: published.Signed.At, Found: b.head.Size, FoundAt: history.Micros(b.head.Clock)}
	}
	return b.told
}
