package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/cmd/tenure/node"
)

// The attacks on a running server: one tenant, or callers without a key, send what
// costs memory and time. Each test looks at the process from outside: its memory, and
// how long another tenant's writes take meanwhile.

const (
	floodConnections = 1400
	// memoryBound is the memory of a server under attack: 150 MB and its caches.
	memoryBound = 150<<20 + node.CacheBytes
	// latencyBound is for slow machines that run other tests meanwhile. The figures
	// of a run are in its log.
	latencyBound = 5 * time.Second
)

// attacked starts a server for an attack and gives the keys of the attacking tenant
// and of another.
func attacked(t *testing.T) (p *program, attacker, other string) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds, and both processors")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("the memory of a process is read from /proc")
	}
	p = started(t, "", "dev", "--log-level", "disabled")
	return p, p.info.Organizations[2].APIKey, p.info.Organizations[1].APIKey
}

// mostMemory is the most memory that the process has had in RAM, in bytes.
func (p *program) mostMemory(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	must(t, err)
	_, line, _ := strings.Cut(string(raw), "VmHWM:")
	var kib int
	if _, err := fmt.Sscanf(line, "%d kB", &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// crowd are callers with connections of their own.
func crowd() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: floodConnections}, Timeout: time.Minute}
}

// send sends a request with a key and returns the answer's status and body.
func (p *program) send(ctx context.Context, client *http.Client, key, method, path, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.info.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return res.StatusCode, string(raw), err
}

// under runs an attack while another tenant writes for a time, and checks what the
// server needed for both. attack ends with its context.
func (p *program) under(t *testing.T, other string, length time.Duration, attack func(context.Context)) {
	t.Helper()
	client := crowd()
	if status, body, err := p.send(t.Context(), client, other, "POST", "/admin/clients", `{"client_id":"calm","redirect_uris":["https://a.example/cb"]}`); err != nil || status != 201 {
		t.Fatal(status, body, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); attack(ctx) }()
	var longest, all time.Duration
	writes := 0
	for begun := time.Now(); time.Since(begun) < length || writes < 5; writes++ {
		sent := time.Now()
		status, body, err := p.send(t.Context(), client, other, "PATCH", "/admin/clients/calm", fmt.Sprintf(`[{"op":"replace","path":"/client_name","value":"n%d"}]`, writes))
		took := time.Since(sent)
		if err != nil || status != 200 {
			t.Errorf("another tenant's write: %d %s %v", status, body, err)
		}
		longest, all = max(longest, took), all+took
	}
	stop()
	<-ended
	most := p.mostMemory(t)
	t.Logf("%d writes of another tenant: %v on average, %v at most; memory %d MiB at most", writes, all/time.Duration(writes), longest, most>>20)
	if most > memoryBound {
		t.Errorf("the server had %d MiB in memory, more than %d", most>>20, memoryBound>>20)
	}
	if longest > latencyBound {
		t.Errorf("another tenant's write took %v", longest)
	}
}

// tally counts answers by their status.
type tally struct {
	mu    sync.Mutex
	count map[int]int
}

func (c *tally) add(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = map[int]int{}
	}
	c.count[status]++
}

// flood sends requests over many connections until ctx ends, and counts the answers.
func (p *program) flood(ctx context.Context, connections int, key, method string, request func(i int) (path, body string)) map[int]int {
	client, answers := crowd(), &tally{}
	var callers sync.WaitGroup
	defer client.CloseIdleConnections()
	for i := range connections {
		callers.Go(func() {
			path, body := request(i)
			for ctx.Err() == nil {
				status, _, err := p.send(ctx, client, key, method, path, body)
				switch {
				case ctx.Err() != nil:
					return
				case err != nil:
					status = 0
				}
				if answers.add(status); status != http.StatusOK {
					select {
					case <-ctx.Done():
					case <-time.After(50 * time.Millisecond):
					}
				}
			}
		})
	}
	callers.Wait()
	return answers.count
}

// TestFloodOfPatches: 1,400 connections of one tenant send JSON Patches of 47 kB.
func TestFloodOfPatches(t *testing.T) {
	p, attacker, other := attacked(t)
	client := crowd()
	for i := range 20 {
		if status, body, err := p.send(t.Context(), client, attacker, "POST", "/admin/clients", fmt.Sprintf(`{"client_id":"flood-%d","redirect_uris":["https://a.example/cb"]}`, i)); err != nil || status != 201 {
			t.Fatal(status, body, err)
		}
	}
	var patch bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&patch, `,{"op":"replace","path":"/client_name","value":"%d"}`, i)
	}
	body := "[" + patch.String()[1:] + "]"
	p.under(t, other, 6*time.Second, func(ctx context.Context) {
		answers := p.flood(ctx, floodConnections, attacker, "PATCH", func(i int) (string, string) { return fmt.Sprintf("/admin/clients/flood-%d", i%20), body })
		if t.Logf("%d bytes; answers to the flood: %v", len(body), answers); answers[429] == 0 || answers[500] != 0 {
			t.Error("most are to be refused, and none is to fail:", answers)
		}
	})
}

// TestFloodOfCopies: patches of a few hundred bytes that double a value, or copy a
// large one, up to and past the greatest document.
func TestFloodOfCopies(t *testing.T) {
	p, attacker, other := attacked(t)
	text := strings.Repeat("x", 100<<10)
	made, err := json.Marshal(map[string]any{"client_id": "large", "client_name": text, "redirect_uris": []string{"https://a.example/cb"}})
	must(t, err)
	status, body, err := p.send(t.Context(), crowd(), attacker, "POST", "/admin/clients", string(made))
	if err != nil || status != 201 {
		t.Fatal(status, body, err)
	}
	status, body, err = p.send(t.Context(), crowd(), attacker, "GET", "/v1/clients?setup="+string(p.info.SetupID), "")
	must(t, err)
	large := regexp.MustCompile(`"entity_id":"([^"]+)","client_id":"large"`).FindStringSubmatch(body)
	if large == nil {
		t.Fatal(status, body[:min(len(body), 600)])
	}
	doubling := func(times int) string {
		operations := []string{`{"op":"add","path":"/free_metadata","value":{"a":["0123456789abcdef0123456789abcdef"]}}`}
		for i := range times {
			operations = append(operations, fmt.Sprintf(`{"op":"copy","from":"/free_metadata","path":"/free_metadata/a%d"}`, i))
		}
		return `{"patch":[` + strings.Join(operations, ",") + `]}`
	}
	copies := `{"patch":[{"op":"copy","from":"/client_name","path":"/owner"},{"op":"copy","from":"/client_name","path":"/comment"},
		{"op":"copy","from":"/client_name","path":"/software_description"},{"op":"replace","path":"/client_uri","value":"no address"}]}`
	bodies := []string{doubling(14), doubling(24), doubling(400), copies}
	p.under(t, other, 6*time.Second, func(ctx context.Context) {
		answers := p.flood(ctx, floodConnections, attacker, "POST", func(i int) (string, string) {
			return "/v1/clients/" + large[1] + "/snapshots", bodies[i%len(bodies)]
		})
		if t.Log("answers to the flood:", answers); answers[422] == 0 || answers[500] != 0 || answers[200] != 0 {
			t.Error("all are to be refused:", answers)
		}
	})
}

// TestFloodOfItems: bodies of the greatest size with lists of hundreds of thousands of
// items.
func TestFloodOfItems(t *testing.T) {
	p, attacker, other := attacked(t)
	list := func(item string) string { return "[" + strings.Repeat(item+",", 1_040_000/(len(item)+1)) + item + "]" }
	requests := [][2]string{
		{"/admin/clients", `{"redirect_uris":` + list(`""`) + `}`},
		{"/admin/clients", `{"jwks":{"keys":` + list(`{}`) + `}}`},
		{p.clients(), `{"name":"x","metadata":` + list(`{}`) + `}`},
		{p.clients(), `{"name":"x","scopes":` + list(`""`) + `}`},
	}
	p.under(t, other, 6*time.Second, func(ctx context.Context) {
		answers := p.flood(ctx, 300, attacker, "POST", func(i int) (string, string) {
			return requests[i%len(requests)][0], requests[i%len(requests)][1]
		})
		if t.Log("answers to the flood:", answers); answers[429] == 0 || answers[500] != 0 || answers[201] != 0 {
			t.Error("all are to be refused:", answers)
		}
	})
}

// TestBodiesThatDoNotArrive: a tenant's callers, and others without a key, announce
// bodies of the greatest size and send one byte.
func TestBodiesThatDoNotArrive(t *testing.T) {
	p, attacker, other := attacked(t)
	address := strings.TrimPrefix(p.info.URL, "http://")
	p.under(t, other, 3*time.Second, func(ctx context.Context) {
		for i := range floodConnections {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			path, credential := "/admin/clients", "Authorization: Bearer "+attacker+"\r\n"
			if i%2 == 0 {
				path, credential = "/oauth2/register", ""
			}
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\n%sContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{", path, address, credential)
		}
		<-ctx.Done()
	})
}
