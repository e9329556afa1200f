package dbtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// cluster is one running PostgreSQL server, reached by a socket in dir only.
type cluster struct {
	dir, bin string
	as       *syscall.SysProcAttr
	keeper   *exec.Cmd
	input    io.Closer // of the keeper, which ends with it
}

// newCluster makes and starts a cluster. It runs as another user when this
// process is root's, as PostgreSQL refuses root.
func newCluster() (*cluster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("/tmp", "tenurepg") // short: a socket's path is limited to 107 bytes
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, bin: bin, as: &syscall.SysProcAttr{}}
	if os.Geteuid() == 0 {
		if err := c.dropRoot(); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	if err := c.run("initdb", "-D", dir+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

// keeper runs the server for as long as its input is open, and then removes
// everything. So the cluster also goes when the test program is killed.
const keeper = `bin=$1 dir=$2 options=$3
"$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" -o "$options" start >"$dir/start" 2>&1 || { cat "$dir/start" "$dir/log"; exit 1; }
echo started
read forever
"$bin/pg_ctl" -D "$dir/data" -w -m immediate stop >"$dir/stop" 2>&1
cd / && rm -rf "$dir"`

func (c *cluster) start() error {
	// Durability is not what these tests ask of PostgreSQL; speed is.
	options := fmt.Sprintf("-c listen_addresses='' -c unix_socket_directories=%s -c fsync=off -c max_connections=300 -c full_page_writes=off", c.dir)
	c.keeper = exec.Command("sh", "-c", keeper, "keeper", c.bin, c.dir, options)
	c.keeper.Dir = c.dir
	c.keeper.SysProcAttr = &syscall.SysProcAttr{Credential: c.as.Credential, Setpgid: true} // out of an interrupt's way
	var err error
	if c.input, err = c.keeper.StdinPipe(); err != nil {
		return err
	}
	output, err := c.keeper.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.keeper.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(output)
	if line, _ := lines.ReadString('\n'); line != "started\n" {
		rest, _ := io.ReadAll(lines)
		return errors.Join(fmt.Errorf("pg_ctl start: %s%s", line, rest), c.keeper.Wait())
	}
	return nil
}

func (c *cluster) stop() {
	c.input.Close()
	c.keeper.Wait()
}

// run runs one of the binaries, waits, and returns its output in the error.
func (c *cluster) run(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.SysProcAttr, cmd.Dir = c.as, c.dir
	log, err := os.CreateTemp("", "tenurepg-"+name) // a pipe would stay open in the server
	if err != nil {
		return err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s: %w: %s", name, err, text)
	}
	return nil
}

func (c *cluster) dropRoot() error {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		c.as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return os.Chown(c.dir, uid, gid)
	}
	return errors.New("running as root, and there is no user postgres or nobody to run PostgreSQL as")
}

func findBinaries() (string, error) {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	versions, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	dirs = append(dirs, versions...)
	for _, dir := range dirs {
		if isFile(filepath.Join(dir, "initdb")) && isFile(filepath.Join(dir, "pg_ctl")) && isFile(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", errors.New("no initdb, pg_ctl and postgres in PATH, pg_config --bindir or /usr/lib/postgresql")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
