// Package readlog keeps which API key was first shown which version of a client. It
// notes in memory, where a read costs one lookup, and writes what is new from time to
// time; what was not written when a process ends is lost. It owns the table
// client_read.
package readlog

import (
	"context"
	"sync"

	"github.com/Masterminds/squirrel"
	"github.com/maypok86/otter/v2"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Mode says which reads of clients are kept.
type Mode string

// The modes. Sampled keeps one in 16, chosen by the key and the
// snapshot, so that every node chooses the same.
const (
	Off     Mode = "off"
	Sampled Mode = "sampled"
	Full    Mode = "full"
)

// Parse reads a mode by name.
func Parse(text string) (Mode, error) {
	switch mode := Mode(text); mode {
	case Off, Sampled, Full:
		return mode, nil
	}
	return "", fault.New(fault.Malformed, "", "the read log must be off, sampled or full")
}

const (
	sampleOf   = 16
	readShards = 16
	// mostSeen and mostPending bound what is remembered. What does not fit is
	// noted at its next read.
	mostSeen    = 200_000
	mostPending = 4096 // of a shard
)

// reading is a key with a snapshot that it was shown.
type reading struct {
	key      string
	snapshot string
}

// hash is FNV-1a of both: it must be the same on every node.
func (r reading) hash() uint32 {
	h := uint32(2166136261)
	for _, text := range [...]string{r.key, r.snapshot} {
		for i := range len(text) {
			h = (h ^ uint32(text[i])) * 16777619
		}
	}
	return h
}

// Log holds who was shown which version since the last flush. What was seen
// before costs one lookup without a lock.
type Log struct {
	mode   Mode
	seen   seen
	shards [readShards]readShard
}

// seen is an interface, so that who imports this does not compile the cache's code
// again.
type seen interface {
	GetIfPresent(reading) (struct{}, bool)
	Set(reading, struct{}) (struct{}, bool)
}

type readShard struct {
	mu    sync.Mutex
	fresh map[reading]history.Micros
}

// New makes a log; nil, which keeps nothing, for Off and the empty mode.
func New(mode Mode) *Log {
	if mode == "" || mode == Off {
		return nil
	}
	r := &Log{mode: mode, seen: otter.Must(&otter.Options[reading, struct{}]{MaximumSize: mostSeen})}
	for i := range r.shards {
		r.shards[i].fresh = make(map[reading]history.Micros)
	}
	return r
}

// Note notes that a key was shown a snapshot, if it is the first time. It asks no
// database and waits for none. now is asked only for what is new.
func (r *Log) Note(key, snapshot string, now func() history.Micros) {
	if r == nil {
		return
	}
	one := reading{key, snapshot}
	if _, seen := r.seen.GetIfPresent(one); seen {
		return
	}
	hash := one.hash()
	if r.mode == Sampled && hash%sampleOf != 0 {
		return
	}
	r.note(one, hash, now())
}

func (r *Log) note(one reading, hash uint32, at history.Micros) {
	shard := &r.shards[hash/sampleOf%readShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	before, there := shard.fresh[one]
	if !there && len(shard.fresh) >= mostPending {
		return
	}
	if !there || at < before {
		shard.fresh[one] = at
	}
	r.seen.Set(one, struct{}{})
}

// take empties what is pending.
func (r *Log) take() map[reading]history.Micros {
	all := make(map[reading]history.Micros)
	for i := range r.shards {
		shard := &r.shards[i]
		shard.mu.Lock()
		for one, at := range shard.fresh {
			all[one] = at
		}
		clear(shard.fresh)
		shard.mu.Unlock()
	}
	return all
}

// Flush writes what is pending, in parts that leave the committer to
// others in between. What cannot be written now stays for the next time; what
// is no client's is let go.
func (r *Log) Flush(ctx context.Context, d *db.DB) error {
	if r == nil {
		return nil
	}
	pending := r.take()
	var part []reading
	for one := range pending {
		part = append(part, one)
	}
	for len(part) > 0 {
		now := part[:min(len(part), 500)]
		err := d.Write(ctx, func(tx *db.Tx) error {
			for _, one := range now {
				if err := insertRead(tx, one, pending[one]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			for _, one := range part {
				r.note(one, one.hash(), pending[one])
			}
			return err
		}
		part = part[len(now):]
	}
	return nil
}

// insertRead keeps the earliest of the times that nodes tell of a key and a
// client's snapshot.
func insertRead(tx *db.Tx, one reading, at history.Micros) error {
	_, err := tx.Exec(`INSERT INTO client_read (entity_id, key_id, snapshot_id, first_at)
		SELECT s.entity_id, CAST(? AS TEXT), s.snapshot_id, CAST(? AS BIGINT) FROM snapshot s JOIN entity e ON e.entity_id = s.entity_id
			WHERE s.snapshot_id = ? AND e.kind = 'client'
		ON CONFLICT (key_id, snapshot_id) DO UPDATE SET first_at = excluded.first_at WHERE client_read.first_at > excluded.first_at`,
		one.key, int64(at), one.snapshot)
	return err
}

// Read is the first time that a key was shown a version of a client.
type Read struct {
	KeyID    string
	Snapshot string // its id
	FirstAt  history.Micros
}

type row struct {
	KeyID    string         `db:"key_id"`
	Snapshot string         `db:"snapshot_id"`
	FirstAt  history.Micros `db:"first_at"`
}

// Of lists a client's reads, newest first, then by key and snapshot: those after the
// one given, at most limit.
func Of(c *db.Conn, entity string, after *Read, limit int) ([]Read, error) {
	var rows []row
	q := db.Builder().Select("key_id, snapshot_id, first_at").From("client_read").Where(squirrel.Eq{"entity_id": entity})
	if after != nil {
		q = q.Where("first_at <= ? AND (first_at < ? OR key_id > ? OR key_id = ? AND snapshot_id > ?)",
			int64(after.FirstAt), int64(after.FirstAt), after.KeyID, after.KeyID, after.Snapshot)
	}
	err := c.SelectBuilt(&rows, q.OrderBy("first_at DESC", "key_id", "snapshot_id").Limit(uint64(limit)))
	reads := make([]Read, len(rows))
	for i, r := range rows {
		reads[i] = Read(r)
	}
	return reads, err
}
