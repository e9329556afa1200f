package candidates

import (
	"errors"
	"math"
	"slices"
	"strings"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// All names things of one kind. All parts must hold.
type All struct {
	Kind   string
	Module string // for setups; else empty
	Setup  string // that they are in; empty for any
	Terms  []Term // that a snapshot of each ever had
	Owners []tenancy.OrgID
	Below  tenancy.OrgID // the owner is this one or below it today, deleted ones too; empty for any
	Next   bool          // tell when each changes
	Moment
}

// State is how a thing is at a moment.
type State uint8

// The states: nothing is in force, a snapshot is, its end is, its content was erased.
const (
	Planned State = iota
	There
	Ended
	Erased
)

// Thing is one of all.
type Thing struct {
	ID       string
	Owner    tenancy.OrgID
	Setup    string
	State    State
	Snapshot string // in force where it is There
	Next     history.Millis
}

// MostOwners is how many owners a statement of All names.
const MostOwners = 500

// Below lists an organization and everything under it today, deleted ones too. Its
// parameter is the organization.
const Below = `WITH RECURSIVE below (org_id) AS (SELECT CAST(? AS TEXT) UNION
	SELECT v.org_id FROM below JOIN org_version v ON v.parent_id = below.org_id
		WHERE NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)) SELECT org_id FROM below`

// where is what the entities are, and which tables are asked first.
func (q All) where() (from, where string, args []any) {
	from, where, args = "entity e", "e.kind = "+asText, []any{q.Kind}
	bucket := q.Setup
	if q.Module != "" {
		bucket, where, args = q.Module, where+" AND e.module = "+asText, append(args, q.Module)
	}
	if q.Setup != "" {
		where, args = where+" AND e.setup_id = "+asText, append(args, q.Setup)
	}
	for i, t := range q.Terms {
		if i == 0 {
			from = "entity_term m CROSS JOIN entity e"
			where = "m.bucket = " + asText + " AND m.field = " + asText + " AND m.value = " + asText + " AND e.entity_id = m.entity_id AND " + where
			args = append([]any{bucket, t.Field, t.Value}, args...)
			continue
		}
		where, args = where+hadTerm, append(args, bucket, t.Field, t.Value)
	}
	if len(q.Owners) > 0 {
		where += " AND e.org_id IN (?" + strings.Repeat(", ?", len(q.Owners)-1) + ")"
		for _, id := range q.Owners {
			args = append(args, id)
		}
	}
	if q.Below != "" {
		where, args = where+" AND e.org_id IN ("+Below+")", append(args, q.Below)
	}
	return from, where, args
}

// each goes over all of them, in the order in which they were registered. They are put in
// order before their snapshots are looked up: those of one time lie together.
func (q All) each(c *db.Conn, fn func(Thing) error) error {
	present, known := q.present()
	from, where, named := q.where()
	args, next := append([]any{int64(q.At)}, known...), "0"
	if q.Next {
		next, args = "COALESCE((SELECT s.valid_from"+ofA+"AND s.valid_from > "+asInteger+present+" ORDER BY s.valid_from LIMIT 1), 0)", slices.Concat(args, args)
	}
	args = append(append(args, named...), int64(math.MaxInt64))
	return c.Each(func(scan func(...any) error) error {
		var t Thing
		var owner, state string
		var next int64
		if err := scan(&t.ID, &owner, &t.Setup, &state, &next); err != nil {
			return err
		}
		t.Owner, t.Next = tenancy.OrgID(owner), history.Millis(next)
		switch state {
		case "":
			t.State = Planned
		case "ended":
			t.State = Ended
		case "erased":
			t.State = Erased
		default:
			t.State, t.Snapshot = There, state
		}
		return fn(t)
	}, `SELECT a.entity_id, a.org_id, a.setup_id, COALESCE((SELECT CASE WHEN s.kind = 'tombstone' THEN 'ended'
		WHEN EXISTS (SELECT 1 FROM erasure x WHERE x.ref = s.snapshot_id) THEN 'erased' ELSE s.snapshot_id END`+ofA+"AND s.valid_from <= "+asInteger+present+newest+`), ''), `+next+`
		FROM (SELECT e.entity_id, e.org_id, e.setup_id, e.module, e.recorded_at FROM `+from+" WHERE "+where+
		" ORDER BY e.recorded_at, e.entity_id LIMIT "+asInteger+") a ORDER BY a.recorded_at, a.entity_id", args...)
}

var errEnough = errors.New("no more are wanted")

// Visit goes over all of them in order, as far as they were there. Whether things of an owner in a setup were there
// is asked afterwards, once, as the view can be asked nothing meanwhile; only if some were
// not, it starts again without them. It ends early once each returns false.
func (q All) Visit(c *db.Conn, there func(Thing) (bool, error), start func(), each func(Thing) bool) error {
	type holder struct {
		owner tenancy.OrgID
		setup string
	}
	known := map[holder]bool{}
	for again := true; again; {
		var first []Thing // of each holder that was not asked for
		start()
		if err := q.each(c, func(t Thing) error {
			by := holder{t.Owner, t.Setup}
			here, asked := known[by]
			if !asked {
				here, known[by], first = true, true, append(first, t)
			}
			if here && !each(t) {
				return errEnough
			}
			return nil
		}); err != nil && !errors.Is(err, errEnough) {
			return err
		}
		again = false
		for _, t := range first {
			here, err := there(t)
			if err != nil {
				return err
			}
			known[holder{t.Owner, t.Setup}], again = here, again || !here
		}
	}
	return nil
}
