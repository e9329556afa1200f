package tenancy

import (
	"encoding/json"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Participant is an organization as a directory of participants knows it.
type Participant struct {
	Code string // the directory's id of it, by which it is found
	Name string // that it gets when it is made
	ID   OrgID  // that it gets then, made outside the transaction
}

// participant finds the organization of a participant below the grant's
// owner, or makes it. It is found by its code, never by its name, which an
// administrator may change; one that was deleted is made anew.
func (s *Store) participant(tx *db.Tx, scope Scope, p Participant) (OrgID, error) {
	parent := scope.grant.Owner
	var ids []OrgID
	if err := tx.Select(&ids, "SELECT org_id FROM participant WHERE parent_id = ? AND code = ? ORDER BY recorded_at DESC", parent, p.Code); err != nil {
		return "", err
	}
	for _, id := range ids {
		if inside, err := scope.Below(tx, parent, id); err != nil || inside {
			return id, err
		}
	}
	n := NewOrganization{Parent: parent, Name: p.Name}
	if err := n.check(tx, scope); err != nil {
		return "", err
	}
	if err := s.appendOrg(tx, scope, "organization.created", nil, n.version(tx, p.ID)); err != nil {
		return "", err
	}
	tx.Insert(participantTable, "", parent, p.Code, p.ID, int64(history.At(tx)))
	after, err := json.Marshal(map[string]string{"code": p.Code, "name": p.Name})
	if err != nil {
		return "", err
	}
	detail, err := history.Changed(nil, after)
	if err != nil {
		return "", err
	}
	history.Record(tx, scope.Event(history.Event{Kind: "participant.added", ObjectKind: history.ObjectParticipant,
		Object: "participant:" + string(p.ID), Ref: p.Code, Org: string(p.ID),
		Effective: history.At(tx).Millis(), Detail: detail}))
	return p.ID, nil
}
