package tenancy

import (
	"context"
	"sync"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// FlushEvery is how often last uses are written.
const FlushEvery = 10 * time.Second

// usesAtOnce is how many last uses one write has: the committer serves others
// in between.
const usesAtOnce = 500

// LastUsed keeps when things were last used, in memory first and then in a table
// that is in no log. A crash loses what was noted since the last Flush.
type LastUsed[ID ~string] struct {
	upsert   string
	flushing sync.Mutex

	mu      sync.Mutex
	noted   map[ID]history.Micros
	written map[ID]history.Micros // by the last Flush: a read of the table may be older than that
}

// NewLastUsed is for a table with the columns id and last_used (µs).
func NewLastUsed[ID ~string](table, id string) *LastUsed[ID] {
	return &LastUsed[ID]{noted: make(map[ID]history.Micros),
		// Another node may have written a later use.
		upsert: "INSERT INTO " + table + " (" + id + ", last_used) VALUES (?, ?) ON CONFLICT (" + id + ") DO UPDATE SET last_used = excluded.last_used" +
			" WHERE " + table + ".last_used < excluded.last_used"}
}

// Note says that id was used at an instant.
func (u *LastUsed[ID]) Note(id ID, at history.Micros) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.noted[id] = max(u.noted[id], at)
}

// Noted is the last use of id that a read of the table may not have seen; 0 for none.
func (u *LastUsed[ID]) Noted(id ID) history.Micros {
	u.mu.Lock()
	defer u.mu.Unlock()
	return max(u.noted[id], u.written[id])
}

// Flush writes what was noted and returns the ids that it wrote. What could not
// be written stays for the next Flush.
func (u *LastUsed[ID]) Flush(ctx context.Context, d *db.DB) ([]ID, error) {
	u.flushing.Lock()
	defer u.flushing.Unlock()
	u.mu.Lock()
	batch := u.noted
	u.noted, u.written = make(map[ID]history.Micros), batch
	u.mu.Unlock()
	ids := make([]ID, 0, len(batch))
	for id := range batch {
		ids = append(ids, id)
	}
	done := 0
	var err error
	for done < len(ids) && err == nil {
		part := ids[done:min(done+usesAtOnce, len(ids))]
		if err = u.write(ctx, d, part, batch); err == nil {
			done += len(part)
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, id := range ids[done:] {
		u.noted[id] = max(u.noted[id], batch[id])
	}
	return ids[:done], err
}

func (u *LastUsed[ID]) write(ctx context.Context, d *db.DB, ids []ID, at map[ID]history.Micros) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		tx.Timeless = true
		for _, id := range ids {
			if _, err := tx.Exec(u.upsert, string(id), int64(at[id])); err != nil {
				return err
			}
		}
		return nil
	})
}
