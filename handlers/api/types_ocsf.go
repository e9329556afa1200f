package api

// ocsfEvent is an event in the class Entity Management of OCSF.
type ocsfEvent struct {
	ActivityID int          `json:"activity_id"`
	Activity   string       `json:"activity_name"`
	CategoryID int          `json:"category_uid"`
	Category   string       `json:"category_name"`
	ClassID    int          `json:"class_uid"`
	Class      string       `json:"class_name"`
	TypeID     int          `json:"type_uid"`
	Type       string       `json:"type_name"`
	Time       int64        `json:"time"` // recorded_at in milliseconds
	SeverityID int          `json:"severity_id"`
	Severity   string       `json:"severity"`
	StatusID   int          `json:"status_id"` // nothing that failed is in the log
	Status     string       `json:"status"`
	Message    string       `json:"message"`
	Comment    string       `json:"comment,omitempty"`
	Metadata   ocsfMetadata `json:"metadata"`
	Actor      ocsfActor    `json:"actor"`
	Entity     ocsfEntity   `json:"entity"`
	Unmapped   happened     `json:"unmapped"`
}

type ocsfMetadata struct {
	Version  string      `json:"version"`
	Profiles []string    `json:"profiles"`
	Product  ocsfProduct `json:"product"`
	UID      string      `json:"uid"` // the log index
	Sequence int64       `json:"sequence"`
	Code     string      `json:"event_code"`           // the kind
	Tenant   string      `json:"tenant_uid,omitempty"` // the object's owner
	Original string      `json:"original_time"`        // recorded_at
}

type ocsfProduct struct {
	Name    string `json:"name"`
	Vendor  string `json:"vendor_name"`
	Version string `json:"version,omitempty"`
}

type ocsfActor struct {
	User ocsfUser `json:"user"`
}

type ocsfUser struct {
	UID    string   `json:"uid"`
	Name   string   `json:"name,omitempty"`
	TypeID int      `json:"type_id"`
	Type   string   `json:"type"`
	Org    *ocsfOrg `json:"org,omitempty"` // the actor's own
}

type ocsfOrg struct {
	UID string `json:"uid"`
}

type ocsfEntity struct {
	UID     string `json:"uid"`
	Type    string `json:"type"`
	Version string `json:"version,omitempty"` // the snapshot
}
