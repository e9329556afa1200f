package jwk

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"tenure/jwk/strictjson"
)

// Errors of Thumbprint.
var (
	ErrNotKey      = errors.New("not a JSON object of one key")
	ErrUnknownType = errors.New("a key type without a thumbprint")
	ErrMember      = errors.New("a required member missing or not a string")
)

// Thumbprint is the SHA-256 thumbprint of one JWK object, base64url without padding (RFC 7638). It
// takes the required members in their one right form, as far as they have one, so that it depends on
// the key and not on how the key is written. The error wraps
// [ErrNotKey], [ErrUnknownType] or [ErrMember].
func Thumbprint(key []byte) (string, error) {
	object, repeated, err := parse(string(key))
	if err != nil || object.kind != kindObject || len(repeated) > 0 {
		return "", fmt.Errorf("computing thumbprint: %w", ErrNotKey)
	}
	text, err := thumbprint(&object)
	if err != nil {
		return "", fmt.Errorf("computing thumbprint: %w", err)
	}
	return text, nil
}

func thumbprint(object *value) (string, error) {
	kty := object.get("kty")
	if kty == nil || kty.kind != kindText {
		return "", ErrMember
	}
	known, ok := keyTypes[kty.text]
	if !ok {
		return "", ErrUnknownType
	}
	size := 0
	if crv := object.get("crv"); crv != nil {
		size = curves[crv.text].octets
	}
	w := strictjson.NewWriter(nil)
	w.Open('{')
	for _, name := range known.required {
		v := object.get(name)
		if v == nil || v.kind != kindText {
			return "", ErrMember
		}
		w.Name(name)
		w.Text(known.canonical(name, v.text, size))
	}
	w.Close('}')
	digest := sha256.Sum256(w.Bytes())
	return base64.RawURLEncoding.EncodeToString(digest[:]), nil
}

// canonical is the text of a member in its one right form.
func (t keyType) canonical(name, text string, size int) string {
	for _, m := range t.material {
		if m.name == name {
			text, _, _ = m.form.canonical(text, size)
		}
	}
	return text
}
