package snapshots

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// maxProblems bounds what Check reports.
const maxProblems = 100

// Check is the consistency check: it recomputes the log (history.Check) and
// then compares every row with what the log says and with its neighbours. It
// returns one sentence for each thing that is wrong, at most 100 and as many
// of the log. It needs no Scope: it shows no content.
func Check(ctx context.Context, d *db.DB) ([]string, error) {
	k := &checker{events: make(map[string][]history.Envelope)}
	err := d.View(ctx, func(c *db.Conn) error {
		problems, err := history.Check(c)
		if err != nil {
			return err
		}
		tree, err := tenancy.Check(c)
		if err != nil {
			return err
		}
		k.problems, k.conn = append(problems, tree...), c
		for _, step := range []func() error{k.readEvents, k.entities, k.snapshots, k.withdrawals, k.secrets, k.missing} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	return k.problems, err
}

type checker struct {
	conn     *db.Conn
	events   map[string][]history.Envelope // by ref
	seen     map[string]bool               // refs that have a row
	ended    map[string]bool               // secrets with an end
	problems []string
}

func (k *checker) report(format string, args ...any) {
	if len(k.problems) < 2*maxProblems {
		k.problems = append(k.problems, fmt.Sprintf(format, args...))
	}
}

// readEvents gathers the events that name a row.
func (k *checker) readEvents() error {
	k.seen = make(map[string]bool)
	return k.conn.Each(func(scan func(...any) error) error {
		var raw string
		if err := scan(&raw); err != nil {
			return err
		}
		env, err := history.DecodeEnvelope([]byte(raw))
		if err != nil {
			return nil // history.Check has said so
		}
		k.events[env.Ref] = append(k.events[env.Ref], env)
		return nil
	}, "SELECT envelope FROM log_event WHERE ref <> '' ORDER BY idx")
}

// event finds the event of the row ref by its verb; false, and a report, if
// there is none.
func (k *checker) event(ref, what string, verbs ...string) (history.Envelope, bool) {
	k.seen[ref] = true
	for _, env := range k.events[ref] {
		for _, verb := range verbs {
			if string(env.Kind) == env.ObjectKind+"."+verb {
				return env, true
			}
		}
	}
	k.report("%s %s: the log has no event of it", what, ref)
	return history.Envelope{}, false
}

// goneOrgs are the organizations that are deleted or stand below one that is.
const goneOrgs = `WITH RECURSIVE gone (org_id) AS (
	SELECT v.org_id FROM org_version v WHERE v.deleted = 1
	UNION
	SELECT v.org_id FROM gone JOIN org_version v ON v.parent_id = gone.org_id
		WHERE NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)
) SELECT org_id FROM gone`

// entities checks owners, setups and incarnations.
func (k *checker) entities() error {
	for _, q := range []struct{ query, problem string }{
		{`SELECT entity_id FROM entity WHERE entity_id NOT IN (SELECT entity_id FROM snapshot)`,
			"entity %s: it has no snapshot"},
		{`SELECT entity_id FROM entity e WHERE NOT EXISTS (SELECT 1 FROM entity p WHERE p.entity_id = e.setup_id
			AND p.kind = 'setup' AND p.module = e.module)`, "entity %s: its setup is not there"},
		{`SELECT entity_id FROM entity e WHERE NOT EXISTS (SELECT 1 FROM org_version o WHERE o.org_id = e.org_id)`,
			"entity %s: its owner is not there"},
		{`SELECT entity_id FROM entity e WHERE NOT EXISTS (SELECT 1 FROM module m WHERE m.name = e.module)`,
			"entity %s: its module is not there"},
		{`SELECT e.entity_id FROM entity e WHERE EXISTS (SELECT 1 FROM entity n WHERE n.setup_id = e.setup_id AND n.kind = e.kind
			AND n.client_id = e.client_id AND n.incarnation > e.incarnation)
			AND e.entity_id NOT IN (SELECT entity_id FROM snapshot WHERE kind = 'tombstone')
			AND e.org_id NOT IN (` + goneOrgs + `)`,
			"entity %s: a later incarnation has its client_id, and it is not deleted"},
		{`SELECT s.snapshot_id FROM snapshot s JOIN entity e ON e.entity_id = s.entity_id
			WHERE s.module <> e.module OR s.setup_id <> e.setup_id`, "snapshot %s: it stands under another setup than its entity"},
		{`SELECT min(s.snapshot_id) FROM snapshot s WHERE NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = s.snapshot_id)
			GROUP BY s.entity_id, s.valid_from HAVING count(*) > 1`, "snapshot %s: another one of its entity has the same instant"},
	} {
		var ids []string
		if err := k.conn.Select(&ids, q.query); err != nil {
			return err
		}
		for _, id := range ids {
			k.report(q.problem, id)
		}
	}
	return k.owners()
}

// owners checks that each client's owner lies in its setup's subtree, unless
// the client, its setup or its owner is deleted.
func (k *checker) owners() error {
	var ids []string
	err := k.conn.Select(&ids, `WITH RECURSIVE up (entity_id, setup_owner, org_id, depth) AS (
		SELECT e.entity_id, p.org_id, e.org_id, 1 FROM entity e JOIN entity p ON p.entity_id = e.setup_id
			WHERE e.kind = 'client' AND e.org_id NOT IN (`+goneOrgs+`) AND NOT`+ended+`
		UNION ALL
		SELECT up.entity_id, up.setup_owner, v.parent_id, up.depth + 1 FROM up JOIN org_version v ON v.org_id = up.org_id
			WHERE up.depth <= 33 AND up.org_id <> up.setup_owner
			AND NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)
	) SELECT entity_id FROM up GROUP BY entity_id HAVING sum(CASE WHEN org_id = setup_owner THEN 1 ELSE 0 END) = 0`)
	for _, id := range ids {
		k.report("client %s: its owner lies outside its setup's subtree", id)
	}
	return err
}

// snapshots checks each one's content, commitment, base and event.
func (k *checker) snapshots() error {
	var rows []struct {
		snapshotRow
		EntityKind Kind    `db:"entity_kind"`
		Owner      string  `db:"org_id"`
		Salt       []byte  `db:"salt"`
		Content    *string `db:"content"`
	}
	err := k.conn.Select(&rows, "SELECT "+snapshotColumns+`, e.kind AS entity_kind, e.org_id, b.salt, b.content FROM snapshot s
		JOIN entity e ON e.entity_id = s.entity_id LEFT JOIN snapshot_body b ON b.snapshot_id = s.snapshot_id
		ORDER BY s.entity_id, s.recorded_at`)
	if err != nil {
		return err
	}
	byID := make(map[SnapshotID]EntityID, len(rows))
	for _, r := range rows {
		byID[r.ID] = r.Entity
	}
	for _, r := range rows {
		id := string(r.ID)
		if env, ok := k.event(id, "snapshot", "published", "changed", "scheduled", "deleted", "imported"); ok {
			if env.Content != hex.EncodeToString(r.Commitment) || env.Object != string(r.Entity) ||
				env.Effective != r.ValidFrom || env.RecordedAt != r.RecordedAt || env.Org != r.Owner ||
				strings.HasSuffix(string(env.Kind), ".deleted") != r.tombstone() {
				k.report("snapshot %s: the log says other of it than its row", id)
			}
		}
		if r.Base != "" && byID[r.Base] != r.Entity {
			k.report("snapshot %s: its base is not a snapshot of its entity", id)
		}
		if r.Content == nil {
			if err := k.erased(id, r.Entity); err != nil {
				return err
			}
			continue
		}
		if c := history.Commitment(r.Salt, []byte(*r.Content)); !bytes.Equal(c[:], r.Commitment) {
			k.report("snapshot %s: the content does not match the commitment", id)
		}
		if err := decodes(r.EntityKind, r.tombstone(), []byte(*r.Content)); err != nil {
			k.report("snapshot %s: %v", id, err)
		}
	}
	return nil
}

func decodes(kind Kind, tombstone bool, raw []byte) (err error) {
	switch {
	case tombstone && len(raw) > 0:
		err = fmt.Errorf("a tombstone with content")
	case tombstone:
	case kind == KindSetup:
		_, err = document.Decode[document.Setup](raw)
	case kind == KindResourceServer:
		_, err = document.Decode[document.ResourceServer](raw)
	default:
		_, err = document.Decode[document.Client](raw)
	}
	return err
}

// erased reports missing content that no erasure took, one that the log knows.
func (k *checker) erased(id string, of EntityID) error {
	var n int
	err := k.conn.Get(&n, "SELECT count(*) FROM erasure WHERE ref = ?", id)
	if err == nil && n == 0 {
		k.report("snapshot %s: its content is missing", id)
		return nil
	}
	if err == nil {
		err = k.conn.Get(&n, "SELECT count(*) FROM log_event WHERE object_id = ? AND kind = 'client.erased'", of)
	}
	if err == nil && n == 0 {
		k.report("snapshot %s: its content is erased, and the log has no event of that", id)
	}
	return err
}

func (k *checker) withdrawals() error {
	var rows []struct {
		ID         string         `db:"snapshot_id"`
		RecordedAt history.Micros `db:"recorded_at"`
		ValidFrom  history.Millis `db:"valid_from"`
	}
	err := k.conn.Select(&rows, `SELECT w.snapshot_id, w.recorded_at, s.valid_from FROM withdrawal w
		JOIN snapshot s ON s.snapshot_id = w.snapshot_id`)
	for _, r := range rows {
		if env, ok := k.event(r.ID, "withdrawal of", "withdrawn"); ok && env.RecordedAt != r.RecordedAt {
			k.report("withdrawal of %s: the log says another time", r.ID)
		}
		if r.ValidFrom <= r.RecordedAt.Millis() {
			k.report("withdrawal of %s: it was not in the future any more", r.ID)
		}
	}
	return err
}

// secrets checks that credentials and their ends have their events.
func (k *checker) secrets() error {
	k.ended = make(map[string]bool)
	for _, m := range []struct{ query, what, verb string }{
		{"SELECT secret_id FROM client_secret", "secret", "secret-added"},
		{"SELECT DISTINCT secret_id FROM secret_end", "end of secret", "secret-ended"},
		{"SELECT token_id FROM registration_token", "registration token", "token-added"},
		{"SELECT token_id FROM registration_token_end", "end of registration token", "token-ended"},
		{"SELECT token_id FROM initial_token", "initial token", "initial-token-added"},
		{"SELECT token_id FROM initial_token_end", "end of initial token", "initial-token-ended"},
	} {
		var ids []string
		if err := k.conn.Select(&ids, m.query); err != nil {
			return err
		}
		for _, id := range ids {
			k.event(id, m.what, m.verb)
			if m.verb == "secret-ended" {
				k.ended[id] = true
			}
		}
	}
	return nil
}

// missing reports events whose row is gone.
func (k *checker) missing() error {
	withdrawn := make(map[string]bool)
	var ids []string
	if err := k.conn.Select(&ids, "SELECT snapshot_id FROM withdrawal"); err != nil {
		return err
	}
	for _, id := range ids {
		withdrawn[id] = true
	}
	for ref, events := range k.events {
		for _, env := range events {
			switch {
			case !k.seen[ref]:
				k.report("log: %s names %s, which is not there", env.Kind, ref)
			case string(env.Kind) == env.ObjectKind+".withdrawn" && !withdrawn[ref]:
				k.report("snapshot %s: the log says that it was withdrawn, its row is not there", ref)
			case string(env.Kind) == env.ObjectKind+".secret-ended" && !k.ended[ref]:
				k.report("secret %s: the log says that it ends, its row is not there", ref)
			}
		}
	}
	return nil
}
