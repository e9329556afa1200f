package nevismeta_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
)

// publicKey is the public half of RFC 7517 appendix A.1's EC key, privateKey
// appendix A.2's whole one.
const (
	publicKey = `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",` +
		`"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"}`
	privateKey = `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",` +
		`"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}`
	symmetricKey = `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"}`
)

func keySet(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

// chainKey is a public key with a chain of n certificates, the key's first,
// that together use every part of a certificate which the view shows.
func chainKey(t testing.TB, n int) string {
	t.Helper()
	ders := make([]string, n)
	var parent *x509.Certificate
	var signer, leaf *ecdsa.PrivateKey
	for i := n - 1; i >= 0; i-- {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		template := &x509.Certificate{
			SerialNumber: new(big.Int).Lsh(big.NewInt(int64(i)+3), 150), // wider than a double holds exactly
			Subject:      pkix.Name{Country: []string{"CH"}, Organization: []string{"Läden AG"}, CommonName: fmt.Sprintf("certificate %d", i)},
			NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC),
			KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, IsCA: i > 0, SubjectKeyId: make([]byte, 20),
		}
		template.SerialNumber.Add(template.SerialNumber, big.NewInt(12345))
		if i == 0 {
			template.DNSNames, template.IPAddresses = []string{"client.example"}, []net.IP{net.IPv4(192, 0, 2, 1)}
			template.URIs = []*url.URL{{Scheme: "urn", Opaque: "client"}}
			template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}
		if parent == nil {
			parent, signer = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
		must(t, err)
		ders[i] = `"` + base64.StdEncoding.EncodeToString(der) + `"`
		parent, signer, leaf = template, key, key
	}
	point, err := leaf.PublicKey.Bytes()
	must(t, err)
	return fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":"%s","y":"%s","use":"sig","alg":"ES256","kid":"leaf","x5c":[%s]}`,
		base64.RawURLEncoding.EncodeToString(point[1:33]), base64.RawURLEncoding.EncodeToString(point[33:]), strings.Join(ders, ","))
}

// TestKeysOfOtherKinds: a key that no reader knows is shown with what every key has, so that whoever
// reads a client and puts it back does not lose it.
func TestKeysOfOtherKinds(t *testing.T) {
	f := newFixture(t)
	other := `{"kty":"LMS","kid":"l","use":"sig","pub":"AAAA"}`
	akp := `{"alg":"ML-DSA-44","kid":"a","kty":"AKP","pub":"` + strings.Repeat("A", 1750) + `"}`
	path := f.client(t, `{"name":"a","jwks":`+keySet(other, publicKey, akp)+`}`)
	stored := f.content(t, path).JWKS
	shown := f.get(t, path).doc(t)
	set := shown["jwks"].(map[string]any)
	keys := set["keys"].([]any)
	if len(keys) != 3 || set["empty"] != false {
		t.Fatalf("%d keys, empty %v", len(keys), set["empty"])
	}
	for i, want := range []string{"LMS", "EC", "AKP"} {
		key := keys[i].(map[string]any)
		if kty := key["keyType"].(map[string]any)["value"]; kty != want || len(key) != 17 {
			t.Errorf("key %d is shown as %v, with %d members", i, kty, len(key))
		}
	}
	shown["name"] = "b"
	delete(shown, "valid_from")
	f.send(t, "PUT", path, encode(t, shown)).want(t, 200)
	if got := f.content(t, path); got.JWKS != stored || got.ClientName != "b" {
		t.Errorf("%s is stored now as %s", got.ClientName, got.JWKS)
	}
}

// TestStoredKeysAreKept: what an older program stored, weak and in another form, can be sent back, and
// stays as it is. Anything else is held to the rules.
func TestStoredKeysAreKept(t *testing.T) {
	f := newFixture(t)
	old := document.JWKS(`{"keys":[{"e":"AAEAAQ==","kty":"RSA","n":"AQ"}]}`)
	admin := f.Scope(t, f.North, tenancy.Admin)
	made, err := f.store.CreateClient(ctx, admin, snapshots.NewClient{Module: module, Setup: f.id, ClientID: "old"},
		snapshots.Change[document.Client]{WeakKeys: true, Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
			return &document.Client{ClientName: "old", JWKS: old, TokenEndpointAuthMethod: "none"}, nil
		}})
	must(t, err)
	path := f.setup + "/clients/" + string(made.Entity.ID)
	doc := f.get(t, path).doc(t)
	delete(doc, "valid_from")
	for _, name := range []string{"b", "c"} {
		doc["name"] = name
		f.send(t, "PUT", path, encode(t, doc)).want(t, 200)
		if got := f.content(t, path); got.JWKS != old || got.ClientName != name {
			t.Errorf("%s has %s", got.ClientName, got.JWKS)
		}
		doc["jwks"] = json.RawMessage(old) // RFC 7517 form
	}
	doc["jwks"] = json.RawMessage(strings.Replace(string(old), `"kty"`, `"kid":"k","kty"`, 1))
	f.send(t, "PUT", path, encode(t, doc)).want(t, 400, "/jwks/keys/0/n: The modulus must have at least 2,048 bits")
}
