package history

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Micros is an instant in microseconds since 1970-01-01T00:00:00Z.
type Micros int64

// Millis is an instant in milliseconds since 1970-01-01T00:00:00Z.
type Millis int64

// Time converts to time.Time in UTC.
func (m Micros) Time() time.Time { return time.UnixMicro(int64(m)).UTC() }

// Millis cuts to milliseconds, downwards for every instant after 1970.
func (m Micros) Millis() Millis { return Millis(m / 1000) }

// Time converts to time.Time in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Micros converts without loss.
func (m Millis) Micros() Micros { return Micros(m) * 1000 }

// Kinds of object that events are about.
const (
	ObjectOrganization   = "organization"
	ObjectKey            = "key"
	ObjectModule         = "module"
	ObjectSetup          = "setup"
	ObjectResourceServer = "resource_server"
	ObjectClient         = "client"
	ObjectParticipant    = "participant"  // of a directory, with the organization that it has here
	ObjectInstallation   = "installation" // its one object has this id, too
)

// Kind names what happened, as object.verb.
type Kind string

// Event is one thing that happened, as a closure records it.
type Event struct {
	Kind       Kind
	ObjectKind string
	Object     string // id of the object
	Ref        string // id of the row it is about: a snapshot, secret or key; may be empty
	Org        string // owner of the object
	Actor      string // "key:<id>", "client:<id>", "anonymous:<address>" or "operator:<why>"
	ActingOrg  string
	Surface    string
	Reason     string
	Effective  Millis // when it takes effect
	Commitment []byte // of the content it sets, 32 bytes; nil for none
	Detail     []byte // JSON that says more; stored apart with a salt of its own; nil for none
}

// clean makes every text of e one that the stores and JSON keep as it is.
func (e Event) clean() Event {
	kind := string(e.Kind)
	for _, s := range []*string{&kind, &e.ObjectKind, &e.Object, &e.Ref, &e.Org, &e.Actor, &e.ActingOrg, &e.Surface, &e.Reason} {
		*s = cleanText(*s)
	}
	e.Kind = Kind(kind)
	if e.Detail != nil {
		e.Detail = []byte(cleanText(string(e.Detail)))
	}
	return e
}

func cleanText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// Envelope is the disclosed form of an event. Its JSON is stored as bytes; the
// member order is that of this struct, absent texts are empty, instants are
// integers (recorded_at µs, effective_at ms), hashes lower-case hex.
type Envelope struct {
	Version    int    `json:"v"`
	Kind       Kind   `json:"kind"`
	ObjectKind string `json:"object_kind"`
	Object     string `json:"object"`
	Seq        int64  `json:"seq"`      // of the object's events, from 1
	Previous   string `json:"previous"` // commitment of the object's event before; empty for the first
	Ref        string `json:"ref"`
	Org        string `json:"org"`
	Actor      string `json:"actor"`
	ActingOrg  string `json:"acting_org"`
	Surface    string `json:"surface"`
	Reason     string `json:"reason"`
	RecordedAt Micros `json:"recorded_at"`
	Effective  Millis `json:"effective_at"`
	Content    string `json:"content"`
	Detail     string `json:"detail"`
	// Since version 2: the rows that the change wrote, absent where there are none, and
	// for a migration from a version that did not name rows, all that there were.
	Rows   []BoundRow   `json:"rows,omitempty"`
	Tables []BoundTable `json:"tables,omitempty"`
}

// encode makes the envelope's bytes.
func (e Envelope) encode() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	plain := e
	plain.Rows, plain.Tables = nil, nil
	if err := enc.Encode(plain); err != nil {
		panic(err) // strings and integers always encode
	}
	return e.appendRows(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// DecodeEnvelope reads the stored bytes of an envelope. It takes only the bytes
// that encoding the result makes again: nothing is said twice, in another
// order or behind the end.
func DecodeEnvelope(data []byte) (Envelope, error) {
	var e Envelope
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return e, fmt.Errorf("envelope: %w", err)
	}
	switch {
	case e.Version == 1 && len(e.Rows) == 0 && len(e.Tables) == 0, e.Version == 2:
	case e.Version == 1:
		return e, errors.New("envelope: version 1 names no rows")
	default:
		return e, fmt.Errorf("envelope: version %d is unknown", e.Version)
	}
	if !bytes.Equal(e.encode(), data) {
		return e, errors.New("envelope: not in the one form")
	}
	return e, nil
}

// Commitment is SHA-256(salt ‖ data): it binds to data without letting anybody
// who lacks the salt guess it.
func Commitment(salt, data []byte) [32]byte {
	h := newCommitment(salt)
	h.Write(data)
	var sum [32]byte
	h.Sum(sum[:0])
	return sum
}

func newCommitment(salt []byte) hash.Hash {
	h := sha256.New()
	h.Write(salt)
	return h
}

// PublicEntry is what the log shows anybody of an event: the version and the
// commitment to its envelope.
func PublicEntry(commitment [32]byte) []byte {
	return []byte("v1\n" + hex.EncodeToString(commitment[:]) + "\n")
}

// LeafHash is the RFC 6962 hash of a public entry.
func LeafHash(entry []byte) [32]byte { return tlog.RecordHash(entry) }
