package tenancy

import (
	"slices"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/text"
)

// Scope is the proof that a principal may act: for an organization
// (Authorize), for one client or to register into one setup (Grant), or as
// the one who holds the database (Operator). Every store method takes one and
// refuses the zero value.
type Scope struct {
	store     *Store
	principal Principal
	acting    OrgID
	allowed   Permission
	operator  string // why an offline command acts; empty for requests
	surface   string
	reason    string
	once      Once
	grant     *Grant // narrower than an organization; nil for one that is not
}

// Authorize makes the scope in which p acts for the organization acting (its
// own if empty) with the permission need. Forbidden if the role lacks the
// permission, or acting is neither p's organization nor below it.
func (s *Store) Authorize(p Principal, acting OrgID, need Permission, surface, reason string) (Scope, error) {
	if acting == "" {
		acting = p.Org
	}
	if n := s.tree.get(acting); n == nil || n.gone || !s.tree.covers(p.Org, acting) {
		return Scope{}, fault.New(fault.Forbidden, fault.CodeOrgUnknown,
			"the API key may not act for that organization")
	}
	if p.Role.Permissions()&need != need {
		return Scope{}, fault.New(fault.Forbidden, "", "the role %s does not allow this", p.Role)
	}
	return Scope{store: s, principal: p, acting: acting, allowed: p.Role.Permissions(), surface: surface, reason: reason}, nil
}

// Operator makes the scope of whoever holds the database itself, for first
// start and offline commands: it acts for the root with every permission.
func (s *Store) Operator(why string) Scope {
	return Scope{store: s, acting: s.Root(), allowed: Admin.Permissions(), operator: why, surface: "operator"}
}

// Check refuses the zero scope and one without the permission.
func (s Scope) Check(need Permission) error {
	if s.store == nil {
		return fault.New(fault.Internal, "", "a store was called without a scope")
	}
	if s.allowed&need != need {
		return fault.New(fault.Forbidden, "", "the role %s does not allow this", s.principal.Role)
	}
	return nil
}

// Allows reports whether the scope has the permission.
func (s Scope) Allows(p Permission) bool { return s.store != nil && s.allowed&p == p }

// Covers is the parent rule: the acting organization is owner, or an ancestor
// of owner. It costs the same at every depth.
func (s Scope) Covers(owner OrgID) bool {
	return s.store != nil && s.grant == nil && s.store.tree.covers(s.acting, owner)
}

// Uses reports whether the acting organization may use a setup of org: it is
// org, above it or below it.
func (s Scope) Uses(org OrgID) bool {
	return s.store != nil && s.grant == nil && (s.store.tree.covers(s.acting, org) || s.store.tree.covers(org, s.acting))
}

// Alive reports whether org is there and neither it nor an ancestor is deleted.
func (s Scope) Alive(org OrgID) bool {
	if s.store == nil {
		return false
	}
	n := s.store.tree.get(org)
	return n != nil && !n.gone
}

// Steady reports whether org and everything above it were never deleted and never moved, as far as memory
// knows: then no instant has another answer about them, and history need not be asked.
func (s Scope) Steady(org OrgID) bool { return s.store != nil && s.store.tree.steady(org) }

// Acting is the organization that the scope acts for.
func (s Scope) Acting() OrgID { return s.acting }

// Lane names who shares a turn with the scope where work is done in turns: the
// organization of the API key, so that nobody has more turns by naming those
// below it; or all who manage themselves below one owner.
func (s Scope) Lane() string {
	switch {
	case s.operator != "":
		return ""
	case s.grant != nil:
		return "self:" + string(s.acting)
	}
	return string(s.principal.Org)
}

// Principal is who acts; zero for an operator.
func (s Scope) Principal() Principal { return s.principal }

// IsRoot reports whether the acting organization is the root.
func (s Scope) IsRoot() bool {
	return s.store != nil && s.grant == nil && s.acting == s.store.Root()
}

// Subtree lists the acting organization and everything below it that is not
// deleted.
func (s Scope) Subtree() []OrgID {
	if s.store == nil || s.grant != nil {
		return nil
	}
	nodes := s.store.tree.subtree(s.acting)
	ids := make([]OrgID, len(nodes))
	for i, n := range nodes {
		ids[i] = n.ID
	}
	return ids
}

// Path lists the organizations from the acting one down to org, deleted ones
// too; nil where org is not covered.
func (s Scope) Path(org OrgID) []OrgID {
	if !s.Covers(org) {
		return nil
	}
	path := s.store.tree.get(org).path
	return path[slices.Index(path, s.acting):]
}

// Event fills in who acts: actor, acting organization, surface and reason.
func (s Scope) Event(e history.Event) history.Event {
	e.Actor = ActorKey + s.principal.KeyID
	if s.operator != "" {
		e.Actor = "operator:" + s.operator
	}
	if s.grant != nil {
		e.Actor = s.grant.Actor
	}
	e.ActingOrg, e.Surface, e.Reason = string(s.acting), s.surface, s.reason
	return e
}

// Recheck asks inside a write transaction what Authorize and Covers asked of
// memory: that the key still holds, and that owner lies below the acting
// organization, which lies below the key's own. It sees changes committed a
// moment ago, by this batch or another node. A deleted owner, or one below a
// deleted organization, is refused. Where owner or one above it requires
// reasons and the scope has none it is Invalid with CodeReasonRequired: every
// change passes here, so every surface asks.
func (s Scope) Recheck(tx *db.Tx, owner OrgID) error {
	path, err := s.recheck(tx, owner)
	if err == nil && !text.IsReason(s.reason) && path.wantsReason() {
		err = fault.New(fault.Invalid, fault.CodeReasonRequired,
			"the organization requires a reason for every change: send it in the header Tenure-Reason")
	}
	return err
}

// RecheckRead is Recheck for what is recorded and changes nothing: no reason is
// asked for.
func (s Scope) RecheckRead(tx *db.Tx, owner OrgID) error {
	_, err := s.recheck(tx, owner)
	return err
}

// recheck returns the owner's path where an API key acts. Operators say why
// by what they are, and clients that manage themselves have no means to.
func (s Scope) recheck(tx *db.Tx, owner OrgID) (orgPath, error) {
	if err := s.Check(0); err != nil || s.operator != "" {
		return nil, err
	}
	if s.grant != nil {
		return nil, s.recheckGrant(tx, owner)
	}
	if err := s.recheckKey(tx); err != nil {
		return nil, err
	}
	path, err := s.store.pathOf(tx, owner)
	if err != nil {
		return nil, err
	}
	acting, own := path.index(s.acting), path.index(s.principal.Org)
	if acting < 0 || own < acting || path.gone() {
		return nil, fault.New(fault.Forbidden, "", "the organization is not below the acting one, or is deleted")
	}
	return path, nil
}

// Because returns the scope with the reason for what it will change.
func (s Scope) Because(reason string) Scope {
	s.reason = reason
	return s
}

// Reason is why the scope makes changes, as its caller says; empty for none.
func (s Scope) Reason() string { return s.reason }

// RecheckUse is Recheck for using what belongs to org without owning it: org
// and the acting organization lie on one path.
func (s Scope) RecheckUse(tx *db.Tx, org OrgID) error {
	if s.grant != nil {
		return s.recheckGrant(tx, org)
	}
	if err := s.Recheck(tx, s.acting); err != nil {
		return err
	}
	up, err := s.store.pathOf(tx, s.acting)
	if err == nil && !up.holds(org) {
		return s.Recheck(tx, org)
	}
	return err
}

// liveKey is what ends a key.
type liveKey struct {
	ExpiresAt int64 `db:"expires_at"`
	Revoked   int   `db:"revoked"`
}

// ownKey looks up the key that acts.
func (s Scope) ownKey() db.Lookup[liveKey] {
	id := s.principal.KeyID
	return db.Lookup[liveKey]{Args: []any{id}, Of: []db.Of{{Table: keyTable.Name, Object: id}, {Table: revocationTable.Name, Object: id}},
		Query: `SELECT expires_at, (SELECT count(*) FROM key_revocation r WHERE r.key_id = k.key_id) AS revoked FROM api_key k WHERE key_id = ?`}
}

// recheckKey asks whether the key that acts holds: of memory where that is exact,
// else of the rows.
func (s Scope) recheckKey(tx *db.Tx) error {
	var key *liveKey
	if s.store.log.Remembers() && !tx.Wrote(keyTable.Name) && !tx.Wrote(revocationTable.Name) {
		if expires, ok := s.store.keys.expires(s.principal.KeyID); ok {
			key = &liveKey{ExpiresAt: int64(expires)}
		}
	} else {
		var err error
		if key, err = s.ownKey().One(&tx.Conn); err != nil {
			return err
		}
	}
	if key == nil || key.Revoked > 0 || key.ExpiresAt != 0 && history.At(tx) >= history.Micros(key.ExpiresAt) {
		return errKey()
	}
	return nil
}

// Needs are what a write of the scope looks up of the rows where memory is not exact:
// the key that acts, the path of the acting organization and those of others, and an
// earlier answer.
func (s Scope) Needs(orgs ...OrgID) (needs []db.Need) {
	if s.once.key != "" {
		needs = append(needs, s.earlier())
	}
	if s.store == nil || s.operator != "" || s.store.log.Remembered() {
		return needs
	}
	if s.grant == nil {
		needs = append(needs, s.ownKey(), upwards(s.acting))
	}
	for _, id := range orgs {
		needs = append(needs, upwards(id))
	}
	return needs
}
