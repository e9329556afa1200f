package api

// restoring is the body of a restoration; it may be left out.
type restoring struct {
	Reason *string `json:"reason"`
}

type restoredSetup struct {
	ID             string `json:"id"`
	Module         string `json:"module"`
	Name           string `json:"name"`
	OrganizationID string `json:"organization_id"`
	SnapshotID     string `json:"snapshot_id"`
	EffectiveFrom  string `json:"effective_from"`
}

// rehearsedDeletion says what would go along with an organization.
type rehearsedDeletion struct {
	rehearsed
	Along holdings `json:"along"`
}

type holdings struct {
	Organizations   int64 `json:"organizations"`
	Setups          int64 `json:"setups"`
	ResourceServers int64 `json:"resource_servers"`
	Clients         int64 `json:"clients"`
}
