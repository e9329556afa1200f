package bench

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"tenure/cmd/tenure/node"
)

// run is a run of the benchmark.
type run struct {
	opts    Options
	program string // whose server is measured
	dir     string // files of the run
	state   *state
	out     io.Writer
	screen  io.Writer // for progress

	servers []*child
	bare    *child
	proxy   *proxy
	report  Report
}

// Run measures what the options say, and writes the table to out and the progress to
// screen. An interrupt ends it; its child processes end with it.
func Run(out, screen io.Writer, o Options) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := o.check(); err != nil {
		return err
	}
	r := &run{opts: o, dir: o.Keep, out: out, screen: screen}
	defer func() { err = errors.Join(err, r.stop()) }()
	if err := r.open(); err != nil {
		return err
	}
	err = r.measure(ctx)
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if n := r.report.failures(); err == nil && n > 0 {
		err = fmt.Errorf("%d of %d rows failed", n, len(r.report.Rows))
	}
	return err
}

// open finds the folder, the programs and the state of an earlier run.
func (r *run) open() (err error) {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r.program = self
	if r.opts.Program != "" {
		if r.program, err = filepath.Abs(r.opts.Program); err != nil {
			return err
		}
	}
	if r.dir == "" {
		if r.dir, err = os.MkdirTemp("", "tenure-bench-"); err != nil {
			return err
		}
	} else if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return err
	}
	if r.opts.Database == "" {
		r.opts.Database = filepath.Join(r.dir, "tenure.db")
	}
	if err := r.makeKeys(); err != nil {
		return err
	}
	r.state, err = readState(r.dir)
	return err
}

func (r *run) postgres() bool { return r.opts.postgres() }

func (r *run) file(name string) string { return filepath.Join(r.dir, name) }

func (r *run) say(text string) { fmt.Fprintln(r.screen, text) }

// measure seeds the database, starts the servers and measures every row.
func (r *run) measure(ctx context.Context) error {
	names := r.names()
	if err := r.opts.checkOnly(names); err != nil {
		return err
	}
	others, err := r.others()
	if err != nil {
		return err
	}
	cfg := node.Config{Database: r.opts.Database, SecretsKey: r.sealingKey(), LogKey: node.None, Log: zerolog.Nop()}
	if err := seed(ctx, cfg, r.state, r.opts.Clients, r.opts.Organizations, r.say); err != nil {
		return err
	}
	version, err := exec.CommandContext(ctx, r.program, "version").Output()
	if err != nil {
		return fmt.Errorf("%s version: %w", r.program, err)
	}
	name, _, _ := strings.Cut(string(version), "\n")
	if r.opts.Program != "" {
		name += " (" + filepath.Base(r.program) + ")"
	}
	r.report = Report{Program: name, Engine: "SQLite", Clients: r.state.Clients, Organizations: r.state.Organizations,
		Connections: r.opts.Connections, Seconds: r.opts.Seconds, Nodes: r.opts.Nodes, Cores: runtime.NumCPU()}
	if r.postgres() {
		r.report.Engine = "PostgreSQL"
	}
	if err := r.begin(ctx); err != nil {
		return err
	}
	if !r.opts.JSON {
		r.report.head(r.out)
	}
	if err := r.measureStart(ctx); err != nil {
		return err
	}
	loaded := false
	for _, row := range r.rows() {
		if !r.opts.selects(row.name) {
			continue
		}
		loaded = true
		if err := r.measureRow(ctx, row); err != nil {
			return err
		}
		for _, other := range others {
			if err := other.measure(ctx, r, row); err != nil {
				return err
			}
		}
	}
	if loaded && r.opts.selects(rowStart) {
		r.measureMemory()
	}
	if r.opts.selects(rowImport) {
		if err := r.measureImport(ctx); err != nil {
			return err
		}
	}
	if r.opts.JSON {
		return r.report.writeJSON(r.out)
	}
	return nil
}

// names are the rows that --only can select, in their order.
func (r *run) names() (names []string) {
	blank := &run{opts: r.opts, state: &state{Clients: leastClients, entities: make([]byte, leastClients*idBytes)}}
	names = append(names, rowStart)
	for _, row := range blank.rows() {
		names = append(names, row.name)
	}
	return append(names, rowImport)
}

// add prints a result and keeps it for the report.
func (r *run) add(result Result) {
	r.report.Rows = append(r.report.Rows, result)
	if !r.opts.JSON {
		result.print(r.out)
	}
}

func (r *run) seconds() time.Duration { return time.Duration(r.opts.Seconds * float64(time.Second)) }

// measureRow measures a row on the servers.
func (r *run) measureRow(ctx context.Context, row row) error {
	own := side{addresses: r.addresses()}
	for _, s := range r.servers {
		own.pids = append(own.pids, s.pid())
	}
	if r.proxy != nil {
		own.trips = r.proxy.trips.Load
	}
	return r.measureSide(ctx, row, own, row.target)
}

// measureSide measures a row on any server, beside the row's yardstick. A server that
// does not answer as it should makes the row fail, and not the run.
func (r *run) measureSide(ctx context.Context, row row, own side, aim target) error {
	result := Result{Row: row.name, Work: row.text, Beside: cmp.Or(row.beside, "bare handler")}
	w, first, err := row.first(ctx, own.addresses[0])
	if err == nil {
		own.work = w
		yard := side{addresses: []string{r.bare.address}, pids: []int{r.bare.pid()}}
		if row.yard != nil {
			yard = side{addresses: own.addresses, pids: own.pids, work: row.yard()}
		} else {
			yard.work = always(w.status, w.next(nil))
			yard.work.turn = w.turn
			err = answerWith(ctx, r.bare.address, first)
		}
		if err == nil {
			err = measure(ctx, own, yard, row.connections, r.seconds(), &result)
		}
		if err != nil {
			return err
		}
	} else {
		result.Failed, result.Failure = 1, err.Error()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	aim.judge(&result)
	r.add(result)
	return r.emptyLogs()
}

// first prepares a row and asks for its first answer.
func (row row) first(ctx context.Context, address string) (work, answer, error) {
	w, err := row.prepare(ctx)
	if err != nil {
		return w, answer{}, err
	}
	a, err := sample(ctx, address, w)
	if err == nil && !bytes.Contains(a.body, []byte(row.shows)) {
		err = fmt.Errorf("the answer does not show %s: %.300s", row.shows, a.body)
	}
	return w, a, err
}
