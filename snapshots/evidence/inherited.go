package evidence

import (
	"errors"
	"fmt"
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

// setups lists the setups that clients of the bundle inherit from and of which it does
// not have every event anyway.
func (b *Bundle) setups(c *db.Conn) (ids []string, err error) {
	of := func(where squirrel.Eq) error {
		var rows []struct {
			Setup string `db:"setup_id"`
			Owner string `db:"owner"`
		}
		err := c.SelectBuilt(&rows, db.Builder().Select("DISTINCT e.setup_id AS setup_id, s.org_id AS owner").From("entity e JOIN entity s ON s.entity_id = e.setup_id").
			Where("e.kind = 'client'").Where(where))
		for _, r := range rows {
			whole := len(b.filter.Clients) == 0 && b.covers(r.Owner)
			if !whole && !slices.Contains(ids, r.Setup) {
				ids = append(ids, r.Setup)
			}
		}
		return err
	}
	if len(b.filter.Clients) > 0 {
		err = of(squirrel.Eq{"e.entity_id": b.filter.Clients})
		slices.Sort(ids)
		return ids, err
	}
	for part := range slices.Chunk(b.covered, idsAtOnce) {
		if err := of(squirrel.Eq{"e.org_id": part}); err != nil {
			return nil, err
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// inherited reads the versions of those setups that were in force right before the filter's time, or in it,
// or will be, as they were recorded before its end. It takes one statement a setup.
func (b *Bundle) inherited(c *db.Conn, have int) (chosen []line, err error) {
	ids, err := b.setups(c)
	if err != nil {
		return nil, err
	}
	b.parts = make(map[string]bool)
	for _, id := range ids {
		b.parts[id] = true
		q := db.Builder().Select("e.idx, e.object_id, e.object_seq, e.org_id").From("log_event e JOIN snapshot s ON s.snapshot_id = e.ref").
			Where(squirrel.Eq{"e.object_id": id, "s.entity_id": id, "e.kind": versionKinds}).Where("e.idx < ?", b.last.Size).
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
