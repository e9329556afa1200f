package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tenure/snapshots"
	"tenure/tenancy"
)

type serveFlags struct {
	config, database, listen, info, secretsKey, tlsCert, tlsKey, logLevel, logFile string
	cacheMiB                                                                       uint64
	publicURL, logKey, logState, readLog, evidenceKey                              string
	maxAge                                                                         time.Duration
	migrate                                                                        bool
	hydra                                                                          hydraAdmin
	openFinance                                                                    openFinance
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
	cmd.Flags().StringVar(&f.logState, "log-state", "", "file that keeps the last published checkpoint outside the database, or none (default: beside a SQLite file)")
	cmd.Flags().StringVar(&f.evidenceKey, "evidence-key", "", "signing keys of evidence bundles, or none (default: beside a SQLite file)")
	cmd.Flags().StringVar(&f.tlsCert, "tls-cert", "", "certificate chain to serve TLS with (PEM)")
	cmd.Flags().StringVar(&f.tlsKey, "tls-key", "", "private key of --tls-cert (PEM)")
	cmd.Flags().StringVar(&f.logLevel, "log-level", "info", "debug, info, warn, error or disabled")
	cmd.Flags().StringVar(&f.logFile, "log-file", "", "file to log to (default: standard error)")
	cmd.Flags().Uint64Var(&f.cacheMiB, "cache-mib", 64, "memory for caches")
	cmd.Flags().StringVar(&f.publicURL, "public-url", "", "base URL at which clients reach the server (default: that of each request)")
	cmd.Flags().DurationVar(&f.maxAge, "cache-max-age", time.Minute, "how long callers may hold an answer at most")
	cmd.Flags().StringVar(&f.readLog, "read-log", "off", "keep who was first shown which version of a client: off, sampled (1 in 16) or full")
	cmd.Flags().BoolVar(&f.migrate, "migrate", false, "migrate a PostgreSQL database of an older schema version first (SQLite is migrated always, after a backup)")
	f.hydra.flags(cmd.Flags())
	f.openFinance.flags(cmd.Flags())
	return cmd
}

func serve(out io.Writer, f serveFlags) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	log, err := newLog(f.logLevel, f.logFile)
	if err != nil {
		return err
	}
	if _, err := snapshots.ParseReadLog(f.readLog); err != nil {
		return &exit{exitUsage, fmt.Errorf("--read-log: %w", err)}
	}
	if f.maxAge < time.Second || f.maxAge > time.Hour {
		return &exit{exitUsage, errors.New("--cache-max-age lies between 1s and 1h")}
	}
	tlsConfig, err := loadTLS(f.tlsCert, f.tlsKey)
	if err != nil {
		return &exit{exitUsage, err}
	}
	scheme, err := f.openFinance.scheme(ctx, tlsConfig, log)
	if err != nil {
		return err
	}
	earlier, err := readInfo(f.info)
	if err != nil {
		return err
	}
	l, err := listen(f.listen)
	if err != nil {
		return err
	}
	defer l.Close()
	admin, err := f.hydra.open()
	if err != nil {
		return err
	}
	if admin != nil {
		defer admin.Close()
	}
	if err := migrateFirst(ctx, out, f.database, f.migrate); err != nil {
		return err
	}
	n, err := openNode(ctx, nodeConfig{database: f.database, secretsKey: f.secretsKey, cacheBytes: f.cacheMiB << 20,
		publicURL: f.publicURL, logKey: f.logKey, logState: f.logState, readLog: f.readLog, evidenceKey: f.evidenceKey, maxAge: f.maxAge, log: log})
	if err != nil {
		return err
	}
	n.mount(scheme, nil)
	key, err := n.bootstrap(ctx, "root")
	if err != nil {
		return errors.Join(&exit{exitDatabase, err}, n.close())
	}
	keys := map[tenancy.OrgID]string{}
	if key != "" { // at once: nothing that fails later may lose it
		fmt.Fprintf(out, "first administrator's API key, shown this once: %s\n", key)
		keys[n.tenancy.Root()] = key
	}
	described, err := n.gather(address(l, tlsConfig), keys, nil)
	endpoints := []endpoint{{l, n.handler, tlsConfig}}
	if err == nil && admin != nil {
		endpoints, err = f.hydra.beside(endpoints, n, admin, "", described.URL)
	}
	if err == nil {
		described.keep(earlier)
		described.HydraAdminURL = adminURL(admin)
		err = described.write(f.info)
	}
	if err != nil {
		return errors.Join(err, n.close())
	}
	fmt.Fprintf(out, "tenure serves %s on %s\n", shown(f.database), described.URL)
	if admin != nil {
		fmt.Fprintf(out, "Hydra's admin API is on %s\n", described.HydraAdminURL)
	}
	return errors.Join(n.serve(ctx, endpoints...), n.close())
}

// shown is what may be printed of a --database: no password.
func shown(dsn string) string {
	if u, err := url.Parse(dsn); err == nil && u.User != nil {
		return u.Redacted()
	}
	return dsn
}

// address is the base URL of a listener.
func address(l net.Listener, tlsConfig *tls.Config) string {
	scheme := "http"
	if tlsConfig != nil {
		scheme = "https"
	}
	return scheme + "://" + l.Addr().String()
}

func loadTLS(cert, key string) (*tls.Config, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, errors.New("--tls-cert and --tls-key go together")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
