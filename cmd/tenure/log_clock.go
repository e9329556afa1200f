package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

func logClockCommand() *cobra.Command {
	var database, reason string
	var goOn bool
	cmd := &cobra.Command{
		Use:   "clock",
		Short: "Say by how much the log's clock is ahead, which a wrong clock once made it, and what to do",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if goOn != (reason != "") {
				return exit.With(exit.Usage, errors.New("--go-on and --reason go together: why changes are accepted though the log's clock is ahead"))
			}
			return logClock(cmd.Context(), cmd.OutOrStdout(), database, reason)
		},
	}
	databaseFlag(cmd.Flags(), &database)
	cmd.Flags().BoolVar(&goOn, "go-on", false, "accept changes though the log's clock is more than an hour ahead")
	cmd.Flags().StringVar(&reason, "reason", "", "why, kept in the log; required with --go-on")
	return cmd
}

// logClock says how the clocks stand; with a reason it lets changes go on.
func logClock(ctx context.Context, out io.Writer, database, reason string) error {
	lead, whose, err := readLead(ctx, database)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the log's clock is at %s, %s at %s\n", clockText(lead.Clock), whose, clockText(lead.Now))
	switch {
	case lead.Ahead() == 0:
		fmt.Fprintln(out, "it is not ahead: there is nothing to do")
		return nil
	case !lead.Refused():
		fmt.Fprintf(out, "it is %s ahead: servers accept changes, and count on in microseconds until time has caught up\n", lead.Ahead().Round(time.Millisecond))
		return nil
	case reason == "":
		fmt.Fprintf(out, "it is %s ahead, more than %s: no change is accepted before %s\n"+
			"put right the clock that was wrong, and stop the server that had it. Then wait until that instant, or accept changes now:\n"+
			"tenure log clock --database … --go-on --reason … — their recorded_at counts on in microseconds from the log's clock until time has caught up\n",
			lead.Ahead().Round(time.Millisecond), history.MaxLead, clockText(lead.Clock-history.Micros(history.MaxLead.Microseconds())))
		return exit.With(exit.Problems, errors.New("the log's clock is ahead"))
	}
	if err := letLead(ctx, database, reason); err != nil {
		return err
	}
	fmt.Fprintf(out, "changes are accepted again, and the log says so: they count on in microseconds from %s until time has caught up\n", clockText(lead.Clock))
	return nil
}

func readLead(ctx context.Context, database string) (lead history.Lead, whose string, err error) {
	d, err := db.Open(ctx, database, db.Options{ReadOnly: true})
	if err != nil {
		return lead, "", exit.Opening(err)
	}
	defer d.Close()
	if whose = "PostgreSQL's"; d.Dialect == db.SQLite {
		whose = "this machine's"
	}
	if lead, err = history.ReadLead(ctx, d); err != nil {
		err = exit.With(exit.Database, errors.New(exit.Message(err)))
	}
	return lead, whose, err
}

// letLead makes one change, which the log's event of its clock goes with.
func letLead(ctx context.Context, database, reason string) (err error) {
	log, _, err := node.NewLog("error", "")
	if err != nil {
		return err
	}
	n, err := node.Open(ctx, node.Config{Database: database, SecretsKey: node.None, LogKey: node.None, EvidenceKey: node.None,
		Lead: &history.Decision{Actor: "operator:log clock", Reason: reason}, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	if err := n.DB.Write(ctx, func(*db.Tx) error { return nil }); err != nil {
		return errors.New(exit.Message(err))
	}
	return nil
}

func clockText(at history.Micros) string {
	return time.UnixMicro(int64(at)).UTC().Format("2006-01-02T15:04:05.000Z")
}
