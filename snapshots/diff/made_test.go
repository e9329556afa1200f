package diff_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"tenure/snapshots/diff"
	"tenure/snapshots/document"
)

// start is the instant that tests judge certificates at.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// holder is a key pair of a test; what differs between two is the key itself.
type holder struct {
	t       testing.TB
	private *ecdsa.PrivateKey
}

func newHolder(t testing.TB) holder {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return holder{t, private}
}

// certificate is a self-signed one in base64.
func (h holder) certificate(subject string, serial int64, from, to time.Time) string {
	h.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: subject, Organization: []string{"Läden"}},
		NotBefore: from, NotAfter: to, BasicConstraintsValid: true, DNSNames: []string{"shop.example"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, h.private.Public(), h.private)
	if err != nil {
		h.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// key is a JWK with further members in JSON and a chain.
func (h holder) key(more string, chain ...string) string {
	h.t.Helper()
	point, err := h.private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		h.t.Fatal(err)
	}
	text := fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q`,
		base64.RawURLEncoding.EncodeToString(point[1:33]), base64.RawURLEncoding.EncodeToString(point[33:]))
	if more != "" {
		text += "," + more
	}
	if len(chain) > 0 {
		text += `,"x5c":["` + strings.Join(chain, `","`) + `"]`
	}
	return text + "}"
}

func seconds(n int64) document.Lifetime { return &n }

// told is a change in one line: kind, path, old, new.
func told(changes []diff.Change) []string {
	var all []string
	for _, c := range changes {
		all = append(all, fmt.Sprintf("%s %s %s → %s", c.Kind, c.Path, c.Old.Text, c.New.Text))
	}
	return all
}
