package history

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// The events of signing keys. They are of one object of the log, so that nobody can
// leave one of them out.
const (
	KeyAdded   = Kind("log.key-added")
	KeyRetired = Kind("log.key-retired")
	KeysID     = "log-keys"
)

// What signing keys sign.
const (
	SignsLog      = "log"      // checkpoints
	SignsEvidence = "evidence" // manifests of evidence bundles
)

// MaxSigningKeys is how many keys of one use the log may name, retired ones counted.
const MaxSigningKeys = 256

// keyDetail is the detail of both events.
type keyDetail struct {
	Use       string `json:"use"`        // SignsLog or SignsEvidence
	Algorithm string `json:"algorithm"`  // ed25519
	Public    string `json:"public_key"` // 32 bytes in base64
	// VerifierKey is the key under the name that it signs under when the event is recorded;
	// under another origin it has another id.
	VerifierKey string `json:"verifier_key"`
	// Before says that the key signed before this event: it is of a time when the coming
	// of keys was no event.
	Before bool `json:"signed_before,omitempty"`
}

// SigningKey is a key that events of the log name.
type SigningKey struct {
	Use     string
	Public  ed25519.PublicKey
	Added   int64 // index of the event that brought it
	Before  bool  // it signed before that event
	Retired int64 // index of the event that ended it; -1 for none
}

// Endorsed reports whether the log says that the key may sign a tree of so many entries.
func (k SigningKey) Endorsed(size int64) bool {
	return (k.Before || k.Added < size) && (k.Retired < 0 || size <= k.Retired)
}

// VerifierKey is the key under a name, as C2SP signed-note spells it.
func (k SigningKey) VerifierKey(name string) (string, error) {
	return note.NewEd25519VerifierKey(name, k.Public)
}

// SigningKeys are the keys that events of the log name, in the order in which they came.
type SigningKeys []SigningKey

// Add takes the next event of the keys, with its index in the log. An event that
// contradicts those before is an error.
func (list *SigningKeys) Add(index int64, kind Kind, detail []byte) error {
	var d keyDetail
	if err := json.Unmarshal(detail, &d); err != nil {
		return fmt.Errorf("a signing key: %w", err)
	}
	public, err := base64.StdEncoding.DecodeString(d.Public)
	if err != nil || len(public) != ed25519.PublicKeySize || d.Algorithm != algorithm {
		return errors.New("a signing key: not 32 bytes of ed25519")
	}
	at := list.find(d.Use, public)
	switch {
	case kind == KeyAdded && at < 0:
		*list = append(*list, SigningKey{d.Use, public, index, d.Before, -1})
	case kind == KeyRetired && at >= 0 && (*list)[at].Retired < 0:
		(*list)[at].Retired = index
	default:
		return fmt.Errorf("a signing key: %s of one that is there already, or not any more", kind)
	}
	return nil
}

func (list SigningKeys) find(use string, public []byte) int {
	return slices.IndexFunc(list, func(k SigningKey) bool { return k.Use == use && bytes.Equal(k.Public, public) })
}

// Of are the keys of a use.
func (list SigningKeys) Of(use string) (of []SigningKey) {
	for _, k := range list {
		if k.Use == use {
			of = append(of, k)
		}
	}
	return of
}

// KeyEvents are the indexes of the events about signing keys below a size of the log.
func KeyEvents(c *db.Conn, size int64) (indexes []int64, err error) {
	err = c.Select(&indexes, "SELECT idx FROM log_event WHERE object_id = ? AND idx < ? ORDER BY object_seq", KeysID, size)
	return indexes, err
}

// ReadSigningKeys reads which keys the log names.
func ReadSigningKeys(c *db.Conn) (list SigningKeys, err error) {
	var rows []struct {
		Index   int64  `db:"idx"`
		Kind    Kind   `db:"kind"`
		Content string `db:"content"`
	}
	if err := c.Select(&rows, `SELECT e.idx, e.kind, d.content FROM log_event e JOIN log_detail d ON d.idx = e.idx
		WHERE e.object_id = ? ORDER BY e.object_seq`, KeysID); err != nil {
		return nil, err
	}
	for _, r := range rows {
		if err := list.Add(r.Index, r.Kind, []byte(r.Content)); err != nil {
			return nil, fmt.Errorf("log entry %d: %w", r.Index, err)
		}
	}
	return list, nil
}

// Unretired are the keys without those that the log says are retired; nil if none is left.
func (k *Keys) Unretired(use string, list SigningKeys) *Keys {
	left := &Keys{}
	for _, key := range k.keys {
		if at := list.find(use, key.Public().(ed25519.PublicKey)); at < 0 || list[at].Retired < 0 {
			left.keys = append(left.keys, key)
		}
	}
	if len(left.keys) == 0 {
		return nil
	}
	return left
}

// Endorse records an event for each key that the log does not name yet, under the name
// that it signs under. A file of keys speaks for its new keys by one that the log knows:
// where the log knows keys of this use, and none of these that is not retired, it is a
// fault of kind Conflict, unless fresh says that an operator brings a key. e says who.
func (k *Keys) Endorse(ctx context.Context, d *db.DB, use, name string, fresh bool, e Event) error {
	var missing []ed25519.PrivateKey
	look := func(c *db.Conn) (signed bool, err error) {
		list, err := ReadSigningKeys(c)
		if err != nil {
			return false, err
		}
		missing = nil
		known := len(list.Of(use)) == 0 || fresh
		for _, key := range k.keys {
			at := list.find(use, key.Public().(ed25519.PublicKey))
			if at < 0 {
				missing = append(missing, key)
			}
			known = known || at >= 0 && list[at].Retired < 0
		}
		switch {
		case !known:
			return false, fault.New(fault.Conflict, "", "no event of the log names one of the keys of this file as a key of its %s that is not retired: "+
				"it is another file, or must be made known (tenure %s new-key)", use, use)
		case len(list.Of(use))+len(missing) > MaxSigningKeys:
			return false, fault.New(fault.Conflict, "", "the log names %d keys of its %s, which is the most", MaxSigningKeys, use)
		case len(list.Of(use)) > 0:
			return false, nil
		}
		_, _, err = NewestCheckpoint(c)
		if fault.Is(err, fault.NotFound) {
			return false, nil
		}
		return err == nil, err
	}
	err := d.View(ctx, func(c *db.Conn) error { _, err := look(c); return err })
	if err != nil || len(missing) == 0 {
		return err
	}
	return d.Write(ctx, func(tx *db.Tx) error {
		signed, err := look(&tx.Conn) // another node may have been there
		for _, key := range missing {
			if err == nil {
				err = recordKey(tx, KeyAdded, use, name, key.Public().(ed25519.PublicKey), signed, e)
			}
		}
		return err
	})
}

// Retire records that a key signs no more. It reports false, and records nothing, if the
// log says so already. A key that the log does not name is a fault of kind NotFound, the
// last of its use one of kind Conflict.
func Retire(ctx context.Context, d *db.DB, use, name string, public ed25519.PublicKey, e Event) (done bool, err error) {
	err = d.Write(ctx, func(tx *db.Tx) error {
		list, err := ReadSigningKeys(&tx.Conn)
		if err != nil {
			return err
		}
		at, left := list.find(use, public), 0
		for _, key := range list.Of(use) {
			if key.Retired < 0 {
				left++
			}
		}
		done = at >= 0 && list[at].Retired < 0
		switch {
		case at < 0:
			return fault.New(fault.NotFound, "", "no event of the log names this key")
		case !done:
			return nil
		case left == 1:
			return fault.New(fault.Conflict, "", "it is the last key of the log's %s: make another first (tenure %s new-key)", use, use)
		}
		return recordKey(tx, KeyRetired, use, name, public, false, e)
	})
	return done && err == nil, err
}

func recordKey(tx *db.Tx, kind Kind, use, name string, public ed25519.PublicKey, before bool, e Event) error {
	verifier, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return err
	}
	e.Detail, err = json.Marshal(keyDetail{use, algorithm, base64.StdEncoding.EncodeToString(public), verifier, before})
	if err != nil {
		return err
	}
	e.Kind, e.ObjectKind, e.Object, e.Effective = kind, ObjectLog, KeysID, At(tx).Millis()
	Record(tx, e)
	return nil
}

// SignedBy reports whether a key has signed a checkpoint, and no signature that is said
// to be of it is wrong.
func (c Checkpoint) SignedBy(public ed25519.PublicKey) bool {
	text, err := note.NewEd25519VerifierKey(c.Origin, public)
	if err != nil {
		return false
	}
	v, err := note.NewVerifier(text)
	if err != nil {
		return false
	}
	_, err = OpenCheckpoint(c.Note, note.VerifierList(v))
	return err == nil
}

// NewestSignedBy is the greatest stored checkpoint under an origin, of at most size entries,
// that a key has signed; a fault of kind NotFound if there is none.
func NewestSignedBy(c *db.Conn, origin string, size int64, public ed25519.PublicKey) (Checkpoint, error) {
	text, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return Checkpoint{}, err
	}
	v, err := note.NewVerifier(text)
	if err != nil {
		return Checkpoint{}, err
	}
	// A signature begins with four bytes of the key's hash: the first three are four letters.
	hash := v.KeyHash()
	begin := "— " + origin + " " + base64.StdEncoding.EncodeToString([]byte{byte(hash >> 24), byte(hash >> 16), byte(hash >> 8)})
	var row storedCheckpoint
	if err := c.Get(&row, "SELECT "+checkpointColumns+` FROM log_checkpoint WHERE size <= ? AND replace(note, ?, '') <> note
		ORDER BY size DESC LIMIT 1`, size, begin); err != nil {
		return Checkpoint{}, err
	}
	found, err := row.read()
	if err == nil && (found.Origin != origin || !found.SignedBy(public)) {
		err = fault.New(fault.NotFound, "", "the key has signed no checkpoint")
	}
	if err == nil {
		found, err = found.withCosignatures(c)
	}
	return found, err
}
