package accesslog

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/Masterminds/squirrel"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// atOnce is how many events one transaction writes, so that the committer is left to
// others in between.
const atOnce = 200

// Log is safe for use by several goroutines. A nil one records nothing.
type Log struct {
	db   *db.DB
	now  func() history.Micros
	root func() string

	mu     sync.Mutex
	open   map[subject]*counted
	others map[history.Kind]*counted // of callers beyond mostCallers
}

// New makes a Log that writes to d by the clock now. What no API key can be made out for
// belongs to the organization root.
func New(d *db.DB, now func() history.Micros, root func() string) *Log {
	return &Log{db: d, now: now, root: root, open: map[subject]*counted{}, others: map[history.Kind]*counted{}}
}

// Note counts an access, which Flush tells. It waits for nothing.
func (l *Log) Note(a Access) {
	if l == nil {
		return
	}
	at := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counter(a.subject(), at).add(at, a.Address, a.Request)
}

// counter is where a subject is counted. The caller holds the lock.
func (l *Log) counter(s subject, at history.Micros) *counted {
	if c := l.open[s]; c != nil {
		return c
	}
	if len(l.open) < mostCallers {
		l.open[s] = &counted{from: at}
		return l.open[s]
	}
	if l.others[s.kind] == nil {
		l.others[s.kind] = &counted{from: at}
	}
	return l.others[s.kind]
}

// Before records one access by itself and returns when that is durable.
func (l *Log) Before(ctx context.Context, a Access) error {
	if l == nil {
		return nil
	}
	a.Request.Path = strings.ToValidUTF8(a.Request.Path[:min(len(a.Request.Path), maxPath)], "")
	c, s := &counted{}, a.subject()
	c.add(l.now(), a.Address, a.Request)
	return l.db.Write(ctx, func(tx *db.Tx) error { return l.record(tx, s, c, false) })
}

// due is a subject that is to be told.
type due struct {
	subject
	*counted
	others bool // of all that were too many
}

// Flush writes what was counted: refusals when their minute is over, readings at once
// the first time and then when their hour is over; with all set everything. What cannot be
// written stays for the next time.
func (l *Log) Flush(ctx context.Context, all bool) error {
	if l == nil {
		return nil
	}
	list := l.take(l.now(), all)
	for len(list) > 0 {
		part := list[:min(len(list), atOnce)]
		if err := l.write(ctx, part); err != nil {
			l.giveBack(list)
			return err
		}
		list = list[len(part):]
	}
	return nil
}

func (l *Log) take(now history.Micros, all bool) (list []due) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s, c := range l.open {
		switch over := now >= c.from+span(s.kind); {
		case all || over:
			delete(l.open, s)
			if c.n > 0 {
				list = append(list, due{s, c, false})
			}
		case s.kind == history.HistoryRead && !c.told:
			list = append(list, due{s, c, false})
			l.open[s] = &counted{from: c.from, told: true}
		}
	}
	for kind, c := range l.others {
		if all || now >= c.from+minute {
			delete(l.others, kind)
			list = append(list, due{subject{kind: kind}, c, true})
		}
	}
	// A map has no order, and the log should have that of the happenings.
	slices.SortFunc(list, func(a, b due) int {
		return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key), cmp.Compare(a.address, b.address))
	})
	return list
}

// span is how long accesses of a kind are told together.
func span(kind history.Kind) history.Micros {
	if kind == history.HistoryRead {
		return hour
	}
	return minute
}

func (l *Log) giveBack(list []due) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range list {
		c := l.others[d.kind]
		if d.others && c == nil {
			l.others[d.kind] = d.counted
			continue
		}
		if !d.others {
			c = l.counter(d.subject, d.from)
			c.told = d.told // the first part was not written
		}
		told := c.told
		c.join(d.counted)
		c.from, c.told = min(c.from, d.from), told
	}
}

func (l *Log) write(ctx context.Context, part []due) error {
	return l.db.Write(ctx, func(tx *db.Tx) error {
		known, err := l.recognize(&tx.Conn, part)
		if err != nil {
			return err
		}
		for _, d := range known {
			if err := l.record(tx, d.subject, d.counted, d.others); err != nil {
				return err
			}
		}
		return nil
	})
}

// recognize finds the API keys among what was presented: expired and revoked ones, of
// which their organizations are told. The others are told together by address.
func (l *Log) recognize(c *db.Conn, part []due) ([]due, error) {
	var hashes [][]byte
	for _, d := range part {
		if d.presented != [32]byte{} {
			hashes = append(hashes, d.presented[:])
		}
	}
	if len(hashes) == 0 {
		return part, nil
	}
	var rows []struct {
		ID   string `db:"key_id"`
		Org  string `db:"org_id"`
		Hash []byte `db:"hash"`
	}
	if err := c.SelectBuilt(&rows, db.Builder().Select("key_id, org_id, hash").From("api_key").Where(squirrel.Eq{"hash": hashes})); err != nil {
		return nil, err
	}
	var known []due
	for _, d := range part {
		for _, r := range rows {
			if string(r.Hash) == string(d.presented[:]) {
				d.key, d.org = r.ID, r.Org
			}
		}
		d.presented = [32]byte{}
		same := func(o due) bool { return o.subject == d.subject && o.others == d.others }
		if i := slices.IndexFunc(known, same); i >= 0 {
			sum := known[i].clone() // the transaction may run again
			sum.join(d.counted)
			known[i].counted = sum
			continue
		}
		known = append(known, d)
	}
	return known, nil
}

func (l *Log) record(tx *db.Tx, s subject, c *counted, others bool) error {
	detail, err := c.detail(others)
	if err != nil {
		return err
	}
	e := history.Event{Kind: s.kind, ObjectKind: history.ObjectKey, Object: s.key, Org: s.org, Actor: "key:" + s.key, ActingOrg: cmp.Or(s.acting, s.org),
		Surface: s.surface, Effective: history.At(tx).Millis(), Detail: detail}
	if s.key == "" {
		root := l.root()
		e.ObjectKind, e.Object, e.Org, e.ActingOrg = history.ObjectInstallation, history.ObjectInstallation, root, root
	}
	if s.kind == history.SignInRefused || s.key == "" { // who presents a key that does not hold is anybody
		e.Actor = "anonymous:" + cmp.Or(s.address, "several callers")
	}
	history.Record(tx, e)
	return nil
}
