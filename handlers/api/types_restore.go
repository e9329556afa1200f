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
