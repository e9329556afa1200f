package inheriting

import (
	"math"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots"
	"tenure/snapshots/diff"
	"tenure/snapshots/document"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

const (
	// mostPaged bounds how many changes of the setup a page of the journal looks at; the
	// rest is on the next one. A page of a client's history cannot end among them, so it
	// looks at more.
	mostPaged  = 1000
	mostAround = 10_000

	idsAtOnce = 400 // in one statement

	forever = history.Micros(math.MaxInt64) // the instant by which everything is known
)

// kinds of event by which a setup gets a version. Its end is no change of what its
// clients inherit: they end with it.
var kinds = []string{"setup.published", "setup.changed", "setup.scheduled", "setup.restored"}

// Change is a change of a setup that changed a client.
type Change struct {
	history.Entry          // the setup's event
	Members       []string // of the client, whose value in force it changed, in table order
}

// span is a part of the log that is looked at for events of a client's setup.
type span struct {
	first, before int64
	newest        bool
	known         history.Micros
	// earlier lets in what was recorded before first and took effect after the
	// client's first snapshot.
	earlier bool
}

// candidates reads the events of a setup that gave it a version, at most so many. cut
// reports whether there are more of them in the span.
func (p span) candidates(c *db.Conn, client snapshots.Entity, most int) (list []history.Entry, cut bool, err error) {
	within := squirrel.Sqlizer(squirrel.GtOrEq{"idx": p.first})
	if p.earlier {
		within = squirrel.Or{within, squirrel.Expr(`ref IN (SELECT s.snapshot_id FROM snapshot s WHERE s.module = ? AND s.setup_id = ? AND s.entity_id = ?
			AND s.valid_from > (SELECT min(f.valid_from) FROM snapshot f WHERE f.module = ? AND f.setup_id = ? AND f.entity_id = ?))`,
			client.Module, client.Setup, client.Setup, client.Module, client.Setup, client.ID)}
	}
	where := squirrel.And{squirrel.Eq{"object_id": client.Setup, "kind": kinds}, within, squirrel.Lt{"idx": p.before}}
	if p.newest {
		list, err = history.NewestEntries(c, where, most+1)
	} else {
		list, err = history.Entries(c, where, most+1)
	}
	if cut = len(list) > most; cut {
		list = list[:most]
	}
	return list, cut, err
}

// versions are the contents around an instant at which a setup changed.
type versions struct {
	ID     string         `db:"snapshot_id"`
	From   history.Millis `db:"valid_from"`
	Before string         `db:"before"` // of the setup, and the one of the change
	After  string         `db:"after"`
	Client string         `db:"client"` // that was in force until then; empty for none, and where it was erased
}

// present is true of a snapshot that was known and not withdrawn by an instant, which
// it has twice.
func present(name string) string {
	return name + ".recorded_at <= ? AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = " + name + ".snapshot_id AND w.recorded_at <= ?)"
}

var versionsQuery = `SELECT s.snapshot_id, s.valid_from, b.content AS after,
	COALESCE((SELECT pb.content FROM snapshot p JOIN snapshot_body pb ON pb.snapshot_id = p.snapshot_id
		WHERE p.module = s.module AND p.setup_id = s.setup_id AND p.entity_id = s.entity_id AND p.kind <> 'tombstone' AND p.valid_from < s.valid_from AND ` + present("p") + `
		ORDER BY p.valid_from DESC, p.attempt DESC LIMIT 1), '') AS before,
	COALESCE((SELECT cb.content FROM snapshot c LEFT JOIN snapshot_body cb ON cb.snapshot_id = c.snapshot_id
		WHERE c.module = s.module AND c.setup_id = s.setup_id AND c.entity_id = ? AND c.valid_from < s.valid_from AND ` + present("c") + `
		ORDER BY c.valid_from DESC, c.attempt DESC LIMIT 1), '') AS client
	FROM snapshot s JOIN snapshot_body b ON b.snapshot_id = s.snapshot_id
	WHERE ` + present("s") + ` AND s.snapshot_id `

// changed keeps the events that changed the client, with the members. It takes one
// statement for each idsAtOnce of them.
func changed(c *db.Conn, client snapshots.Entity, known history.Micros, events []history.Entry) ([]Change, error) {
	members := make(map[string][]string)
	for part := range slices.Chunk(events, idsAtOnce) {
		args := []any{known, known, client.ID, known, known, known, known}
		for _, e := range part {
			args = append(args, e.Ref)
		}
		var rows []versions
		if err := c.Select(&rows, versionsQuery+"IN ("+squirrel.Placeholders(len(part))+")", args...); err != nil {
			return nil, err
		}
		for _, r := range rows {
			var err error
			if members[r.ID], err = r.members(); err != nil {
				return nil, err
			}
		}
	}
	var all []Change
	for _, e := range events {
		if names := members[e.Ref]; len(names) > 0 {
			all = append(all, Change{e, names})
		}
	}
	return all, nil
}

// members of the client whose value in force is another one with the change. A setup's
// first version changes none: only an imported client can be older.
func (v *versions) members() ([]string, error) {
	if v.Client == "" || v.Before == "" {
		return nil, nil
	}
	client, err := document.Decode[document.Client]([]byte(v.Client))
	if err != nil {
		return nil, err
	}
	after, err := document.Decode[document.Setup]([]byte(v.After))
	if err != nil {
		return nil, err
	}
	before, err := document.Decode[document.Setup]([]byte(v.Before))
	if err != nil {
		return nil, err
	}
	return diff.Reached(client, before, after), nil
}
