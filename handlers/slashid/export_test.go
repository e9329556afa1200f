package slashid

import (
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

var (
	Spell = spell
	Rules = rules
)

// HasRow reports whether the table of errors has a row for the kind.
func HasRow(k fault.Kind) (status int, text string, ok bool) {
	row, ok := statuses[k]
	return row.status, row.text, ok
}

// MaxNamed is how many broken members an answer names.
const MaxNamed = maxNamed

// ClientJSON is a read's body, and LastUsedAt where last_used goes in it.
func ClientJSON(found snapshots.Resolved[document.Client]) ([]byte, error) {
	made, err := renderClient(found)
	if err != nil {
		return nil, err
	}
	return made.Body, nil
}

// Object is the client object as lists and scripts send it back.
func Object(found snapshots.Resolved[document.Client]) ([]byte, error) {
	made, err := renderClient(found)
	if err != nil {
		return nil, err
	}
	return made.object(0), nil
}

// Create makes the first document of a body.
func Create(data []byte, access int64) (*document.Client, []fault.Field, error) {
	m, err := parseMembers(data)
	if err != nil {
		return nil, nil, err
	}
	next, faults := readClient(m).toDomain(access)
	return next, faults, nil
}

// Patch makes the next document of a body.
func Patch(data []byte, base *document.Client, setup *document.Setup, e snapshots.Entity) (*document.Client, []fault.Field, error) {
	m, err := parseMembers(data)
	if err != nil {
		return nil, nil, err
	}
	m.notNull("client_name", "scopes", "grant_types")
	next, faults := readClient(m).patch(base, setup, e)
	return next, faults, nil
}

// ParseUI reads hosted pages' settings.
var ParseUI = parseUI

// Filter reads a filter and says which of orgs it wants.
func Filter(text string, orgs []tenancy.Organization) ([]string, error) {
	wanted, err := parseFilter(text)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, o := range orgs {
		if wanted(o) {
			names = append(names, o.Name)
		}
	}
	return names, nil
}
