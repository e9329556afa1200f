package counts

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Kind is that of the event.
const Kind = history.Kind("log.counted")

// Object is the object of counts of an organization and those below it, or of all for an
// empty id.
func Object(org string) string {
	if org == "" {
		return "log-counts"
	}
	return "log-counts:" + org
}

// Every is how old the last count of all organizations may become.
const Every = 24 * 3600 * 1_000_000 // µs

// Detail is the detail of a count.
type Detail struct {
	Size          int64  `json:"size"` // of the log whose entries were counted
	Organizations int64  `json:"organizations"`
	Root          string `json:"tree_root"` // of the tree over them, in hexadecimal
}

// ParseDetail reads a detail, and its root.
func ParseDetail(text []byte) (d Detail, root tlog.Hash, err error) {
	if err = json.Unmarshal(text, &d); err != nil {
		return d, root, err
	}
	raw, err := hex.DecodeString(d.Root)
	if err != nil || len(raw) != len(root) || d.Size < 0 || d.Organizations < 0 {
		return d, root, fmt.Errorf("a count of %d entries is not in its form", d.Size)
	}
	return d, tlog.Hash(raw), nil
}

// Counted is a count that the log has.
type Counted struct {
	Index int64
	At    history.Micros
	Detail
}

// Latest is the last count of an organization and those below it, or of all for an empty
// id, below a size of the log; a fault of kind NotFound if there is none.
func Latest(c *db.Conn, org string, size int64) (k Counted, err error) {
	var row struct {
		Index   int64  `db:"idx"`
		At      int64  `db:"recorded_at"`
		Content string `db:"content"`
	}
	if err := c.Get(&row, `SELECT e.idx, e.recorded_at, d.content FROM log_event e JOIN log_detail d ON d.idx = e.idx
		WHERE e.object_id = ? AND e.idx < ? ORDER BY e.object_seq DESC LIMIT 1`, Object(org), size); err != nil {
		return k, err
	}
	k.Index, k.At = row.Index, history.Micros(row.At)
	k.Detail, _, err = ParseDetail([]byte(row.Content))
	return k, err
}

// Record counts organizations, those that are given or all for nil, and records that. It
// records nothing, and reports false, where the last count under the same id says the same
// of the same organizations, or is of all and not Every old at now. e says who does it.
func Record(ctx context.Context, d *db.DB, org string, orgs []string, now history.Micros, e history.Event) (bool, error) {
	var detail Detail
	var before int64 // index of the count before; -1 for none
	done := false
	err := d.View(ctx, func(c *db.Conn) error {
		head, err := history.ReadHead(c)
		if err != nil {
			return err
		}
		last, err := Latest(c, org, head.Size)
		before = last.Index
		switch {
		case fault.Is(err, fault.NotFound):
			before = -1
		case err != nil:
			return err
		case orgs == nil && now-last.At < Every:
			done = true
			return nil
		}
		tree, err := Read(c, head.Size, orgs)
		if err != nil {
			return err
		}
		root, err := tree.Root()
		detail = Detail{head.Size, int64(len(tree.Organizations)), hex.EncodeToString(root[:])}
		done = orgs != nil && before >= 0 && last.Root == detail.Root && last.Organizations == detail.Organizations
		return err
	})
	if err != nil || done {
		return false, err
	}
	err = d.Write(ctx, func(tx *db.Tx) error {
		if orgs == nil { // another node may have counted
			last, err := Latest(&tx.Conn, org, 1<<62)
			if err == nil && last.Index != before {
				done = true
				return nil
			}
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		var root string // of the organizations, which the log began with
		if err := tx.Get(&root, "SELECT org_id FROM log_event WHERE idx = 0"); err != nil {
			return err
		}
		e := e
		var err error
		if e.Detail, err = json.Marshal(detail); err != nil {
			return err
		}
		e.Kind, e.ObjectKind, e.Object, e.Org, e.Effective = Kind, history.ObjectLog, Object(org), root, history.At(tx).Millis()
		history.Record(tx, e)
		return nil
	})
	return err == nil && !done, err
}
