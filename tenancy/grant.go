package tenancy

import (
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// Grant is what a scope narrower than an organization's is made of: one
// client's own credential, or the right to register clients into one setup.
type Grant struct {
	Client string // entity id of the one client; empty to register new ones
	Setup  string // id of the setup that it is in
	Owner  OrgID  // owner of the client, or of those to be registered
	// Participant, for registering, is who is to own the client instead of Owner:
	// found below it, or made there, in the write that registers.
	Participant *Participant
	Actor       string // "client:<id>" or "anonymous:<address>"
	Allowed     Permission
	Surface     string
	// Valid is asked inside each write whether the credential still holds; nil
	// where there is none to hold.
	Valid func(tx *db.Tx) error
}

// AuthorizeGrant makes the scope of a grant. Forbidden if its owner is gone.
func (s *Store) AuthorizeGrant(g Grant, reason string) (Scope, error) {
	if n := s.tree.get(g.Owner); n == nil || n.gone {
		return Scope{}, fault.New(fault.Forbidden, fault.CodeOrgUnknown, "the owner organization is deleted")
	}
	return Scope{store: s, acting: g.Owner, allowed: g.Allowed, surface: g.Surface, reason: reason, grant: &g}, nil
}

// CoversObject is Covers for an entity: a grant covers its one client only.
func (s Scope) CoversObject(id string, owner OrgID) bool {
	if s.grant != nil {
		return s.grant.Client != "" && s.grant.Client == id
	}
	return s.Covers(owner)
}

// UsesSetup is Uses for a setup: a grant uses its own only.
func (s Scope) UsesSetup(id string, owner OrgID) bool {
	if s.grant != nil {
		return s.grant.Setup == id
	}
	return s.Uses(owner)
}

// Client is the entity id of the client that the scope lets manage itself; empty where it
// does something else.
func (s Scope) Client() string {
	if s.grant == nil {
		return ""
	}
	return s.grant.Client
}

// Registers tells the owner of the clients that the scope registers into a
// setup, if it is one that does nothing else.
func (s Scope) Registers() (OrgID, bool) {
	if s.grant == nil || s.grant.Client != "" {
		return "", false
	}
	return s.grant.Owner, true
}

// Registrant tells inside tx who is to own a client that the scope registers:
// the grant's owner, or the participant, which is made if it is not there.
func (s Scope) Registrant(tx *db.Tx) (OrgID, error) {
	if err := s.Recheck(tx, s.grant.Owner); err != nil || s.grant.Participant == nil {
		return s.grant.Owner, err
	}
	return s.store.participant(tx, s, *s.grant.Participant)
}

// recheckGrant asks of the rows whether the credential holds and org is there.
func (s Scope) recheckGrant(tx *db.Tx, org OrgID) error {
	if s.grant.Valid != nil {
		if err := s.grant.Valid(tx); err != nil {
			return err
		}
	}
	path, err := s.store.pathOf(tx, org)
	if err == nil && path.gone() {
		return fault.New(fault.Forbidden, fault.CodeOrgUnknown, "the owner organization is deleted")
	}
	return err
}
