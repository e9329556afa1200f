package witness

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	cosign "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// algorithm is the byte before the key of an Ed25519 cosignature/v1.
const algorithm = 4

// VerifierKey is the verifier key of a witness, as C2SP signed-note spells it.
func VerifierKey(name string, public ed25519.PublicKey) string {
	key := append([]byte{algorithm}, public...)
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return fmt.Sprintf("%s+%08x+%s", name, binary.BigEndian.Uint32(sum[:]), base64.StdEncoding.EncodeToString(key))
}

// ParseKey reads the verifier key of a witness.
func ParseKey(text string) (note.Verifier, error) {
	name, rest, _ := strings.Cut(text, "+")
	_, encoded, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != algorithm || VerifierKey(name, key[1:]) != text {
		return nil, errors.New("not the key of a witness (name, hash and an Ed25519 key of cosignature/v1)")
	}
	return cosign.NewVerifierForCosignatureV1(text)
}

// newSigner signs cosignatures with a key under a name.
func newSigner(name string, key ed25519.PrivateKey) (note.Signer, error) {
	secret := append([]byte{algorithm}, key.Seed()...)
	return cosign.NewSignerForCosignatureV1(fmt.Sprintf("PRIVATE+KEY+%s+00000000+%s", name, base64.StdEncoding.EncodeToString(secret)))
}

// Peer is a witness that is asked.
type Peer struct {
	URL      string // submission prefix, without a slash at its end
	Key      string
	verifier note.Verifier
}

// peerForm is a URL without a plus sign, and a verifier key, which has three parts.
var peerForm = regexp.MustCompile(`^(https?://[^+]+)\+([^+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+)$`)

// ParsePeer reads "URL+KEY". The URL is https, or http to this machine.
func ParsePeer(text string) (Peer, error) {
	parts := peerForm.FindStringSubmatch(text)
	if parts == nil {
		return Peer{}, errors.New("must be the URL of a witness, + and its key")
	}
	u, err := url.Parse(parts[1])
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return Peer{}, errors.New("its URL must have a host, and no query")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return Peer{}, errors.New("its URL must be https, or http to this machine")
	}
	v, err := ParseKey(parts[2])
	if err != nil {
		return Peer{}, err
	}
	return Peer{strings.TrimRight(parts[1], "/"), parts[2], v}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
