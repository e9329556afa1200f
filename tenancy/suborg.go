package tenancy

import (
	"context"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/text"
)

const (
	// longestToken is ten years in seconds, the most that a lifetime may be.
	longestToken = 10 * 365 * 24 * 60 * 60
	// mostBelow bounds a quota: no tree is larger.
	mostBelow = 10_000_000
)

// NewOrganization is what an organization is made of.
type NewOrganization struct {
	Parent OrgID
	Name   string
	// UniqueName refuses (Conflict, fault.CodeNameTaken) the name of another
	// child of Parent, compared as people do (text.Same).
	UniqueName bool
	// KeyName, if not empty, makes an administrator's key of that name with it.
	KeyName string
	// PersonsPool and GroupsPool are Parent, above or below it; empty for none.
	PersonsPool, GroupsPool OrgID
	InheritsRBAC            bool
}

// CreateOrganization makes a child of parent, which the scope covers.
func (s *Store) CreateOrganization(ctx context.Context, scope Scope, parent OrgID, name string) (Organization, error) {
	o, _, err := s.CreateSuborganization(ctx, scope, NewOrganization{Parent: parent, Name: name})
	return o, err
}

// CreateSuborganization makes a child of an organization that the scope
// covers, and its key where one is asked for. The key's text is not stored and
// not shown again: it is empty where the request is a repetition (Scope.Once).
// Quota if an organization above may have no more below it.
func (s *Store) CreateSuborganization(ctx context.Context, scope Scope, n NewOrganization) (Organization, string, error) {
	if err := scope.Check(Administer); err != nil {
		return Organization{}, "", err
	}
	fields := CheckName("/name", n.Name)
	if n.KeyName != "" {
		fields = append(fields, CheckName("/key_name", n.KeyName)...)
	}
	if err := fault.Rules(fields); err != nil {
		return Organization{}, "", err
	}
	if !scope.Covers(n.Parent) || !scope.Alive(n.Parent) {
		return Organization{}, "", errOrg()
	}
	fresh, key := OrgID(s.ids.UUID()), keyDraft{}
	if n.KeyName != "" {
		key = s.draftKey(NewKey{Name: n.KeyName, Role: Admin})
	}
	var id OrgID
	var text string
	err := s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		if err := scope.Recheck(tx, n.Parent); err != nil {
			return err
		}
		if earlier, err := scope.Earlier(tx); err != nil || earlier != "" {
			id, text = OrgID(earlier), ""
			return err
		}
		id = fresh
		if err := n.check(tx, scope); err != nil {
			return err
		}
		if err := s.appendOrg(tx, scope, "organization.created", nil, n.version(tx, id)); err != nil {
			return err
		}
		if n.KeyName != "" {
			key.Org, text = id, key.text
			if _, err := key.insert(tx, scope); err != nil {
				return err
			}
		}
		return scope.Remember(tx, string(id))
	})
	if err != nil {
		return Organization{}, "", err
	}
	return s.organization(scope, s.tree.get(id)), text, nil
}

// version is the first version of the organization.
func (n NewOrganization) version(tx *db.Tx, id OrgID) orgVersion {
	return orgVersion{ID: id, Seq: 1, Parent: n.Parent, Name: n.Name, MaxBelow: -1,
		PersonsPool: n.PersonsPool, GroupsPool: n.GroupsPool, InheritsRBAC: n.InheritsRBAC, RecordedAt: int64(history.At(tx))}
}

// check asks the rows whether the organization may be made.
func (n NewOrganization) check(tx *db.Tx, scope Scope) error {
	path, err := scope.store.pathOf(tx, n.Parent)
	if err != nil {
		return err
	}
	if len(path) >= MaxDepth {
		return fault.At("/parent_id", "depth", "organizations are at most %d deep", MaxDepth)
	}
	if err := checkQuota(tx, path, 1); err != nil {
		return err
	}
	for _, pool := range []OrgID{n.PersonsPool, n.GroupsPool} {
		if pool == "" || path.holds(pool) {
			continue
		}
		inside, err := scope.Below(tx, n.Parent, pool)
		if err != nil {
			return err
		}
		if !inside {
			return fault.New(fault.PreconditionFailed, "", "a pool belongs to the parent organization, or to one above or below it")
		}
	}
	if !n.UniqueName {
		return nil
	}
	var names []string
	err = tx.Select(&names, `SELECT v.name FROM org_version v WHERE v.parent_id = ? AND v.deleted = 0
		AND NOT EXISTS (SELECT 1 FROM org_version x WHERE x.org_id = v.org_id AND x.seq > v.seq)`, n.Parent)
	for _, taken := range names {
		if text.Same(taken, n.Name) {
			return fault.New(fault.Conflict, fault.CodeNameTaken, "another organization of the same parent has this name")
		}
	}
	return err
}

// checkQuota refuses more organizations below those of a path than they may
// have. It counts only where there is a maximum.
func checkQuota(tx *db.Tx, path orgPath, more int) error {
	for _, step := range path {
		if step.MaxBelow < 0 {
			continue
		}
		there, _, err := below(&tx.Conn, step.ID)
		if err != nil {
			return err
		}
		if int64(len(there)-1+more) > step.MaxBelow {
			return fault.New(fault.Quota, "", "an organization above may have at most %d organizations below it", step.MaxBelow)
		}
	}
	return nil
}

// SetTokenDuration chooses how long access tokens of an organization's new
// clients live unless they say so, in seconds; 0 leaves that to the dialect.
func (s *Store) SetTokenDuration(ctx context.Context, scope Scope, id OrgID, seconds int64) (Organization, error) {
	if seconds < 0 || seconds > longestToken {
		return Organization{}, fault.At("/token_duration", "range", "a duration has 0 to %d seconds", longestToken)
	}
	return s.changeOrg(ctx, scope, id, "organization.token-duration", func(_ *db.Tx, v *orgVersion) error {
		v.TokenDuration = seconds
		return nil
	})
}

// SetRequireReason chooses whether changes of an organization, of what it owns
// and of everything below it need a reason. What an organization above has required
// here, only that one or one above it takes back: Forbidden otherwise.
func (s *Store) SetRequireReason(ctx context.Context, scope Scope, id OrgID, require bool) (Organization, error) {
	again := false // it is required, and now by one above who required it before
	return s.changeOrgOr(ctx, scope, id, "organization.require-reason", &again, func(tx *db.Tx, v *orgVersion) error {
		was := v.RequireReason
		v.RequireReason = require
		if !was {
			return nil
		}
		by, err := requiredBy(tx, id)
		if err != nil {
			return err
		}
		path, err := s.pathOf(tx, id)
		switch {
		case err != nil:
			return err
		case require:
			again = by != scope.acting && scope.Covers(by)
		case path.holds(by) && !scope.Covers(by):
			return fault.New(fault.Forbidden, "", "an organization above requires reasons here; only that one, or one above it, may take it back")
		}
		return nil
	})
}

// requiredBy is the organization for which somebody acted who last required reasons
// of an organization.
func requiredBy(tx *db.Tx, id OrgID) (OrgID, error) {
	var text string
	if err := tx.Get(&text, `SELECT envelope FROM log_event WHERE object_id = CAST(? AS TEXT) AND kind = 'organization.require-reason'
		ORDER BY object_seq DESC LIMIT 1`, id); err != nil {
		return "", err
	}
	e, err := history.DecodeEnvelope([]byte(text))
	return OrgID(e.ActingOrg), err
}

// SetMaxBelow bounds how many organizations may be below one; nil lifts the
// bound. It is for those above it to say, and for the root's administrators
// at the root. What is there already stays.
func (s *Store) SetMaxBelow(ctx context.Context, scope Scope, id OrgID, most *int64) (Organization, error) {
	if most != nil && (*most < 0 || *most > mostBelow) {
		return Organization{}, fault.At("/max_suborganizations", "range", "the maximum is 0 to %d, or null", mostBelow)
	}
	return s.changeOrg(ctx, scope, id, "organization.quota", func(tx *db.Tx, v *orgVersion) error {
		if v.Parent != "" && !scope.Covers(v.Parent) {
			return fault.New(fault.Forbidden, "", "only an organization above may set this quota")
		}
		if v.Parent != "" {
			if err := scope.Recheck(tx, v.Parent); err != nil {
				return err
			}
		}
		v.MaxBelow = -1
		if most != nil {
			v.MaxBelow = *most
		}
		return nil
	})
}
