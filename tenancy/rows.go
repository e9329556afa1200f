package tenancy

import (
	"slices"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// orgVersion is a row of org_version.
type orgVersion struct {
	ID            OrgID  `db:"org_id"`
	Seq           int64  `db:"seq"`
	Parent        OrgID  `db:"parent_id"`
	Name          string `db:"name"`
	DefaultSetup  string `db:"default_setup_id"`
	TokenDuration int64  `db:"token_duration"`
	MaxBelow      int64  `db:"max_below"`
	PersonsPool   OrgID  `db:"persons_pool"`
	GroupsPool    OrgID  `db:"groups_pool"`
	InheritsRBAC  bool   `db:"inherits_rbac"`
	RequireReason bool   `db:"require_reason"`
	Deleted       bool   `db:"deleted"`
	RecordedAt    int64  `db:"recorded_at"`
}

const (
	orgColumns = "org_id, seq, parent_id, name, default_setup_id, token_duration, max_below, persons_pool, groups_pool, inherits_rbac, require_reason, deleted, recorded_at"

	// onceEnded are the organizations that were deleted or moved at some time.
	onceEnded = "SELECT DISTINCT v.org_id FROM org_version v JOIN org_version n ON n.org_id = v.org_id AND n.seq > v.seq" +
		" WHERE (v.deleted <> n.deleted OR v.parent_id <> n.parent_id)"

	currentOrg = "SELECT " + orgColumns + " FROM org_version v WHERE NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)"
)

var (
	orgTable         = db.NewTable("org_version", orgColumns, "")
	keyTable         = db.NewTable("api_key", "key_id, org_id, name, role, surface, hash, expires_at, recorded_at", "")
	revocationTable  = db.NewTable("key_revocation", "key_id, recorded_at", "")
	participantTable = db.NewTable("participant", "parent_id, code, org_id, recorded_at", "")
	onceTable        = db.NewTable("idempotency", "key_id, route, idem_key, request_mac, result, expires_at",
		"ON CONFLICT (key_id, route, idem_key) DO UPDATE SET request_mac = excluded.request_mac, result = excluded.result, expires_at = excluded.expires_at")
)

func readOrg(c *db.Conn, id OrgID) (orgVersion, error) {
	var v orgVersion
	err := c.Get(&v, currentOrg+" AND org_id = ?", id)
	return v, err
}

func (v orgVersion) insert(tx *db.Tx) {
	if v.Seq == 1 {
		tx.Made(string(v.ID))
	}
	tx.Insert(orgTable, "", v.ID, v.Seq, v.Parent, v.Name, v.DefaultSetup, v.TokenDuration, v.MaxBelow, v.PersonsPool, v.GroupsPool,
		flag(v.InheritsRBAC), flag(v.RequireReason), flag(v.Deleted), v.RecordedAt)
}

// flag is how a yes or no is stored.
func flag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// keyRow is a row of api_key with what stands beside it.
type keyRow struct {
	ID         string `db:"key_id"`
	Org        OrgID  `db:"org_id"`
	Name       string `db:"name"`
	Role       Role   `db:"role"`
	Surface    string `db:"surface"`
	Hash       []byte `db:"hash"`
	ExpiresAt  int64  `db:"expires_at"`
	RecordedAt int64  `db:"recorded_at"`
	LastUsed   int64  `db:"last_used"`
}

const liveKeys = `SELECT k.key_id, k.org_id, k.name, k.role, k.surface, k.hash, k.expires_at, k.recorded_at,
	COALESCE(u.last_used, 0) AS last_used
	FROM api_key k LEFT JOIN key_use u ON u.key_id = k.key_id
	WHERE NOT EXISTS (SELECT 1 FROM key_revocation r WHERE r.key_id = k.key_id)`

func (r keyRow) key() Key {
	return Key{ID: r.ID, Org: r.Org, Name: r.Name, Role: r.Role, Surface: r.Surface, ExpiresAt: history.Micros(r.ExpiresAt),
		RecordedAt: history.Micros(r.RecordedAt), LastUsed: history.Micros(r.LastUsed)}
}

// orgPath is an organization and its ancestors, as the rows say now.
type orgPath []pathStep

type pathStep struct {
	ID       OrgID `db:"org_id"`
	MaxBelow int64 `db:"max_below"`
	Deleted  int   `db:"deleted"`
	Reason   int   `db:"require_reason"`
	Depth    int   `db:"depth"`
}

func (p orgPath) holds(id OrgID) bool { return p.index(id) >= 0 }

// index counts the steps up to id; -1 if it is not on the path.
func (p orgPath) index(id OrgID) int {
	for i, step := range p {
		if step.ID == id {
			return i
		}
	}
	return -1
}

// without is the steps of p that are not on q.
func (p orgPath) without(q orgPath) orgPath {
	var rest orgPath
	for _, step := range p {
		if !q.holds(step.ID) {
			rest = append(rest, step)
		}
	}
	return rest
}

// wantsReason reports whether one of them asks for a reason.
func (p orgPath) wantsReason() bool {
	return slices.ContainsFunc(p, func(step pathStep) bool { return step.Reason != 0 })
}

func (p orgPath) gone() bool {
	for _, step := range p {
		if step.Deleted != 0 {
			return true
		}
	}
	return len(p) == 0
}

// EndedAt tells when org, or an organization that was above it at an instant,
// was deleted by then: the first of them. 0 if all were there.
func EndedAt(c *db.Conn, org OrgID, at history.Micros) (history.Micros, error) {
	const then = " AND v.recorded_at <= ? AND NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq AND n.recorded_at <= ?)"
	var ended history.Micros
	err := c.Get(&ended, `WITH RECURSIVE up (parent_id, deleted, recorded_at, depth) AS (
		SELECT v.parent_id, v.deleted, v.recorded_at, 1 FROM org_version v WHERE v.org_id = ?`+then+`
		UNION ALL
		SELECT v.parent_id, v.deleted, v.recorded_at, up.depth + 1 FROM up JOIN org_version v ON v.org_id = up.parent_id
			WHERE up.depth <= 32`+then+`
	) SELECT COALESCE(min(CASE WHEN deleted = 1 THEN recorded_at END), 0) FROM up`, org, int64(at), int64(at), int64(at), int64(at))
	return ended, err
}

// EndsAfter tells when org, or an organization above it, was first deleted after an
// instant, as far as was known; 0 if none was. Who is above it goes by then.
func EndsAfter(c *db.Conn, org OrgID, at, known history.Micros) (history.Micros, error) {
	const then = " AND v.recorded_at <= ? AND NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq AND n.recorded_at <= ?)"
	var ends history.Micros
	err := c.Get(&ends, `WITH RECURSIVE up (org_id, parent_id, depth) AS (
		SELECT v.org_id, v.parent_id, 1 FROM org_version v WHERE v.org_id = ?`+then+`
		UNION ALL
		SELECT v.org_id, v.parent_id, up.depth + 1 FROM up JOIN org_version v ON v.org_id = up.parent_id
			WHERE up.depth <= 32`+then+`
	) SELECT COALESCE(min(d.recorded_at), 0) FROM up JOIN org_version d ON d.org_id = up.org_id
		WHERE d.deleted = 1 AND d.recorded_at > ? AND d.recorded_at <= ?`,
		org, int64(known), int64(known), int64(known), int64(known), int64(at), int64(known))
	return ends, err
}

// upwards looks up an organization and its ancestors.
func upwards(id OrgID) db.Lookup[pathStep] {
	return db.Lookup[pathStep]{Of: []db.Of{{Table: "org_version"}}, Args: []any{string(id)},
		Query: `WITH RECURSIVE up (org_id, parent_id, max_below, deleted, require_reason, depth) AS (
		SELECT v.org_id, v.parent_id, v.max_below, v.deleted, v.require_reason, 1 FROM org_version v WHERE v.org_id = ?
			AND NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)
		UNION ALL
		SELECT v.org_id, v.parent_id, v.max_below, v.deleted, v.require_reason, up.depth + 1 FROM up JOIN org_version v ON v.org_id = up.parent_id
			WHERE up.depth <= 32 AND NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)
	) SELECT org_id, max_below, deleted, require_reason, depth FROM up ORDER BY depth`}
}

// pathOf is an organization with its ancestors inside a transaction: from memory
// where that is exact, else from the rows.
func (s *Store) pathOf(tx *db.Tx, id OrgID) (orgPath, error) {
	if s.log.Remembers() && !tx.Wrote(orgTable.Name) {
		return s.tree.pathOf(id), nil
	}
	return upwards(id).Rows(&tx.Conn)
}

// pathOf is an organization with its ancestors; empty if there is none.
func (t *tree) pathOf(id OrgID) orgPath {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n := t.nodes[id]
	if n == nil {
		return nil
	}
	path := make(orgPath, 0, len(n.path))
	for i, above := range slices.Backward(n.path) {
		v := t.nodes[above]
		path = append(path, pathStep{above, v.MaxBelow, flag(v.Deleted), flag(v.RequireReason), len(n.path) - i})
	}
	return path
}
