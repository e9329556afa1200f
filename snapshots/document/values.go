package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"tenure/jwk"
	"tenure/jwk/strictjson"
	"tenure/tenancy/fault"
)

// Bounds of free metadata, which nothing of ours reads, and the depth that
// package jwk reads.
const (
	maxDocumentBytes = 64 << 10
	maxDocumentDepth = 32
	maxKeySetDepth   = 64
)

// ParseJSON makes the canonical form of any JSON value: members sorted by
// name bytewise, no spaces, numbers as written, fewest escapes. An error says
// what is wrong and where, and names no content: not JSON, not UTF-8, half a
// surrogate pair, a member name twice in one object, more than 64 KiB, nested
// deeper than 32, a number that no double holds: whoever reads a list with it
// could read nothing of the list.
func ParseJSON(data []byte) (JSON, error) {
	if len(data) > maxDocumentBytes {
		return "", fmt.Errorf("larger than %d bytes", maxDocumentBytes)
	}
	text, err := canonicalJSON(data)
	if err != nil {
		return "", err
	}
	if value := any(nil); json.Unmarshal([]byte(text), &value) != nil {
		return "", errors.New("a number is too large for a double")
	}
	return JSON(text), nil
}

// canonicalJSON is ParseJSON without its limits on size and numbers.
func canonicalJSON(data []byte) (string, error) {
	if !utf8.Valid(data) {
		return "", errors.New("not UTF-8")
	}
	return strictjson.Canonical(string(data), maxDocumentDepth)
}

// KeySet is what a caller wrote as a key set. Faults and Notes have paths below
// "/jwks".
type KeySet struct {
	Sent   JWKS // as it was sent; empty if it is not JSON
	Stored JWKS // with every value in its one right form; empty with Faults
	// Faults are what no policy lets pass: private or symmetric key material
	// first of all. What a policy may let pass is for the rules of a client.
	Faults []fault.Field
	Notes  []fault.Field // values that are stored in another form than they were sent in
}

// ReadKeySet reads what a caller wrote. Its canonical form is that of
// ParseJSON, which Decode relies on.
func ReadKeySet(data []byte) KeySet {
	r := jwk.Check(data)
	set := KeySet{Sent: JWKS(r.Sent), Stored: JWKS(r.Canonical), Faults: keyFields(r.Faults), Notes: keyFields(r.Converted)}
	if r.Sent == nil && len(data) <= jwk.MaxSetBytes {
		sent, _ := strictjson.Canonical(string(data), maxKeySetDepth)
		set.Sent = JWKS(sent)
	}
	return set
}

// Over is the key set that a write over base stores: base itself, whatever its
// form and faults, if that is what was sent.
func (k KeySet) Over(base JWKS) (set JWKS, notes, faults []fault.Field) {
	if k.Sent != "" && k.Sent == base {
		return base, nil, nil
	}
	return k.Stored, k.Notes, k.Faults
}

// ParseJWKS is ReadKeySet over nothing.
func ParseJWKS(data []byte) (JWKS, []fault.Field) {
	set := ReadKeySet(data)
	return set.Stored, set.Faults
}

func keyFields(faults []jwk.Fault) []fault.Field {
	var fields []fault.Field
	for _, f := range faults {
		fields = append(fields, fault.Field{Path: "/jwks" + f.Pointer, Rule: f.Rule, Message: f.Message})
	}
	return fields
}

// Relaxable reports whether a setup's policy may let a fault of a client pass.
func Relaxable(f fault.Field) bool {
	return strings.HasPrefix(f.Path, "/jwks/") && jwk.Relaxable(f.Rule)
}

// WeakKeys are the rules that a stored key set breaks and that bind the next
// writes: what a policy may let pass, and what no policy lets pass any more.
func WeakKeys(set JWKS) []fault.Field {
	if set == "" {
		return nil
	}
	r := jwk.Check([]byte(set))
	return append(keyFields(append(r.Faults, r.Weak...)), keyLabels(set, "", false)...)
}
