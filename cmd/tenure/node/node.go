package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"tenure/cmd/tenure/exit"
	"tenure/handlers"
	"tenure/handlers/openfinance"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/readlog"
	"tenure/snapshots/unused"
	"tenure/tenancy"
	"tenure/tenancy/accesslog"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/history/witness"
)

const (
	headerTime = 10 * time.Second
	writeTime  = 60 * time.Second
	idleTime   = 120 * time.Second
	// finishTime is how long requests that are under way may take when a server stops: as
	// long as any may.
	finishTime   = web.LongTime + writeTime
	shutdownTime = 10 * time.Second // for what the node itself has left to write
	maxHeader    = 32 << 10
	// failureTime is how long it takes to refuse a client's secret, at least: longer
	// than the hashes that Tenure makes, and most that it imports, take to compare.
	failureTime = 500 * time.Millisecond
	// reserveBytes are kept beside a SQLite database, for revoking keys when the disk is
	// full; recoverTime is how often a node looks whether it still is.
	reserveBytes = 4 << 20
	recoverTime  = 5 * time.Second
	// coverEvery is how often a node signs entries of the log that no checkpoint covers.
	coverEvery = time.Minute
)

// Defaults of a node's memory.
const (
	CacheBytes  = 128 << 20
	MemoryBytes = 96 << 20
)

// Config configures a node.
type Config struct {
	Database    string
	SecretsKey  string // file, None, or empty for the database's default
	CacheBytes  uint64 // of all caches together; 0 for 128 MiB
	Batch       int    // writes of one transaction; 0 for what suits a server
	PublicURL   string // base URL; empty to take it from each request
	LogKey      string // file, None, or empty for the database's default
	LogState    string // file; empty for none
	EvidenceKey string // file, None, or empty for the database's default
	Witnesses   []witness.Peer
	MaxAge      time.Duration // for which callers may cache an answer; zero for a minute
	ReadLog     string        // off, sampled or full; empty for off
	Accesses    bool          // record who was refused, exported, or read history
	Stay        bool          // go on with reads where the database was rolled back
	// AcceptRollback and Lead are for the operator's commands that end what other nodes
	// refuse: see history.Log, AcceptRollback and MayLead.
	AcceptRollback bool
	Lead           *history.Decision
	// MemoryBytes is what Go's runtime aims to use at most, beside the caches; 0 for 96 MiB.
	MemoryBytes uint64
	// ServeStale is for how long keys of the role reader read from memory while the database
	// cannot be reached; 0 for never.
	ServeStale  time.Duration
	Rates       web.Rates // of API keys and organizations
	Connections db.Connections
	RequestTime time.Duration // of a request; 0 for web.RequestTime
	Drain       time.Duration // how long Serve goes on after its context has ended
	Proxies     web.Proxies
	Log         zerolog.Logger
	Observe     func(web.Observation) // of each request; nil for nobody
	Tracer      trace.Tracer          // nil for no traces
}

// Node is an open installation: its stores and the handler over them.
type Node struct {
	DB        *db.DB
	Log       *history.Log
	Tenancy   *tenancy.Store
	Snapshots *snapshots.Store
	Handler   http.Handler // nil until Mount

	accesses   *accesslog.Log // nil where they are not recorded
	stores     handlers.Stores
	options    snapshots.Options
	mounts     []*standIn
	stay       bool
	cosigner   *witness.Cosigner // nil without witnesses
	web        web.Config
	memory     uint64 // what Go's runtime aims at, with the caches
	programLog zerolog.Logger
	sealing    bool // it has a key that seals secrets
	drainTime  time.Duration
	draining   atomic.Bool
	staying    atomic.Pointer[history.Log] // what reads follow where the log was rolled back; nil where it was not
	stop       context.CancelFunc          // ends the background work
	background sync.WaitGroup
}

// Open opens the database and its key files and starts the background work.
// Close ends it.
func Open(ctx context.Context, cfg Config) (*Node, error) {
	d, err := db.Open(ctx, cfg.Database, db.Options{Batch: cfg.Batch, Connections: cfg.Connections, Tracer: cfg.Tracer})
	if err != nil {
		return nil, exit.Opening(err)
	}
	if cfg.MemoryBytes == 0 {
		cfg.MemoryBytes = MemoryBytes
	}
	if cfg.CacheBytes == 0 {
		cfg.CacheBytes = CacheBytes
	}
	n := &Node{DB: d, programLog: cfg.Log, memory: cfg.MemoryBytes + cfg.CacheBytes, drainTime: cfg.Drain, stay: cfg.Stay}
	if err = d.Guard(reserveBytes, n.tellStorage); err == nil {
		err = n.build(ctx, cfg)
	}
	if err != nil {
		d.Close()
		if fault.HasCode(err, history.CodeRolledBack) {
			err = fmt.Errorf("%w; see tenure log new-origin", err)
		}
		return nil, exit.With(openCode(err), err)
	}
	running, stop := context.WithCancel(context.Background())
	n.stop = stop
	n.background.Go(func() {
		n.Log.Follow(running, d, n.tellPolls())
	})
	n.background.Go(func() { n.flush(running) })
	n.background.Go(func() { n.recover(running) })
	n.background.Go(func() { n.endUnused(running) })
	n.background.Go(func() { n.cover(running) })
	n.background.Go(func() { n.count(running) })
	if n.cosigner != nil {
		n.background.Go(func() { n.cosign(running) })
	}
	return n, nil
}

func (n *Node) build(ctx context.Context, cfg Config) error {
	sealed, err := snapshots.Sealed(ctx, n.DB)
	if err != nil {
		return err
	}
	sealer, err := loadSealer(n.DB.Dialect, cfg, sealed)
	if err != nil {
		return err
	}
	if err := sameSealingKey(ctx, n.DB, sealer); err != nil {
		return err
	}
	n.sealing = sealer != nil
	n.Log = history.New(nil, nil)
	if cfg.AcceptRollback {
		n.Log.AcceptRollback()
	}
	if cfg.Lead != nil {
		n.Log.MayLead(*cfg.Lead)
	}
	if err := n.Log.Load(ctx, n.DB); err != nil {
		return err
	}
	ids := tenancy.NewIDs(nil)
	if n.Tenancy, err = tenancy.Open(ctx, n.DB, n.Log, ids); err != nil {
		return err
	}
	n.options = snapshots.Options{Sealer: sealer, CacheBytes: cfg.CacheBytes, ReadLog: readlog.Mode(cfg.ReadLog), FailureTime: failureTime}
	if n.Snapshots, err = snapshots.Open(ctx, n.DB, n.Log, ids, n.options); err != nil {
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
	n.addWitnesses(cfg.Witnesses, published, exporter)
	var fare func() []witness.Status
	if n.cosigner != nil {
		fare = n.cosigner.Status
	}
	n.web = web.Config{Tenancy: n.Tenancy, Log: cfg.Log, RequestTime: cfg.RequestTime, Proxies: cfg.Proxies, Room: web.NewRoom(0), Rates: web.NewRateLimits(cfg.Rates, time.Now), Observe: cfg.Observe, Tracer: cfg.Tracer}
	if cfg.ServeStale > 0 {
		n.web.Stale = &web.Stale{For: cfg.ServeStale}
	}
	if cfg.Accesses {
		n.accesses = accesslog.New(n.DB, n.Log.Now, func() string { return string(n.Tenancy.Root()) })
		n.web.Accesses = n.accesses
	}
	if n.Snapshots.KeepsReads() {
		n.web.Read = func(keyID, snapshotID string) { n.Snapshots.NoteRead(keyID, snapshots.SnapshotID(snapshotID)) }
	}
	n.stores = handlers.Stores{Tenancy: n.Tenancy, Snapshots: n.Snapshots, Log: published, Witnesses: fare, Evidence: exporter, Health: n.health, Await: n.Log.Await,
		PublicURL: cfg.PublicURL, Version: Version(), MaxAge: cfg.MaxAge}
	return nil
}

// Mount makes the handler. scheme is what /reg trusts; fetch, unless it is nil,
// replaces the usual way to fetch the URLs that requests name.
func (n *Node) Mount(scheme openfinance.Scheme, fetch web.Fetch) {
	n.stores.OpenFinance, n.stores.Fetch = scheme, fetch
	n.Handler = n.mounted(func() http.Handler { return handlers.New(n.web, n.stores) })
}

// regularly calls do until ctx ends, and logs why it failed.
func (n *Node) regularly(ctx context.Context, every time.Duration, what string, do func() error) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			// tellStorage has logged already that nothing can be written.
			if err := do(); err != nil && ctx.Err() == nil && fault.Of(err).Code != fault.CodeStorage {
				n.programLog.Error().Err(err).Msg(what)
			}
		}
	}
}

// endUnused regularly ends clients that registered themselves and were never used.
func (n *Node) endUnused(ctx context.Context) {
	n.regularly(ctx, unused.Every*time.Second, "ending clients that were never used", func() error {
		_, err := unused.End(ctx, n.Snapshots, n.Tenancy.Operator("unused registrations"))
		return err
	})
}

// flush regularly writes the last uses of keys and clients, reads and accesses.
func (n *Node) flush(ctx context.Context) {
	n.regularly(ctx, tenancy.FlushEvery, "writing last uses", func() error {
		return errors.Join(n.Tenancy.Flush(ctx), n.Snapshots.Flush(ctx), n.accesses.Flush(ctx, false))
	})
}

// recover looks now and then whether a database that could not be written can be again.
func (n *Node) recover(ctx context.Context) {
	n.regularly(ctx, recoverTime, "", func() error { n.DB.Recover(ctx); return nil })
}

// cover regularly signs what nobody has asked a checkpoint of.
func (n *Node) cover(ctx context.Context) {
	n.regularly(ctx, coverEvery, "signing the log", func() error { return n.stores.Log.Cover(ctx, history.SignEvery) })
}

// tellPolls logs that polls begin to fail, again once a minute, and that they work again.
func (n *Node) tellPolls() func(error) {
	var failing, told time.Time
	return func(err error) {
		switch {
		case err == nil && failing.IsZero():
		case err == nil:
			n.programLog.Info().Dur("after_ms", time.Since(failing)).Msg("the log of other nodes can be read again")
			failing, told = time.Time{}, time.Time{}
		default:
			if failing.IsZero() {
				failing = time.Now()
			}
			if time.Since(told) >= time.Minute {
				told = time.Now()
				n.programLog.Error().Err(err).Msg("the log of other nodes cannot be read; tried again twice a second")
			}
		}
	}
}

// tellStorage logs that writes begin to fail, and why, or that they work again.
func (n *Node) tellStorage(reason string) {
	if reason == "" {
		n.programLog.Info().Msg("the store can be written again")
		return
	}
	n.programLog.Error().Str("cause", reason).Msg("the store cannot be written; reads go on")
}

// Close ends the background work, signs what of the log is not signed yet, and
// closes the database.
func (n *Node) Close() error {
	n.stop()
	n.background.Wait()
	if n.Log.Gone() != nil {
		return n.DB.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	return errors.Join(n.left(n.Tenancy.Flush(ctx)), n.left(n.Snapshots.Finish(ctx)), n.left(n.accesses.Flush(ctx, true)), n.stores.Log.Cover(ctx, 0), n.DB.Close())
}

// left passes over what a log that takes no changes does not take of a node that ends: last
// uses and accesses of its last seconds. The program's log has why; ending is no failure.
func (n *Node) left(err error) error {
	if fault.HasCode(err, fault.CodeClock) {
		n.programLog.Warn().Err(err).Msg("what this server knows of last uses and accesses is not written")
		return nil
	}
	return err
}

// Version is the version of the program, from its build information.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}

// Serve answers on the endpoints until ctx ends, and for the drain time after it, or until an
// endpoint fails. Then it finishes the requests under way.
func (n *Node) Serve(ctx context.Context, endpoints ...Endpoint) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300) // caches dominate the heap: fewer collections cost little memory
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		// Near the limit the garbage collector works more often, so a flood costs time and not memory.
		debug.SetMemoryLimit(int64(n.memory))
	}
	serving, end := n.drain(ctx)
	defer end()
	var gone error
	var watched sync.WaitGroup
	watched.Go(func() {
		select {
		case <-serving.Done():
		case <-n.Log.Ended():
			if gone = n.rolledBack(); gone != nil {
				end()
			}
		}
	})
	err := n.serveDraining(serving, endpoints)
	end()
	watched.Wait()
	return errors.Join(err, gone)
}

// RequireSchema returns an error for a database that does not have our tables:
// opening it to write would create them.
func RequireSchema(dsn string) error {
	d, err := db.Open(context.Background(), dsn, db.Options{ReadOnly: true})
	if err != nil {
		return exit.Opening(err)
	}
	return d.Close()
}
