package policy

import (
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

var table = db.NewTable("setup_policy", "setup_id, seq, content, recorded_at", "")

// Version is a policy as it is stored.
type Version struct {
	Seq     int64  `db:"seq"` // of the setup's policies, from 1
	Content string `db:"content"`
}

// Newest looks up the newest policy of a setup that was recorded by an instant.
func Newest(setup string, by history.Micros) db.Lookup[Version] {
	return db.Lookup[Version]{Query: `SELECT seq, content FROM setup_policy WHERE setup_id = CAST(? AS TEXT) AND recorded_at <= ?
		ORDER BY seq DESC LIMIT 1`, Args: []any{setup, int64(by)}, Of: []db.Of{{Table: table.Name, Object: setup}}}
}

// Store gives a setup a new policy, with its event. newest is what Newest found, nil for
// the first.
func (p Policy) Store(tx *db.Tx, scope tenancy.Scope, setup string, owner tenancy.OrgID, newest *Version) error {
	if p.RegistrationOwner != "" {
		inside, err := scope.Below(tx, owner, p.RegistrationOwner)
		if err != nil {
			return err
		}
		if !inside || !scope.Alive(p.RegistrationOwner) {
			return fault.At("/registration_owner", "outside", "the owner must be the setup's organization or one below it")
		}
	}
	content, err := p.Settled().Encode()
	if err != nil {
		return err
	}
	after, err := p.Settled().said()
	if err != nil {
		return err
	}
	seq, before := int64(1), []byte(nil)
	if newest != nil {
		seq = newest.Seq + 1
		old, err := Decode([]byte(newest.Content))
		if err != nil {
			return err
		}
		if before, err = old.said(); err != nil {
			return err
		}
	}
	detail, err := history.Changed(before, after)
	if err != nil {
		return err
	}
	tx.Insert(table, setup, setup, seq, string(content), int64(history.At(tx)))
	history.Record(tx, scope.Event(history.Event{Kind: history.PolicyChanged, ObjectKind: history.ObjectSetup, Object: setup,
		Org: string(owner), Effective: history.At(tx).Millis(), Detail: detail}))
	return nil
}
