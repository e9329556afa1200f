package tenancy

import (
	"encoding/json"
	"fmt"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Check compares every organization version and every key with the event that
// made it, and returns one sentence for each that differs, at most 100.
func Check(c *db.Conn) ([]string, error) {
	k := &checker{conn: c, events: make(map[string][]recorded)}
	for _, step := range []func() error{k.read, k.organizations, k.keys, k.revocations} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return k.problems, nil
}

// recorded is an event about an organization or a key, with its detail.
type recorded struct {
	kind   history.Kind
	org    string
	detail string
	at     history.Micros
}

type checker struct {
	conn     *db.Conn
	events   map[string][]recorded // by object, in order
	problems []string
}

func (k *checker) report(format string, args ...any) {
	if len(k.problems) < 100 {
		k.problems = append(k.problems, fmt.Sprintf(format, args...))
	}
}

func (k *checker) read() error {
	return k.conn.Each(func(scan func(...any) error) error {
		var object, org, kind, detail string
		var at int64
		err := scan(&object, &org, &kind, &at, &detail)
		k.events[object] = append(k.events[object], recorded{history.Kind(kind), org, detail, history.Micros(at)})
		return err
	}, `SELECT e.object_id, e.org_id, e.kind, e.recorded_at, COALESCE(d.content, '') FROM log_event e
		LEFT JOIN log_detail d ON d.idx = e.idx WHERE e.kind LIKE 'organization.%' OR e.kind LIKE 'key.%' ORDER BY e.idx`)
}

// organizations expects one event for each version, saying what the row says.
func (k *checker) organizations() error {
	var rows []orgVersion
	if err := k.conn.Select(&rows, "SELECT "+orgColumns+" FROM org_version ORDER BY org_id, seq"); err != nil {
		return err
	}
	seen := make(map[string]int)
	for _, v := range rows {
		id := string(v.ID)
		seen[id]++
		said := k.events[id]
		if int64(seen[id]) != v.Seq || seen[id] > len(said) {
			k.report("organization %s: the log has no event of its version %d", id, v.Seq)
			continue
		}
		detail, err := v.detail()
		if err != nil {
			return err
		}
		if e := said[seen[id]-1]; e.detail != "" && e.detail != string(detail) || e.at != history.Micros(v.RecordedAt) {
			k.report("organization %s: the log says other of its version %d than its row", id, v.Seq)
		}
	}
	for id, said := range k.events {
		if said[0].kind == "organization.created" && seen[id] != len(said) {
			k.report("organization %s: the log has %d changes of it, there are %d versions", id, len(said), seen[id])
		}
	}
	return nil
}

// keys expects each key to be as it was created.
func (k *checker) keys() error {
	var rows []keyRow
	if err := k.conn.Select(&rows, `SELECT key_id, org_id, name, role, surface, hash, expires_at, recorded_at, 0 AS last_used FROM api_key`); err != nil {
		return err
	}
	there := make(map[string]bool)
	for _, r := range rows {
		there[r.ID] = true
		said := k.events[r.ID]
		if len(said) == 0 || said[0].kind != "key.created" {
			k.report("key %s: the log has no event of it", r.ID)
			continue
		}
		detail, err := keyDetail(r.key())
		if err != nil {
			return err
		}
		if e := said[0]; e.detail != "" && e.detail != string(detail) || e.org != string(r.Org) || e.at != history.Micros(r.RecordedAt) {
			k.report("key %s: the log says other of it than its row", r.ID)
		}
	}
	for id, said := range k.events {
		if said[0].kind == "key.created" && !there[id] {
			k.report("key %s: the log knows it, its row is not there", id)
		}
	}
	return nil
}

// revocations expects the log and the rows to name the same keys.
func (k *checker) revocations() error {
	var ids []string
	if err := k.conn.Select(&ids, "SELECT key_id FROM key_revocation"); err != nil {
		return err
	}
	revoked := make(map[string]bool)
	for _, id := range ids {
		revoked[id] = true
		if !k.says(id, "key.revoked") {
			k.report("key %s: it is revoked, and the log has no event of that", id)
		}
	}
	for id := range k.events {
		if k.says(id, "key.revoked") && !revoked[id] {
			k.report("key %s: the log says that it was revoked, its row is not there", id)
		}
	}
	return nil
}

func (k *checker) says(id string, kind history.Kind) bool {
	for _, e := range k.events[id] {
		if e.kind == kind {
			return true
		}
	}
	return false
}

// detail is what an organization's event says of a version.
func (v orgVersion) detail() ([]byte, error) {
	return json.Marshal(map[string]any{"name": v.Name, "parent_id": v.Parent,
		"default_setup_id": v.DefaultSetup, "token_duration": v.TokenDuration, "max_below": v.MaxBelow,
		"persons_pool": v.PersonsPool, "groups_pool": v.GroupsPool, "inherits_rbac": v.InheritsRBAC,
		"require_reason": v.RequireReason, "deleted": v.Deleted})
}

// keyDetail is what a key's event says of it.
func keyDetail(k Key) ([]byte, error) {
	return json.Marshal(map[string]any{"name": k.Name, "role": k.Role, "surface": k.Surface, "expires_at": k.ExpiresAt})
}
