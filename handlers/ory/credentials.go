package ory

import (
	"cmp"
	"io"
	"strings"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
)

// TokenSurface is the surface at which registration tokens of this dialect work,
// no matter which of its two APIs registered the client.
const TokenSurface = "oauth2-register"

// PathRegister is the path of dynamic registration, below which each client manages
// itself.
const PathRegister = "/oauth2/register"

const (
	tokenPrefix    = "ory_at_"
	secretLength   = 26
	secretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~"
)

// NewSecret makes a client secret of 26 characters: 157 random bits.
func NewSecret(random io.Reader) (string, error) {
	const even = 256 / len(secretAlphabet) * len(secretAlphabet) // larger bytes would favour some characters
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
// random, as nothing is computed from the token.
func NewToken(store *snapshots.Store, ids *tenancy.IDs) *snapshots.NewToken {
	text := ids.Token(tokenPrefix) + "." + ids.Token("")
	return store.GenerateToken(TokenSurface, text, SignificantToken(text))
}

// SignificantToken is a presented token without its prefix, which callers may leave
// out.
func SignificantToken(presented string) string { return strings.TrimPrefix(presented, tokenPrefix) }

// AuthMethod is the token_endpoint_auth_method of a client; unset is Hydra's
// default.
func AuthMethod(c *document.Client) string {
	return cmp.Or(c.TokenEndpointAuthMethod, defaultMethod)
}

// TakesSecret reports whether clients of an auth method send their secret, so that
// it can be rotated.
func TakesSecret(method string) bool {
	return method == defaultMethod || method == "client_secret_post"
}
