//go:build linux

package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	writersPerNode = 8
	readersPerNode = 2
	writePause     = 40 * time.Millisecond // of a writer between two writes
	readPause      = 15 * time.Millisecond
	refusedPause   = 100 * time.Millisecond
	callTime       = 3 * time.Second // after which a caller gives up
	// staleBound is how long an answer may be from before a write that was acknowledged.
	staleBound = 2 * time.Second
)

// outcome is what a caller knows of a write.
type outcome int

const (
	acknowledged outcome = iota // an answer of 2xx
	refused                     // another answer
	unknown                     // no answer
)

// write is one write of the load. Its mark is the reason that it gives, which history
// keeps, and for a create or an edit also the client's name.
type write struct {
	mark         string
	node         int
	client       string // its client_id
	number       int    // among the writes to this client
	kind         string
	began, ended time.Time
	outcome      outcome
	status       int    // 0 without an answer
	last4        string // of the secret that a rotation has made
}

// look is what a read has shown of a client.
type look struct {
	node   int
	client string
	mark   string // of the write that the answer is of; empty for 404
	began  time.Time
	ended  time.Time
}

// load writes and reads at every node, and keeps what it was answered.
type load struct {
	i             *installation
	reader        string // a reader's API key
	revoked       string // an API key that was revoked before the load began
	stop          context.CancelFunc
	running       sync.WaitGroup
	rounds        int
	mu            sync.Mutex
	writes        []write
	live          []string // clients that readers look at
	looks         []look
	revokedWorked []string // when the revoked key was accepted
}

func newLoad(t testing.TB, i *installation) *load {
	t.Helper()
	l := &load{i: i}
	l.reader, _ = i.newKey(t, i.nodes[0], "readers", "reader")
	key, id := i.newKey(t, i.nodes[0], "revoked", "reader")
	i.revoke(t, i.nodes[0], id)
	l.revoked = key
	pause(t.Context(), staleBound)
	return l
}

// newKey makes an API key at a node and returns its text and id.
func (i *installation) newKey(t testing.TB, n *tenure, name, role string) (text, id string) {
	t.Helper()
	got, err := n.send(t.Context(), i.admin, "POST", "/v1/keys", fmt.Sprintf(`{"name":%q,"role":%q}`, name, role))
	if err != nil || got.status != http.StatusCreated {
		t.Fatalf("a key at %s: %d %s %v", n.name, got.status, got.body, err)
	}
	var key struct {
		ID   string `json:"id"`
		Text string `json:"api_key"`
	}
	must(t, json.Unmarshal(got.body, &key))
	return key.Text, key.ID
}

func (i *installation) revoke(t testing.TB, n *tenure, id string) {
	t.Helper()
	got, err := n.send(t.Context(), i.admin, "DELETE", "/v1/keys/"+id, "")
	if err != nil || got.status != http.StatusNoContent {
		t.Fatalf("revoking at %s: %d %s %v", n.name, got.status, got.body, err)
	}
}

// begin starts writers and readers.
func (l *load) begin() {
	l.rounds++
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	for n := range l.i.nodes {
		for w := range writersPerNode {
			l.running.Go(func() { l.write(ctx, n, fmt.Sprintf("w%s%d.%d", l.i.nodes[n].name, w, l.rounds)) })
		}
		for range readersPerNode {
			l.running.Go(func() { l.read(ctx, n) })
		}
	}
}

// end waits until every write under way is answered, or given up.
func (l *load) end() {
	l.stop()
	l.running.Wait()
}

// write makes clients one after another, each with a few edits and rotations, and deletes
// most of them. A client with a write that is not acknowledged is left as it is.
func (l *load) write(ctx context.Context, n int, writer string) {
	for made := 0; ctx.Err() == nil; made++ {
		c := &subject{load: l, node: n, id: fmt.Sprintf("%s.c%04d", writer, made)}
		steps := []func(context.Context) bool{c.create, c.edit, c.rotate, c.change, c.edit}
		if made%3 != 0 {
			steps = append(steps, c.delete)
		}
		for _, step := range steps {
			if !step(ctx) {
				pause(ctx, refusedPause)
				break
			}
			if pause(ctx, writePause); ctx.Err() != nil {
				break
			}
		}
	}
}

// subject is a client that one writer writes to.
type subject struct {
	load   *load
	node   int
	id     string
	entity string
	number int
}

func (s *subject) path() string { return "/admin/clients/" + s.id }

func (s *subject) create(ctx context.Context) bool {
	_, ok := s.send("create", "POST", "/admin/clients", func(mark string) string {
		return fmt.Sprintf(`{"client_id":%q,"client_name":%q,"redirect_uris":["https://a.example/cb"]}`, s.id, mark)
	})
	return ok
}

func (s *subject) edit(ctx context.Context) bool {
	_, ok := s.send("edit", "PATCH", s.path(), func(mark string) string {
		return fmt.Sprintf(`[{"op":"replace","path":"/client_name","value":%q}]`, mark)
	})
	return ok
}

// change is an edit through /v1, which knows clients by their entity id.
func (s *subject) change(ctx context.Context) bool {
	if s.entity == "" {
		found, err := s.load.call(s.node, s.load.i.admin, "GET", "/v1/clients?limit=1&name="+s.mark(s.number-1), "")
		var list struct {
			Clients []struct {
				EntityID string `json:"entity_id"`
				ClientID string `json:"client_id"`
			} `json:"clients"`
		}
		if err != nil || json.Unmarshal(found.body, &list) != nil || len(list.Clients) != 1 || list.Clients[0].ClientID != s.id {
			return true // no write has failed
		}
		s.entity = list.Clients[0].EntityID
	}
	_, ok := s.send("change", "POST", "/v1/clients/"+s.entity+"/snapshots", func(mark string) string {
		return fmt.Sprintf(`{"merge":{"client_name":%q}}`, mark)
	})
	return ok
}

func (s *subject) rotate(ctx context.Context) bool {
	_, ok := s.send("rotate", "POST", s.path()+"/secrets/rotate", func(string) string { return "" })
	return ok
}

func (s *subject) delete(ctx context.Context) bool {
	_, ok := s.send("delete", "DELETE", s.path(), func(string) string { return "" })
	return ok
}

func (s *subject) mark(number int) string { return fmt.Sprintf("%s.n%d", s.id, number) }

// send sends one write and keeps what it was answered.
func (s *subject) send(kind, method, path string, body func(mark string) string) (answer, bool) {
	w := write{mark: s.mark(s.number), node: s.node, client: s.id, number: s.number, kind: kind, began: time.Now()}
	s.number++
	got, err := s.load.call(s.node, s.load.i.admin, method, path, body(w.mark), "Tenure-Reason: "+w.mark)
	w.ended, w.status = time.Now(), got.status
	switch {
	case err != nil:
		w.outcome, w.status = unknown, 0
	case got.status >= 300:
		w.outcome = refused
	case kind == "rotate":
		var client struct {
			Secret string `json:"client_secret"`
		}
		if json.Unmarshal(got.body, &client) == nil && len(client.Secret) > 4 {
			w.last4 = client.Secret[len(client.Secret)-4:]
		}
	}
	s.load.keep(w)
	return got, w.outcome == acknowledged
}

// call sends a request and gives up after callTime. It does not end with the load: that
// every write has its answer is what the check begins with.
func (l *load) call(n int, key, method, path, body string, header ...string) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	return l.i.nodes[n].send(ctx, key, method, path, body, header...)
}

func (l *load) keep(w write) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = append(l.writes, w)
	if w.outcome == acknowledged && w.kind == "create" {
		l.live = append(l.live, w.client)
	}
}

// read reads clients at random.
func (l *load) read(ctx context.Context, n int) {
	for turn := 0; ctx.Err() == nil; turn++ {
		pause(ctx, readPause)
		if turn%20 == 0 {
			l.call(n, l.i.admin, "GET", "/log/checkpoint", "") // so that checkpoints are signed and kept
		}
		l.mu.Lock()
		var id string
		if len(l.live) > 0 {
			recent := l.live[max(0, len(l.live)-200):]
			id = recent[rand.IntN(len(recent))]
		}
		l.mu.Unlock()
		if id == "" {
			continue
		}
		if turn%10 == 0 {
			began := time.Now()
			if got, err := l.call(n, l.revoked, "GET", "/admin/clients/"+id, ""); err == nil && got.status == http.StatusOK {
				l.mu.Lock()
				l.revokedWorked = append(l.revokedWorked, fmt.Sprintf("at %s, %s", l.i.nodes[n].name, began.Format("15:04:05.000")))
				l.mu.Unlock()
			}
			continue
		}
		began := time.Now()
		got, err := l.call(n, l.reader, "GET", "/admin/clients/"+id, "")
		if err == nil {
			l.note(n, id, began, got)
		}
	}
}

// note keeps what a read has shown of a client.
func (l *load) note(n int, id string, began time.Time, got answer) {
	var client struct {
		Name string `json:"client_name"`
	}
	if got.status == http.StatusOK && json.Unmarshal(got.body, &client) != nil || got.status != http.StatusOK && got.status != http.StatusNotFound {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks = append(l.looks, look{n, id, client.Name, began, time.Now()})
}

// number is that of the write that a mark is of; -1 for none.
func number(mark string) int {
	n := -1
	fmt.Sscanf(mark[strings.LastIndexByte(mark, '.')+1:], "n%d", &n)
	return n
}

// acknowledged are the instants after one at which writes of a node were acknowledged, in order.
func (l *load) acknowledged(n int, after time.Time) (list []time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.writes {
		if w.node == n && w.outcome == acknowledged && w.began.After(after) {
			list = append(list, w.ended)
		}
	}
	slices.SortFunc(list, time.Time.Compare)
	return list
}

// pause is the longest time from an instant on in which no write of a node was acknowledged.
func (l *load) pause(n int, from time.Time) (longest time.Duration) {
	last := from
	for _, at := range append(l.acknowledged(n, from), time.Now()) {
		longest, last = max(longest, at.Sub(last)), at
	}
	return longest
}

// forget takes writes that are lost out of the load, which goes on without them.
func (l *load) forget(lost map[string]write) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = slices.DeleteFunc(l.writes, func(w write) bool {
		_, gone := lost[w.mark]
		return gone
	})
}
