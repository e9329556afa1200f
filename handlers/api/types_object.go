package api

import "encoding/json"

// configured is a setup or a resource server at one instant, in the form of a client.
type configured struct {
	EntityID            string          `json:"entity_id"`
	Module              string          `json:"module"`
	SetupID             string          `json:"setup_id"` // its own id for a setup
	OwnerOrganizationID string          `json:"owner_organization_id"`
	CreatedAt           string          `json:"created_at"`
	Snapshot            snapshot        `json:"snapshot"`
	Effective           effective       `json:"effective"`
	Configuration       json.RawMessage `json:"configuration"`
	Next                any             `json:"next,omitempty"` // with include=next
}

// snapshotList is an object's snapshots, oldest valid_from first.
type snapshotList struct {
	Snapshots []snapshot `json:"snapshots"`
	Next      *string    `json:"next"` // to be sent as after; null where there is no more
}

// affected are the clients that a plan of a setup or a resource server is about.
type affected struct {
	Count int              `json:"count"`
	Exact bool             `json:"exact"` // false: there are at least so many
	Named []affectedClient `json:"named"` // the first by client_id
}

// affectedClient is a client whose configuration in force changes, with its level and
// changes, or one that has scopes whose declaration changes.
type affectedClient struct {
	EntityID            string          `json:"entity_id"`
	ClientID            string          `json:"client_id"`
	OwnerOrganizationID string          `json:"owner_organization_id"`
	Level               string          `json:"level,omitempty"`
	Changes             json.RawMessage `json:"changes,omitempty"` // rows as of a difference
	Scopes              []string        `json:"scopes,omitempty"`
}
