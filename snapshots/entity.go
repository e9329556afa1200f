package snapshots

import (
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// EntityID is the internal id of a setup, resource server or client: 32
// lower-case hex characters.
type EntityID string

// SnapshotID is the id of one snapshot: 32 lower-case hex characters.
type SnapshotID string

// Kind tells setups, resource servers and clients apart.
type Kind string

// The kinds; the words are those of the history's object kinds.
const (
	KindSetup          Kind = history.ObjectSetup
	KindResourceServer Kind = history.ObjectResourceServer
	KindClient         Kind = history.ObjectClient
)

func kindOf[T document.Content]() Kind {
	switch any((*T)(nil)).(type) {
	case *document.Setup:
		return KindSetup
	case *document.ResourceServer:
		return KindResourceServer
	}
	return KindClient
}

// Entity is what a setup, resource server or client is, apart from what its
// snapshots say.
type Entity struct {
	ID          EntityID
	Kind        Kind
	Module      string
	Setup       EntityID // its own id for a setup
	ClientID    string   // OAuth client_id; the ID for other kinds
	Incarnation int64    // 1, and one more for each registration after a deletion
	Owner       tenancy.OrgID
	Surface     string // which API registered it
	RecordedAt  history.Micros
}

// Ref names an entity the way a path does. For a setup both ids are its own.
type Ref struct {
	Module        string
	Setup, Entity EntityID
}

// SetupRef names a setup.
func SetupRef(module string, setup EntityID) Ref { return Ref{module, setup, setup} }

// Version is one snapshot with the entity it belongs to. Content is shared
// and must not be changed; it is nil for a tombstone and for erased content.
type Version[T document.Content] struct {
	Entity     Entity
	ID         SnapshotID
	ValidFrom  history.Millis
	RecordedAt history.Micros
	Attempt    int64
	Base       SnapshotID // empty for the first
	Commitment []byte
	Tombstone  bool
	Imported   bool
	Content    *T
}

// Resolved is an entity at one instant: the snapshot in force, the setup's
// snapshot in force at the same instant, and when the next change is due.
type Resolved[T document.Content] struct {
	Version[T]
	Setup         Version[document.Setup]
	NextValidFrom history.Millis // the entity's own next snapshot; 0 for none planned
	SetupNext     history.Millis // the setup's; 0 for none, and where a snapshot was asked for by its id
	Ends          history.Millis // when its setup or organization was deleted, as far as was known at that instant; 0 for not
}

// Until is the instant at which the snapshot stops being in force: with the
// next one, or with the end of its setup or organization; 0 if none is known.
func (r Resolved[T]) Until() history.Millis { return earlier(r.NextValidFrom, r.Ends) }

// Unknown is the NotFound fault for an entity of the kind.
func unknown(kind Kind) error {
	switch kind {
	case KindSetup:
		return fault.New(fault.NotFound, fault.CodeSetupUnknown, "there is no such setup")
	case KindResourceServer:
		return fault.New(fault.NotFound, fault.CodeServerUnknown, "there is no such resource server")
	}
	return fault.New(fault.NotFound, fault.CodeClientUnknown, "there is no such client")
}

func unknownSnapshot() error {
	return fault.New(fault.NotFound, fault.CodeSnapshotUnknown, "there is no such snapshot")
}
