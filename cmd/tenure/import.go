package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// importWriters is how many clients are written side by side; the group
// committer makes one transaction of them.
const importWriters = 64

type importFlags struct {
	config, database, secretsKey, url, keyFile, setup, owner, format string
	dryRun                                                           bool
}

func importCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Take over the clients of another system"}
	cmd.AddCommand(importHydraCommand())
	return cmd
}

func importHydraCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "hydra FILE",
		Short: "Take over the clients of Ory Hydra",
		Long: `Takes over the clients of Ory Hydra from FILE: its SQLite file, with the secrets' hashes, or what
"hydra list clients --format json" and GET /admin/clients give, one client object, or one JSON value
after another; - for standard input. Running it again changes only what has changed in FILE.

--database writes into a database that no server is using (a new one is made ready first), --url into
a running server, which takes JSON only.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("url") && cmd.Flags().Changed("database") {
				return &exit{exitUsage, errors.New("--url and --database exclude each other")}
			}
			byURL := cmd.Flags().Changed("url")
			if err := settle(cmd); err != nil {
				return err
			}
			if !byURL && f.database != "" {
				f.url = ""
			}
			return importHydra(cmd.OutOrStdout(), os.Stderr, args[0], f)
		},
	}
	cmd.Flags().StringVar(&f.config, "config", "", "JSON file whose members are these flags")
	cmd.Flags().StringVar(&f.database, "database", "", "SQLite file, or postgres://…, to write into while no server runs on it")
	cmd.Flags().StringVar(&f.secretsKey, "secrets-key-file", "", "sealing key of client secrets, or none (default: beside a SQLite file)")
	cmd.Flags().StringVar(&f.url, "url", "", "server to write into, such as http://127.0.0.1:8080")
	cmd.Flags().StringVar(&f.keyFile, "api-key-file", "", "file with the API key for --url")
	cmd.Flags().StringVar(&f.setup, "setup", "", "setup that the clients belong to (default: the owner's default setup)")
	cmd.Flags().StringVar(&f.owner, "owner", "", "organization that owns new clients, by id or name (default: the setup's)")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "report what would become of each client, and write nothing")
	cmd.Flags().StringVar(&f.format, "format", "text", "report as text or json")
	return cmd
}

// importTarget is where clients go.
type importTarget interface {
	// put brings one client to what the file says. An error is one that every
	// further client would meet; a refused client is none.
	put(ctx context.Context, c hydraClient) (importResult, error)
	close() error
}

func importHydra(out, screen io.Writer, path string, f importFlags) error {
	stopping, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(stopping, stop) // a second signal ends the program
	report, err := newImportReport(out, screen, f)
	if err != nil {
		return &exit{exitUsage, err}
	}
	source, err := openHydraFile(path)
	if err != nil {
		return &exit{exitUsage, err}
	}
	defer source.close()
	target, err := openImportTarget(stopping, source, f, report)
	if err != nil {
		return err
	}
	if err = runImport(stopping, source, target, report); err != nil {
		err = &exit{exitFailure, err}
	}
	if err := errors.Join(err, target.close()); err != nil {
		return err
	}
	if report.Refused > 0 {
		return &exit{exitFailure, fmt.Errorf("%d of %d clients were refused", report.Refused, report.total())}
	}
	return nil
}

func openImportTarget(ctx context.Context, source *hydraFile, f importFlags, report *importReport) (importTarget, error) {
	switch {
	case f.url != "" && source.sqlite:
		return nil, &exit{exitUsage, errors.New("a server takes no hashes of secrets: give --database for a SQLite file")}
	case f.url != "":
		return openServerTarget(f)
	case f.database != "":
		return openDatabaseTarget(ctx, f, report)
	}
	return nil, &exit{exitUsage, errors.New("say where to: --database, or --url with --api-key-file")}
}

// runImport puts every client of the file, importWriters at a time, and
// reports them in the file's order. What is under way when stopping ends is
// finished: its outcome is known.
func runImport(stopping context.Context, source *hydraFile, target importTarget, report *importReport) error {
	type outcome struct {
		result importResult
		err    error
	}
	ctx, cancel := context.WithCancel(stopping)
	defer cancel()
	queue, broken := make(chan chan outcome, importWriters), make(chan error, 1)
	go func() {
		defer close(queue)
		seen := map[string]bool{}
		broken <- source.each(func(c hydraClient) bool {
			if ctx.Err() != nil {
				return false
			}
			if c.err == nil && seen[c.id] {
				c.err = refuse("/client_id", "another client of the file has it")
			} else if c.err == nil {
				seen[strings.Clone(c.id)] = true
			}
			slot := make(chan outcome, 1)
			select {
			case queue <- slot:
			case <-ctx.Done():
				return false
			}
			go func() {
				var o outcome
				if c.err != nil {
					o.result = c.refused(c.err)
				} else {
					o.result, o.err = target.put(context.WithoutCancel(stopping), c)
				}
				slot <- o
			}()
			return true
		})
	}()
	var failed error
	for slot := range queue {
		switch o := <-slot; {
		case o.err != nil && failed == nil:
			failed = o.err
			cancel()
		case o.err == nil:
			report.add(o.result)
			report.progress(source.share())
		}
	}
	err := <-broken
	switch {
	case failed != nil:
		err = failed
	case stopping.Err() != nil:
		err = errors.New("interrupted; run the same command again to go on")
	}
	report.end(source.partial && err == nil)
	return err
}
