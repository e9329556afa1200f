//go:build linux

package drill

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// verdict is what the checker has found out about the writes of the load.
type verdict struct {
	acknowledged, refused, unanswered int
	lost                              map[string]write // acknowledged and not in history, by mark
	wrong                             []string         // whatever else is not as it must be
}

func (v *verdict) addWrong(format string, args ...any) {
	v.wrong = append(v.wrong, fmt.Sprintf(format, args...))
}

// check reads every write back through the API: its event in history, and of every client
// the state that the last write has left, at one node after another. With since it looks only at clients
// written to after that instant; history is always read from its beginning.
func (l *load) check(t testing.TB, since time.Time, nodes ...*tenure) verdict {
	t.Helper()
	if len(nodes) == 0 {
		nodes = l.i.nodes
	}
	recorded := l.i.recorded(t, nodes[0])
	v := verdict{lost: map[string]write{}}
	clients := map[string][]write{}
	l.mu.Lock()
	writes, looks := slices.Clone(l.writes), slices.Clone(l.looks)
	l.mu.Unlock()
	for _, w := range writes {
		if clients[w.client] = append(clients[w.client], w); w.began.Before(since) {
			if w.outcome == acknowledged && !recorded[w.mark] {
				v.lost[w.mark] = w
			}
			continue
		}
		switch w.outcome {
		case acknowledged:
			if v.acknowledged++; !recorded[w.mark] {
				v.lost[w.mark] = w
			}
		case refused:
			if v.refused++; recorded[w.mark] && w.status < 500 {
				v.addWrong("%s was refused with %d, and is in history", w.mark, w.status)
			}
		case unknown:
			v.unanswered++
		}
	}
	v.states(t, l, clients, since, recorded, nodes)
	v.looks(l, clients, looks, since)
	for _, when := range l.revokedWorked {
		v.addWrong("the revoked key was accepted %s", when)
	}
	l.revokedWorked = nil
	return v
}

// recorded are the reasons of all events in history.
func (i *installation) recorded(t testing.TB, n *tenure) map[string]bool {
	t.Helper()
	marks := map[string]bool{}
	for after, more := int64(-1), true; more; {
		var page struct {
			Events []struct {
				Reason string `json:"reason"`
			} `json:"events"`
			Next *int64 `json:"next"`
		}
		path := "/v1/history?limit=1000"
		if after >= 0 {
			path += fmt.Sprintf("&after=%d", after)
		}
		n.get(t, i.admin, path, &page)
		for _, e := range page.Events {
			marks[e.Reason] = true
		}
		if more = page.Next != nil; more {
			after = *page.Next
		}
	}
	return marks
}

// states compares each client with what its writer knows.
func (v *verdict) states(t testing.TB, l *load, clients map[string][]write, since time.Time, recorded map[string]bool, nodes []*tenure) {
	t.Helper()
	var mu sync.Mutex
	var readers sync.WaitGroup
	places := make(chan struct{}, 8)
	turn := 0
	for id, writes := range clients {
		if writes[len(writes)-1].began.Before(since) {
			continue
		}
		n := nodes[turn%len(nodes)]
		turn++
		places <- struct{}{}
		readers.Go(func() {
			defer func() { <-places }()
			problem := l.i.compare(t, n, id, writes, recorded)
			for deadline := time.Now().Add(staleBound); problem != "" && time.Now().Before(deadline); {
				pause(t.Context(), watchEvery) // the node may not have read yet what another has written
				problem = l.i.compare(t, n, id, writes, recorded)
			}
			if problem != "" {
				mu.Lock()
				defer mu.Unlock()
				v.addWrong("client %s at %s: %s", id, n.name, problem)
			}
		})
	}
	readers.Wait()
}

// compare returns what is wrong with a client at a node; empty if nothing is.
func (i *installation) compare(t testing.TB, n *tenure, id string, writes []write, recorded map[string]bool) string {
	name, there, deleted := "", false, false
	var secrets []string
	for _, w := range writes {
		if !recorded[w.mark] {
			continue
		}
		switch w.kind {
		case "delete":
			there, deleted, secrets = false, true, nil
		case "rotate":
			if w.last4 != "" {
				secrets = append(secrets, w.last4)
			}
		default:
			there, name = true, w.mark
		}
	}
	got, err := n.send(t.Context(), i.admin, "GET", "/admin/clients/"+id, "")
	switch {
	case err != nil:
		return err.Error()
	case !there && got.status != http.StatusNotFound:
		return fmt.Sprintf("%d %.200s, and it is deleted (%v) or was never made", got.status, got.body, deleted)
	case there && (got.status != http.StatusOK || !strings.Contains(string(got.body), fmt.Sprintf("%q:%q", "client_name", name))):
		return fmt.Sprintf("%d %.200s, and its last name is %s", got.status, got.body, name)
	case len(secrets) == 0:
		return ""
	}
	got, err = n.send(t.Context(), i.admin, "GET", "/v1/setups/"+i.setup+"/clients/"+id+"/secrets", "")
	if err != nil || got.status != http.StatusOK {
		return fmt.Sprintf("its secrets: %d %.200s %v", got.status, got.body, err)
	}
	for _, last4 := range secrets {
		if !strings.Contains(string(got.body), fmt.Sprintf("%q:%q", "last4", last4)) {
			return fmt.Sprintf("no secret ends with %s: %.300s", last4, got.body)
		}
	}
	return ""
}

// looks finds answers from before a write that had been acknowledged for staleBound. A
// write that was lost since is none of them.
func (v *verdict) looks(l *load, clients map[string][]write, looks []look, since time.Time) {
	for _, k := range looks {
		if k.began.Before(since) {
			continue
		}
		shown, deleting, wanted := number(k.mark), false, write{number: -1}
		for _, w := range clients[k.client] {
			deleting = deleting || w.kind == "delete" && w.began.Before(k.ended)
			if _, lost := v.lost[w.mark]; lost || w.kind == "rotate" {
				continue
			}
			if w.outcome == acknowledged && k.began.Sub(w.ended) > staleBound {
				wanted = w
			}
		}
		if wanted.number < 0 || k.mark == "" && deleting || k.mark != "" && shown >= wanted.number {
			continue
		}
		v.addWrong("node %s showed %q of %s, %v after %s (%s) was acknowledged", l.i.nodes[k.node].name, k.mark, k.client,
			k.began.Sub(wanted.ended).Round(time.Millisecond), wanted.mark, wanted.kind)
	}
}
