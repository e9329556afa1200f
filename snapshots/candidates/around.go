package candidates

import (
	"slices"
	"strings"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Moment is what lists are about: what was in force then, counting only what had been
// recorded by Known; 0 for all.
type Moment struct {
	At    history.Millis
	Known history.Micros
}

// present is what holds for a snapshot s that had been recorded and not been withdrawn,
// as far as the moment knew.
func (m Moment) present() (string, []any) {
	if m.Known == 0 {
		return " AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = s.snapshot_id)", nil
	}
	return " AND s.recorded_at <= " + asInteger + " AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = s.snapshot_id AND w.recorded_at <= " +
		asInteger + ")", []any{int64(m.Known), int64(m.Known)}
}

const (
	ofE    = " FROM snapshot s WHERE s.module = e.module AND s.setup_id = e.setup_id AND s.entity_id = e.entity_id "
	ofA    = " FROM snapshot s WHERE s.module = a.module AND s.setup_id = a.setup_id AND s.entity_id = a.entity_id "
	newest = " ORDER BY s.valid_from DESC, s.attempt DESC LIMIT 1"
)

// InForce is a client with the snapshot of it that is in force at a moment, and its content.
type InForce struct {
	ID, Module, Setup, ClientID string
	Incarnation                 int64
	Owner                       tenancy.OrgID
	Surface                     string
	RegisteredAt                history.Micros

	Snapshot   string
	Kind       string
	ValidFrom  history.Millis
	Attempt    int64
	Base       string
	Commitment []byte
	Imported   int
	RecordedAt history.Micros
	Content    string         // empty for erased content, and for none
	Next       history.Millis // when the next snapshot takes effect; 0 for none
}

// sizes are how many things one statement names. A short list is filled up, so that the
// texts of statements are few.
var sizes = [...]int{8, 32, 128}

// inStatements runs fn for each full list of marks and their values.
func inStatements(ids []string, fn func(marks string, args []any) error) error {
	for chunk := range slices.Chunk(ids, sizes[len(sizes)-1]) {
		size := sizes[slices.IndexFunc(sizes[:], func(n int) bool { return n >= len(chunk) })]
		args := make([]any, size)
		for i := range args {
			args[i] = "" // nobody's id
			if i < len(chunk) {
				args[i] = chunk[i]
			}
		}
		if err := fn("(?"+strings.Repeat(", ?", size-1)+")", args); err != nil {
			return err
		}
	}
	return nil
}

// Around reads clients with what is in force of them at a moment, in any order. Those of
// which nothing is are left out. If the moment is now, the newest snapshot of most is in
// force: then that one is looked at first, and a client's others only if it is planned.
func Around(c *db.Conn, ids []string, m Moment, now bool) ([]InForce, error) {
	present, known := m.present()
	found := make([]InForce, 0, len(ids))
	if now {
		all := ids
		ids = nil
		query := aroundColumns + ", 0 FROM entity e JOIN snapshot f ON f.snapshot_id = (SELECT s.snapshot_id" + ofE + present + newest + ")" + aroundBody
		if err := eachAround(c, all, func(r *InForce) {
			if r.ValidFrom > m.At {
				ids = append(ids, r.ID)
			} else {
				found = append(found, *r)
			}
		}, query, known); err != nil {
			return nil, err
		}
	}
	moment := append([]any{int64(m.At)}, known...)
	query := aroundColumns + ", COALESCE((SELECT s.valid_from" + ofE + "AND s.valid_from > " + asInteger + present + ` ORDER BY s.valid_from LIMIT 1), 0)
		FROM entity e JOIN snapshot f ON f.snapshot_id = (SELECT s.snapshot_id` + ofE + "AND s.valid_from <= " + asInteger + present + newest + ")" + aroundBody
	err := eachAround(c, ids, func(r *InForce) { found = append(found, *r) }, query, slices.Concat(moment, moment))
	return found, err
}

const (
	aroundColumns = `SELECT e.entity_id, e.module, e.setup_id, e.client_id, e.incarnation, e.org_id, e.surface, e.recorded_at,
		f.snapshot_id, f.kind, f.valid_from, f.attempt, f.base_id, f.commitment, f.imported, f.recorded_at, COALESCE(b.content, '')`
	aroundBody = " LEFT JOIN snapshot_body b ON b.snapshot_id = f.snapshot_id WHERE e.entity_id IN "
)

// eachAround asks for clients by a query that their marks are missing from. It scans into
// plain types: others take several times as long.
func eachAround(c *db.Conn, ids []string, fn func(*InForce), query string, before []any) error {
	var r InForce
	var owner string
	var registered, from, recorded, imported, next int64
	into := []any{&r.ID, &r.Module, &r.Setup, &r.ClientID, &r.Incarnation, &owner, &r.Surface, &registered,
		&r.Snapshot, &r.Kind, &from, &r.Attempt, &r.Base, &r.Commitment, &imported, &recorded, &r.Content, &next}
	return inStatements(ids, func(marks string, args []any) error {
		return c.Each(func(scan func(...any) error) error {
			if err := scan(into...); err != nil {
				return err
			}
			r.Owner, r.RegisteredAt, r.ValidFrom, r.RecordedAt = tenancy.OrgID(owner), history.Micros(registered), history.Millis(from), history.Micros(recorded)
			r.Imported, r.Next = int(imported), history.Millis(next)
			fn(&r)
			return nil
		}, query+marks, slices.Concat(before, args)...)
	})
}

// Contents reads what snapshots say, by their ids; erased ones are left out.
func Contents(c *db.Conn, ids []string) (map[string]string, error) {
	found := make(map[string]string, len(ids))
	err := inStatements(ids, func(marks string, args []any) error {
		return c.Each(func(scan func(...any) error) error {
			var id, content string
			err := scan(&id, &content)
			found[id] = content
			return err
		}, "SELECT snapshot_id, content FROM snapshot_body WHERE snapshot_id IN "+marks, args...)
	})
	return found, err
}
