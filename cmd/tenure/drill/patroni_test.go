//go:build linux

package drill

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// patroniPause is how long nothing may be written after the leader is lost: Patroni's ttl,
// a turn of its loop, and the promotion.
const patroniPause = 40 * time.Second

// member is one member of a Patroni cluster.
type member struct {
	Name, API, Etcd, Port, Bin, Data string
	keeper                           *exec.Cmd
}

// patroniKeeper runs Patroni for as long as its input is open, and then ends it and the PostgreSQL
// that it has started, which is no child of Patroni.
const patroniKeeper = `patroni "$1" >"$2.log" 2>&1 &
read forever
kill -9 $! $(head -n 1 "$2/postmaster.pid") 2>/dev/null
wait`

func (m *machine) newMember(t *testing.T, name, etcd string) *member {
	t.Helper()
	p := &member{Name: name, API: freePort(t), Etcd: etcd, Port: freePort(t), Bin: m.bin, Data: filepath.Join(m.dir, name)}
	config := p.Data + ".yml"
	f, err := os.Create(config)
	must(t, err)
	defer f.Close()
	must(t, template.Must(template.ParseFiles("../../../testdata/ha/patroni.yml")).Execute(f, p))
	p.keeper = exec.Command("sh", "-c", patroniKeeper, "keeper", config, p.Data)
	p.keeper.Dir, p.keeper.SysProcAttr = m.dir, &syscall.SysProcAttr{Credential: m.user, Setpgid: true}
	input, err := p.keeper.StdinPipe()
	must(t, err)
	must(t, p.keeper.Start())
	t.Cleanup(func() {
		input.Close()
		p.keeper.Wait()
		if said, err := os.ReadFile(p.Data + ".log"); err == nil && t.Failed() {
			t.Logf("%s: …%s", name, said[max(0, len(said)-3000):])
		}
	})
	return p
}

// lose ends the member with SIGKILL: Patroni, and PostgreSQL with all its processes.
func (p *member) lose(t *testing.T) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(p.Data, "postmaster.pid"))
	must(t, err)
	postmaster, err := strconv.Atoi(strings.Fields(string(raw))[0])
	must(t, err)
	for _, pid := range append(append(children(p.keeper.Process.Pid), postmaster), children(postmaster)...) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

// is asks the member's API whether it has a role.
func (p *member) is(role string) error {
	res, err := http.Get("http://127.0.0.1:" + p.API + "/" + role)
	if err != nil {
		return err
	}
	if res.Body.Close(); res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is no %s: %d", p.Name, role, res.StatusCode)
	}
	return nil
}

// TestPatroni loses the leader of a Patroni cluster with a synchronous standby. The nodes write again
// when Patroni has promoted the standby, with no help, and no acknowledged write is lost.
func TestPatroni(t *testing.T) {
	if !required("TENURE_REQUIRE_PATRONI") {
		t.Skip("needs Debian's packages patroni and etcd-server: TENURE_REQUIRE_PATRONI=1 runs it")
	}
	must(t, program.err)
	m := newMachine(t, debian(t))
	etcd, peers := freePort(t), freePort(t)
	cmd := exec.Command("etcd", "--data-dir", filepath.Join(t.TempDir(), "etcd"), "--listen-client-urls", "http://127.0.0.1:"+etcd, "--advertise-client-urls", "http://127.0.0.1:"+etcd,
		"--listen-peer-urls", "http://127.0.0.1:"+peers, "--initial-advertise-peer-urls", "http://127.0.0.1:"+peers, "--initial-cluster", "default=http://127.0.0.1:"+peers)
	startProcess(t, cmd)
	members := []*member{m.newMember(t, "one", etcd)}
	within(t, 20*time.Second, "the first member leads", func() error { return members[0].is("leader") })
	members = append(members, m.newMember(t, "two", etcd))
	within(t, time.Minute, "the second member follows synchronously", func() error { return members[1].is("synchronous") })

	i := &installation{machine: m, dir: t.TempDir(), synchronous: true}
	i.primary, i.standby = &postgres{machine: m, port: members[0].Port}, &postgres{machine: m, port: members[1].Port}
	i.primary.mustQuery(t, "CREATE DATABASE tenure")
	i.startNodes(t)
	l := newLoad(t, i)
	f := fault{name: "kill -9 of Patroni's leader with its PostgreSQL", pause: [3]time.Duration{patroniPause, patroniPause, patroniPause},
		inject: func(t *testing.T, i *installation) { members[0].lose(t) }}
	r := f.run(t, i, l)
	if err := members[1].is("leader"); err != nil {
		t.Error(err)
	}
	table(t, "PostgreSQL "+version(t, m.bin)+" with Patroni, synchronous_mode", pausedColumns, []row{r})
	i.consistent(t)
}
