//go:build linux

package drill

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// binaries are the folders of PostgreSQL's programs to run the drill with, the main one
// first: those of TENURE_POSTGRES_BINS (separated by colons), or Debian's newest.
func binaries(t testing.TB) []string {
	t.Helper()
	if dirs := filepath.SplitList(os.Getenv("TENURE_POSTGRES_BINS")); len(dirs) > 0 {
		return dirs
	}
	return []string{debian(t)}
}

// debian is the folder of the newest PostgreSQL of Debian's packages.
func debian(t testing.TB) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		t.Fatal("no PostgreSQL in /usr/lib/postgresql: TENURE_POSTGRES_BINS must name the folder of its programs")
	}
	return found[len(found)-1]
}

// version is that of the PostgreSQL in a folder.
func version(t testing.TB, bin string) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	must(t, err)
	fields := strings.Fields(string(out)) // postgres (PostgreSQL) 15.10 (Debian …)
	return fields[2]
}

// machine is what PostgreSQL servers of a test share.
type machine struct {
	bin  string
	dir  string
	user *syscall.Credential // nil: the tests' own
}

func newMachine(t testing.TB, bin string) *machine {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "tenuredrillpg") // t.TempDir is closed to other users
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	m := &machine{bin: bin, dir: dir}
	if os.Geteuid() == 0 { // PostgreSQL refuses root
		m.user = unprivileged(t)
		must(t, os.Chown(dir, int(m.user.Uid), int(m.user.Gid)))
	}
	return m
}

func unprivileged(t testing.TB) *syscall.Credential {
	t.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatal("running as root, and there is no user postgres or nobody to run PostgreSQL as")
	return nil
}

// command is one of PostgreSQL's programs, run as the servers' user.
func (m *machine) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(m.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = m.dir, &syscall.SysProcAttr{Credential: m.user}
	return cmd
}

func (m *machine) run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := m.command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

// postgres is one PostgreSQL server.
type postgres struct {
	*machine
	name, port string
	process    *process
}

const superuser = "postgres"

// newServer makes an empty server and starts it.
func (m *machine) newServer(t testing.TB, name string) *postgres {
	t.Helper()
	s := &postgres{machine: m, name: name, port: freePort(t)}
	m.run(t, "initdb", "-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	s.start(t)
	return s
}

// copyOf copies a running server's data and returns the server of the copy, which is not
// started. With follow it is a standby that reaches the first one at that port.
func (m *machine) copyOf(t testing.TB, of *postgres, name, port, follow string) *postgres {
	t.Helper()
	s := &postgres{machine: m, name: name, port: port}
	m.run(t, "pg_basebackup", "-d", of.conninfo(of.port, "drill"), "-D", s.data(), "-X", "stream", "-c", "fast", "--no-sync")
	if follow != "" {
		settings, err := os.OpenFile(filepath.Join(s.data(), "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
		must(t, err)
		_, err = fmt.Fprintf(settings, "primary_conninfo = '%s'\n", of.conninfo(follow, name))
		must(t, errors.Join(err, settings.Close()))
		signal := filepath.Join(s.data(), "standby.signal")
		must(t, os.WriteFile(signal, nil, 0o644))
	}
	return s
}

func (s *postgres) data() string { return filepath.Join(s.dir, s.name) }

// conninfo is how PostgreSQL's own programs reach the server.
func (s *postgres) conninfo(port, application string) string {
	return fmt.Sprintf("host=127.0.0.1 port=%s user=%s application_name=%s", port, superuser, application)
}

// start starts the server and waits until it answers. After a crash PostgreSQL refuses
// to start while processes of the time before still end.
func (s *postgres) start(t testing.TB) {
	t.Helper()
	within(t, 30*time.Second, s.name+" starts", func() error {
		if s.process == nil || !s.process.running() {
			// No fault of the drill loses what the kernel has taken, so nothing waits for a disk.
			cmd := s.command("postgres", "-D", s.data(), "-p", s.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off",
				"-c", "max_connections=300", "-c", "hot_standby=on", "-c", "wal_keep_size=512MB", "-c", "wal_receiver_timeout=2s", "-c", "wal_sender_timeout=0",
				"-c", "wal_retrieve_retry_interval=200ms", "-c", "superuser_reserved_connections=20")
			s.process = startProcess(t, cmd)
		}
		_, err := s.query("SELECT 1")
		if err != nil {
			err = fmt.Errorf("%w: %s", err, s.process.output.last())
		}
		return err
	})
}

// killAll ends the server as a machine that loses power does: the postmaster and every backend, with SIGKILL.
func (s *postgres) killAll(t testing.TB) {
	t.Helper()
	must(t, s.process.signalTree(syscall.SIGKILL))
	s.process.kill()
}

// query runs a statement on a connection of its own and returns the first column.
func (s *postgres) query(statement string, args ...any) (column []string, err error) {
	return s.queryIn("postgres", statement, args...)
}

func (s *postgres) queryIn(database, statement string, args ...any) (column []string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.conninfo(s.port, "drill")+" dbname="+database+" sslmode=disable connect_timeout=2")
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.Background())
	return firstColumn(ctx, conn, statement, args...)
}

func firstColumn(ctx context.Context, conn *pgx.Conn, statement string, args ...any) ([]string, error) {
	rows, err := conn.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (s *postgres) mustQuery(t testing.TB, statement string, args ...any) []string {
	t.Helper()
	column, err := s.query(statement, args...)
	must(t, err)
	return column
}

// awaitStandby waits until a standby of this name has everything.
func (s *postgres) awaitStandby(t testing.TB, name, state string) {
	t.Helper()
	within(t, 20*time.Second, name+" follows "+s.name, func() error {
		got, err := s.query("SELECT sync_state FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'", name)
		if err == nil && (len(got) != 1 || got[0] != state) {
			err = fmt.Errorf("it is %q, not %s", got, state)
		}
		return err
	})
}

// waitFor makes commits wait for a standby of this name; for an empty name for none.
func (s *postgres) waitFor(t testing.TB, standby string) {
	t.Helper()
	s.mustQuery(t, fmt.Sprintf("ALTER SYSTEM SET synchronous_standby_names = '%s'", standby))
	s.mustQuery(t, "SELECT pg_reload_conf()::text")
}

// promote makes a standby the primary and returns when it takes writes.
func (s *postgres) promote(t testing.TB) {
	t.Helper()
	s.mustQuery(t, "SELECT pg_promote()::text")
	within(t, 20*time.Second, s.name+" is promoted", func() error {
		got, err := s.query("SELECT pg_is_in_recovery()::text")
		if err == nil && got[0] != "false" {
			err = errors.New("it is in recovery")
		}
		return err
	})
}

// stopBackend stops a backend of a node whose statement matches the pattern, and returns its
// process id. One that writes is stopped in the middle of its transaction; any other holds no
// lock when it is stopped. A backend can be elsewhere by the time that the signal reaches it, or
// hold what the whole server waits for: it goes on, and another try is made.
func (s *postgres) stopBackend(t testing.TB, node, pattern string, writing bool) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.conninfo(s.port, "drill")+" dbname=postgres sslmode=disable")
	must(t, err)
	defer conn.Close(context.Background())
	for {
		found, err := firstColumn(ctx, conn, "SELECT pid::text FROM pg_stat_activity WHERE application_name = $1 AND query ~* $2 AND state <> 'idle'", node, pattern)
		must(t, err)
		if len(found) == 0 {
			continue
		}
		pid, err := strconv.Atoi(found[0])
		must(t, err)
		must(t, syscall.Kill(pid, syscall.SIGSTOP))
		within(t, time.Second, "the backend stops", func() error { return stopped(pid) })
		if holds, err := s.holdsLock(pid); err == nil && holds == writing {
			return pid
		}
		must(t, syscall.Kill(pid, syscall.SIGCONT))
	}
}

// stopped returns nil if a process is stopped: the signal takes a moment.
func stopped(pid int) error {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return err
	}
	_, after, _ := strings.Cut(string(raw), ") ")
	if !strings.HasPrefix(after, "T") {
		return fmt.Errorf("its state is %.1s", after)
	}
	return nil
}

// holdsLock reports whether a backend is in the middle of a transaction that writes, and waits for nobody.
func (s *postgres) holdsLock(pid int) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.conninfo(s.port, "drill")+" dbname=postgres sslmode=disable")
	if err != nil {
		return false, err
	}
	defer conn.Close(context.Background())
	held, err := firstColumn(ctx, conn, `SELECT count(*)::text FROM pg_locks l WHERE l.pid = $1 AND l.locktype = 'transactionid' AND l.granted
		AND NOT EXISTS (SELECT FROM pg_locks w WHERE w.pid = $1 AND NOT w.granted)`, pid)
	return err == nil && held[0] != "0", err
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	return port
}
