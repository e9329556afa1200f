package tenancy

import (
	"encoding/json"
	"fmt"
	"strings"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// maxProblems bounds what Check reports.
const maxProblems = 100

// pageSize is how many rows Check reads at once.
const pageSize = 500

// Check compares every organization version and every key with the event that
// made it, and returns one sentence for each that differs, at most 100. It reads
// in pages, so the memory it needs does not grow with the database.
func Check(c *db.Conn) ([]string, error) {
	k := &checker{conn: c}
	for _, step := range []func() error{k.organizations, k.missingVersions, k.keys, k.missingKeys, k.revocations} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return k.problems, nil
}

type checker struct {
	conn     *db.Conn
	problems []string
}

func (k *checker) report(format string, args ...any) {
	if len(k.problems) < maxProblems {
		k.problems = append(k.problems, fmt.Sprintf(format, args...))
	}
}

// recorded is the event of a row, with its detail; zero where there is none.
type recorded struct {
	Kind   history.Kind   `db:"said_kind"`
	Org    string         `db:"said_org"`
	At     history.Micros `db:"said_at"`
	Detail string         `db:"said_detail"` // empty also where it was erased
}

const recordedColumns = `COALESCE(e.kind, '') AS said_kind, COALESCE(e.org_id, '') AS said_org,
	COALESCE(e.recorded_at, 0) AS said_at, COALESCE(d.content, '') AS said_detail`

// says reports whether the event's detail, if it is there, is that of a change from
// before to after.
func (r recorded) says(before, after func() ([]byte, error)) (bool, error) {
	if r.Detail == "" {
		return true, nil
	}
	was, err := before()
	if err != nil {
		return false, err
	}
	is, err := after()
	if err != nil {
		return false, err
	}
	return history.Says(r.Detail, was, is)
}

// nothing is the detail of what is not there.
func nothing() ([]byte, error) { return nil, nil }

// organizations expects one event for each version, saying what the row says:
// the event's number among the organization's is the version's.
func (k *checker) organizations() error {
	columns := "v." + strings.ReplaceAll(orgColumns, ", ", ", v.")
	var last orgVersion
	for {
		var rows []struct {
			orgVersion
			recorded
		}
		err := k.conn.Select(&rows, "SELECT "+columns+", "+recordedColumns+` FROM org_version v
			LEFT JOIN log_event e ON e.object_id = v.org_id AND e.object_seq = v.seq AND e.kind LIKE 'organization.%'
			LEFT JOIN log_detail d ON d.idx = e.idx
			WHERE v.org_id >= ? AND NOT (v.org_id = ? AND v.seq <= ?) ORDER BY v.org_id, v.seq LIMIT ?`, last.ID, last.ID, last.Seq, pageSize)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			var before *orgVersion
			if earlier := last; earlier.ID == r.ID && earlier.Seq == r.Seq-1 {
				before = &earlier
			}
			last = r.orgVersion
			if r.Kind == "" {
				k.report("organization %s: the log has no event of its version %d", r.ID, r.Seq)
				continue
			}
			same, err := r.recorded.says(before.detail, r.detail)
			if err != nil {
				return err
			}
			if !same || r.At != history.Micros(r.RecordedAt) {
				k.report("organization %s: the log says other of its version %d than its row", r.ID, r.Seq)
			}
		}
	}
}

// missingVersions finds events of versions that are not there.
func (k *checker) missingVersions() error {
	var orgs []struct {
		ID       string `db:"object_id"`
		Said     int64  `db:"said"`
		Versions int64  `db:"versions"`
	}
	err := k.conn.Select(&orgs, `SELECT object_id, (SELECT count(*) FROM log_event e WHERE e.object_id = lost.object_id) AS said,
			(SELECT count(*) FROM org_version v WHERE v.org_id = lost.object_id) AS versions
		FROM (SELECT DISTINCT e.object_id FROM log_event e WHERE e.kind LIKE 'organization.%'
			AND NOT EXISTS (SELECT 1 FROM org_version v WHERE v.org_id = e.object_id AND v.seq = e.object_seq) LIMIT ?) lost`, maxProblems)
	for _, o := range orgs {
		k.report("organization %s: the log has %d changes of it, there are %d versions", o.ID, o.Said, o.Versions)
	}
	return err
}

// keys expects each key to be as it was created.
func (k *checker) keys() error {
	return k.eachKey("e.object_id = k.key_id AND e.object_seq = 1 AND e.kind = 'key.created'", func(r *loggedKey) error {
		if r.Kind == "" {
			k.report("key %s: the log has no event of it", r.ID)
			return nil
		}
		same, err := r.recorded.says(nothing, r.key().detail)
		if err == nil && (!same || r.recorded.Org != string(r.keyRow.Org) || r.At != history.Micros(r.RecordedAt)) {
			k.report("key %s: the log says other of it than its row", r.ID)
		}
		return err
	})
}

// loggedKey is a key with an event of it.
type loggedKey struct {
	keyRow
	recorded
}

// eachKey calls fn with each key and its event by a condition, which has one at most.
func (k *checker) eachKey(event string, fn func(*loggedKey) error) error {
	last := ""
	for {
		var rows []loggedKey
		err := k.conn.Select(&rows, `SELECT k.key_id, k.org_id, k.name, k.role, k.surface, k.hash, k.expires_at, k.recorded_at, 0 AS last_used, `+
			recordedColumns+` FROM api_key k LEFT JOIN log_event e ON `+event+`
			LEFT JOIN log_detail d ON d.idx = e.idx WHERE k.key_id > ? ORDER BY k.key_id LIMIT ?`, last, pageSize)
		if err != nil || len(rows) == 0 {
			return err
		}
		for i := range rows {
			if err := fn(&rows[i]); err != nil {
				return err
			}
		}
		last = rows[len(rows)-1].ID
	}
}

// missingKeys finds events of keys that are not there.
func (k *checker) missingKeys() error {
	return k.each("key %s: the log knows it, its row is not there", `SELECT object_id FROM log_event e WHERE e.kind = 'key.created'
		AND NOT EXISTS (SELECT 1 FROM api_key k WHERE k.key_id = e.object_id) LIMIT ?`)
}

// revocations expects the log and the rows to name the same keys, and the events to say
// what the keys were.
func (k *checker) revocations() error {
	err := k.each("key %s: it is revoked, and the log has no event of that", `SELECT key_id FROM key_revocation r
		WHERE NOT EXISTS (SELECT 1 FROM log_event e WHERE e.object_id = r.key_id AND e.kind = 'key.revoked') LIMIT ?`)
	if err != nil {
		return err
	}
	err = k.each("key %s: the log says that it was revoked, its row is not there", `SELECT object_id FROM log_event e
		WHERE e.kind = 'key.revoked' AND NOT EXISTS (SELECT 1 FROM key_revocation r WHERE r.key_id = e.object_id) LIMIT ?`)
	if err != nil {
		return err
	}
	return k.eachKey("e.object_id = k.key_id AND e.kind = 'key.revoked'", func(r *loggedKey) error {
		same, err := r.recorded.says(r.key().detail, nothing)
		if err == nil && !same {
			k.report("key %s: the log says other of it, when it was revoked, than its row", r.ID)
		}
		return err
	})
}

// each reports a problem for each id that a query finds.
func (k *checker) each(problem, query string) error {
	var ids []string
	err := k.conn.Select(&ids, query, maxProblems)
	for _, id := range ids {
		k.report(problem, id)
	}
	return err
}

// detail is what an organization's event says of a version; nil of none.
func (v *orgVersion) detail() ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(map[string]any{"name": v.Name, "parent_id": v.Parent,
		"default_setup_id": v.DefaultSetup, "token_duration": v.TokenDuration, "max_below": v.MaxBelow,
		"persons_pool": v.PersonsPool, "groups_pool": v.GroupsPool, "inherits_rbac": v.InheritsRBAC,
		"require_reason": v.RequireReason, "deleted": v.Deleted})
}

// detail is what a key's events say of it.
func (k Key) detail() ([]byte, error) {
	return json.Marshal(map[string]any{"name": k.Name, "role": k.Role, "surface": k.Surface, "expires_at": k.ExpiresAt})
}
