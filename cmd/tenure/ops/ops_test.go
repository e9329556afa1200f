package ops

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/handlers/openfinance"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/history"
	"tenure/tenancy/history/witness"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a node that is observed, with organizations and keys.
type world struct {
	node    *node.Node
	metrics *Metrics
	named   []string // what belongs to tenants
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := context.Background()
	w := &world{metrics: NewMetrics()}
	peer, err := witness.ParsePeer("http://127.0.0.1:1+" + witness.VerifierKey("witness.example/w1", make([]byte, 32)))
	must(t, err)
	w.node, err = node.Open(ctx, node.Config{Database: filepath.Join(t.TempDir(), "tenure.db"), Accesses: true, Log: zerolog.Nop(), Observe: w.metrics.Observe,
		Witnesses: []witness.Peer{peer}})
	must(t, err)
	t.Cleanup(func() { must(t, w.node.Close()) })
	w.node.Mount(openfinance.Scheme{}, nil)
	w.metrics.Follow(w.node, "v1.2.3", 4)
	_, err = w.node.Bootstrap(ctx, "root")
	must(t, err)
	return w
}

// send sends a request to the node's handler and returns the status.
func (w *world) send(method, path, key, body string) int {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+key)
	rec := httptest.NewRecorder()
	w.node.Handler.ServeHTTP(rec, r)
	return rec.Code
}

// use makes organizations, keys and clients, and has requests of every kind answered.
func (w *world) use(t *testing.T) {
	t.Helper()
	ctx, operator := context.Background(), w.node.Tenancy.Operator("test")
	setup := snapshots.EntityID(w.node.Tenancy.DefaultSetup(w.node.Tenancy.Root()))
	for i := range 3 {
		name := fmt.Sprintf("zebra-%d", i)
		org, err := w.node.Tenancy.CreateOrganization(ctx, operator, w.node.Tenancy.Root(), name)
		must(t, err)
		made, key, err := w.node.Tenancy.CreateKey(ctx, operator, tenancy.NewKey{Org: org.ID, Name: name + "-key", Role: tenancy.Admin})
		must(t, err)
		_, _, err = w.node.Tenancy.CreateKey(ctx, operator, tenancy.NewKey{Org: org.ID, Name: name + "-short", Role: tenancy.Reader,
			ExpiresAt: history.Micros(time.Now().Add(time.Duration(3+10*i) * 24 * time.Hour).UnixMicro())})
		must(t, err)
		client := name + "-client"
		w.named = append(w.named, "zebra", string(org.ID), made.ID, key, "secret-of")
		for _, c := range []struct {
			method, path, key, body string
			status                  int
		}{
			{"POST", "/admin/clients", key, `{"client_id":"` + client + `","client_secret":"secret-of-a-tenant-1"}`, 201},
			{"GET", "/admin/clients/" + client, key, "", 200},
			{"HEAD", "/admin/clients/" + client, key, "", 200},
			{"PATCH", "/admin/clients/" + client, key, `[{"op":"replace","path":"/client_name","value":"` + name + `"}]`, 200},
			{"GET", "/admin/clients/" + client + "-none", key, "", 404},
			{"GET", "/admin/clients/" + client, key + "x", "", 401},
			{"GET", "/v1/organizations/" + string(org.ID), key, "", 200},
			{"GET", "/v1/organizations/" + string(w.node.Tenancy.Root()), key, "", 404},
			{"GET", "/" + client, key, "", 404},
			{"GET", "/v1/" + string(org.ID) + "/" + client, key, "", 404},
			{"ZEBRA", "/admin/clients/" + client, key, "", 404},
			{"POST", "/admin/clients", key, `{`, 400},
			{"GET", "/readyz", "", "", 200},
		} {
			if status := w.send(c.method, c.path, c.key, c.body); status != c.status {
				t.Errorf("%s %s: %d, want %d", c.method, c.path, status, c.status)
			}
		}
		e, _, err := w.node.Snapshots.Find(ctx, operator, snapshots.ByClientID(snapshots.DefaultModule, setup, client))
		must(t, err)
		for _, method := range []string{"GET", "HEAD", "GET"} { // with the secret, but for the second
			if status := w.send(method, fmt.Sprintf("/v2/modules/%s/setups/%s/clients/%s", snapshots.DefaultModule, setup, e.ID), key, ""); status != 200 {
				t.Errorf("%s of the secret: %d", method, status)
			}
		}
		w.named = append(w.named, string(e.ID))
	}
	if s := w.node.Stats(ctx); s.Disclosed != 6 || s.Log.Size < 12 || len(s.Checks) != 6 || len(s.Caches) < 7 || s.DB.Sizes.Count == 0 || fmt.Sprint(s.Ending) != "map[1d:0 30d:3 7d:1]" {
		t.Errorf("%+v", s)
	}
}

// TestNoLabelNamesATenant: after requests of several organizations, no label has an id or
// a name of theirs, and every route is one of testdata/routes.txt.
func TestNoLabelNamesATenant(t *testing.T) {
	w := newWorld(t)
	w.use(t)
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "routes.txt"))
	must(t, err)
	routes := []string{"none"}
	for line := range strings.Lines(string(raw)) {
		if fields := strings.Fields(line); len(fields) > 2 {
			routes = append(routes, fields[2])
		}
	}
	families, err := w.metrics.registry.Gather()
	must(t, err)
	seen := map[string]bool{}
	for _, family := range families {
		for _, m := range family.Metric {
			for _, label := range m.Label {
				seen[label.GetName()+"="+label.GetValue()] = true
				for _, named := range w.named {
					if strings.Contains(strings.ToLower(label.GetValue()), strings.ToLower(named)) {
						t.Errorf("%s: the label %s names a tenant: %s", family.GetName(), label.GetName(), label.GetValue())
					}
				}
				if label.GetName() == "route" && !slices.Contains(routes, label.GetValue()) {
					t.Errorf("%s: %s is no route", family.GetName(), label.GetValue())
				}
			}
		}
	}
	for _, want := range []string{"route=none", "method=other", "route=/admin/clients/{client}", "method=HEAD", "surface=hydra", "kind=unauthenticated", "witness=witness.example/w1", "cache=rendered", "check=disk", "check=log"} {
		if !seen[want] {
			t.Errorf("no label %s", want)
		}
	}
}

// TestDocumentation: docs/operations.md has the list of metrics, and a scrape has each of
// them and no others.
func TestDocumentation(t *testing.T) {
	page := read(t, "operations.md")
	var rows []string
	for _, m := range list {
		labels := "–"
		if len(m.labels) > 0 {
			labels = "`" + strings.Join(m.labels, "`, `") + "`"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |", m.fullName(), m.kind, labels, m.help))
	}
	have := regexp.MustCompile("(?m)^\\| `tenure_.*$").FindAllString(page, -1)
	if !slices.Equal(have, rows) {
		t.Errorf("docs/operations.md must have these rows:\n%s\nit has\n%s", strings.Join(rows, "\n"), strings.Join(have, "\n"))
	}
	w := newWorld(t)
	w.use(t)
	w.sign(t)
	families, err := w.metrics.registry.Gather()
	must(t, err)
	scraped := map[string]string{}
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "tenure_") {
			scraped[f.GetName()] = strings.ToLower(f.GetType().String())
		}
	}
	for _, m := range list {
		if kind := scraped[m.fullName()]; kind != m.kind {
			t.Errorf("%s is a %s in the list and %q in a scrape", m.fullName(), m.kind, kind)
		}
		delete(scraped, m.fullName())
	}
	for name := range scraped {
		t.Errorf("%s is not in the list", name)
	}
	for _, name := range regexp.MustCompile(`tenure_[a-z_]+`).FindAllString(read(t, "alerts.rules.yml"), -1) {
		base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count"), "_sum")
		if !slices.ContainsFunc(list, func(m metric) bool { return m.fullName() == name || m.fullName() == base && m.kind == histogram }) {
			t.Errorf("docs/alerts.rules.yml: there is no metric %s", name)
		}
	}
}

// sign has the log signed.
func (w *world) sign(t *testing.T) {
	t.Helper()
	if status := w.send("GET", "/log/checkpoint", "", ""); status != 200 {
		t.Fatalf("the checkpoint: %d", status)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", name))
	must(t, err)
	return string(raw)
}

// TestPromtool: Prometheus's own tool has nothing to say of a scrape and of the alert rules.
func TestPromtool(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		if os.Getenv("TENURE_REQUIRE_PROMTOOL") == "1" {
			t.Fatal("promtool is required here")
		}
		t.Skip("no promtool")
	}
	w := newWorld(t)
	w.use(t)
	w.sign(t)
	rec := httptest.NewRecorder()
	Listener{}.Handler(w.metrics, w.node.Operations()).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	check := exec.Command("promtool", "check", "metrics")
	check.Stdin = rec.Body
	if out, err := check.CombinedOutput(); err != nil || rec.Code != 200 || len(out) > 0 {
		t.Errorf("%d %v\n%s", rec.Code, err, out)
	}
	rules := filepath.Join("..", "..", "..", "docs", "alerts.rules.yml")
	if out, err := exec.Command("promtool", "check", "rules", rules).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestWhatIsServed: metrics and the answers for load balancers, profiles only where they
// are wanted, and never the command line.
func TestWhatIsServed(t *testing.T) {
	w := newWorld(t)
	for _, profiles := range []bool{false, true} {
		h := Listener{Profiles: profiles}.Handler(w.metrics, w.node.Operations())
		want := map[string]int{"/metrics": 200, "/readyz": 200, "/livez": 200, "/healthz": 200, "/v1/organizations": 404, "/debug/pprof/cmdline": 404, "/debug/pprof/": 404, "/debug/pprof/heap": 404}
		if profiles {
			want["/debug/pprof/"], want["/debug/pprof/heap"] = 200, 200
		}
		for path, status := range want {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
			if rec.Code != status {
				t.Errorf("profiles %v: %s: %d, want %d", profiles, path, rec.Code, status)
			}
		}
	}
}

// TestAddresses: the listener asks nobody who they are, so it is for this machine only,
// unless more is allowed.
func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		l    Listener
		says string
	}{
		{Listener{Address: "0.0.0.0:0"}, "--ops-allow-remote"},
		{Listener{Address: ":0"}, "--ops-allow-remote"},
		{Listener{Address: "10.0.0.1:0"}, "--ops-allow-remote"},
		{Listener{Address: "192.0.2.1:0"}, "--ops-allow-remote"},
		{Listener{Address: "[::]:0"}, "--ops-allow-remote"},
		{Listener{Address: "localhost"}, "--ops-listen localhost is not an address"},
		{Listener{Profiles: true}, "--pprof needs --ops-listen"},
		{Listener{Address: "127.0.0.1:0"}, ""},
		{Listener{Address: "0.0.0.0:0", AllowRemote: true}, ""},
		{Listener{}, ""},
	} {
		l, err := c.l.Open()
		if l != nil {
			must(t, l.Close())
		}
		code, _ := exit.Code(err)
		if (err == nil) != (c.says == "") || err != nil && (code != exit.Usage || !strings.Contains(err.Error(), c.says)) || err == nil && (l != nil) != (c.l.Address != "") {
			t.Errorf("%+v: %v", c.l, err)
		}
	}
}

// TestWitnesses: two witnesses of one name are one series, that of the one behind.
func TestWitnesses(t *testing.T) {
	now := time.Now()
	to := make(chan prometheus.Metric, 10)
	emitter{to}.witnesses(node.Stats{Witnesses: []witness.Status{{Key: "a+1+k", Size: 9}, {Key: "a+2+k", Size: 7, Behind: now.Add(-time.Hour)}}})
	if len(to) != 2 {
		t.Errorf("%d metrics", len(to))
	}
}
