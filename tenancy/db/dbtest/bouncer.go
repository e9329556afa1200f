package dbtest

import (
	"bufio"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// bouncerSettings are PgBouncer's own defaults but for the mode, who may connect, and a pool
// so small that clients share its connections.
const bouncerSettings = `[databases]
* = host=%s user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = %s
auth_type = any
pool_mode = transaction
default_pool_size = 3
`

// bouncerKeeper runs PgBouncer for as long as its input is open.
const bouncerKeeper = `"$1" -q "$2" & p=$!
i=0; until test -S "$3"; do i=$((i+1)); test $i -lt 100 || exit 1; sleep 0.05; done
echo started
read forever
kill $p`

// PgBouncer is the address of a fresh PostgreSQL database behind a PgBouncer of its own, in
// transaction mode, and that of the database itself. It is skipped, or fails, as Postgres.
func PgBouncer(t testing.TB) (through, direct string) {
	t.Helper()
	direct = Postgres(t)
	program := "/usr/sbin/pgbouncer"
	if found, err := exec.LookPath("pgbouncer"); err == nil {
		program = found
	} else if _, err := os.Stat(program); err != nil {
		if os.Getenv("TENURE_REQUIRE_POSTGRES") == "1" {
			t.Fatal("PgBouncer is required here, and there is no pgbouncer")
		}
		t.Skip("no PgBouncer")
	}
	dir, err := started.bouncer(t, program)
	if err != nil {
		t.Fatal("PgBouncer: ", err)
	}
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = url.Values{"host": {dir}, "port": {"6432"}, "sslmode": {"disable"}}.Encode()
	return u.String(), direct
}

// bouncer starts one in front of the cluster, for the length of the test.
func (c *cluster) bouncer(t testing.TB, program string) (dir string, err error) {
	if dir, err = os.MkdirTemp("/tmp", "tenurebouncer"); err != nil {
		return "", err
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	settings := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(settings, fmt.Appendf(nil, bouncerSettings, c.dir, dir), 0o600); err != nil {
		return "", err
	}
	if who := c.as.Credential; who != nil {
		if err := errors.Join(os.Chown(dir, int(who.Uid), int(who.Gid)), os.Chown(settings, int(who.Uid), int(who.Gid))); err != nil {
			return "", err
		}
	}
	keeper := exec.Command("sh", "-c", bouncerKeeper, "keeper", program, settings, filepath.Join(dir, ".s.PGSQL.6432"))
	keeper.Dir, keeper.SysProcAttr = dir, &syscall.SysProcAttr{Credential: c.as.Credential, Setpgid: true}
	input, err := keeper.StdinPipe()
	if err != nil {
		return "", err
	}
	output, err := keeper.StdoutPipe()
	if err == nil {
		err = keeper.Start()
	}
	if err != nil {
		return "", err
	}
	t.Cleanup(func() { input.Close(); keeper.Wait() })
	if line, _ := bufio.NewReader(output).ReadString('\n'); line != "started\n" {
		return "", errors.New("it did not start")
	}
	return dir, nil
}
