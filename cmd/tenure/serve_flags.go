package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"tenure/cmd/tenure/exit"
	"tenure/handlers/web"
	"tenure/snapshots/readlog"
	"tenure/tenancy/db"
)

// databaseSettings are the flags of the connections to PostgreSQL.
type databaseSettings struct {
	connections db.Connections
	readers     uint64
}

func databaseFlags(flags *pflag.FlagSet, s *databaseSettings) {
	flags.Uint64Var(&s.readers, "db-readers", 0, "connections to PostgreSQL that read, at most 1000; two more write, and one reads what other nodes wrote (default: four a processor)")
	flags.DurationVar(&s.connections.Connect, "connect-timeout", db.ConnectTime, "how long connecting to one PostgreSQL server may take (connect_timeout in the DSN goes first)")
	flags.DurationVar(&s.connections.Statement, "statement-timeout", db.StatementTime, "how long a statement may take on PostgreSQL (statement_timeout in the DSN goes first)")
	flags.DurationVar(&s.connections.Lock, "lock-timeout", db.LockTime, "how long a statement may wait for a lock on PostgreSQL (lock_timeout in the DSN goes first)")
	flags.BoolVar(&s.connections.Bouncer, "pgbouncer", false, "the database is reached through PgBouncer in transaction mode (as pgbouncer=true in the DSN)")
}

// read checks what the flags say.
func (s databaseSettings) read() (db.Connections, error) {
	if s.readers > 1000 {
		return s.connections, exit.With(exit.Usage, errors.New("--db-readers must be at most 1000"))
	}
	for name, d := range map[string]time.Duration{"connect": s.connections.Connect, "statement": s.connections.Statement, "lock": s.connections.Lock} {
		if d < 100*time.Millisecond || d > time.Hour {
			return s.connections, exit.With(exit.Usage, fmt.Errorf("--%s-timeout must be between 100ms and 1h", name))
		}
	}
	s.connections.Readers = int(s.readers)
	return s.connections, nil
}

// checkStale checks --serve-stale. A full read log cannot be kept without the database: what
// is read meanwhile would be missing if the program ended, or if it was too much.
func (f serveFlags) checkStale() error {
	switch {
	case f.serveStale < 0 || f.serveStale > web.MostStale:
		return exit.With(exit.Usage, errors.New("--serve-stale must be between 0s and 24h"))
	case f.serveStale > 0 && f.readLog == string(readlog.Full):
		return exit.With(exit.Usage, errors.New("--serve-stale and --read-log full exclude each other: reads cannot be recorded while the database is gone"))
	}
	return nil
}

// times are how long a server gives requests, and those who send them.
type times struct{ request, drain time.Duration }

func timeFlags(flags *pflag.FlagSet, t *times) {
	flags.DurationVar(&t.request, "request-timeout", web.RequestTime, "how long a request may take, without its body, between 100ms and 30s; a few that take long on purpose have 5 minutes")
	flags.DurationVar(&t.drain, "drain", 5*time.Second, "how long a server that is told to stop goes on serving, with /readyz saying draining; at most 10m")
}

func (t times) check() error {
	if t.request < 100*time.Millisecond || t.request > 30*time.Second {
		return exit.With(exit.Usage, errors.New("--request-timeout must be between 100ms and 30s"))
	}
	if t.drain < 0 || t.drain > 10*time.Minute {
		return exit.With(exit.Usage, errors.New("--drain must be between 0s and 10m"))
	}
	return nil
}
