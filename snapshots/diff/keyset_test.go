package diff_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/snapshots/diff"
	"tenure/snapshots/document"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// pair is a key with a way to certify it.
type pair struct{ key *ecdsa.PrivateKey }

func newPair(t testing.TB) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair{key}
}

// certificate is one for the pair's own key, as x5c has it.
func (p pair) certificate(t testing.TB, name string, until time.Time) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(until.Unix()), Subject: pkix.Name{CommonName: name},
		NotBefore: noon.AddDate(-1, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, p.key.Public(), p.key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func (p pair) jwk(kid string, chain ...string) map[string]any {
	point := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.FillBytes(make([]byte, 32))) }
	key := map[string]any{"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": point(p.key.X), "y": point(p.key.Y)}
	if len(chain) > 0 {
		key["x5c"] = chain
	}
	return key
}

func keySet(t testing.TB, keys ...map[string]any) document.JWKS {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	set, faults := document.ParseJWKS(raw)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return set
}

func withKeys(set document.JWKS) *document.Client { return &document.Client{JWKS: set} }

// TestKeySetsThatDifferInOrderOnly are no change.
func TestKeySetsThatDifferInOrderOnly(t *testing.T) {
	a, b, c := newPair(t).jwk("a"), newPair(t).jwk("b"), newPair(t).jwk("c")
	one, other := withKeys(keySet(t, a, b, c)), withKeys(keySet(t, c, a, b))
	r := diff.Of(one, other, diff.Options{})
	if !r.Empty() || !slices.Equal(r.Reordered, []string{"jwks"}) || r.Level() != diff.Routine {
		t.Errorf("%+v", r)
	}
	if patch := string(diff.Patch(one, other)); patch == "[]" {
		t.Error("the patch does not make the bytes of the other")
	}
}

// TestReplacedCertificate shows one removed and one added, with subject and
// dates, and says what follows.
func TestReplacedCertificate(t *testing.T) {
	p := newPair(t)
	old, new := p.certificate(t, "old.example", noon.AddDate(1, 0, 0)), p.certificate(t, "new.example", noon.AddDate(0, 0, 10))
	r := diff.Of(withKeys(keySet(t, p.jwk("a", old))), withKeys(keySet(t, p.jwk("a", new))), diff.Options{At: noon})
	var kinds []string
	for _, c := range r.Changes {
		kinds = append(kinds, string(c.Kind))
		side, name, ends := c.New, "new.example", "2026-03-14T12:00:00Z"
		if c.Kind == diff.Removed {
			side, name, ends = c.Old, "old.example", "2027-03-04T12:00:00Z"
		}
		if !strings.Contains(side.JSON, `"subject":"CN=`+name+`"`) || !strings.Contains(side.JSON, `"not_after":"`+ends+`"`) ||
			!strings.Contains(side.JSON, `"not_before":"2025-03-04T12:00:00Z"`) || !strings.Contains(side.Text, name) {
			t.Errorf("%s: %+v", c.Kind, side)
		}
	}
	slices.Sort(kinds)
	if !slices.Equal(kinds, []string{"added", "removed"}) {
		t.Errorf("%v in %+v", kinds, r.Changes)
	}
	if names := risksOf(r); !names["certificate-expires-soon"] || r.Level() == diff.Routine {
		t.Errorf("risks %v", names)
	}
}

// TestReplacedKey shows one removed and one added, by thumbprint.
func TestReplacedKey(t *testing.T) {
	kept, old, new := newPair(t).jwk("kept"), newPair(t).jwk("same-kid"), newPair(t).jwk("same-kid")
	r := diff.Of(withKeys(keySet(t, kept, old)), withKeys(keySet(t, new, kept)), diff.Options{})
	if len(r.Changes) != 2 || r.Changes[0].Kind == r.Changes[1].Kind {
		t.Fatalf("%+v", r.Changes)
	}
	for _, c := range r.Changes {
		if c.Kind == diff.Changed || !strings.Contains(c.Old.JSON+c.New.JSON, `"thumbprint":"`) {
			t.Errorf("%+v", c)
		}
	}
	used := newPair(t)
	sig, enc := used.jwk("a"), used.jwk("a")
	enc["use"] = "enc"
	if r := diff.Of(withKeys(keySet(t, sig)), withKeys(keySet(t, enc)), diff.Options{}); len(r.Changes) != 1 || r.Changes[0].Kind != diff.Changed {
		t.Errorf("the same key for another use: %+v", r.Changes)
	}
}

func risksOf(r diff.Result) map[string]bool {
	names := map[string]bool{}
	for _, c := range r.Changes {
		for _, risk := range c.Risks {
			names[risk.Rule] = true
		}
	}
	return names
}

// TestOneKeyInManySpellings: a key that is written in another way is the same key, and so are its
// certificate and the digest of it.
func TestOneKeyInManySpellings(t *testing.T) {
	var p pair
	for p = newPair(t); p.key.X.BitLen() > 248; p = newPair(t) { // 31 octets
	}
	der := p.certificate(t, "a", noon.AddDate(1, 0, 0))
	raw, err := base64.StdEncoding.DecodeString(der)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(raw)
	right := p.jwk("a", der)
	right["x5t#S256"] = base64.RawURLEncoding.EncodeToString(digest[:])
	for name, spelling := range map[string]map[string]any{
		"31 octets":     {"x": base64.RawURLEncoding.EncodeToString(p.key.X.Bytes())},
		"33 octets":     {"y": base64.RawURLEncoding.EncodeToString(append([]byte{0}, p.key.Y.FillBytes(make([]byte, 32))...))},
		"padding":       {"x": right["x"].(string) + "="},
		"base64url x5c": {"x5c": []string{base64.RawURLEncoding.EncodeToString(raw)}},
		"padded digest": {"x5t#S256": right["x5t#S256"].(string) + "="},
	} {
		other := maps.Clone(right)
		maps.Copy(other, spelling)
		raw, err := json.Marshal(map[string]any{"keys": []any{other}})
		if err != nil {
			t.Fatal(err)
		}
		stored := document.ReadKeySet(raw) // as a set of before is stored
		if stored.Sent == stored.Stored || stored.Stored != keySet(t, right) {
			t.Errorf("%s: stored as %s", name, stored.Stored)
		}
		r := diff.Of(withKeys(stored.Sent), withKeys(stored.Stored), diff.Options{At: noon})
		if !r.Empty() || !slices.Equal(r.Reordered, []string{"jwks"}) || r.Level() != diff.Routine {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestKeyOfAlgorithmPair: a key of RFC 9964 is known by its thumbprint.
func TestKeyOfAlgorithmPair(t *testing.T) {
	akp := func(octet byte, kid string) map[string]any {
		return map[string]any{"kty": "AKP", "alg": "ML-DSA-44", "kid": kid, "pub": base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{octet}, 1312))}
	}
	r := diff.Of(withKeys(keySet(t, akp(1, "a"))), withKeys(keySet(t, akp(2, "a"))), diff.Options{})
	if len(r.Changes) != 2 {
		t.Fatalf("%+v", r.Changes)
	}
	for _, c := range r.Changes {
		if strings.Contains(c.Label, "without a thumbprint") {
			t.Errorf("%+v", c)
		}
	}
	if r := diff.Of(withKeys(keySet(t, akp(1, "a"))), withKeys(keySet(t, akp(1, "b"))), diff.Options{}); len(r.Changes) != 1 || !strings.HasSuffix(r.Changes[0].Path, "/kid") {
		t.Errorf("%+v", r.Changes)
	}
}

// TestAddressesOfKeys: a plan says what is wrong with the x5u of a new key, and with one that changes.
func TestAddressesOfKeys(t *testing.T) {
	p, other := newPair(t), newPair(t)
	with := func(p pair, address string) map[string]any {
		key := p.jwk("a")
		if address != "" {
			key["x5u"] = address
		}
		return key
	}
	const inside, outside = "https://10.0.0.1/a.pem", "https://a.example/a.pem"
	for name, row := range map[string]struct {
		from, to *document.Client
		want     string
	}{
		"a new client":       {nil, withKeys(keySet(t, with(p, inside))), "x5u of a key: the address leads into the network behind this machine"},
		"a new key":          {withKeys(keySet(t, with(p, ""))), withKeys(keySet(t, with(p, ""), with(other, "http://a.example/a.pem"))), "x5u of a key: the address is http, and not one of this device"},
		"a new address":      {withKeys(keySet(t, with(p, ""))), withKeys(keySet(t, with(p, "https://localhost/a.pem"))), "x5u of a key: the address leads to this machine"},
		"another address":    {withKeys(keySet(t, with(p, outside))), withKeys(keySet(t, with(p, inside))), "x5u of a key: the address leads into the network behind this machine"},
		"a good address":     {nil, withKeys(keySet(t, with(p, outside))), ""},
		"an address is gone": {withKeys(keySet(t, with(p, inside))), withKeys(keySet(t, with(p, ""))), ""},
		"a key is gone":      {withKeys(keySet(t, with(p, ""), with(other, inside))), withKeys(keySet(t, with(p, ""))), ""},
		"another kid":        {withKeys(keySet(t, with(p, inside))), withKeys(keySet(t, func() map[string]any { k := with(p, inside); k["kid"] = "b"; return k }())), ""},
	} {
		got := ""
		for _, c := range diff.Of(row.from, row.to, diff.Options{At: noon}).Changes {
			for _, risk := range c.Risks {
				if risk.Rule == "key-x5u" {
					got += risk.Label
					if risk.Level != diff.Sensitive || risk.Effect != diff.Relaxes {
						t.Errorf("%s: %+v", name, risk)
					}
				}
			}
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}
