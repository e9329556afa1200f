package snapshots

import (
	"context"
	"sync"

	"github.com/Masterminds/squirrel"
	"github.com/maypok86/otter/v2"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// ReadLog says which reads of clients are kept.
type ReadLog string

// The read logs. ReadsSampled keeps one in 16, chosen by the key and the
// snapshot, so that every node chooses the same.
const (
	ReadsOff     ReadLog = "off"
	ReadsSampled ReadLog = "sampled"
	ReadsFull    ReadLog = "full"
)

// ParseReadLog reads one by name.
func ParseReadLog(text string) (ReadLog, error) {
	switch mode := ReadLog(text); mode {
	case ReadsOff, ReadsSampled, ReadsFull:
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
	snapshot SnapshotID
}

// hash is FNV-1a of both: it must be the same on every node.
func (r reading) hash() uint32 {
	h := uint32(2166136261)
	for _, text := range [...]string{r.key, string(r.snapshot)} {
		for i := range len(text) {
			h = (h ^ uint32(text[i])) * 16777619
		}
	}
	return h
}

// reads holds who was shown which version since the last flush. What was seen
// before costs one lookup without a lock.
type reads struct {
	mode   ReadLog
	seen   kept[reading, struct{}]
	shards [readShards]readShard
}

type readShard struct {
	mu    sync.Mutex
	fresh map[reading]history.Micros
}

func newReads(mode ReadLog) *reads {
	if mode == "" || mode == ReadsOff {
		return nil
	}
	r := &reads{mode: mode, seen: otter.Must(&otter.Options[reading, struct{}]{MaximumSize: mostSeen})}
	for i := range r.shards {
		r.shards[i].fresh = make(map[reading]history.Micros)
	}
	return r
}

// NoteRead notes that a key was shown a snapshot, if it is the first time and
// reads are kept. It asks no database and waits for none.
func (s *Store) NoteRead(key string, snapshot SnapshotID) {
	r := s.reads
	if r == nil {
		return
	}
	one := reading{key, snapshot}
	if _, seen := r.seen.GetIfPresent(one); seen {
		return
	}
	hash := one.hash()
	if r.mode == ReadsSampled && hash%sampleOf != 0 {
		return
	}
	r.note(one, hash, s.log.Now())
}

// KeepsReads reports whether NoteRead keeps anything.
func (s *Store) KeepsReads() bool { return s.reads != nil }

func (r *reads) note(one reading, hash uint32, at history.Micros) {
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
func (r *reads) take() map[reading]history.Micros {
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

// flushReads writes what is pending, in parts that leave the committer to
// others in between. What cannot be written now stays for the next time; what
// is no client's is let go.
func (s *Store) flushReads(ctx context.Context) error {
	if s.reads == nil {
		return nil
	}
	pending := s.reads.take()
	var part []reading
	for one := range pending {
		part = append(part, one)
	}
	for len(part) > 0 {
		now := part[:min(len(part), 500)]
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			for _, one := range now {
				if err := insertRead(tx, one, pending[one]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			for _, one := range part {
				s.reads.note(one, one.hash(), pending[one])
			}
			return err
		}
		part = part[len(now):]
	}
	return nil
}

// Read is the first time that a key was shown a version of a client.
type Read struct {
	KeyID    string
	Snapshot SnapshotID
	FirstAt  history.Micros
}

// ReadPage is some reads, newest first.
type ReadPage struct {
	Reads []Read
	More  bool
}

// Reads lists who was shown which version of a client, newest first, those
// after the one given; at most limit. What a node has not flushed yet is not
// told. It is for whoever owns the client or stands above, also of a deleted
// one; NotFound otherwise.
func (s *Store) Reads(ctx context.Context, scope tenancy.Scope, id EntityID, after *Read, limit int) (ReadPage, error) {
	var page ReadPage
	if err := scope.Check(tenancy.History); err != nil {
		return page, err
	}
	err := s.db.View(ctx, func(c *db.Conn) error {
		if _, err := s.past(c, scope, KindClient, id); err != nil {
			return err
		}
		var err error
		page.Reads, err = readsOf(c, id, after, limit+1)
		return err
	})
	if page.More = len(page.Reads) > limit; page.More {
		page.Reads = page.Reads[:limit]
	}
	return page, err
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

// readsOf reads a client's reads, newest first, then by key and snapshot.
func readsOf(c *db.Conn, id EntityID, after *Read, limit int) ([]Read, error) {
	var rows []struct {
		Key      string         `db:"key_id"`
		Snapshot SnapshotID     `db:"snapshot_id"`
		FirstAt  history.Micros `db:"first_at"`
	}
	q := db.Builder().Select("key_id, snapshot_id, first_at").From("client_read").Where(squirrel.Eq{"entity_id": id})
	if after != nil {
		q = q.Where("first_at <= ? AND (first_at < ? OR key_id > ? OR key_id = ? AND snapshot_id > ?)",
			int64(after.FirstAt), int64(after.FirstAt), after.KeyID, after.KeyID, after.Snapshot)
	}
	err := c.SelectBuilt(&rows, q.OrderBy("first_at DESC", "key_id", "snapshot_id").Limit(uint64(limit)))
	reads := make([]Read, len(rows))
	for i, r := range rows {
		reads[i] = Read{r.Key, r.Snapshot, r.FirstAt}
	}
	return reads, err
}
