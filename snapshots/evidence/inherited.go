package evidence

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// partVersions marks a setup of which a bundle has only the events that gave it a
// version or took one back, because clients inherit from it. Its other events are its
// owner's.
const partVersions = "versions"

// versionKinds are the kinds of those events.
var versionKinds = []string{"setup.published", "setup.changed", "setup.scheduled", "setup.restored", "setup.deleted", "setup.withdrawn"}

// setups finds the setups that clients of the bundle inherit from and of which it does
// not have every event anyway: by their ids, until when one of these clients is there.
func (b *Bundle) setups(c *db.Conn) (until map[string]history.Millis, err error) {
	until = make(map[string]history.Millis)
	to := b.filter.To
	if to == 0 {
		to = math.MaxInt64
	}
	// a client whose newest version is its deletion inherits nothing from then on
	const end = `COALESCE((SELECT CASE f.kind WHEN 'tombstone' THEN f.valid_from END FROM snapshot f WHERE f.module = e.module AND f.setup_id = e.setup_id AND f.entity_id = e.entity_id
		AND f.recorded_at < ? AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = f.snapshot_id AND w.recorded_at < ?) ORDER BY f.valid_from DESC, f.attempt DESC LIMIT 1), ?)`
	of := func(where squirrel.Eq) error {
		var rows []struct {
			Setup string         `db:"setup_id"`
			Owner string         `db:"owner"`
			Until history.Millis `db:"until"`
		}
		err := c.SelectBuilt(&rows, db.Builder().Select("e.setup_id AS setup_id, s.org_id AS owner").
			Column(squirrel.Alias(squirrel.Expr("max("+end+")", int64(to), int64(to), int64(math.MaxInt64)), "until")).
			From("entity e JOIN entity s ON s.entity_id = e.setup_id").Where("e.kind = 'client'").Where(where).GroupBy("e.setup_id, s.org_id"))
		for _, r := range rows {
			if whole := len(b.filter.Clients) == 0 && b.covers(r.Owner); !whole {
				until[r.Setup] = max(until[r.Setup], r.Until)
			}
		}
		return err
	}
	if len(b.filter.Clients) > 0 {
		return until, of(squirrel.Eq{"e.entity_id": b.filter.Clients})
	}
	for part := range slices.Chunk(b.covered, idsAtOnce) {
		if err := of(squirrel.Eq{"e.org_id": part}); err != nil {
			return nil, err
		}
	}
	return until, nil
}

// inherited reads the versions of those setups that were in force right before the filter's time, or in it,
// or will be, as they were recorded before its end, and while clients of the bundle are there. It takes one statement a setup.
func (b *Bundle) inherited(c *db.Conn, have int) (chosen []line, err error) {
	until, err := b.setups(c)
	if err != nil {
		return nil, err
	}
	b.parts = make(map[string]bool)
	for _, id := range slices.Sorted(maps.Keys(until)) {
		b.parts[id] = true
		q := db.Builder().Select("e.idx, e.object_id, e.object_seq, e.org_id").From("log_event e JOIN snapshot s ON s.snapshot_id = e.ref").
			Where(squirrel.Eq{"e.object_id": id, "s.entity_id": id, "e.kind": versionKinds}).Where("e.idx < ? AND s.valid_from <= ?", b.last.Size, until[id]).
			Where(`s.valid_from >= COALESCE((SELECT max(f.valid_from) FROM snapshot f WHERE f.module = s.module AND f.setup_id = s.setup_id AND f.entity_id = s.entity_id
				AND f.valid_from < ? AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = f.snapshot_id)), 0)`, b.filter.From.Millis())
		if b.filter.To != 0 {
			q = q.Where("e.recorded_at < ?", int64(b.filter.To))
		}
		var lines []line
		if err := c.SelectBuilt(&lines, q.OrderBy("e.idx").Limit(MaxEvents+1)); err != nil {
			return nil, err
		}
		if chosen = append(chosen, lines...); have+len(chosen) > MaxEvents {
			return nil, tooMany()
		}
	}
	return chosen, nil
}

// holds reports whether an event is one that an object of the bundle can have: what its
// clients inherit may be older than the time that was asked for.
func (m *manifest) holds(o *object, env *history.Envelope) bool {
	f := m.Filter
	if o.Part != "" {
		if env.ObjectKind != history.ObjectSetup || env.Content == "" {
			return false
		}
		f.Clients, f.From = nil, ""
	}
	return f.holds(*env)
}

// parted checks an object of which only a part is here.
func (m *manifest) parted(o *object) error {
	switch {
	case o.Part == "":
	case o.Part != partVersions || o.Kind != history.ObjectSetup || m.Version < versionParts:
		return fmt.Errorf("%s %s cannot be here in part", shown(o.Kind), shown(o.ID))
	case m.WholeLog:
		return fmt.Errorf("%s %s is here in part, and the manifest says that this is the whole log", shown(o.Kind), shown(o.ID))
	}
	return nil
}

// gap holds an event of an object against the one before it that is here.
func (s *seen) gap(env *history.Envelope) error {
	switch {
	case s.count == 0 && (env.Seq == 1) != (env.Previous == ""):
		return errors.New("it does not name the event before as it should")
	case s.count > 0 && env.Seq <= s.last:
		return fmt.Errorf("event %d of the object is before it already", s.last)
	case s.count > 0 && env.Seq == s.last+1 && env.Previous != s.previous:
		return fmt.Errorf("it follows another event %d than the one that is here", s.last)
	}
	return nil
}

// sums checks the numbers of an object that is here in part: what lies between its
// events is not here.
func (o *object) sums() bool {
	return o.Count >= 1 && o.First >= 1 && o.Count <= o.Last-o.First+1 && o.Last <= o.Total
}

// inPart says of how many objects only a part is here; empty for none.
func (m *manifest) inPart() string {
	n := 0
	for _, o := range m.Objects {
		if o.Part != "" {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; of %d of them, which clients inherit from, only the versions", n)
}

// followed says how the objects' events follow one another.
func (m *manifest) followed() string {
	if m.inPart() == "" {
		return "each object's events follow one another with no gap, each naming the one before"
	}
	return "each object's events follow one another, each naming the one before, with no gap but in setups of which only the versions are here"
}
