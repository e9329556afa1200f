package bench

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"tenure/snapshots/credential"
	"tenure/tenancy/history"

	"tenure/cmd/tenure/node"
)

// sealingKey and logKey are the key files of the servers: with SQLite those beside the
// database, which is what an empty path means.
func (r *run) sealingKey() string {
	if r.postgres() {
		return r.file("secrets.key")
	}
	return ""
}

func (r *run) logKey() string {
	if r.postgres() {
		return r.file("log.key")
	}
	return ""
}

// makeKeys makes the key files that PostgreSQL needs, unless an earlier run did.
func (r *run) makeKeys() error {
	if !r.postgres() {
		return nil
	}
	sealing := make([]byte, credential.KeySize)
	if _, err := rand.Read(sealing); err != nil {
		return err
	}
	log, err := history.NewKeyFile(rand.Reader)
	if err != nil {
		return err
	}
	for path, text := range map[string][]byte{r.sealingKey(): []byte(base64.StdEncoding.EncodeToString(sealing) + "\n"), r.logKey(): log} {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			err = os.WriteFile(path, text, 0o600)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// begin starts the bare handler and the proxy.
func (r *run) begin(ctx context.Context) (err error) {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if r.bare, err = startChild(ctx, bareReady, self, "bench", "--bare-handler"); err != nil || r.opts.Distance == 0 {
		return err
	}
	network, address, err := upstream(r.opts.Database)
	if err != nil {
		return err
	}
	r.report.Distance = milliseconds(r.opts.Distance)
	measured, err := echoTime(r.opts.Distance)
	if err != nil {
		return err
	}
	r.report.Measured = milliseconds(measured)
	r.proxy, err = newProxy(network, address, r.opts.Distance/2)
	return err
}

// dsn is the database as the servers reach it: through the proxy if there is one.
func (r *run) dsn() (string, error) {
	if r.proxy == nil {
		return r.opts.Database, nil
	}
	u, err := url.Parse(r.opts.Database)
	if err != nil {
		return "", err
	}
	u.Host = r.proxy.address()
	q := u.Query()
	q.Del("host")
	q.Del("port")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func (r *run) accessLog(n int) string { return r.file(fmt.Sprintf("access-%d.log", n)) }

// startServer starts one more server.
func (r *run) startServer(ctx context.Context) (*child, error) {
	dsn, err := r.dsn()
	if err != nil {
		return nil, err
	}
	args := []string{"serve", "--database", dsn, "--listen", "127.0.0.1:0", "--log-file", r.accessLog(len(r.servers)), "--drain", "0s"}
	if r.postgres() {
		args = append(args, "--secrets-key-file", r.sealingKey(), "--log-key", r.logKey())
	}
	c, err := startChild(ctx, " on http://", r.program, args...)
	if err == nil {
		r.servers = append(r.servers, c)
	}
	return c, err
}

func (r *run) addresses() (all []string) {
	for _, s := range r.servers {
		all = append(all, s.address)
	}
	return all
}

// emptyLogs empties the access logs, which grow by gigabytes otherwise.
func (r *run) emptyLogs() error {
	for i := range r.servers {
		if err := os.Truncate(r.accessLog(i), 0); err != nil {
			return err
		}
	}
	return nil
}

// measureStart starts the servers, and measures how long the first takes, its memory
// then, and its first answer.
func (r *run) measureStart(ctx context.Context) error {
	first, err := r.startServer(ctx)
	if err != nil {
		return err
	}
	memory, _, known := memoryOf(first.pid())
	begun := time.Now()
	if _, err := sample(ctx, first.address, r.get(r.nevis(firstPlain), bearer(r.state.Reader))); err != nil {
		return fmt.Errorf("the first GET: %w", err)
	}
	took := time.Since(begun)
	if r.opts.selects(rowStart) {
		results := []Result{{Row: rowStart, Work: "start until it listens", Seconds: first.took.Seconds()}, {Row: "start-get", Work: "first GET after it", Seconds: took.Seconds()}}
		target{seconds: 0.5}.judge(&results[0])
		if known {
			results = append(results, r.memory("start-memory", "memory after the start", memory))
		}
		for _, result := range results {
			r.add(result)
		}
	}
	for len(r.servers) < r.opts.Nodes {
		if _, err := r.startServer(ctx); err != nil {
			return err
		}
	}
	return nil
}

// defaultCache is the server's --cache-size, which a memory target has on top.
const defaultCache = node.CacheBytes

func (r *run) memory(name, text string, bytes int64) Result {
	result := Result{Row: name, Work: text, Bytes: bytes}
	target{bytes: 150e6 + defaultCache}.judge(&result)
	return result
}

// measureMemory adds the memory that the servers need after all loads.
func (r *run) measureMemory() {
	for i, s := range r.servers {
		if now, most, known := memoryOf(s.pid()); known {
			name := ""
			if len(r.servers) > 1 {
				name = fmt.Sprintf(" of node %d", i+1)
			}
			r.add(r.memory("memory", "memory after these rows"+name, now))
			r.add(r.memory("memory-peak", "greatest memory"+name, most))
		}
	}
}

// stopServers ends the servers.
func (r *run) stopServers() (err error) {
	for _, s := range r.servers {
		err = errors.Join(err, s.stop())
	}
	r.servers = nil
	return err
}

// stop ends everything that the run started, and removes its files unless they are kept.
func (r *run) stop() error {
	err := r.stopServers()
	if r.bare != nil {
		err = errors.Join(err, r.bare.stop())
	}
	if r.proxy != nil {
		r.proxy.close()
	}
	if r.opts.Keep == "" && r.dir != "" {
		err = errors.Join(err, os.RemoveAll(r.dir))
	}
	return err
}
