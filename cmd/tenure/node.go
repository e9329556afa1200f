package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/openfinance"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const (
	headerTime   = 10 * time.Second
	writeTime    = 60 * time.Second
	idleTime     = 120 * time.Second
	shutdownTime = 10 * time.Second
	maxHeader    = 32 << 10
)

// nodeConfig is what a running node is made of.
type nodeConfig struct {
	database    string
	secretsKey  string // file, "none", or empty for the database's default
	cacheBytes  uint64
	publicURL   string        // empty to take it from each request
	logKey      string        // file, "none", or empty for the database's default
	logState    string        // file; empty for none
	evidenceKey string        // file, "none", or empty for the database's default
	maxAge      time.Duration // of answers that callers hold; zero for a minute
	readLog     string        // off, sampled or full; empty for off
	log         zerolog.Logger
}

// node is an open installation: the stores and the handler over them.
type node struct {
	db        *db.DB
	log       *history.Log
	tenancy   *tenancy.Store
	snapshots *snapshots.Store
	stores    handlers.Stores
	web       web.Config
	handler   http.Handler // nil until mount
	zlog      zerolog.Logger
	stop      context.CancelFunc
	done      sync.WaitGroup // of what stop ends
}

func openNode(ctx context.Context, cfg nodeConfig) (*node, error) {
	d, err := db.Open(ctx, cfg.database, db.Options{})
	if err != nil {
		return nil, &exit{exitDatabase, err}
	}
	n := &node{db: d, zlog: cfg.log}
	if err := n.build(ctx, cfg); err != nil {
		d.Close()
		return nil, &exit{openCode(err), err}
	}
	background, stop := context.WithCancel(context.Background())
	n.stop = stop
	n.done.Go(func() {
		n.log.Follow(background, d, func(err error) { cfg.log.Error().Err(err).Msg("reading the log of other nodes") })
	})
	n.done.Go(func() { n.flush(background) })
	return n, nil
}

func (n *node) build(ctx context.Context, cfg nodeConfig) error {
	sealed, err := snapshots.Sealed(ctx, n.db)
	if err != nil {
		return err
	}
	sealer, err := loadSealer(n.db.Dialect, cfg, sealed)
	if err != nil {
		return err
	}
	n.log = history.New(nil, nil)
	if err := n.log.Load(ctx, n.db); err != nil {
		return err
	}
	ids := tenancy.NewIDs(nil)
	if n.tenancy, err = tenancy.Open(ctx, n.db, n.log, ids); err != nil {
		return err
	}
	if n.snapshots, err = snapshots.Open(ctx, n.db, n.log, ids, snapshots.Options{Sealer: sealer, CacheBytes: cfg.cacheBytes,
		ReadLog: snapshots.ReadLog(cfg.readLog)}); err != nil {
		return err
	}
	published, err := n.openPublisher(ctx, cfg)
	if err != nil {
		return err
	}
	exporter, err := n.openEvidence(cfg, published)
	if err != nil {
		return err
	}
	n.web = web.Config{Tenancy: n.tenancy, Log: cfg.log}
	if n.snapshots.KeepsReads() {
		n.web.Read = func(keyID, snapshotID string) { n.snapshots.NoteRead(keyID, snapshots.SnapshotID(snapshotID)) }
	}
	n.stores = handlers.Stores{Tenancy: n.tenancy, Snapshots: n.snapshots, IDs: ids, Log: published, Evidence: exporter, Ready: n.db.Ping,
		PublicURL: cfg.publicURL, Version: version(), MaxAge: cfg.maxAge}
	return nil
}

// mount makes the handler, with what /reg rests on and, where it is not the
// usual one, the way to fetch what requests name.
func (n *node) mount(scheme openfinance.Scheme, fetch web.Fetch) {
	n.stores.OpenFinance, n.stores.Fetch = scheme, fetch
	n.handler = handlers.New(n.web, n.stores)
}

// flush writes what may be late: last uses of keys, and repairs of memory.
func (n *node) flush(ctx context.Context) {
	ticker := time.NewTicker(tenancy.FlushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := errors.Join(n.tenancy.Flush(ctx), n.snapshots.Flush(ctx), n.tenancy.Refresh(ctx)); err != nil && ctx.Err() == nil {
				n.zlog.Error().Err(err).Msg("writing last uses")
			}
		}
	}
}

func (n *node) close() error {
	n.stop()
	n.done.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	return errors.Join(n.tenancy.Flush(ctx), n.snapshots.Flush(ctx), n.db.Close())
}

// listen opens the address before anything is promised to anybody.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &exit{exitListen, fmt.Errorf("cannot listen on %s: %w", address, errors.Unwrap(err))}
	}
	return l, nil
}

// version is the program's own, as its build says it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}

// endpoint is a listener with what it serves.
type endpoint struct {
	net.Listener
	handler http.Handler
	tls     *tls.Config
}

// serve answers on the endpoints until ctx ends or one fails, then finishes
// what is under way.
func (n *node) serve(ctx context.Context, endpoints ...endpoint) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300) // caches dominate the heap: fewer collections cost little memory
	}
	failed := make(chan error, len(endpoints))
	servers := make([]*http.Server, len(endpoints))
	for i, e := range endpoints {
		server := &http.Server{Handler: e.handler, ReadHeaderTimeout: headerTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
			MaxHeaderBytes: maxHeader, TLSConfig: e.tls, ErrorLog: serverLog(n.zlog)}
		servers[i] = server
		go func() {
			if e.tls != nil {
				failed <- server.ServeTLS(e, "", "")
				return
			}
			failed <- server.Serve(e)
		}()
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	var stopped sync.WaitGroup
	ends := make([]error, len(servers))
	for i, server := range servers {
		stopped.Go(func() { ends[i] = server.Shutdown(stopping) })
	}
	stopped.Wait()
	return errors.Join(append(ends, err)...)
}

// message is an error's text for an operator: a fault's causes are not hidden
// from whoever runs the program.
func message(err error) string {
	if f := fault.Of(err); f.Kind != fault.Internal {
		return f.Error()
	}
	return err.Error()
}
