package snapshots

import (
	"tenure/snapshots/holdings"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// entityRow is a row of entity.
type entityRow struct {
	ID          EntityID      `db:"entity_id"`
	Kind        Kind          `db:"kind"`
	Module      string        `db:"module"`
	Setup       EntityID      `db:"setup_id"`
	ClientID    string        `db:"client_id"`
	Incarnation int64         `db:"incarnation"`
	Owner       tenancy.OrgID `db:"org_id"`
	Surface     string        `db:"surface"`
	RecordedAt  int64         `db:"recorded_at"`
}

const entityColumns = "entity_id, kind, module, setup_id, client_id, incarnation, org_id, surface, recorded_at"

func (r entityRow) entity() Entity {
	return Entity{ID: r.ID, Kind: r.Kind, Module: r.Module, Setup: r.Setup, ClientID: r.ClientID,
		Incarnation: r.Incarnation, Owner: r.Owner, Surface: r.Surface, RecordedAt: history.Micros(r.RecordedAt)}
}

func errNoRow() error { return fault.New(fault.NotFound, "", "not found") }

// The tables that changes insert into.
var (
	entityTable     = db.NewTable("entity", entityColumns, "")
	snapshotTable   = db.NewTable("snapshot", "module, setup_id, entity_id, valid_from, attempt, snapshot_id, kind, base_id, commitment, imported, recorded_at", "")
	bodyTable       = db.NewTable("snapshot_body", "snapshot_id, salt, content", "")
	withdrawalTable = db.NewTable("withdrawal", "snapshot_id, recorded_at", "")
)

func insertEntity(tx *db.Tx, e Entity) {
	tx.Made(string(e.ID))
	tx.Touch(namesake(e.Setup, e.ClientID))
	tx.Insert(entityTable, string(e.ID), e.ID, e.Kind, e.Module, e.Setup, e.ClientID, e.Incarnation, e.Owner, e.Surface, int64(e.RecordedAt))
}

// entityBy looks up an entity by its id.
func entityBy(id EntityID) db.Lookup[entityRow] {
	return db.Lookup[entityRow]{Query: "SELECT " + entityColumns + " FROM entity WHERE entity_id = ?", Args: []any{string(id)},
		Of: []db.Of{{Table: entityTable.Name, Object: string(id)}}}
}

// bearerOf looks up the newest incarnation of a client_id.
func bearerOf(setup EntityID, clientID string) db.Lookup[entityRow] {
	return db.Lookup[entityRow]{Query: "SELECT " + entityColumns + " FROM entity WHERE setup_id = " + asText + " AND kind = 'client' AND client_id = " + asText +
		" ORDER BY incarnation DESC LIMIT 1", Args: []any{string(setup), clientID}, Of: []db.Of{namesake(setup, clientID)}}
}

// namesake is what the clients with a client_id in a setup belong to together.
func namesake(setup EntityID, clientID string) db.Of {
	return db.Of{Table: entityTable.Name, Object: string(setup) + "/" + clientID}
}

// snapshotRow is a row of snapshot.
type snapshotRow struct {
	Entity     EntityID       `db:"entity_id"`
	ID         SnapshotID     `db:"snapshot_id"`
	Kind       string         `db:"kind"`
	ValidFrom  history.Millis `db:"valid_from"`
	Attempt    int64          `db:"attempt"`
	Base       SnapshotID     `db:"base_id"`
	Commitment []byte         `db:"commitment"`
	Imported   int            `db:"imported"`
	RecordedAt history.Micros `db:"recorded_at"`
}

const (
	rowContent   = "content"
	rowTombstone = "tombstone"

	snapshotColumns = "s.entity_id, s.snapshot_id, s.kind, s.valid_from, s.attempt, s.base_id, s.commitment, s.imported, s.recorded_at"

	// asText is a parameter of a statement with ORDER BY. A bare one there makes
	// SQLite plan anew each time it is bound (it looks for 0 and 1), and the
	// driver's statement cache is of no use: 35 µs instead of 6.
	asText       = "CAST(? AS TEXT)"
	asInstant    = "CAST(? AS BIGINT)"
	ofEntity     = " FROM snapshot s WHERE s.module = " + asText + " AND s.setup_id = " + asText + " AND s.entity_id = " + asText
	notWithdrawn = " AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = s.snapshot_id)"
)

func (r *snapshotRow) tombstone() bool { return r.Kind == rowTombstone }

// inForce reads the snapshot of e in force at an instant; nil if none is. A
// transaction asks for no instant before its own, and looks it up.
func inForce(c *db.Conn, e Entity, at history.Millis) (*snapshotRow, error) {
	if tx := c.Tx(); tx != nil && at >= history.At(tx).Millis() {
		rows, err := courseOf(e).Rows(c)
		return course(rows).inForce(at), err
	}
	var r snapshotRow
	err := c.Get(&r, "SELECT "+snapshotColumns+ofEntity+" AND s.valid_from <= ?"+notWithdrawn+
		" ORDER BY s.valid_from DESC, s.attempt DESC LIMIT 1", e.Module, e.Setup, e.ID, at)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return &r, err
}

// course is the snapshot of an entity that was in force when the last change of all was
// made, and those after it, oldest first.
type course []courseRow

type courseRow struct {
	snapshotRow
	Withdrawn int64 `db:"withdrawn"`
}

// courseOf looks one up. Whatever a transaction asks of it is later than the head's clock.
func courseOf(e Entity) db.Lookup[courseRow] {
	return db.Lookup[courseRow]{Args: []any{e.Module, string(e.Setup), string(e.ID), e.Module, string(e.Setup), string(e.ID)},
		Of: []db.Of{{Table: snapshotTable.Name, Object: string(e.ID)}, {Table: withdrawalTable.Name}},
		Query: "SELECT " + snapshotColumns + ", (SELECT count(*) FROM withdrawal w WHERE w.snapshot_id = s.snapshot_id) AS withdrawn" + ofEntity +
			" AND s.valid_from >= COALESCE((SELECT x.valid_from FROM snapshot x WHERE x.module = " + asText + " AND x.setup_id = " + asText +
			" AND x.entity_id = " + asText + ` AND x.valid_from <= ` + history.ClockMillis + `
			AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = x.snapshot_id) ORDER BY x.valid_from DESC LIMIT 1), -9000000000000000)
			ORDER BY s.valid_from, s.attempt`}
}

func (c course) inForce(at history.Millis) (found *snapshotRow) {
	for i := range c {
		if c[i].Withdrawn == 0 && c[i].ValidFrom <= at {
			row := c[i].snapshotRow // a look-up's rows are not for change
			found = &row
		}
	}
	return found
}

// after are the snapshots that take effect after an instant and are not withdrawn.
func (c course) after(at history.Millis) (later []snapshotRow) {
	for _, r := range c {
		if r.Withdrawn == 0 && r.ValidFrom > at {
			later = append(later, r.snapshotRow)
		}
	}
	return later
}

// attempt counts the snapshots at an instant, one to come among them.
func (c course) attempt(at history.Millis) (n int64) {
	for _, r := range c {
		if r.ValidFrom == at {
			n = max(n, r.Attempt)
		}
	}
	return n + 1
}

// aroundRow is an entity with the snapshot of it that is in force at an instant, its
// content, and when the next one takes effect; empty or 0 for none.
type aroundRow struct {
	entityRow
	Active  snapshotRow    `db:"s"`
	Content string         `db:"content"`
	HasBody int            `db:"has_body"`
	Next    history.Millis `db:"next"`
}

// What is read around an instant: its parameters are the instant twice, and those of
// one of the conditions.
const (
	around = `SELECT e.entity_id, e.kind, e.module, e.setup_id, e.client_id, e.incarnation, e.org_id, e.surface, e.recorded_at,
	COALESCE(s.entity_id, '') AS "s.entity_id", COALESCE(s.snapshot_id, '') AS "s.snapshot_id", COALESCE(s.kind, '') AS "s.kind",
	COALESCE(s.valid_from, 0) AS "s.valid_from", COALESCE(s.attempt, 0) AS "s.attempt", COALESCE(s.base_id, '') AS "s.base_id",
	s.commitment AS "s.commitment", COALESCE(s.imported, 0) AS "s.imported", COALESCE(s.recorded_at, 0) AS "s.recorded_at",
	COALESCE(b.content, '') AS content, CASE WHEN b.snapshot_id IS NULL THEN 0 ELSE 1 END AS has_body,
	COALESCE((SELECT n.valid_from FROM snapshot n WHERE n.module = e.module AND n.setup_id = e.setup_id AND n.entity_id = e.entity_id
		AND n.valid_from > ` + asInstant + ` AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = n.snapshot_id) ORDER BY n.valid_from LIMIT 1), 0) AS next
	FROM entity e LEFT JOIN snapshot s ON s.snapshot_id = (SELECT x.snapshot_id FROM snapshot x
		WHERE x.module = e.module AND x.setup_id = e.setup_id AND x.entity_id = e.entity_id AND x.valid_from <= ` + asInstant + `
		AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = x.snapshot_id) ORDER BY x.valid_from DESC, x.attempt DESC LIMIT 1)
	LEFT JOIN snapshot_body b ON b.snapshot_id = s.snapshot_id WHERE `

	ofID     = "e.entity_id = " + asText
	ofNewest = "e.entity_id = (SELECT x.entity_id FROM entity x WHERE x.setup_id = " + asText + " AND x.kind = 'client' AND x.client_id = " + asText +
		" ORDER BY x.incarnation DESC LIMIT 1)"
	ofBearers = "e.kind = 'client' AND e.client_id = " + asText + " AND NOT" + holdings.Ended + " ORDER BY e.recorded_at, e.entity_id"
)

// placeAt tells what a new snapshot of e at an instant must know: the instant
// of the first one after it that is not withdrawn (0 if there is none), and
// which attempt at its own instant it is.
func placeAt(tx *db.Tx, e Entity, at history.Millis) (next history.Millis, attempt int64, err error) {
	rows, err := courseOf(e).Rows(&tx.Conn)
	if later := course(rows).after(at); len(later) > 0 {
		next = later[0].ValidFrom
	}
	return next, course(rows).attempt(at), err
}

// nextAfter is the instant of the first snapshot of e after at that is not
// withdrawn; 0 if there is none.
func nextAfter(c *db.Conn, e Entity, at history.Millis) (history.Millis, error) {
	var next history.Millis
	err := c.Get(&next, "SELECT s.valid_from"+ofEntity+" AND s.valid_from > ?"+notWithdrawn+" ORDER BY s.valid_from LIMIT 1",
		e.Module, e.Setup, e.ID, at)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return next, err
}

// series reads every snapshot of e, oldest valid_from first.
func series(c *db.Conn, e Entity, withdrawn bool) ([]snapshotRow, error) {
	var rows []snapshotRow
	filter := notWithdrawn
	if withdrawn {
		filter = ""
	}
	err := c.Select(&rows, "SELECT "+snapshotColumns+ofEntity+filter+" ORDER BY s.valid_from, s.attempt",
		e.Module, e.Setup, e.ID)
	return rows, err
}

func insertSnapshot(tx *db.Tx, e Entity, r snapshotRow, salt, content []byte) {
	tx.Insert(snapshotTable, string(e.ID), e.Module, e.Setup, e.ID, r.ValidFrom,
		r.Attempt, r.ID, r.Kind, r.Base, r.Commitment, r.Imported, int64(r.RecordedAt))
	tx.Insert(bodyTable, string(r.ID), r.ID, salt, string(content))
}

type bodyRow struct {
	Content string `db:"content"`
}

// bodyOf looks up the exact bytes of a snapshot's content.
func bodyOf(id SnapshotID) db.Lookup[bodyRow] {
	return db.Lookup[bodyRow]{Query: "SELECT content FROM snapshot_body WHERE snapshot_id = ?", Args: []any{string(id)},
		Of: []db.Of{{Table: bodyTable.Name, Object: string(id)}}}
}

// readBody reads the exact bytes of a snapshot's content; Gone if they are erased.
func readBody(c *db.Conn, id SnapshotID) ([]byte, error) {
	row, err := bodyOf(id).One(c)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, errErased()
	}
	return []byte(row.Content), nil
}

func errErased() error {
	return fault.New(fault.Gone, fault.CodeErased, "the content of this snapshot was erased")
}
