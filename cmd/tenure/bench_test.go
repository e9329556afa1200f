package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tenure/cmd/tenure/bench"
	"tenure/cmd/tenure/exit"
	"tenure/tenancy/db/dbtest"
)

// small are the flags of a run that a test can wait for.
func small(more ...string) []string {
	return append([]string{"bench", "--clients", "50", "--organizations", "40", "--seconds", "0.1", "--connections", "4", "--import-clients", "30"}, more...)
}

// measured runs the benchmark in this process, whose children are the test binary as
// program, and returns what it prints.
func measured(t *testing.T, args ...string) string {
	t.Helper()
	t.Setenv(asProgram, "1")
	var out, says bytes.Buffer
	if code := run(args, &out, &says); code != 0 {
		t.Fatalf("tenure %s: exit %d\n%s%s", strings.Join(args, " "), code, out.String(), says.String())
	}
	return out.String()
}

// reportOf is what --json prints.
func reportOf(t *testing.T, args ...string) (report bench.Report) {
	t.Helper()
	must(t, json.Unmarshal([]byte(measured(t, append(args, "--json")...)), &report))
	return report
}

// benchRows are the rows of a run with SQLite on Linux, in their order.
var benchRows = strings.Fields(`start start-get start-memory warm-nevismeta warm-hydra warm-register warm-slashid warm-openfinance admin depth
	cold cold-chain create create-secret patch list list-owner list-name memory memory-peak import import-memory`)

// TestBenchPrintsEveryRow, each with answers and none that failed.
func TestBenchPrintsEveryRow(t *testing.T) {
	report := reportOf(t, small("--seconds", "0.2")...)
	var names []string
	for _, r := range report.Rows {
		names = append(names, r.Row)
		loads := !strings.HasPrefix(r.Row, "start") && !strings.HasPrefix(r.Row, "memory") && r.Row != "import-memory"
		if r.Failed > 0 || loads && (r.Requests == 0 || r.Rate <= 0) || !loads && r.Seconds == 0 && r.Bytes == 0 {
			t.Errorf("%+v", r)
		}
		if loads && r.Row != "import" && r.YardRate <= 0 {
			t.Errorf("%s was not measured beside anything", r.Row)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "memory") || name == "memory-peak" })
	want := slices.DeleteFunc(slices.Clone(benchRows), func(name string) bool { return strings.HasSuffix(name, "memory") || name == "memory-peak" })
	if !slices.Equal(names, want) { // memory is known on Linux only
		t.Errorf("rows %v, want %v", names, want)
	}
	if report.Clients != 50 || report.Organizations != 40 || report.Engine != "SQLite" {
		t.Errorf("%+v", report)
	}
}

// TestBenchKeepsItsClients: a second run uses what the first has seeded, and prints a
// table of the rows that are asked for.
func TestBenchKeepsItsClients(t *testing.T) {
	dir := t.TempDir()
	measured(t, small("--keep", dir, "--only", "cold-chain")...)
	before, err := os.ReadFile(filepath.Join(dir, "bench.json"))
	must(t, err)
	table := measured(t, small("--keep", dir, "--only", "admin,list")...)
	after, err := os.ReadFile(filepath.Join(dir, "bench.json"))
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Errorf("the state was\n%s\nand is\n%s", before, after)
	}
	for _, want := range []string{": 50 clients, 40 organizations", "secret shown", "page of 100 clients", "filter by owner", "filter by name"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	if strings.Contains(table, "cold GET") || strings.Contains(table, "failed") {
		t.Errorf("\n%s", table)
	}
	more := reportOf(t, append(small("--keep", dir, "--only", "cold"), "--clients", "70")...)
	if more.Clients != 70 {
		t.Errorf("%d clients", more.Clients)
	}
	if says := refused(t, append(small("--keep", dir), "--organizations", "41")...); !strings.Contains(says, "40 organizations") {
		t.Error(says)
	}
	if says := refused(t, small("--keep", t.TempDir(), "--database", filepath.Join(dir, "tenure.db"))...); !strings.Contains(says, "the same --keep") {
		t.Error(says)
	}
}

// TestBenchOnPostgres: two nodes behind a proxy, and a second run that finds the
// clients of the first.
func TestBenchOnPostgres(t *testing.T) {
	dir, dsn := t.TempDir(), dbtest.Postgres(t)
	for _, c := range []struct{ only, rows string }{{"cold,distance,import", "cold cold-chain distance import"}, {"cold", "cold cold-chain"}} {
		report := reportOf(t, small("--keep", dir, "--database", dsn, "--nodes", "2", "--distance", "1ms", "--only", c.only)...)
		var names []string
		for _, r := range report.Rows {
			if r.Failed > 0 || r.Row != "import-memory" && r.Requests == 0 || !strings.HasPrefix(r.Row, "import") && r.Trips <= 0 {
				t.Errorf("%+v", r)
			}
			names = append(names, r.Row)
		}
		names = slices.DeleteFunc(names, func(name string) bool { return name == "import-memory" })
		if want := strings.Fields(c.rows); !slices.Equal(names, want) {
			t.Errorf("rows %v, want %v", names, want)
		}
		if report.Engine != "PostgreSQL" || report.Nodes != 2 || report.Distance != 1 || report.Measured < 1 {
			t.Errorf("%+v", report)
		}
	}
}

// TestBenchComparesWithHydra: with the listener of a server of ours, and with one that
// answers as little as Hydra would.
func TestBenchComparesWithHydra(t *testing.T) {
	p := started(t, "", "dev", "--hydra-admin-listen", "127.0.0.1:0")
	var lists, made atomic.Int64
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/base/admin/clients":
			made.Add(1)
			w.WriteHeader(http.StatusCreated)
		case r.URL.Path == "/base/admin/clients":
			if lists.Add(1) == 1 {
				w.Header().Set("Link", `</base/admin/clients?page_size=500&page_token=x>; rel="next"`)
			}
		}
		fmt.Fprintln(w, `{"client_id":"x"}`)
	}))
	defer fake.Close()
	for _, url := range []string{p.info.HydraAdminURL, fake.URL + "/base"} {
		report := reportOf(t, small("--compare", "hydra="+url, "--only", "create,warm-hydra,list")...)
		var names []string
		for _, r := range report.Rows {
			if strings.HasPrefix(r.Row, "hydra-") {
				names = append(names, r.Row)
				if r.Failed > 0 || r.Requests == 0 || r.CPU != nil || r.Verdict != "" {
					t.Errorf("%s: %+v", url, r)
				}
			}
		}
		if want := strings.Fields("hydra-warm-hydra hydra-create hydra-list hydra-list-owner hydra-list-name"); !slices.Equal(names, want) {
			t.Errorf("%s: rows %v", url, names)
		}
	}
	if made.Load() < 100 {
		t.Errorf("%d clients were made", made.Load())
	}
}

// TestBenchCountsFailures: answers with another status are counted, and the row fails.
func TestBenchCountsFailures(t *testing.T) {
	var asked atomic.Int64
	half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
		} else if asked.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer half.Close()
	for url, says := range map[string]string{half.URL: "the first with: status 503 instead of 200", "http://127.0.0.1:1": "connection refused"} {
		t.Setenv(asProgram, "1")
		var out, errors bytes.Buffer
		code := run(small("--compare", "hydra="+url, "--only", "warm-hydra"), &out, &errors)
		if code != exit.Failure || !strings.Contains(errors.String(), "1 of 2 rows failed") || !strings.Contains(out.String(), "| failed") || !strings.Contains(out.String(), says) {
			t.Errorf("%s: exit %d\n%s%s", url, code, out.String(), errors.String())
		}
	}
}

// childrenOf are the processes that a process has started, as /proc says.
func childrenOf(t *testing.T, pid int) (children []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	must(t, err)
	for _, path := range all {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		var state string
		var parent int
		_, err = fmt.Sscan(string(raw[bytes.LastIndexByte(raw, ')')+1:]), &state, &parent)
		if err == nil && parent == pid {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			must(t, err)
			children = append(children, child)
		}
	}
	return children
}

// running reports whether a process is there and has not ended.
func running(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.Contains(raw, []byte(") Z "))
}

// TestBenchLeavesNoProcess, whether it is interrupted or killed; an interrupted one
// leaves no files either.
func TestBenchLeavesNoProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc on this machine")
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			cmd := command(append(small("--only", "start,warm"), "--seconds", "60")...)
			output, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			defer cmd.Process.Kill()
			lines := bufio.NewReader(output)
			for line := ""; !strings.Contains(line, "first GET"); { // the server and the bare handler run by then
				line, err = lines.ReadString('\n')
				must(t, err)
			}
			children := childrenOf(t, cmd.Process.Pid)
			if len(children) != 2 {
				t.Fatalf("children %v", children)
			}
			must(t, cmd.Process.Signal(signal))
			_, _ = io.Copy(io.Discard, lines)
			err = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != exit.Failure && signal != syscall.SIGKILL {
				t.Errorf("exit code %d, %v", code, err)
			}
			ticks := time.NewTicker(10 * time.Millisecond)
			defer ticks.Stop()
			for tries := 0; slices.ContainsFunc(children, running); tries++ {
				if signal != syscall.SIGKILL || tries > 2000 {
					t.Fatalf("of %v some still run", children)
				}
				<-ticks.C
			}
			left, err := os.ReadDir(dir)
			must(t, err)
			if len(left) > 0 && signal != syscall.SIGKILL {
				t.Errorf("it left %v", left)
			}
		})
	}
}

func TestBenchOptions(t *testing.T) {
	for line, says := range map[string]string{
		"--clients 49":                          "--clients must be between 50 and",
		"--organizations 31":                    "--organizations must be between 32 and",
		"--connections 0":                       "--connections must be",
		"--import-clients 0":                    "--import-clients must be",
		"--seconds 0":                           "--seconds must be between 0.1 and 600",
		"--seconds NaN":                         "--seconds must be between 0.1 and 600",
		"--nodes 0":                             "--nodes must be",
		"--nodes 2":                             "--nodes needs a PostgreSQL --database",
		"--distance 1ms":                        "--distance needs a PostgreSQL --database",
		"--distance 2s":                         "--distance must be between",
		"--only nonsense":                       "--only nonsense: the rows are start, warm-nevismeta, ",
		"--compare nonsense":                    "--compare nonsense must be hydra=http://host:port",
		"--compare hydra=https://127.0.0.1:1":   "must be hydra=http://host:port",
		"--compare other=http://127.0.0.1:4445": "must be hydra=http://host:port",
	} {
		if got := refused(t, append([]string{"bench"}, strings.Fields(line)...)...); !strings.Contains(got, says) {
			t.Errorf("%s: %s", line, got)
		}
	}
}
