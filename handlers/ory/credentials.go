package ory

import (
	"io"
	"strings"

	"tenure/snapshots"
	"tenure/tenancy"
)

// TokenSurface is the surface that registration tokens of this dialect work
// at, whichever of its two APIs registered the client.
const TokenSurface = "oauth2-register"

const (
	tokenPrefix    = "ory_at_"
	secretLength   = 26
	secretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~"
)

// NewSecret makes a client secret of 26 characters: 157 random bits.
func NewSecret(random io.Reader) (string, error) {
	const even = 256 / len(secretAlphabet) * len(secretAlphabet) // bytes beyond would favour some characters
	secret := make([]byte, 0, secretLength)
	var pool [2 * secretLength]byte
	for len(secret) < secretLength {
		if _, err := io.ReadFull(random, pool[:]); err != nil {
			return "", err
		}
		for _, b := range pool {
			if int(b) < even && len(secret) < secretLength {
				secret = append(secret, secretAlphabet[int(b)%len(secretAlphabet)])
			}
		}
	}
	return string(secret), nil
}

// NewToken makes a registration access token in Hydra's form. Both parts are
// random: nothing has to be computed from it.
func NewToken(store *snapshots.Store, ids *tenancy.IDs) *snapshots.NewToken {
	text := ids.Token(tokenPrefix) + "." + ids.Token("")
	return store.GenerateToken(TokenSurface, text, SignificantToken(text))
}

// SignificantToken is the part of a presented token that counts: its prefix
// may be left out.
func SignificantToken(presented string) string { return strings.TrimPrefix(presented, tokenPrefix) }

// TakesSecret reports whether a client authenticates with a secret as such,
// so that it can be rotated.
func TakesSecret(method string) bool {
	return method == defaultMethod || method == "client_secret_post"
}
