package history

import (
	"errors"

	"tenure/tenancy/db"
)

// At is the instant of the change that tx makes: recorded_at of its events.
func At(tx *db.Tx) Micros { return Micros(tx.Stamp) }

// Advance moves the log's clock up to at, so that what takes effect then is in
// force for every read that follows.
func Advance(tx *db.Tx, at Micros) { tx.Clock = max(tx.Clock, int64(at)) }

// Record queues an event of the change that tx makes. Bytes that no column and
// no JSON can hold as they are (broken UTF-8, NUL) become U+FFFD.
func Record(tx *db.Tx, e Event) { RecordRow(tx, e, nil) }

// RecordRow is Record with the row that the change wrote, which the mirrors of
// this process get with the event (Log.Mirror). It is not stored.
func RecordRow(tx *db.Tx, e Event, row any) {
	tx.Queue(queued{recorded: recorded{e.clean(), At(tx)}, row: row})
}

type recorded struct {
	Event
	at Micros
}

// queued is what a closure hands to the committer.
type queued struct {
	recorded
	row  any
	rows []written // that the event binds
	all  bool      // it says what all rows were before it
}

// RecordMigration is Record for the step that begins to bind rows: its event says what
// all rows were.
func RecordMigration(tx *db.Tx, e Event) {
	tx.Queue(queued{recorded: recorded{e.clean(), At(tx)}, all: true})
}

// Rehearsed lists the events that a rehearsed write would have made, if err
// says that one was rehearsed (db.Rehearsing).
func Rehearsed(err error) ([]Event, bool) {
	var r *db.Rehearsed
	if !errors.As(err, &r) {
		return nil, false
	}
	events := make([]Event, len(r.Queued))
	for i, q := range r.Queued {
		events[i] = q.(queued).Event
	}
	return events, true
}
