package api

import "encoding/json"

// difference is a semantic difference; a row of changes has path, label, old,
// new, kind, risk, level and effects, and inherited where a side comes from the
// setup.
type difference struct {
	From      string          `json:"from"`
	To        string          `json:"to"`
	Level     string          `json:"level"`
	Changes   json.RawMessage `json:"changes"`
	Reordered []string        `json:"reordered"` // members written in another order, which is no change
	Stored    []string        `json:"stored"`    // members that the client begins or ceases to set, with the same value in force
}

// blameList says which snapshot gave each member that was ever set its value, or
// took it away.
type blameList struct {
	Members []origin `json:"members"`
}

type origin struct {
	Member     string `json:"member"`
	Set        bool   `json:"set"` // false: the snapshot took the value away
	SnapshotID string `json:"snapshot_id"`
	ValidFrom  string `json:"valid_from"`
	Inherited  bool   `json:"inherited"` // the snapshot is one of the setup, from which the client has the value

	RecordedAt           string     `json:"recorded_at"`
	Actor                string     `json:"actor"`
	Key                  *actingKey `json:"key"` // null where no API key acted
	ActingOrganizationID string     `json:"acting_organization_id"`
	Surface              string     `json:"surface"`
	Reason               string     `json:"reason"`
}
