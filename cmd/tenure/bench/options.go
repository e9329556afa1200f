package bench

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"tenure/cmd/tenure/exit"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// Options say what to measure.
type Options struct {
	Clients       int // stored before the first row, at least
	Organizations int
	Imported      int     // clients of the file that is imported
	Connections   int     // of every row but that of creates at a distance
	Seconds       float64 // a row
	Program       string  // whose server is measured; empty for this one
	Database      string  // what db.ParseDSN takes; empty for a SQLite file in the folder of the run
	Keep          string  // folder of the run that is kept; empty for a temporary one
	Nodes         int     // servers on one PostgreSQL database
	Distance      time.Duration
	Compare       []string // hydra=URL
	Only          []string // rows; empty for all
	JSON          bool
}

// Bounds of the options.
const (
	leastClients = 50
	mostClients  = 10_000_000
	mostNodes    = 16
)

func (o Options) postgres() bool { return db.DialectOf(o.Database) == db.Postgres }

// check returns an error with the exit code for usage.
func (o Options) check() error {
	var err error
	switch {
	case o.Clients < leastClients || o.Clients > mostClients:
		err = fmt.Errorf("--clients must be between %d and %d", leastClients, mostClients)
	case o.Organizations < tenancy.MaxDepth || o.Organizations > 1_000_000:
		err = fmt.Errorf("--organizations must be between %d and 1000000: one path has the greatest depth", tenancy.MaxDepth)
	case o.Connections < 1 || o.Connections > 1000:
		err = errors.New("--connections must be between 1 and 1000")
	case o.Imported < 1 || o.Imported > mostClients:
		err = fmt.Errorf("--import-clients must be between 1 and %d", mostClients)
	case !(o.Seconds >= 0.1 && o.Seconds <= 600):
		err = errors.New("--seconds must be between 0.1 and 600")
	case o.Nodes < 1 || o.Nodes > mostNodes:
		err = fmt.Errorf("--nodes must be between 1 and %d", mostNodes)
	case o.Nodes > 1 && !o.postgres():
		err = errors.New("--nodes needs a PostgreSQL --database: one process serves a SQLite file")
	case o.Distance < 0 || o.Distance > time.Second:
		err = errors.New("--distance must be between 0s and 1s")
	case o.Distance > 0 && !(o.postgres() && strings.Contains(o.Database, "://")):
		err = errors.New("--distance needs a PostgreSQL --database, as a URL")
	}
	return exit.With(exit.Usage, err)
}

// selects reports whether --only lets a row be measured: by its name, or by the part
// of it before a dash.
func (o Options) selects(name string) bool {
	return len(o.Only) == 0 || slices.ContainsFunc(o.Only, func(only string) bool { return name == only || strings.HasPrefix(name, only+"-") })
}

// checkOnly refuses what selects no row.
func (o Options) checkOnly(names []string) error {
	for _, only := range o.Only {
		one := Options{Only: []string{only}}
		if !slices.ContainsFunc(names, one.selects) {
			return exit.With(exit.Usage, fmt.Errorf("--only %s: the rows are %s", only, strings.Join(names, ", ")))
		}
	}
	return nil
}

func escaped(text string) string { return url.QueryEscape(text) }
