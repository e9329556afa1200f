//go:build linux

package drill

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenure/cmd/tenure/node"
)

// installation is two PostgreSQL servers and three nodes. The node c reaches the
// servers through proxies, and stays up when the log is rolled back.
type installation struct {
	*machine
	primary, standby *postgres
	replication      *proxy // between standby and primary
	synchronous      bool
	nodes            []*tenure
	dir              string
	admin            string // an administrator's API key
	root             string // the root organization's id
	setup            string
}

// tenure is one node.
type tenure struct {
	name, dsn, url string
	program        string
	args           []string
	process        *process
	proxies        []*proxy // to the servers; nil for a node that reaches them directly
	state          string   // the file of --log-state
	stays          bool     // where the log is rolled back
	client         *http.Client
}

// install makes servers and nodes, and starts them.
func install(t *testing.T, bin string, synchronous bool) *installation {
	t.Helper()
	i := &installation{machine: newMachine(t, bin), synchronous: synchronous, dir: t.TempDir()}
	i.primary = i.newServer(t, "one")
	i.primary.mustQuery(t, "CREATE DATABASE tenure")
	i.addStandby(t, "two", freePort(t))
	i.startNodes(t)
	return i
}

// startNodes makes the key files and the three nodes, and starts them.
func (i *installation) startNodes(t *testing.T) {
	t.Helper()
	i.runs(t, "log", "new-key", "--file-only", "--log-key", i.file("log-key"))
	i.runs(t, "evidence", "new-key", "--file-only", "--evidence-key", i.file("evidence-key"))
	sealing := make([]byte, 32)
	rand.Read(sealing)
	must(t, os.WriteFile(i.file("sealing-key"), []byte(base64.StdEncoding.EncodeToString(sealing)), 0o600))
	for _, name := range []string{"a", "b", "c"} {
		i.addNode(t, name, name == "c")
	}
	for _, n := range i.nodes {
		i.startNode(t, n)
	}
}

func (i *installation) file(name string) string { return filepath.Join(i.dir, name) }

// addStandby makes a standby of the primary, behind a proxy that can hold back what it gets.
func (i *installation) addStandby(t testing.TB, name, port string) {
	t.Helper()
	i.replication = newProxy(t, "127.0.0.1:"+i.primary.port)
	i.standby = i.copyOf(t, i.primary, name, port, i.replication.port())
	i.standby.start(t)
	i.primary.awaitStandby(t, name, "async")
	if i.synchronous {
		i.primary.waitFor(t, name)
		i.primary.awaitStandby(t, name, "sync")
	}
}

func (i *installation) addNode(t testing.TB, name string, proxied bool) {
	n := &tenure{name: name, program: program.path, state: i.file("log-state-" + name), client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	ports := []string{i.primary.port, i.standby.port}
	if proxied {
		for k, port := range ports {
			p := newProxy(t, "127.0.0.1:"+port)
			n.proxies = append(n.proxies, p)
			ports[k] = p.port()
		}
	}
	n.dsn = fmt.Sprintf("postgres://%s@127.0.0.1:%s,127.0.0.1:%s/tenure?sslmode=disable&target_session_attrs=read-write&connect_timeout=2&application_name=%s", superuser, ports[0], ports[1], name)
	listen := "127.0.0.1:" + freePort(t)
	n.url = "http://" + listen
	n.args = []string{"serve", "--database", n.dsn, "--listen", listen, "--info", i.file("info-" + name), "--log-level", "warn",
		"--log-key", i.file("log-key"), "--evidence-key", i.file("evidence-key"), "--secrets-key-file", i.file("sealing-key"), "--log-state", n.state}
	if n.stays = proxied; n.stays {
		n.args = append(n.args, "--stay")
	}
	i.nodes = append(i.nodes, n)
}

// startNode starts a node and waits until it is ready.
func (i *installation) startNode(t testing.TB, n *tenure) {
	t.Helper()
	i.launch(t, n)
	within(t, 40*time.Second, "node "+n.name+" starts", func() error {
		if !n.process.running() {
			t.Fatalf("node %s ended with %d: %s", n.name, n.process.exitCode(), n.process.output.last())
		}
		status, word := n.ready(t.Context())
		if status != http.StatusOK {
			return fmt.Errorf("%d %s", status, word)
		}
		return nil
	})
	if i.admin != "" {
		return
	}
	var info node.Info
	raw, err := os.ReadFile(i.file("info-" + n.name))
	must(t, errors.Join(err, json.Unmarshal(raw, &info)))
	i.admin, i.root, i.setup = info.Organizations[0].APIKey, string(info.Organizations[0].ID), string(info.SetupID)
}

// launch starts a node and does not wait.
func (i *installation) launch(t testing.TB, n *tenure) {
	t.Helper()
	n.process = startProcess(t, exec.Command(n.program, n.args...))
}

// stop asks a node to end and waits for that.
func (n *tenure) stop(t testing.TB) {
	t.Helper()
	must(t, n.process.cmd.Process.Signal(syscall.SIGTERM))
	within(t, 30*time.Second, "node "+n.name+" ends", func() error {
		if n.process.running() {
			return errors.New("it runs")
		}
		return nil
	})
}

// answer is a node's answer to a request.
type answer struct {
	status int
	body   []byte
	header http.Header
}

// send sends a request. An error means that nobody knows whether the node has done it.
func (n *tenure) send(ctx context.Context, key, method, path, body string, header ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, n.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	res, err := n.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, raw, res.Header}, err
}

// get sends a GET that must succeed and decodes its answer.
func (n *tenure) get(t testing.TB, key, path string, into any) {
	t.Helper()
	got, err := n.send(t.Context(), key, "GET", path, "")
	if err != nil || got.status != http.StatusOK {
		t.Fatalf("node %s: GET %s: %d %.300s %v", n.name, path, got.status, got.body, err)
	}
	must(t, json.Unmarshal(got.body, into))
}

// readyTime is after which a load balancer gives up asking.
const readyTime = 1500 * time.Millisecond

// ready asks /readyz and returns its status and the word or words that say why.
// A node that does not answer within readyTime is "silent", and has status 0.
func (n *tenure) ready(ctx context.Context) (int, string) {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	got, err := n.send(ctx, "", "GET", "/readyz", "")
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return 0, "down"
	case err != nil:
		return 0, "silent"
	case got.status == http.StatusOK:
		return got.status, "ready"
	}
	return got.status, readyWord(got.body)
}

// readyWord is what an answer of /readyz that is not 200 says is wrong: the word of every check that fails.
func readyWord(body []byte) string {
	var said struct {
		Checks map[string]struct {
			Status string `json:"status"`
		} `json:"checks"`
	}
	if err := json.Unmarshal(body, &said); err != nil || len(said.Checks) == 0 {
		return string(bytes.TrimSpace(body))
	}
	var words []string
	for _, check := range said.Checks {
		if check.Status != "ok" {
			words = append(words, check.Status)
		}
	}
	slices.Sort(words)
	return strings.Join(words, "+")
}

// runs runs a command of the program that must succeed, and returns what it said.
func (i *installation) runs(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command(program.path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("tenure %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
