package hydraimport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"tenure/cmd/tenure/exit"
	"tenure/snapshots/credential"
)

// maxBatch is how many clients one transaction writes.
const maxBatch = 1000

// Bounds of Options.Jobs.
const (
	DefaultJobs = 1000 // into a database
	ServerJobs  = 64   // into a server: its connections
	MostJobs    = 4096
)

// Options configure an import. Either URL or Database is the target; if both
// are given, URL is.
type Options struct {
	Database   string // what db.ParseDSN takes, that no server is using
	SecretsKey string // key file of Database, as in node.Config
	URL        string // of a running server
	KeyFile    string // file with the API key for URL
	Setup      string // entity id; empty for the owner's default setup
	Owner      string // of new clients, by id or name; empty for the setup's owner
	Format     string // of the report: text or json
	DryRun     bool   // report only
	MaxCost    uint64 // of bcrypt hashes that are taken, at most MostCost; 0 for DefaultCost
	Progress   bool   // is shown on screen even if that is no terminal
	Jobs       int    // clients under way at once, at most MostJobs; 0 for DefaultJobs or ServerJobs
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
// writes the report to out, and the progress to screen if that is a terminal or f asks for it.
// The error has the exit code that the program ends with.
func Run(out, screen io.Writer, path string, f Options) error {
	stopping, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(stopping, stop) // a second signal ends the program
	if f.MaxCost > MostCost {
		return exit.With(exit.Usage, fmt.Errorf("--max-cost must be at most %d", MostCost))
	}
	switch {
	case f.Jobs < 0 || f.Jobs > MostJobs:
		return exit.With(exit.Usage, fmt.Errorf("--jobs must be from 1 to %d", MostJobs))
	case f.Jobs == 0 && f.URL != "":
		f.Jobs = ServerJobs
	case f.Jobs == 0:
		f.Jobs = DefaultJobs
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
	if err = putAll(stopping, source, to, report, f.Jobs); err != nil {
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
