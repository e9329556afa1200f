package candidates

import (
	"math"
	"slices"
	"strings"
	"sync"

	"tenure/snapshots/caches"
	"tenure/tenancy/db"
)

const (
	// MostMatches is up to how many clients with a value are remembered and sorted. Of a
	// value with more, a walk finds a page soon: one client in so many has it.
	MostMatches = 20_000
	first       = 256 // matches that are read before it is known how many there are

	// changesKept is how many changed clients are remembered: a list of matches that is
	// older than all of them is read again.
	changesKept = 4096
	inStatement = 64 // changed clients that one statement names
)

// Matches remembers which clients ever had a value, sorted as pages are, and the stretches
// of a setup that walks went over. Clients are never taken away, and terms
// are only ever added, so a list stays right but for the clients that changed since it
// was read; those are looked at when the list is asked for. An erasure leaves a client
// too many, which the caller's confirming leaves out.
type Matches struct {
	lists caches.Cache[key, *list]

	mu      sync.Mutex
	changes []change // oldest first
	from    int64    // size of the log up to which changes are forgotten
	to      int64    // and up to which they are known
}

// key names what a list has: the clients with a value, or a stretch of clients.
type key struct {
	setup string
	Term
	also, after string // of a stretch: further terms, and the client_id that it begins behind
	n           int    // of a stretch: how many clients; else 0
}

type list struct {
	clients []Client // in order
	many    bool     // more than MostMatches; clients is nil
	size    int64    // of the log that the list saw
}

type change struct {
	id   string
	size int64
}

// NewMatches makes an empty memory of so many bytes at most, as one of a set of caches.
func NewMatches(set *caches.Set, bytes uint64) *Matches {
	return &Matches{lists: caches.New(set, "matches", bytes, weigh)}
}

func weigh(k key, l *list) uint32 {
	const entry, header = 250, 64 // otter's own; ids and owner as Go strings
	n := entry + len(k.setup) + len(k.Field) + len(k.Value) + len(k.also) + len(k.after)
	for _, c := range l.clients {
		n += header + len(c.ID) + len(c.ClientID)
	}
	return uint32(n)
}

// Changed notes that a client changed, in the events up to that size of the log.
func (m *Matches) Changed(id string, size int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.changes); n > 0 && m.changes[n-1] == (change{id, size}) {
		return
	}
	m.changes, m.to = append(m.changes, change{id, size}), max(m.to, size)
	if over := len(m.changes) - changesKept; over >= changesKept/4 {
		m.from = max(m.from, m.changes[over-1].size)
		m.changes = slices.Delete(m.changes, 0, over)
	}
}

// Forget drops every list.
func (m *Matches) Forget() { m.lists.InvalidateAll() }

// since are the clients that changed since a size of the log, and up to which size;
// false if that is longer ago than is remembered.
func (m *Matches) since(size int64) (ids []string, to int64, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if size < m.from {
		return nil, 0, false
	}
	for _, c := range slices.Backward(m.changes) {
		if c.size > size {
			ids = append(ids, c.id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), m.to, true
}

// of lists the clients of a setup that ever had a value, in the order of pages; many
// if they are more than MostMatches. size is the log's, read before; fresh says whether the
// node has seen all changes of late, so that what it remembers may be used.
func (m *Matches) of(c *db.Conn, setup string, t Term, size int64, fresh bool) (clients []Client, many bool, err error) {
	k := key{setup: setup, Term: t}
	if held, ok := m.lists.GetIfPresent(k); ok && held.many {
		return nil, true, nil
	} else if ok && fresh {
		if ids, to, known := m.since(held.size); known {
			if len(ids) == 0 {
				return held.clients, false, nil
			}
			next := &list{size: to}
			if next.clients, err = added(c, k, held.clients, ids); err == nil {
				m.keep(k, next)
			}
			return next.clients, false, err
		}
	}
	l, err := fill(c, k)
	if err == nil {
		l.size = size
		m.keep(k, l)
	}
	return l.clients, l.many, err
}

func (m *Matches) keep(k key, l *list) {
	if len(l.clients) > MostMatches {
		l = &list{many: true}
	}
	m.lists.Set(k, l)
}

// CROSS JOIN fixes the order of a join in SQLite, which has no statistics.
const matching = "SELECT " + columns + " FROM entity_term m CROSS JOIN entity e WHERE m.bucket = ? AND m.field = ? AND m.value = ?" +
	" AND e.entity_id = m.entity_id AND e.kind = 'client'"

// fill reads a list. Most values have few clients; of others it counts first.
func fill(c *db.Conn, k key) (*list, error) {
	args := []any{k.setup, k.Field, k.Value}
	clients, err := read(c, first, matching+" LIMIT ?", append(args, first+1)...)
	if err == nil && len(clients) > first {
		var n int
		if err = c.Get(&n, "SELECT count(*) FROM (SELECT 1 FROM entity_term WHERE bucket = ? AND field = ? AND value = ? LIMIT ?) few",
			append(args, MostMatches+1)...); err == nil && n > MostMatches {
			return &list{many: true}, nil
		}
		if err == nil {
			clients, err = read(c, n, matching+" LIMIT ?", append(args, MostMatches+1)...)
		}
	}
	slices.SortFunc(clients, compare)
	return &list{clients: clients}, err
}

// added are the clients with those of ids that have the value by now.
func added(c *db.Conn, k key, clients []Client, ids []string) ([]Client, error) {
	next := slices.Clip(clients)
	for chunk := range slices.Chunk(ids, inStatement) {
		args := []any{k.setup, k.Field, k.Value}
		for i := range inStatement {
			id := "" // nobody's
			if i < len(chunk) {
				id = chunk[i]
			}
			args = append(args, id)
		}
		found, err := read(c, len(chunk), matching+" AND m.entity_id IN (?"+strings.Repeat(", ?", inStatement-1)+")", args...)
		if err != nil {
			return clients, err
		}
		for _, one := range found {
			if _, has := slices.BinarySearchFunc(clients, one, compare); !has {
				next = append(next, one)
			}
		}
	}
	if len(next) > len(clients) { // it is a copy then
		slices.SortFunc(next, compare)
	}
	return next, nil
}

// from are the clients of a sorted list behind a client_id.
func from(clients []Client, after string) []Client {
	at, _ := slices.BinarySearchFunc(clients, Client{ClientID: after, Incarnation: math.MaxInt64}, compare)
	return clients[at:]
}
