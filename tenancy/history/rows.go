package history

import (
	"bytes"
	"slices"

	"tenure/tenancy/db"
)

// eventRow is a row of log_event, with the row of log_detail that goes with it.
type eventRow struct {
	Idx        int64  `db:"idx"`
	LeafHash   []byte `db:"leaf_hash"`
	Commitment []byte `db:"commitment"`
	Salt       []byte `db:"salt"`
	Envelope   string `db:"envelope"`
	Kind       Kind   `db:"kind"`
	ObjectID   string `db:"object_id"`
	ObjectSeq  int64  `db:"object_seq"`
	Ref        string `db:"ref"`
	OrgID      string `db:"org_id"`
	Actor      string `db:"actor"`
	RecordedAt int64  `db:"recorded_at"`

	detail, detailSalt []byte
}

const eventColumns = "idx, leaf_hash, commitment, salt, envelope, kind, object_id, object_seq, ref, org_id, actor, recorded_at"

var (
	eventTable  = db.NewTable("log_event", eventColumns, "")
	detailTable = db.NewTable("log_detail", "idx, salt, content", "")
	tileTable   = db.NewTable("log_tile", "level, n, data", "")
)

func insertEvents(tx *db.Tx, rows []eventRow) {
	for _, r := range rows {
		if r.detail != nil {
			tx.Insert(detailTable, "", r.Idx, r.detailSalt, string(r.detail))
		}
		tx.Insert(eventTable, "", r.Idx, r.LeafHash, r.Commitment, r.Salt, r.Envelope, string(r.Kind),
			r.ObjectID, r.ObjectSeq, r.Ref, r.OrgID, r.Actor, r.RecordedAt)
	}
}

// chain is the last event of one object.
type chain struct {
	Seq        int64  `db:"object_seq"`
	Commitment []byte `db:"commitment"`
}

// LastOf is what a batch looks up of each object that it has events of, unless the
// object is new (db.Tx.Made).
func LastOf(object string) db.Need { return lastEvent(object) }

func lastEvent(object string) db.Lookup[chain] {
	return db.Lookup[chain]{Query: "SELECT object_seq, commitment FROM log_event WHERE object_id = CAST(? AS TEXT) ORDER BY object_seq DESC LIMIT 1",
		Args: []any{object}}
}

// lastOf looks up the chains of the events' objects.
func lastOf(tx *db.Tx, events []any) (map[string]chain, error) {
	chains := make(map[string]chain, len(events))
	var needs []db.Need
	for _, event := range events {
		object := event.(queued).Object
		if _, seen := chains[object]; seen {
			continue
		}
		if chains[object] = (chain{}); !tx.Makes(object) {
			needs = append(needs, lastEvent(object))
		}
	}
	if err := tx.Load(needs...); err != nil {
		return nil, err
	}
	for _, n := range needs {
		l := n.(db.Lookup[chain])
		last, err := l.One(&tx.Conn)
		if err != nil {
			return nil, err
		}
		if last != nil {
			chains[l.Args[0].(string)] = *last
		}
	}
	return chains, nil
}

// tileEdge are the leaf hashes of the tile that is not full yet, as the last batch of
// this process left them.
type tileEdge struct {
	log  point  // that they end
	data []byte // 32 bytes each
	next []byte // of the batch that is not settled
}

// keep remembers the leaves of a batch that was committed.
func (l *tileEdge) keep(log point) {
	if l.next != nil {
		l.log, l.data, l.next = log, l.next, nil
	}
}

// begun are the leaves of the tile that a log has begun: from memory, or from the
// database where another node has written.
func (l *tileEdge) begun(tx *db.Tx, log point) ([]byte, error) {
	size := log.size
	if l.log.size == size && bytes.Equal(l.log.root, log.root) {
		return slices.Clone(l.data), nil
	}
	data := make([]byte, 0, tileWidth*hashSize)
	if size%tileWidth == 0 {
		return data, nil
	}
	rows, err := leavesFrom(size - size%tileWidth).Rows(&tx.Conn)
	for _, r := range rows {
		data = append(data, r.Hash...)
	}
	return data, err
}

type leafRow struct {
	Hash []byte `db:"leaf_hash"`
}

// leavesFrom looks up the leaves from an index on.
func leavesFrom(first int64) db.Lookup[leafRow] {
	return db.Lookup[leafRow]{Query: "SELECT leaf_hash FROM log_event WHERE idx >= ? ORDER BY idx", Args: []any{first}}
}

// writeTiles writes every tile that the new rows fill.
func (l *Log) writeTiles(tx *db.Tx, rows []eventRow) error {
	l.edge.next = nil
	data, err := l.edge.begun(tx, point{l.batch.first, l.batch.root})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if data = append(data, r.LeafHash...); len(data) < tileWidth*hashSize {
			continue
		}
		if err := writeTile(tx, 0, r.Idx/tileWidth, data); err != nil {
			return err
		}
		data = make([]byte, 0, tileWidth*hashSize)
	}
	l.edge.next = data
	return nil
}

// writeTile stores a full tile, and the one above if that is full with it.
func writeTile(tx *db.Tx, level, n int64, data []byte) error {
	tx.Insert(tileTable, "", level, n, data)
	if (n+1)%tileWidth != 0 {
		return nil
	}
	above, err := tileAbove(&tx.Conn, level, n/tileWidth)
	if err != nil {
		return err
	}
	return writeTile(tx, level+1, n/tileWidth, above)
}

// tileAbove computes the full tile n of level+1 from the tiles of level.
func tileAbove(c *db.Conn, level, n int64) ([]byte, error) {
	data := make([]byte, 0, tileWidth*hashSize)
	err := c.Each(func(scan func(...any) error) error {
		var below []byte
		if err := scan(&below); err != nil {
			return err
		}
		root, err := tileRoot(below)
		data = append(data, root...)
		return err
	}, "SELECT data FROM log_tile WHERE level = ? AND n >= ? AND n < ? ORDER BY n", level, n*tileWidth, (n+1)*tileWidth)
	return data, err
}
