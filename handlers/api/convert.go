package api

import (
	"encoding/json"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// instant is how an instant is written.
const instant = "2006-01-02T15:04:05.000000Z"

// permissionNames are in the order that whoami lists them.
var permissionNames = []struct {
	permission tenancy.Permission
	name       string
}{
	{tenancy.Resolve, "resolve"},
	{tenancy.History, "history"},
	{tenancy.Plans, "plans"},
	{tenancy.Secrets, "secrets"},
	{tenancy.WriteClients, "write_clients"},
	{tenancy.Administer, "administer"},
	{tenancy.ReadLog, "read_log"},
}

func fromScope(s tenancy.Scope) whoami {
	p := s.Principal()
	w := whoami{KeyID: p.KeyID, OrganizationID: string(p.Org), ActingOrganizationID: string(s.Acting()), Role: string(p.Role)}
	for _, row := range permissionNames {
		if s.Allows(row.permission) {
			w.Permissions = append(w.Permissions, row.name)
		}
	}
	return w
}

// fromOrganization shows the parent only to whom it is in reach.
func fromOrganization(s tenancy.Scope, o tenancy.Organization) organization {
	wire := organization{ID: string(o.ID), Name: o.Name, Depth: o.Depth, DefaultSetupID: orNull(o.DefaultSetup), MaxSuborganizations: o.MaxBelow,
		RequireReason: o.RequireReason, ReasonRequired: o.ReasonRequired}
	if s.Covers(o.Parent) {
		wire.ParentID = orNull(string(o.Parent))
	}
	return wire
}

func fromKey(k tenancy.Key) key {
	return key{ID: k.ID, OrganizationID: string(k.Org), Name: k.Name, Role: string(k.Role),
		CreatedAt: k.RecordedAt.Time().Format(instant), ExpiresAt: fromInstant(k.ExpiresAt), LastUsedAt: fromInstant(k.LastUsed)}
}

// toKey reads a new key; acting is the organization if none is named.
func toKey(k newKey, acting tenancy.OrgID) (tenancy.NewKey, error) {
	made := tenancy.NewKey{Name: k.Name, Role: tenancy.Role(k.Role)}
	var err error
	if made.Org, err = toOrg("/organization_id", k.OrganizationID, acting); err != nil || k.ExpiresAt == nil {
		return made, err
	}
	made.ExpiresAt, err = toExpiry(*k.ExpiresAt)
	return made, err
}

// toExpiry reads the member expires_at.
func toExpiry(text string) (history.Micros, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() > 9999 {
		return 0, fault.At("/expires_at", "instant", "an instant must be written as in RFC 3339, like 2030-01-31T12:00:00Z")
	}
	if expiry := history.Micros(at.UnixMicro()); expiry != 0 {
		return expiry, nil
	}
	return 1, nil // 0 means never, and 1970 is past
}

// toOrg reads an organization's id in a body; absent or null is the fallback.
func toOrg(path string, id *string, fallback tenancy.OrgID) (tenancy.OrgID, error) {
	if id == nil {
		return fallback, nil
	}
	org, err := tenancy.ParseOrgID(*id)
	if err != nil {
		return "", fault.At(path, "uuid", "an organization id must be a UUID")
	}
	return org, nil
}

// toSetup reads the default setup of a patch; empty clears it.
func toSetup(raw json.RawMessage) (string, error) {
	var id *string
	if err := json.Unmarshal(raw, &id); err != nil {
		return "", wrongType("/default_setup_id", "a string or null")
	}
	if id == nil {
		return "", nil
	}
	if !isHex(*id) {
		return "", fault.At("/default_setup_id", "id", "a setup id has 32 hexadecimal characters")
	}
	return *id, nil
}

// toQuota reads the quota of a patch; nil lifts it.
func toQuota(raw json.RawMessage) (*int64, error) {
	var most *int64
	if err := json.Unmarshal(raw, &most); err != nil {
		return nil, wrongType("/max_suborganizations", "a whole number or null")
	}
	return most, nil
}

func wrongType(path, want string) error {
	f := fault.New(fault.Malformed, "", "the body does not have the form that is asked for")
	f.Fields = []fault.Field{{Path: path, Rule: "type", Message: "this must be " + want}}
	return f
}

func isHex(id string) bool {
	for _, c := range id {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(id) == 32
}

func fromInstant(at history.Micros) *string {
	if at == 0 {
		return nil
	}
	return orNull(at.Time().Format(instant))
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
