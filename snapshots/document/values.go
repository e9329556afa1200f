package document

import (
	"encoding/json"
	"errors"
	"fmt"
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

// ParseJWKS makes a key set of what a caller wrote. Whatever jwk.Check refuses
// (private or symmetric key material first of all) comes back as faults with
// paths below "/jwks", and no key set. Its canonical form is that of
// ParseJSON, which Decode relies on.
func ParseJWKS(data []byte) (JWKS, []fault.Field) {
	checked, faults := jwk.Check(data)
	if len(faults) > 0 {
		fields := make([]fault.Field, len(faults))
		for i, f := range faults {
			fields[i] = fault.Field{Path: "/jwks" + f.Pointer, Rule: f.Rule, Message: f.Message}
		}
		return "", fields
	}
	return JWKS(checked), nil
}
