package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tenure/snapshots/evidence"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

func logCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "log", Short: "The signed log: its keys, a new origin, and watching it from outside", Args: cobra.NoArgs}
	cmd.AddCommand(logKeyCommand(), logOriginCommand(), logWatchCommand())
	return cmd
}

type logFlags struct{ config, database, key, state, reason, evidenceKey string }

func (f *logFlags) add(cmd *cobra.Command) {
	cmd.SetContext(context.Background())
	cmd.Flags().StringVar(&f.config, "config", "", "JSON file whose members are these flags")
	cmd.Flags().StringVar(&f.database, "database", "tenure.db", "SQLite file, or postgres://…")
	cmd.Flags().StringVar(&f.key, "log-key", "", "signing keys of the log (default: beside a SQLite file)")
}

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
	cmd.Flags().StringVar(&f.evidenceKey, "evidence-key", noLogKey, "print those of this file of evidence keys instead")
	return cmd
}

func printLogKeys(ctx context.Context, out io.Writer, f logFlags) error {
	d, err := db.Open(ctx, f.database, db.Options{ReadOnly: true})
	if err != nil {
		return &exit{exitDatabase, err}
	}
	defer d.Close()
	origin, err := history.ReadOrigin(ctx, d)
	if err != nil {
		return &exit{exitDatabase, fmt.Errorf("%s", message(err))}
	}
	keys, err := loadLogKeys(d.Dialect, logKeyFile(d.Dialect, f.database, f.key), true)
	switch {
	case err != nil:
		return &exit{exitUsage, err}
	case keys == nil:
		return &exit{exitUsage, errors.New("there is no log key: name it with --log-key")}
	case origin == "":
		return errors.New("the log has no origin yet: it gets one when a server first starts with the key")
	case f.evidenceKey != noLogKey:
		own, err := readEvidenceKeys(f.evidenceKey)
		if err != nil {
			return &exit{exitUsage, err}
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
	cmd.Flags().StringVar(&f.state, "log-state", "", "file with the last published checkpoint, or none (default: beside a SQLite file)")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for the log")
	return cmd
}

// newOrigin opens the installation without its log, so that one that is refused
// opens too.
func newOrigin(ctx context.Context, out io.Writer, f logFlags) (err error) {
	log, err := newLog("error", "")
	if err != nil {
		return err
	}
	f.state = logStateFile(f.database, f.state)
	kept, err := logState(f.state).read()
	if err != nil {
		return &exit{exitUsage, err}
	}
	n, err := openNode(ctx, nodeConfig{database: f.database, secretsKey: sealingNone, logKey: noLogKey, evidenceKey: noLogKey, log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	keys, err := loadLogKeys(n.db.Dialect, logKeyFile(n.db.Dialect, f.database, f.key), false)
	if err != nil {
		return &exit{exitUsage, err}
	}
	if keys == nil {
		return &exit{exitUsage, errors.New("there is no log key: name it with --log-key")}
	}
	e := n.tenancy.Operator("log new-origin").Event(history.Event{Org: string(n.tenancy.Root())})
	e.Reason = f.reason
	origin, last, err := history.NewOrigin(ctx, n.db, kept, e)
	if err != nil {
		return errors.New(message(err))
	}
	p, err := history.OpenPublisher(ctx, n.db, n.log, history.PublisherOptions{Keys: keys, Kept: kept, Keep: logState(f.state).keep})
	if err != nil {
		return errors.New(message(err))
	}
	first, err := p.Checkpoint(ctx)
	if err != nil {
		return errors.New(message(err))
	}
	fmt.Fprintf(out, "%s ended with %d entries; %s goes on with %d\n", last.Origin, last.Size, origin, first.Size)
	return writeLogKeys(out, keys, origin)
}

// openPublisher makes what signs and shows the log.
func (n *node) openPublisher(ctx context.Context, cfg nodeConfig) (*history.Publisher, error) {
	origin, err := history.ReadOrigin(ctx, n.db)
	if err != nil {
		return nil, err
	}
	keys, err := loadLogKeys(n.db.Dialect, logKeyFile(n.db.Dialect, cfg.database, cfg.logKey), origin != "")
	if err != nil {
		return nil, err
	}
	if keys != nil || cfg.logState != "" { // what signs nothing needs no file, unless it is named
		cfg.logState = logStateFile(cfg.database, cfg.logState)
	}
	kept, err := logState(cfg.logState).read()
	if err != nil {
		return nil, err
	}
	p, err := history.OpenPublisher(ctx, n.db, n.log, history.PublisherOptions{Keys: keys, Origin: logOrigin(cfg.publicURL),
		Kept: kept, Keep: logState(cfg.logState).keep})
	if err != nil && fault.Of(err).Code != history.CodeRefused {
		err = fmt.Errorf("the log: %w", err)
	}
	return p, err
}

// openCode is the exit code for an installation that cannot be opened.
func openCode(err error) int {
	if fault.Of(err).Code == history.CodeRefused {
		return exitRefused
	}
	return exitDatabase
}
