package api

import "encoding/json"

// client is a client at one instant. Its configuration bears the registered
// metadata names and is what was stored; inherited is what its setup adds.
type client struct {
	EntityID            string          `json:"entity_id"`
	ClientID            string          `json:"client_id"`
	Module              string          `json:"module"`
	SetupID             string          `json:"setup_id"`
	OwnerOrganizationID string          `json:"owner_organization_id"`
	Surface             string          `json:"surface"` // that it was registered by
	CreatedAt           string          `json:"created_at"`
	Snapshot            snapshot        `json:"snapshot"`
	Effective           effective       `json:"effective"`
	Configuration       json.RawMessage `json:"configuration"`
	Inherited           json.RawMessage `json:"inherited"`
	Next                *client         `json:"next,omitempty"` // with include=next
}

type snapshot struct {
	ID         string  `json:"id"`
	ValidFrom  string  `json:"valid_from"`
	RecordedAt string  `json:"recorded_at"`
	BaseID     *string `json:"base_id"` // null for the first
	Digest     string  `json:"digest"`  // the salted commitment that the log has
	Imported   bool    `json:"imported"`
}

// effective is the span in which the snapshot is in force; until is null where
// no end is known, and left out for those who may not see plans.
type effective struct {
	From  string           `json:"from"`
	Until *json.RawMessage `json:"until,omitempty"`
}

type clientList struct {
	Clients []client `json:"clients"`
	Next    *string  `json:"next"` // to be sent as after; null where there is no more
}

// write is a change of a client: the whole configuration, a patch of RFC 6902,
// or one of RFC 7396; to, for a rollback.
type write struct {
	Configuration json.RawMessage `json:"configuration"`
	Patch         json.RawMessage `json:"patch"`
	Merge         json.RawMessage `json:"merge"`
	To            string          `json:"to"`
	EffectiveFrom *string         `json:"effective_from"`
	Later         string          `json:"later"` // keep or refuse planned snapshots that follow; refuse if absent
	PlanDigest    string          `json:"plan_digest"`
	Reason        *string         `json:"reason"` // as Tenure-Reason
}

// written is the answer to a write.
type written struct {
	Changed    bool   `json:"changed"`
	Client     client `json:"client"`
	NotRevived []lost `json:"not_revived,omitempty"`
}

type lost struct {
	What string `json:"what"` // secret or certificate
	ID   string `json:"id"`
	At   string `json:"ended_at"`
}

// plan is what a write would do.
type plan struct {
	DryRun        bool            `json:"dry_run"`
	Digest        string          `json:"plan_digest"`
	BaseID        *string         `json:"base_id"`
	EffectiveFrom *string         `json:"effective_from"` // null for now
	Changes       bool            `json:"changes"`
	Level         string          `json:"level"`   // routine, sensitive or critical
	Diff          json.RawMessage `json:"diff"`    // rows, each with its risks
	Patch         json.RawMessage `json:"patch"`   // RFC 6902, from the base to what would be
	Summary       string          `json:"summary"` // Markdown
	Later         []laterPlan     `json:"later"`   // planned snapshots that it comes before
	NotRevived    []lost          `json:"not_revived,omitempty"`
}

type laterPlan struct {
	ID        string `json:"id"`
	ValidFrom string `json:"valid_from"`
}

// rehearsed is the answer to any other write with dry_run.
type rehearsed struct {
	DryRun bool             `json:"dry_run"`
	Events []rehearsedEvent `json:"events"` // that the write would record
}

type rehearsedEvent struct {
	Kind                string `json:"kind"`
	Object              string `json:"object"`
	OwnerOrganizationID string `json:"owner_organization_id"`
}

// difference is a semantic difference; a row of changes has path, label, old,
// new, kind, risk, level and effects.
type difference struct {
	From      string          `json:"from"`
	To        string          `json:"to"`
	Level     string          `json:"level"`
	Changes   json.RawMessage `json:"changes"`
	Reordered []string        `json:"reordered"` // members written in another order, which is no change
}

// blameList says which snapshot last set each member that was ever set.
type blameList struct {
	Members []origin `json:"members"`
}

type origin struct {
	Member     string `json:"member"`
	Set        bool   `json:"set"` // false: the snapshot took the value away
	SnapshotID string `json:"snapshot_id"`
	ValidFrom  string `json:"valid_from"`
}

// proof is what it takes to prove offline that the log holds a snapshot: its
// entry is "v1", a line feed, the hex of SHA-256(salt, envelope) and a line feed.
type proof struct {
	LogIndex int64  `json:"log_index"`
	Envelope string `json:"envelope"` // exact bytes
	Salt     string `json:"salt"`     // hex
	Receipt  string `json:"receipt"`  // C2SP tlog-proof, with the checkpoint
}

// consistency proves that a larger log begins with a smaller one.
type consistency struct {
	From       int64    `json:"from"`
	Root       string   `json:"root"` // of the smaller tree, base64
	Checkpoint string   `json:"checkpoint"`
	Hashes     []string `json:"hashes"` // base64
}
