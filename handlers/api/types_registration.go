package api

// registrationToken is a client's new registration access token, which is shown this
// once.
type registrationToken struct {
	EntityID  string `json:"entity_id"`
	ClientID  string `json:"client_id"`
	ClientURI string `json:"registration_client_uri"`
	Token     string `json:"registration_access_token,omitempty"` // absent in the answer to a repetition
}

// selfRegistered is a client that registered itself.
type selfRegistered struct {
	EntityID     string  `json:"entity_id"`
	ClientID     string  `json:"client_id"`
	Name         string  `json:"client_name"`
	Owner        string  `json:"owner_organization_id"`
	Surface      string  `json:"surface"`
	RegisteredAt string  `json:"registered_at"`
	LastUsed     *string `json:"last_used"` // null for never
	EndsAt       *string `json:"ends_at"`   // when unused_ttl ends it, unless it is used; null for never
}

type selfRegisteredList struct {
	Clients []selfRegistered `json:"clients"`
	Next    *string          `json:"next"`
}

type removed struct {
	Deleted int `json:"deleted"`
}
