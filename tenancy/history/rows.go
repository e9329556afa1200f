package history

import (
	"fmt"
	"strings"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
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

// insertEvents writes rows in chunks of a few fixed sizes, so that the
// engines' statement caches hold.
func insertEvents(tx *db.Tx, rows []eventRow) error {
	for _, r := range rows {
		if r.detail == nil {
			continue
		}
		if _, err := tx.Exec("INSERT INTO log_detail (idx, salt, content) VALUES (?, ?, ?)",
			r.Idx, r.detailSalt, string(r.detail)); err != nil {
			return err
		}
	}
	for _, size := range []int{64, 16, 4, 1} {
		for len(rows) >= size {
			if err := insertChunk(tx, rows[:size]); err != nil {
				return err
			}
			rows = rows[size:]
		}
	}
	return nil
}

func insertChunk(tx *db.Tx, rows []eventRow) error {
	args := make([]any, 0, 12*len(rows))
	for _, r := range rows {
		args = append(args, r.Idx, r.LeafHash, r.Commitment, r.Salt, r.Envelope, string(r.Kind),
			r.ObjectID, r.ObjectSeq, r.Ref, r.OrgID, r.Actor, r.RecordedAt)
	}
	values := strings.Repeat(", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", len(rows))[2:]
	if _, err := tx.Exec("INSERT INTO log_event ("+eventColumns+") VALUES "+values, args...); err != nil {
		return fmt.Errorf("append to the log: %w", err)
	}
	return nil
}

// chain is the last event of one object.
type chain struct {
	Seq        int64  `db:"object_seq"`
	Commitment []byte `db:"commitment"`
}

func lastOf(tx *db.Tx, known map[string]chain, object string) (chain, error) {
	if c, ok := known[object]; ok {
		return c, nil
	}
	var c chain
	err := tx.Get(&c, `SELECT object_seq, commitment FROM log_event WHERE object_id = ?
		ORDER BY object_seq DESC LIMIT 1`, object)
	if fault.Is(err, fault.NotFound) {
		return chain{}, nil
	}
	return c, err
}

// writeTiles writes every tile that the leaves from old to size fill.
func writeTiles(tx *db.Tx, old, size int64) error {
	for n := old / tileWidth; n < size/tileWidth; n++ {
		data := make([]byte, 0, tileWidth*hashSize)
		err := tx.Each(func(scan func(...any) error) error {
			var leaf []byte
			err := scan(&leaf)
			data = append(data, leaf...)
			return err
		}, "SELECT leaf_hash FROM log_event WHERE idx >= ? AND idx < ? ORDER BY idx", n*tileWidth, (n+1)*tileWidth)
		if err != nil {
			return err
		}
		if err := writeTile(tx, 0, n, data); err != nil {
			return err
		}
	}
	return nil
}

// writeTile stores a full tile, and the one above if that is full with it.
func writeTile(tx *db.Tx, level, n int64, data []byte) error {
	if _, err := tx.Exec("INSERT INTO log_tile (level, n, data) VALUES (?, ?, ?)", level, n, data); err != nil {
		return fmt.Errorf("write tile %d/%d: %w", level, n, err)
	}
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
