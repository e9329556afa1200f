package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/demo"
	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/handlers/openfinance"
)

type devFlags struct {
	config, database, listen, info, logLevel, logFile string
	allowRemote                                       bool
	hydra                                             node.HydraAdmin
	openFinance                                       string // address of the mutual-TLS listener
}

func devCommand() *cobra.Command {
	var f devFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Serve a small example installation, ready to try",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			return dev(cmd.OutOrStdout(), f)
		},
	}
	cmd.Flags().StringVar(&f.config, "config", "", "JSON file whose members are these flags")
	cmd.Flags().StringVar(&f.database, "database", "", "SQLite file to keep (default: one that goes with the server)")
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8080", "address to serve on")
	cmd.Flags().StringVar(&f.info, "info", "", "file to describe the running server in (JSON, with its keys)")
	cmd.Flags().StringVar(&f.logLevel, "log-level", "info", "debug, info, warn, error or disabled")
	cmd.Flags().StringVar(&f.logFile, "log-file", "", "file to log to (default: standard error)")
	cmd.Flags().BoolVar(&f.allowRemote, "dev-allow-remote", false, "allow an address that others can reach; the keys are printed")
	cmd.Flags().StringVar(&f.openFinance, "open-finance-listen", "127.0.0.1:0", "address to serve Open Finance on with mutual TLS, or off")
	hydraAdminFlags(cmd.Flags(), &f.hydra)
	return cmd
}

func dev(out io.Writer, f devFlags) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	log, logFile, err := node.NewLog(f.logLevel, f.logFile)
	if err != nil {
		return err
	}
	defer logFile.Close()
	if !f.allowRemote && !node.IsLoopback(f.listen) {
		return exit.With(exit.Usage, fmt.Errorf("--listen %s: tenure dev serves on loopback addresses only, unless --dev-allow-remote", f.listen))
	}
	l, err := node.Listen(f.listen)
	if err != nil {
		return err
	}
	defer l.Close()
	earlier, err := node.TakeInfo(f.info)
	if err != nil {
		return err
	}
	admin, err := f.hydra.Open()
	if err != nil {
		return err
	}
	if admin != nil {
		defer admin.Close()
	}
	if f.database == "" {
		dir, err := os.MkdirTemp("", "tenure-dev-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		f.database = filepath.Join(dir, "tenure.db")
	}
	scheme, err := f.scheme()
	if err != nil {
		return err
	}
	if scheme != nil {
		defer scheme.Close()
	}
	n, err := node.Open(ctx, node.Config{Database: f.database, Log: log})
	if err != nil {
		return err
	}
	if scheme == nil {
		n.Mount(openfinance.Scheme{}, nil)
	} else {
		n.Mount(scheme.OpenFinance(), scheme.Fetch())
	}
	described, err := demo.Fill(ctx, n, node.Address(l, nil), earlier)
	if err != nil {
		return errors.Join(exit.With(exit.Failure, fmt.Errorf("%s", exit.Message(err))), n.Close())
	}
	described.HydraAdminURL = node.AdminURL(admin)
	endpoints := []node.Endpoint{{Listener: l, Handler: n.Handler}}
	if scheme != nil {
		endpoints, err = scheme.AddEndpoints(ctx, endpoints, n, &described)
	}
	if err == nil && admin != nil {
		endpoints, err = f.hydra.AddEndpoint(endpoints, n, admin, described.Organizations[1].APIKey, described.URL)
	}
	if err == nil {
		err = described.Write(f.info)
	}
	if err != nil {
		return errors.Join(err, n.Close())
	}
	demo.PrintRequests(out, described)
	return errors.Join(n.Serve(ctx, endpoints...), n.Close())
}

// scheme opens the demonstration, its certificates beside the database; nil if
// it is not wanted.
func (f devFlags) scheme() (*demo.Scheme, error) {
	if f.openFinance == "off" {
		return nil, nil
	}
	if !f.allowRemote && !node.IsLoopback(f.openFinance) {
		return nil, exit.With(exit.Usage, fmt.Errorf("--open-finance-listen %s: a loopback address, or off", f.openFinance))
	}
	dir, err := filepath.Abs(f.database + ".open-finance") // callers are in folders of their own
	if err != nil {
		return nil, err
	}
	return demo.OpenScheme(f.openFinance, dir)
}
