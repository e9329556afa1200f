package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/snapshots"
	"tenure/tenancy"
)

type serveFlags struct {
	config, database, listen, info, secretsKey, tlsCert, tlsKey, logLevel, logFile string
	cacheMiB                                                                       uint64
	publicURL, logKey, logState, readLog, evidenceKey                              string
	maxAge                                                                         time.Duration
	hydra                                                                          node.HydraAdmin
	openFinance                                                                    node.OpenFinance
}

func serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve an installation",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			return serve(cmd.OutOrStdout(), f)
		},
	}
	cmd.Flags().StringVar(&f.config, "config", "", "JSON file whose members are these flags")
	cmd.Flags().StringVar(&f.database, "database", "tenure.db", "SQLite file, or postgres://…")
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8080", "address to serve on")
	cmd.Flags().StringVar(&f.info, "info", "", "file to describe the running server in (JSON, with the keys just made)")
	cmd.Flags().StringVar(&f.secretsKey, "secrets-key-file", "", "sealing key of client secrets, or none (default: beside a SQLite file)")
	cmd.Flags().StringVar(&f.logKey, "log-key", "", "signing keys of the log, or none (default: beside a SQLite file)")
	cmd.Flags().StringVar(&f.logState, "log-state", "", "file that keeps the last published checkpoint outside the database")
	cmd.Flags().StringVar(&f.evidenceKey, "evidence-key", "", "signing keys of evidence bundles, or none (default: beside a SQLite file)")
	cmd.Flags().StringVar(&f.tlsCert, "tls-cert", "", "certificate chain to serve TLS with (PEM)")
	cmd.Flags().StringVar(&f.tlsKey, "tls-key", "", "private key of --tls-cert (PEM)")
	cmd.Flags().StringVar(&f.logLevel, "log-level", "info", "debug, info, warn, error or disabled")
	cmd.Flags().StringVar(&f.logFile, "log-file", "", "file to log to (default: standard error)")
	cmd.Flags().Uint64Var(&f.cacheMiB, "cache-mib", 64, "memory for caches")
	cmd.Flags().StringVar(&f.publicURL, "public-url", "", "base URL at which clients reach the server (default: that of each request)")
	cmd.Flags().DurationVar(&f.maxAge, "cache-max-age", time.Minute, "how long callers may hold an answer at most")
	cmd.Flags().StringVar(&f.readLog, "read-log", "off", "keep who was first shown which version of a client: off, sampled (1 in 16) or full")
	hydraAdminFlags(cmd.Flags(), &f.hydra)
	openFinanceFlags(cmd.Flags(), &f.openFinance)
	return cmd
}

func serve(out io.Writer, f serveFlags) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	log, logFile, err := node.NewLog(f.logLevel, f.logFile)
	if err != nil {
		return err
	}
	defer logFile.Close()
	if _, err := snapshots.ParseReadLog(f.readLog); err != nil {
		return exit.With(exit.Usage, fmt.Errorf("--read-log: %w", err))
	}
	if f.maxAge < time.Second || f.maxAge > time.Hour {
		return exit.With(exit.Usage, errors.New("--cache-max-age lies between 1s and 1h"))
	}
	tlsConfig, err := node.LoadTLS(f.tlsCert, f.tlsKey)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	scheme, tlsConfig, err := f.openFinance.Scheme(ctx, tlsConfig, log)
	if err != nil {
		return err
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
	n, err := node.Open(ctx, node.Config{Database: f.database, SecretsKey: f.secretsKey, CacheBytes: f.cacheMiB << 20,
		PublicURL: f.publicURL, LogKey: f.logKey, LogState: f.logState, ReadLog: f.readLog, EvidenceKey: f.evidenceKey, MaxAge: f.maxAge, Log: log})
	if err != nil {
		return err
	}
	n.Mount(scheme, nil)
	key, err := n.Bootstrap(ctx, "root")
	if err != nil {
		return errors.Join(exit.With(exit.Database, err), n.Close())
	}
	keys := map[tenancy.OrgID]string{}
	if key != "" { // at once: nothing that fails later may lose it
		fmt.Fprintf(out, "first administrator's API key, shown this once: %s\n", key)
		keys[n.Tenancy.Root()] = key
	}
	described, err := n.Describe(node.Address(l, tlsConfig), keys, nil)
	endpoints := []node.Endpoint{{Listener: l, Handler: n.Handler, TLS: tlsConfig}}
	if err == nil && admin != nil {
		endpoints, err = f.hydra.AddEndpoint(endpoints, n, admin, "", described.URL)
	}
	if err == nil {
		described.KeepShownOnce(earlier)
		described.HydraAdminURL = node.AdminURL(admin)
		err = described.Write(f.info)
	}
	if err != nil {
		return errors.Join(err, n.Close())
	}
	fmt.Fprintf(out, "tenure serves %s on %s\n", shown(f.database), described.URL)
	if admin != nil {
		fmt.Fprintf(out, "Hydra's admin API is on %s\n", described.HydraAdminURL)
	}
	return errors.Join(n.Serve(ctx, endpoints...), n.Close())
}
