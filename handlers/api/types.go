package api

import "encoding/json"

type whoami struct {
	KeyID                string   `json:"key_id"`
	OrganizationID       string   `json:"organization_id"`
	ActingOrganizationID string   `json:"acting_organization_id"`
	Role                 string   `json:"role"`
	Permissions          []string `json:"permissions"`
}

type organization struct {
	ID             string  `json:"id"`
	ParentID       *string `json:"parent_id"`
	Name           string  `json:"name"`
	Depth          int     `json:"depth"` // 1 for the acting organization
	DefaultSetupID *string `json:"default_setup_id"`

	MaxSuborganizations *int64 `json:"max_suborganizations"` // at any depth; null for any number

	RequireReason  bool `json:"require_reason"`  // of changes of it and below it
	ReasonRequired bool `json:"reason_required"` // by it or by one above
}

type organizationList struct {
	Organizations []organization `json:"organizations"`
}

type newOrganization struct {
	Name     string  `json:"name"`
	ParentID *string `json:"parent_id"`
	Reason   *string `json:"reason"`
}

// organizationPatch holds exactly one member. The default setup and the quota
// are kept as written, because null is a value there.
type organizationPatch struct {
	Name           *string         `json:"name"`
	ParentID       *string         `json:"parent_id"`
	DefaultSetupID json.RawMessage `json:"default_setup_id"`

	MaxSuborganizations json.RawMessage `json:"max_suborganizations"`

	RequireReason *bool   `json:"require_reason"`
	Reason        *string `json:"reason"` // of the change; not one of the members
}

type module struct {
	Name string `json:"name"`
}

type moduleList struct {
	Modules []module `json:"modules"`
}

type key struct {
	ID             string  `json:"id"`
	OrganizationID string  `json:"organization_id"`
	Name           string  `json:"name"`
	Role           string  `json:"role"`
	CreatedAt      string  `json:"created_at"`
	ExpiresAt      *string `json:"expires_at"`
	LastUsedAt     *string `json:"last_used_at"`
}

type keyList struct {
	Keys []key `json:"keys"`
}

type newKey struct {
	OrganizationID *string `json:"organization_id"`
	Name           string  `json:"name"`
	Role           string  `json:"role"`
	ExpiresAt      *string `json:"expires_at"`
	Reason         *string `json:"reason"`
}

// createdKey is the only answer that ever holds a key's text.
type createdKey struct {
	key
	APIKey string `json:"api_key,omitempty"`
}

type initialToken struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	MaxUses   *int64  `json:"max_uses"` // null for any number
	Uses      int64   `json:"uses"`
	ExpiresAt *string `json:"expires_at"`
	CreatedAt string  `json:"created_at"`
}

type initialTokenList struct {
	InitialTokens []initialToken `json:"initial_tokens"`
}

type newInitialToken struct {
	Name      string  `json:"name"`
	MaxUses   *int64  `json:"max_uses"`
	ExpiresAt *string `json:"expires_at"`
	Reason    *string `json:"reason"`
}

// createdInitialToken is the only answer that ever holds the token's text.
type createdInitialToken struct {
	initialToken
	Token string `json:"token,omitempty"`
}

// secret never holds the secret itself.
type secret struct {
	ID        string  `json:"id"`
	Last4     *string `json:"last4"` // null for a short or imported one
	ValidFrom string  `json:"valid_from"`
	EndsAt    *string `json:"ends_at"`
	CreatedAt string  `json:"created_at"`
}

type secretList struct {
	Secrets []secret `json:"secrets"`
}

// objectHistory is what happened to one client, setup or resource server, oldest
// first, and the moves and deletions of what it is inside of.
type objectHistory struct {
	EntityID            string     `json:"entity_id"`
	ClientID            string     `json:"client_id,omitempty"` // of a client
	SetupID             string     `json:"setup_id"`
	OwnerOrganizationID string     `json:"owner_organization_id"`
	Events              []happened `json:"events"`
	Next                *int64     `json:"next"`       // sequence, to be sent as after; null where there is no more
	EndedWith           *happened  `json:"ended_with"` // the deletion of its setup, or of an organization; null without
}

// journalList is what happened to what an organization owns, in the log's order.
// A page may be empty and yet not the last.
type journalList struct {
	Events []happened `json:"events"`
	Next   *int64     `json:"next"` // log index, to be sent as after; null where there is no more
}

// happened is one event. Its members are the columns of the CSV form, too, in
// this order.
type happened struct {
	LogIndex             int64      `json:"log_index"`
	Sequence             int64      `json:"sequence"` // of this object's events, from 1
	Kind                 string     `json:"kind"`
	ObjectKind           string     `json:"object_kind"`
	Object               string     `json:"object"`
	OwnerOrganizationID  string     `json:"owner_organization_id"` // of the object, when it happened
	Reference            string     `json:"reference"`             // id of the snapshot, secret or token that it is about
	SnapshotID           *string    `json:"snapshot_id"`           // null where it is about no snapshot
	Digest               *string    `json:"digest"`                // salted SHA-256 of the snapshot's content, hexadecimal
	RecordedAt           string     `json:"recorded_at"`
	EffectiveAt          string     `json:"effective_at"`
	Actor                string     `json:"actor"`
	Key                  *actingKey `json:"key"` // null where no API key acted
	ActingOrganizationID string     `json:"acting_organization_id"`
	Surface              string     `json:"surface"`
	Reason               string     `json:"reason"`
	// Details are {"before", "after"} of what is changed without a snapshot; null where there are none.
	Details json.RawMessage `json:"details"`
	// Inherited are the members of the client asked for whose value in force the event of its setup changed; left out of its own events.
	Inherited []string `json:"inherited,omitempty"`
}

// actingKey is the API key that made a change. Name and organization are null
// where the key belongs to an organization above the acting one or beside it.
type actingKey struct {
	ID             string  `json:"id"`
	Name           *string `json:"name"`
	OrganizationID *string `json:"organization_id"`
}

// readList is who was first shown which version of a client, newest first.
type readList struct {
	Reads []read  `json:"reads"`
	Next  *string `json:"next"` // to be sent as after; null where there is no more
}

type read struct {
	Key        actingKey `json:"key"`
	SnapshotID string    `json:"snapshot_id"`
	FirstAt    string    `json:"first_at"`
}

// problem is an RFC 9457 problem document.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"`
	Code   string         `json:"code,omitempty"`
	Errors []problemField `json:"errors,omitempty"`

	RequestID string `json:"request_id"` // as X-Request-Id has it

	EffectiveFrom *string `json:"effective_from,omitempty"` // of what is not in force yet
	EndedAt       *string `json:"ended_at,omitempty"`       // of what was deleted by then
}

// problemField has a JSON pointer into the body, or the name of a query parameter.
type problemField struct {
	Pointer   *string `json:"pointer,omitempty"`
	Parameter string  `json:"parameter,omitempty"`
	Rule      string  `json:"rule"`
	Detail    string  `json:"detail"`
}

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
	Next                any             `json:"next,omitempty"` // with include=next
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

// write is a change of an object: the whole configuration, a patch of RFC 6902,
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
	Changed        bool   `json:"changed"`
	Client         any    `json:"client,omitempty"`          // or
	Setup          any    `json:"setup,omitempty"`           // or
	ResourceServer any    `json:"resource_server,omitempty"` // that was written
	NotRevived     []lost `json:"not_revived,omitempty"`

	Warnings []warning `json:"warnings,omitempty"`
}

// warning is a value that is not stored as it was sent, or a rule that the
// setup's policy lets a change break.
type warning struct {
	Pointer string `json:"pointer"` // of the value, in the configuration
	Rule    string `json:"rule"`
	Message string `json:"message"`
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
	Clients       *affected       `json:"clients,omitempty"`
	Later         []laterPlan     `json:"later"` // planned snapshots that it comes before
	NotRevived    []lost          `json:"not_revived,omitempty"`
	Warnings      []warning       `json:"warnings,omitempty"`
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

// movedProblem is the problem of a plan that is no longer what would be done.
type movedProblem struct {
	problem
	Plan plan `json:"plan"`
}

// erasing is the body of an erasure.
type erasing struct {
	Reason  string `json:"reason"`
	Confirm string `json:"confirm"`
	Delete  bool   `json:"delete"`
}

// erased is its answer. LogEmptied is false where a reader kept the
// write-ahead log from being emptied; the next erasure, or closing, does it.
type erased struct {
	Entity     string `json:"entity_id"`
	ClientID   string `json:"client_id"`
	LogEmptied bool   `json:"log_emptied"`
}
