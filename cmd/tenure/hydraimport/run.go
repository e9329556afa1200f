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
)

// writers is how many clients are written side by side; the group
// committer makes one transaction of them.
const writers = 64

// Options say what is imported where, and how it is reported.
type Options struct {
	Database   string // to write into while no server runs on it; empty for a server
	SecretsKey string // as nodeConfig has it
	URL        string // of a running server; empty for a database
	KeyFile    string // with the API key for url
	Setup      string // entity id; empty for the owner's default setup
	Owner      string // organization, by id or name; empty for the setup's
	Format     string // text or json
	DryRun     bool
}

// target is where clients go.
type target interface {
	// put brings one client to what the file says. An error is one that every
	// further client would meet; a refused client is none.
	put(ctx context.Context, c sourceClient) (result, error)
	close() error
}

func Run(out, screen io.Writer, path string, f Options) error {
	stopping, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(stopping, stop) // a second signal ends the program
	report, err := newReport(out, screen, f)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	source, err := openFile(path)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	defer source.close()
	target, err := openTarget(stopping, source, f, report)
	if err != nil {
		return err
	}
	if err = putAll(stopping, source, target, report); err != nil {
		err = exit.With(exit.Failure, err)
	}
	if err := errors.Join(err, target.close()); err != nil {
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
		return nil, exit.With(exit.Usage, errors.New("a server takes no hashes of secrets: give --database for a SQLite file"))
	case f.URL != "":
		return openServerTarget(f)
	case f.Database != "":
		return openDatabaseTarget(ctx, f, report)
	}
	return nil, exit.With(exit.Usage, errors.New("say where to: --database, or --url with --api-key-file"))
}

// putAll puts every client of the file, importWriters at a time, and
// reports them in the file's order. What is under way when stopping ends is
// finished: its outcome is known.
func putAll(stopping context.Context, source *sourceFile, target target, report *report) error {
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
