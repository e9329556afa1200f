// Package consistency compares every row of a database with what the log says of
// it and with its neighbours.
//
// It owns the check of what package snapshots stores; the log's own check is
// history.Check, the tree's is tenancy.Check. It changes nothing and shows no
// content, so it needs no Scope.
//
// It may import snapshots/{candidates,clientsecret,document,holdings}, tenancy and tenancy/{db,history}.
package consistency

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/document"
	"tenure/snapshots/holdings"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// maxProblems bounds what Check reports.
const maxProblems = 100

// pageSize is how many rows Check reads at once; a client may have 64 kB.
const pageSize = 200

// Check recomputes the log (history.Check) and then compares every row with what
// the log says and with its neighbours. It returns one sentence for each thing that is wrong, at most 100 and as many
// of the log. It reads in pages, so the memory it needs does not grow with the
// database. It needs no Scope: it shows no content.
func Check(ctx context.Context, d *db.DB) ([]string, error) {
	k := &checker{}
	err := d.View(ctx, func(c *db.Conn) error {
		problems, err := history.Check(c)
		if err != nil {
			return err
		}
		triggers, err := db.CheckTriggers(c)
		if err != nil {
			return err
		}
		tree, err := tenancy.Check(c)
		k.problems, k.conn = slices.Concat(problems, triggers, tree), c
		if err != nil {
			return k.unless(err)
		}
		for _, step := range []func() error{k.entities, k.snapshots, k.withdrawals, k.credentials, k.missing, k.secrets, k.parts, k.terms} {
			if err := step(); err != nil {
				return k.unless(err)
			}
		}
		return nil
	})
	return k.problems, err
}

// unless is an error, or where something wrong was found before it a sentence more: a row
// that cannot be read is likely to be one of those.
func (k *checker) unless(err error) error {
	if len(k.problems) == 0 {
		return err
	}
	k.report("the rest was not compared: %v", err)
	return nil
}

type checker struct {
	conn     *db.Conn
	events   map[string][]history.Envelope // of the page's rows, by ref
	problems []string
}

func (k *checker) report(format string, args ...any) {
	if len(k.problems) < 2*maxProblems {
		k.problems = append(k.problems, fmt.Sprintf(format, args...))
	}
}

// each reports a problem for each id that a query finds; its last placeholder
// is the number of them.
func (k *checker) each(problem, query string) error {
	var ids []string
	err := k.conn.Select(&ids, query, 2*maxProblems)
	for _, id := range ids {
		k.report(problem, id)
	}
	return err
}

// readEvents reads the events that name one of the rows.
func (k *checker) readEvents(refs []string) error {
	k.events = make(map[string][]history.Envelope, len(refs))
	var texts []string
	if err := k.conn.SelectBuilt(&texts, db.Builder().Select("envelope").From("log_event").Where(squirrel.Eq{"ref": refs}).OrderBy("idx")); err != nil {
		return err
	}
	for _, text := range texts {
		env, err := history.DecodeEnvelope([]byte(text))
		if err != nil {
			continue // history.Check has said so
		}
		k.events[env.Ref] = append(k.events[env.Ref], env)
	}
	return nil
}

// event finds the event of the row ref by its verb; false, and a report, if
// there is none.
func (k *checker) event(ref, what string, verbs ...string) (history.Envelope, bool) {
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
		AND NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)
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
			AND NOT` + holdings.Ended + `
			AND e.org_id NOT IN (` + goneOrgs + `)`,
			"entity %s: a later incarnation has its client_id, and it is not deleted"},
		{`SELECT s.snapshot_id FROM snapshot s JOIN entity e ON e.entity_id = s.entity_id
			WHERE s.module <> e.module OR s.setup_id <> e.setup_id`, "snapshot %s: it stands under another setup than its entity"},
		{`SELECT min(s.snapshot_id) FROM snapshot s WHERE NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = s.snapshot_id)
			GROUP BY s.entity_id, s.valid_from HAVING count(*) > 1`, "snapshot %s: another one of its entity has the same instant"},
	} {
		if err := k.each(q.problem, q.query+" LIMIT ?"); err != nil {
			return err
		}
	}
	return k.owners()
}

// owners checks that each client's owner lies in its setup's subtree, unless
// the client, its setup or its owner is deleted.
func (k *checker) owners() error {
	return k.each("client %s: its owner lies outside its setup's subtree", `WITH RECURSIVE up (entity_id, setup_owner, org_id, depth) AS (
		SELECT e.entity_id, p.org_id, e.org_id, 1 FROM entity e JOIN entity p ON p.entity_id = e.setup_id
			WHERE e.kind = 'client' AND e.org_id NOT IN (`+goneOrgs+`) AND NOT`+holdings.Ended+`
		UNION ALL
		SELECT up.entity_id, up.setup_owner, v.parent_id, up.depth + 1 FROM up JOIN org_version v ON v.org_id = up.org_id
			WHERE up.depth <= 33 AND up.org_id <> up.setup_owner
			AND NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)
	) SELECT entity_id FROM up GROUP BY entity_id HAVING sum(CASE WHEN org_id = setup_owner THEN 1 ELSE 0 END) = 0 LIMIT ?`)
}

// checkedSnapshot is a snapshot with what it is compared with.
type checkedSnapshot struct {
	Entity     string         `db:"entity_id"`
	ID         string         `db:"snapshot_id"`
	Kind       string         `db:"kind"`
	ValidFrom  history.Millis `db:"valid_from"`
	Base       string         `db:"base_id"`
	Commitment []byte         `db:"commitment"`
	RecordedAt history.Micros `db:"recorded_at"`
	EntityKind string         `db:"entity_kind"`
	Owner      string         `db:"org_id"`
	Salt       []byte         `db:"salt"`
	Content    *string        `db:"content"`
	BaseOf     string         `db:"base_of"` // whose snapshot the base is; empty where it is not there
}

func (r checkedSnapshot) tombstone() bool { return r.Kind == "tombstone" }

// snapshots checks each one's content, commitment, base and event.
func (k *checker) snapshots() error {
	last := ""
	for {
		var rows []checkedSnapshot
		err := k.conn.Select(&rows, `SELECT s.entity_id, s.snapshot_id, s.kind, s.valid_from, s.base_id, s.commitment, s.recorded_at, e.kind AS entity_kind, e.org_id, b.salt, b.content,
			COALESCE(p.entity_id, '') AS base_of FROM snapshot s
			JOIN entity e ON e.entity_id = s.entity_id LEFT JOIN snapshot_body b ON b.snapshot_id = s.snapshot_id
			LEFT JOIN snapshot p ON p.snapshot_id = s.base_id
			WHERE s.snapshot_id > ? ORDER BY s.snapshot_id LIMIT ?`, last, pageSize)
		if err != nil || len(rows) == 0 {
			return err
		}
		refs := make([]string, len(rows))
		for i, r := range rows {
			refs[i] = r.ID
		}
		if err := k.readEvents(refs); err != nil {
			return err
		}
		for _, r := range rows {
			if err := k.snapshot(r); err != nil {
				return err
			}
		}
		last = refs[len(refs)-1]
	}
}

func (k *checker) snapshot(r checkedSnapshot) error {
	id := r.ID
	if env, ok := k.event(id, "snapshot", "published", "changed", "scheduled", "deleted", "imported", "restored"); ok {
		if env.Content != hex.EncodeToString(r.Commitment) || env.Object != r.Entity ||
			env.Effective != r.ValidFrom || env.RecordedAt != r.RecordedAt || env.Org != r.Owner ||
			strings.HasSuffix(string(env.Kind), ".deleted") != r.tombstone() {
			k.report("snapshot %s: the log says other of it than its row", id)
		}
	}
	if r.Base != "" && r.BaseOf != r.Entity {
		k.report("snapshot %s: its base is not a snapshot of its entity", id)
	}
	if r.Content == nil {
		return k.erased(id, r.Entity)
	}
	if c := history.Commitment(r.Salt, []byte(*r.Content)); !bytes.Equal(c[:], r.Commitment) {
		k.report("snapshot %s: the content does not match the commitment", id)
	}
	if err := decodes(r.EntityKind, r.tombstone(), []byte(*r.Content)); err != nil {
		k.report("snapshot %s: %v", id, err)
	}
	return nil
}

func decodes(kind string, tombstone bool, raw []byte) (err error) {
	switch {
	case tombstone && len(raw) > 0:
		err = fmt.Errorf("a tombstone with content")
	case tombstone:
	case kind == history.ObjectSetup:
		_, err = document.Decode[document.Setup](raw)
	case kind == history.ObjectResourceServer:
		_, err = document.Decode[document.ResourceServer](raw)
	default:
		_, err = document.Decode[document.Client](raw)
	}
	return err
}

// erased reports missing content that no erasure took, one that the log knows.
func (k *checker) erased(id string, of string) error {
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
	last := ""
	for {
		var rows []struct {
			ID         string         `db:"snapshot_id"`
			RecordedAt history.Micros `db:"recorded_at"`
			ValidFrom  history.Millis `db:"valid_from"`
		}
		err := k.conn.Select(&rows, `SELECT w.snapshot_id, w.recorded_at, s.valid_from FROM withdrawal w
			JOIN snapshot s ON s.snapshot_id = w.snapshot_id WHERE w.snapshot_id > ? ORDER BY w.snapshot_id LIMIT ?`, last, pageSize)
		if err != nil || len(rows) == 0 {
			return err
		}
		refs := make([]string, len(rows))
		for i, r := range rows {
			refs[i] = r.ID
		}
		if err := k.readEvents(refs); err != nil {
			return err
		}
		for _, r := range rows {
			if env, ok := k.event(r.ID, "withdrawal of", "withdrawn"); ok && env.RecordedAt != r.RecordedAt {
				k.report("withdrawal of %s: the log says another time", r.ID)
			}
			if r.ValidFrom <= r.RecordedAt.Millis() {
				k.report("withdrawal of %s: it was not in the future any more", r.ID)
			}
		}
		last = refs[len(refs)-1]
	}
}

// credentials checks that secrets, tokens and their ends have their events.
func (k *checker) credentials() error {
	for _, m := range []struct{ table, id, what, verb string }{
		{"client_secret", "secret_id", "secret", "secret-added"},
		{"secret_end", "secret_id", "end of secret", "secret-ended"},
		{"registration_token", "token_id", "registration token", "token-added"},
		{"registration_token_end", "token_id", "end of registration token", "token-ended"},
		{"initial_token", "token_id", "initial token", "initial-token-added"},
		{"initial_token_end", "token_id", "end of initial token", "initial-token-ended"},
	} {
		query := fmt.Sprintf("SELECT DISTINCT %[2]s FROM %[1]s WHERE %[2]s > ? ORDER BY %[2]s LIMIT ?", m.table, m.id)
		for last := ""; ; {
			var ids []string
			err := k.conn.Select(&ids, query, last, pageSize)
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				break
			}
			if err := k.readEvents(ids); err != nil {
				return err
			}
			for _, id := range ids {
				k.event(id, m.what, m.verb)
			}
			last = ids[len(ids)-1]
		}
	}
	return nil
}

// anyRow says that the row that an event names is there.
const anyRow = `(EXISTS (SELECT 1 FROM snapshot s WHERE s.snapshot_id = e.ref)
	OR EXISTS (SELECT 1 FROM client_secret c WHERE c.secret_id = e.ref)
	OR EXISTS (SELECT 1 FROM registration_token t WHERE t.token_id = e.ref)
	OR EXISTS (SELECT 1 FROM initial_token t WHERE t.token_id = e.ref)
	OR e.kind = 'participant.added' AND EXISTS (SELECT 1 FROM participant p WHERE p.code = e.ref))`

// missing reports events whose row is gone.
func (k *checker) missing() error {
	var events []struct {
		Kind string `db:"kind"`
		Ref  string `db:"ref"`
	}
	if err := k.conn.Select(&events, "SELECT e.kind, e.ref FROM log_event e WHERE e.ref <> '' AND NOT "+anyRow+" ORDER BY e.idx LIMIT ?", 2*maxProblems); err != nil {
		return err
	}
	for _, e := range events {
		k.report("log: %s names %s, which is not there", e.Kind, e.Ref)
	}
	err := k.each("snapshot %s: the log says that it was withdrawn, its row is not there", `SELECT e.ref FROM log_event e
		WHERE e.kind IN ('client.withdrawn', 'setup.withdrawn', 'resource_server.withdrawn') AND `+anyRow+`
		AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = e.ref) ORDER BY e.idx LIMIT ?`)
	if err != nil {
		return err
	}
	return k.each("secret %s: the log says that it ends, its row is not there", `SELECT e.ref FROM log_event e
		WHERE e.kind IN ('client.secret-ended', 'setup.secret-ended', 'resource_server.secret-ended') AND `+anyRow+`
		AND NOT EXISTS (SELECT 1 FROM secret_end d WHERE d.secret_id = e.ref) ORDER BY e.idx LIMIT ?`)
}
