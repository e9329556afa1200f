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
	"tenure/handlers/web"
	"tenure/snapshots/readlog"
	"tenure/tenancy"
)

type serveFlags struct {
	database, listen, info, secretsKey, tlsCert, tlsKey, logLevel, logFile string
	memory                                                                 memory
	publicURL, logKey, logState, readLog, evidenceKey                      string
	maxAge, serveStale                                                     time.Duration
	migrate, accesses                                                      bool
	trustedProxy, proxyFrom, witnesses                                     []string
	rates                                                                  web.Rates
	hydra                                                                  node.HydraAdmin
	openFinance                                                            node.OpenFinance
	databaseSettings                                                       databaseSettings
	times                                                                  times
	stay                                                                   bool
	observed                                                               observed
}

func serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve an installation",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.OutOrStdout(), f)
		},
	}
	databaseFlag(cmd.Flags(), &f.database)
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8080", "address to serve on")
	cmd.Flags().StringVar(&f.info, "info", "", "file to write a JSON description of the running server to, with the keys that it has just made")
	secretsKeyFlag(cmd.Flags(), &f.secretsKey)
	cmd.Flags().StringVar(&f.logKey, "log-key", "", "file with the keys that sign the log, or none (default: next to a SQLite file)")
	cmd.Flags().StringVar(&f.logState, "log-state", "", "file that keeps the last published checkpoint outside the database, or none (default: next to a SQLite file)")
	cmd.Flags().BoolVar(&f.migrate, "migrate", false, "migrate a PostgreSQL database of an older schema version first (SQLite is always migrated, after a backup)")
	cmd.Flags().StringVar(&f.evidenceKey, "evidence-key", "", "file with the keys that sign evidence bundles, or none (default: next to a SQLite file)")
	cmd.Flags().StringVar(&f.tlsCert, "tls-cert", "", "certificate chain for TLS (PEM)")
	cmd.Flags().StringVar(&f.tlsKey, "tls-key", "", "private key of --tls-cert (PEM)")
	programLogFlags(cmd.Flags(), &f.logLevel, &f.logFile)
	memoryFlags(cmd.Flags(), &f.memory)
	cmd.Flags().StringArrayVar(&f.witnesses, "witness", nil, "URL+KEY of a witness that cosigns the log's checkpoints (C2SP tlog-witness); https, or http to this machine; may be repeated")
	cmd.Flags().StringVar(&f.publicURL, "public-url", "", "base URL under which clients reach the server (default: that of each request)")
	cmd.Flags().DurationVar(&f.maxAge, "cache-max-age", time.Minute, "how long callers may cache an answer, between 1s and 1h")
	cmd.Flags().DurationVar(&f.serveStale, "serve-stale", 0, "for how long keys of the role reader read clients from memory while the PostgreSQL database cannot be reached, at most 24h (default: never)")
	cmd.Flags().BoolVar(&f.accesses, "access-events", true, "record in the log who was refused, who exported, and who read history")
	cmd.Flags().StringVar(&f.readLog, "read-log", "off", "record who first read which version of a client: off, sampled (1 in 16) or full")
	proxyFlags(cmd.Flags(), &f.trustedProxy, &f.proxyFrom)
	rateFlags(cmd.Flags(), &f.rates)
	hydraAdminFlags(cmd.Flags(), &f.hydra)
	openFinanceFlags(cmd.Flags(), &f.openFinance)
	databaseFlags(cmd.Flags(), &f.databaseSettings)
	timeFlags(cmd.Flags(), &f.times)
	cmd.Flags().BoolVar(&f.stay, "stay", false, "where the database was rolled back under the server, go on with reads of what it has now instead of ending with 6")
	observedFlags(cmd.Flags(), &f.observed)
	return cmd
}

// untilToldToStop is a context that ends with the first signal to stop. A second one ends the program
// at once, from the moment on that anybody can see that the context has ended.
func untilToldToStop() (context.Context, context.CancelFunc) {
	told, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	ctx, end := context.WithCancel(context.Background())
	context.AfterFunc(told, func() {
		stop()
		end()
	})
	return ctx, stop
}

func serve(out io.Writer, f serveFlags) error {
	ctx, end := untilToldToStop()
	defer end()
	if err := errors.Join(f.memory.check(), f.times.check()); err != nil {
		return err
	}
	connections, err := f.databaseSettings.read()
	if err != nil {
		return err
	}
	log, logFile, err := node.NewLog(f.logLevel, f.logFile)
	if err != nil {
		return err
	}
	defer logFile.Close()
	earlier, err := node.TakeInfo(f.info)
	if err != nil {
		return err
	}
	if _, err := readlog.Parse(f.readLog); err != nil {
		return exit.With(exit.Usage, errors.New("--read-log must be off, sampled or full"))
	}
	if f.maxAge < time.Second || f.maxAge > time.Hour {
		return exit.With(exit.Usage, errors.New("--cache-max-age must be between 1s and 1h"))
	}
	if err := f.checkStale(); err != nil {
		return err
	}
	tlsConfig, err := node.LoadTLS(f.tlsCert, f.tlsKey)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	peers, err := witnessPeers(f.witnesses)
	if err != nil {
		return err
	}
	proxies, err := trustedProxies(f.trustedProxy, f.proxyFrom)
	if err != nil {
		return err
	}
	f.openFinance.Proxies = proxies
	scheme, tlsConfig, err := f.openFinance.Scheme(ctx, tlsConfig, log)
	if err != nil {
		return err
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
	on, err := f.observed.open(ctx, log)
	if err != nil {
		return err
	}
	defer on.close()
	if err := migrateFirst(ctx, out, f.database, f.secretsKey, f.migrate); err != nil {
		return err
	}
	cfg := node.Config{Database: f.database, SecretsKey: f.secretsKey, CacheBytes: uint64(f.memory.cache), MemoryBytes: uint64(f.memory.rest),
		PublicURL: f.publicURL, LogKey: f.logKey, LogState: f.logState, ReadLog: f.readLog, ServeStale: f.serveStale, Accesses: f.accesses, EvidenceKey: f.evidenceKey, Witnesses: peers, MaxAge: f.maxAge, Rates: f.rates, Proxies: proxies,
		Connections: connections, RequestTime: f.times.request, Drain: f.times.drain, Stay: f.stay, Log: log}
	on.configure(&cfg)
	n, err := node.Open(ctx, cfg)
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
	if err := n.EndorseKeys(ctx); err != nil {
		return errors.Join(err, n.Close())
	}
	described, err := n.Describe(node.Address(l, tlsConfig), keys, nil)
	endpoints := []node.Endpoint{{Listener: l, Handler: n.Handler, TLS: tlsConfig}}
	if err == nil && admin != nil {
		endpoints, err = f.hydra.AddEndpoint(endpoints, n, admin, "", described.URL)
	}
	if err == nil {
		endpoints = on.addEndpoint(endpoints, n, &described)
		described.KeepShownOnce(earlier)
		described.HydraAdminURL = node.AdminURL(admin)
		err = described.Write(f.info)
	}
	if err != nil {
		return errors.Join(err, n.Close())
	}
	fmt.Fprintf(out, "tenure serves %s on %s\n", redacted(f.database), described.URL)
	if admin != nil {
		fmt.Fprintf(out, "Hydra's admin API is on %s\n", described.HydraAdminURL)
	}
	if described.OpsURL != "" {
		fmt.Fprintf(out, "metrics are on %s/metrics\n", described.OpsURL)
	}
	return errors.Join(n.Serve(ctx, endpoints...), n.Close(), described.End(f.info, true))
}
