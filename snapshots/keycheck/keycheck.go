// Package keycheck finds stored key sets that would be refused today: rules bind
// what is written, so a set that was stored before a rule existed is still there.
//
// It owns the search over a database and nothing else: what the rules are is in
// package jwk, what a client is in snapshots/document. It needs no Scope, because
// only the operator's command uses it, and it shows no content: a client, the
// pointer of a member, the rule. It changes nothing.
//
// It may import snapshots/document and tenancy/{db,fault,history}.
package keycheck

import (
	"context"
	"fmt"

	"tenure/snapshots/document"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Finding is one broken rule of a client's key set.
type Finding struct {
	Module, Setup, Entity string
	ClientID              string
	ValidFrom             history.Millis // of the snapshot, which is in force or planned
	Broken                fault.Field    // its path is below /jwks
}

// String is one line, without the content of the set.
func (f Finding) String() string {
	return fmt.Sprintf("client %q (%s) of setup %s, valid from %s: %s: %s: %s", f.ClientID, f.Entity, f.Setup,
		f.ValidFrom.Time().UTC().Format("2006-01-02T15:04:05.000Z"), f.Broken.Path, f.Broken.Rule, f.Broken.Message)
}

// pageSize is how many snapshots are read at once; one may have 512 KiB.
const pageSize = 100

// candidates are the snapshots with a key set that are in force at an instant or
// planned after it. Deleted clients, and those of deleted setups, have none.
const candidates = `SELECT e.module, e.setup_id, e.entity_id, e.client_id, s.snapshot_id, s.valid_from, b.content
	FROM snapshot s JOIN entity e ON e.entity_id = s.entity_id JOIN snapshot_body b ON b.snapshot_id = s.snapshot_id
	WHERE e.kind = 'client' AND s.kind = 'content' AND b.content LIKE '%"jwks":%' AND s.snapshot_id > ?
	AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = s.snapshot_id)
	AND NOT EXISTS (SELECT 1 FROM snapshot n WHERE n.entity_id = s.entity_id AND n.valid_from > s.valid_from AND n.valid_from <= ?
		AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = n.snapshot_id))
	AND NOT EXISTS (SELECT 1 FROM snapshot d WHERE d.entity_id = e.setup_id AND d.kind = 'tombstone' AND d.valid_from <= ?
		AND NOT EXISTS (SELECT 1 FROM snapshot r WHERE r.entity_id = d.entity_id AND r.valid_from > d.valid_from
			AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = r.snapshot_id)))
	ORDER BY s.snapshot_id LIMIT ?`

// Run calls report with every finding, client by client of a snapshot. Its memory
// does not grow with the database.
func Run(ctx context.Context, d *db.DB, now history.Millis, report func(Finding)) error {
	return d.View(ctx, func(c *db.Conn) error {
		for last := ""; ; {
			var rows []struct {
				Module    string         `db:"module"`
				Setup     string         `db:"setup_id"`
				Entity    string         `db:"entity_id"`
				ClientID  string         `db:"client_id"`
				Snapshot  string         `db:"snapshot_id"`
				ValidFrom history.Millis `db:"valid_from"`
				Content   string         `db:"content"`
			}
			if err := c.Select(&rows, candidates, last, now, now, pageSize); err != nil || len(rows) == 0 {
				return err
			}
			for _, r := range rows {
				doc, err := document.Decode[document.Client]([]byte(r.Content))
				if err != nil {
					return fmt.Errorf("snapshot %s: %w", r.Snapshot, err)
				}
				for _, broken := range document.WeakKeys(doc.JWKS) {
					report(Finding{r.Module, r.Setup, r.Entity, r.ClientID, r.ValidFrom, broken})
				}
			}
			last = rows[len(rows)-1].Snapshot
		}
	})
}
