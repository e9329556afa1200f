package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/demo"
	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/handlers/openfinance"
	"tenure/tenancy/db"
)

type devFlags struct {
	database, listen, info, logLevel, logFile string
	allowRemote                               bool
	hydra                                     node.HydraAdmin
	openFinance                               string // address of the mutual-TLS listener
	observed                                  observed
}

func devCommand() *cobra.Command {
	var f devFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Serve a small example installation to try things on",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return dev(cmd.OutOrStdout(), f)
		},
	}
	cmd.Flags().StringVar(&f.database, "database", "", "SQLite file to keep (default: a temporary one, deleted when the server ends)")
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8080", "address to serve on")
	cmd.Flags().StringVar(&f.info, "info", "", "file to write a JSON description of the running server to, with its keys")
	programLogFlags(cmd.Flags(), &f.logLevel, &f.logFile)
	cmd.Flags().BoolVar(&f.allowRemote, "dev-allow-remote", false, "allow addresses that other machines can reach, although the keys are printed")
	cmd.Flags().StringVar(&f.openFinance, "open-finance-listen", "127.0.0.1:0", "address to serve Open Finance on with mutual TLS, or off")
	hydraAdminFlags(cmd.Flags(), &f.hydra)
	observedFlags(cmd.Flags(), &f.observed)
	return cmd
}

func dev(out io.Writer, f devFlags) error {
	ctx, end := untilToldToStop()
	defer end()
	log, logFile, err := node.NewLog(f.logLevel, f.logFile)
	if err != nil {
		return err
	}
	defer logFile.Close()
	earlier, err := node.TakeInfo(f.info)
	if err != nil {
		return err
	}
	if f.database != "" && db.DialectOf(f.database) != db.SQLite {
		return exit.With(exit.Usage, errors.New("--database must be a SQLite file: a path with a /, or a name that ends in .db, .sqlite or .sqlite3"))
	}
	if !f.allowRemote && !node.IsLoopback(f.listen) {
		return exit.With(exit.Usage, errors.New("--listen must be a loopback address, unless --dev-allow-remote is given"))
	}
	l, err := node.Listen(f.listen)
	if err != nil {
		return err
	}
	defer l.Close()
	admin, err := f.hydra.Open()
	if err != nil {
		return err
	}
	if admin != nil {
		defer admin.Close()
	}
	kept := f.database != ""
	if !kept {
		dir, err := os.MkdirTemp("", "tenure-dev-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		f.database = filepath.Join(dir, "tenure.db")
	}
	example, err := f.exampleScheme()
	if err != nil {
		return err
	}
	if example != nil {
		defer example.Close()
	}
	on, err := f.observed.open(ctx, log)
	if err != nil {
		return err
	}
	defer on.close()
	if err := migrateFirst(ctx, out, f.database, "", false); err != nil {
		return err
	}
	cfg := node.Config{Database: f.database, Accesses: true, Log: log}
	on.configure(&cfg)
	n, err := node.Open(ctx, cfg)
	if err != nil {
		return err
	}
	if example == nil {
		n.Mount(openfinance.Scheme{}, nil)
	} else {
		n.Mount(example.Scheme(), example.Fetch())
	}
	described, err := demo.Fill(ctx, n, node.Address(l, nil), earlier)
	if err != nil {
		return errors.Join(exit.With(exit.Failure, fmt.Errorf("%s", exit.Message(err))), n.Close())
	}
	if err := n.EndorseKeys(ctx); err != nil {
		return errors.Join(err, n.Close())
	}
	described.HydraAdminURL = node.AdminURL(admin)
	endpoints := []node.Endpoint{{Listener: l, Handler: n.Handler}}
	if example != nil {
		endpoints, err = example.AddEndpoints(ctx, endpoints, n, &described)
	}
	if err == nil && admin != nil {
		endpoints, err = f.hydra.AddEndpoint(endpoints, n, admin, described.Organizations[1].APIKey, described.URL)
	}
	if err == nil {
		endpoints = on.addEndpoint(endpoints, n, &described)
		err = described.Write(f.info)
	}
	if err != nil {
		return errors.Join(err, n.Close())
	}
	demo.PrintRequests(out, described)
	return errors.Join(n.Serve(ctx, endpoints...), n.Close(), described.End(f.info, kept))
}

// exampleScheme opens the example scheme, with its certificates next to the database;
// nil if --open-finance-listen is off.
func (f devFlags) exampleScheme() (*demo.OpenFinance, error) {
	if f.openFinance == "off" {
		return nil, nil
	}
	if !f.allowRemote && !node.IsLoopback(f.openFinance) {
		return nil, exit.With(exit.Usage, errors.New("--open-finance-listen must be a loopback address or off, unless --dev-allow-remote is given"))
	}
	dir, err := filepath.Abs(db.Beside(f.database, ".open-finance")) // the info file names it, and callers run in other folders
	if err != nil {
		return nil, err
	}
	return demo.NewOpenFinance(f.openFinance, dir)
}
