package snapshots

import (
	"context"

	"tenure/snapshots/readlog"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// NoteRead notes that a key was shown a snapshot, if it is the first time and
// reads are kept. It asks no database and waits for none.
func (s *Store) NoteRead(key string, snapshot SnapshotID) {
	s.reads.Note(key, string(snapshot), s.log.Now)
}

// KeepsReads reports whether NoteRead keeps anything.
func (s *Store) KeepsReads() bool { return s.reads != nil }

// ReadPage is some reads, newest first.
type ReadPage struct {
	Reads []readlog.Read
	More  bool
}

// Reads lists who was shown which version of a client, newest first, those after the one given; at most limit.
// What a node has not flushed yet is not told. It is for whoever owns the client or stands above, also of a
// deleted one; NotFound otherwise.
func (s *Store) Reads(ctx context.Context, scope tenancy.Scope, id EntityID, after *readlog.Read, limit int) (ReadPage, error) {
	var page ReadPage
	if err := scope.Check(tenancy.History); err != nil {
		return page, err
	}
	err := s.OfEntity(ctx, scope, KindClient, id, func(c *db.Conn, _ Entity) (err error) {
		page.Reads, err = readlog.Of(c, string(id), after, limit+1)
		return err
	})
	if page.More = len(page.Reads) > limit; page.More {
		page.Reads = page.Reads[:limit]
	}
	return page, err
}
