package diff_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
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
