package hydraimport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"tenure/cmd/tenure/exit"
	"tenure/snapshots/credential"
)

// writers is how many clients are written at a time; the group committer puts
// them into one transaction.
const writers = 64

// Options configure an import. Either URL or Database is the target; if both
// are given, URL is.
type Options struct {
	Database   string // SQLite file or postgres:// URL that no server is using
	SecretsKey string // key file of Database, as in node.Config
	URL        string // of a running server
	KeyFile    string // file with the API key for URL
	Setup      string // entity id; empty for the owner's default setup
	Owner      string // of new clients, by id or name; empty for the setup's owner
	Format     string // of the report: text or json
	DryRun     bool   // report only
	MaxCost    uint64 // of bcrypt hashes that are taken, at most MostCost; 0 for DefaultCost
}

// Bounds of Options.MaxCost.
const (
	DefaultCost = credential.MaxBcryptCost
	MostCost    = credential.MostBcryptCost
)

// target is what clients are imported into.
type target interface {
	// put creates or updates a client. A client that is refused is a result; an
	// error would stop every other client too, and ends the import.
	put(ctx context.Context, c sourceClient) (result, error)
	close() error
}

// Run imports the clients of the file at path, or of standard input for "-". It
// writes the report to out and, if screen is a terminal, the progress to screen.
// The error has the exit code that the program ends with.
func Run(out, screen io.Writer, path string, f Options) error {
	stopping, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(stopping, stop) // a second signal ends the program
	if f.MaxCost > MostCost {
		return exit.With(exit.Usage, fmt.Errorf("--max-cost must be at most %d", MostCost))
	}
	report, err := newReport(out, screen, f)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	source, err := openFile(path)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	defer source.close()
	to, err := openTarget(stopping, source, f, report)
	if err != nil {
		return err
	}
	if err = putAll(stopping, source, to, report); err != nil {
		err = exit.With(exit.Failure, err)
	}
	if err := errors.Join(err, to.close()); err != nil {
		return err
	}
	if report.Refused > 0 {
		return exit.With(exit.Failure, fmt.Errorf("%d of %d clients were refused", report.Refused, report.total()))
	}
	return nil
}

func openTarget(ctx context.Context, source *sourceFile, f Options, report *report) (target, error) {
	switch {
	case f.URL != "" && source.sqlite:
		return nil, exit.With(exit.Usage, errors.New("a server does not take hashes of secrets: import a SQLite file with --database"))
	case f.URL != "":
		return openServerTarget(f)
	case f.Database != "":
		return openDatabaseTarget(ctx, f, report)
	}
	return nil, exit.With(exit.Usage, errors.New("--database is required, or --url with --api-key-file"))
}

// putAll puts every client of the source, several at a time, and reports them in
// the order of the source. When stopping ends it finishes the clients under way,
// so that the report is complete.
func putAll(stopping context.Context, source *sourceFile, to target, report *report) error {
	type outcome struct {
		result result
		err    error
	}
	ctx, cancel := context.WithCancel(stopping)
	defer cancel()
	queue, broken := make(chan chan outcome, writers), make(chan error, 1)
	go func() {
		defer close(queue)
		seen := map[string]bool{}
		broken <- source.each(func(c sourceClient) bool {
			if ctx.Err() != nil {
				return false
			}
			if c.err == nil && seen[c.id] {
				c.err = invalid("/client_id", "another client in the file has the same client_id")
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
					o.result, o.err = to.put(context.WithoutCancel(stopping), c)
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
		err = errors.New("interrupted; run the same command again to continue")
	}
	report.end(source.partial && err == nil)
	return err
}
