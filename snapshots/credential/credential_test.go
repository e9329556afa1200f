package credential_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tenure/snapshots/credential"
)

func TestOwnHashes(t *testing.T) {
	chosen, err := credential.Chosen(strings.NewReader(strings.Repeat("s", 16)), "secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		hash credential.Hash
		fast bool
	}{{credential.Generated("secret"), true}, {chosen, false}} {
		if c.hash.Fast() != c.fast || c.hash.Renews("secret") || !c.hash.Matches("secret") || c.hash.Matches("Secret") || c.hash.Matches("") {
			t.Errorf("%s: fast %t, foreign %t, matches %t", c.hash, c.hash.Fast(), c.hash.Renews("secret"), c.hash.Matches("secret"))
		}
	}
	if _, err := credential.ParseHash(string(chosen), credential.MaxBcryptCost); err != nil {
		t.Errorf("%s: %v", chosen, err)
	}
	if _, err := credential.ParseHash(string(credential.Dummy), credential.MaxBcryptCost); err != nil || credential.Dummy.Fast() || credential.Dummy.Renews("secret") {
		t.Errorf("the dummy does not cost what a chosen secret costs: %v", err)
	}
	if _, err := credential.Chosen(strings.NewReader("short"), "secret"); err == nil {
		t.Error("a salt was made of too little randomness")
	}
}

func TestForeignHash(t *testing.T) {
	const text = "$pbkdf2-sha1$i=4096,l=20$c2FsdFNBTFRzYWx0U0FMVA$FTMvp38uqyBUazs3r+76QHp4Pzo" // by Python's hashlib
	hash, err := credential.ParseHash(text, credential.MaxBcryptCost)
	if err != nil || !hash.Renews("correct horse") || !hash.Matches("correct horse") || hash.Matches(text) {
		t.Errorf("%s: %v", text, err)
	}
	for _, bad := range []string{"", "plain", "$sha256$00", strings.Replace(text, "i=4096", "i=2000001", 1)} {
		if _, err := credential.ParseHash(bad, credential.MaxBcryptCost); err == nil || credential.Hash(bad).Matches("correct horse") {
			t.Errorf("%q was taken", bad)
		}
	}
}

// TestForeignBcrypt: the reason names what is wrong with a hash, be it its length, its letters or its cost.
func TestForeignBcrypt(t *testing.T) {
	const rest = "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
	for text, want := range map[string]string{
		"$2b$04$" + rest: "", "$2a$10$" + rest: "", "$2y$14$" + rest: "",
		"$2b$00$" + rest: "bcrypt costs are 4 to 31, not 0", "$2b$03$" + rest: "bcrypt costs are 4 to 31, not 3", "$2y$32$" + rest: "bcrypt costs are 4 to 31, not 32",
		"$2a$99$" + rest: "bcrypt costs are 4 to 31, not 99", "$2b$15$" + rest: "bcrypt cost 15 exceeds 14", "$2b$31$" + rest: "bcrypt cost 31 exceeds 18",
		"$2b$03$" + rest[1:]: "the bcrypt hash is not whole: it must have 60 characters", "$2b$10$" + rest + "x": "the bcrypt hash is not whole: it must have 60 characters",
		"$2b$10$" + rest[1:] + "!": "the bcrypt hash is not whole: it must have 60 characters of ./A-Za-z0-9 and $",
		"$2b$3$" + rest + "x":      "the bcrypt hash is not whole: it must have 60 characters of ./A-Za-z0-9 and $",
	} {
		_, err := credential.ParseHash(text, credential.MaxBcryptCost)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestSealer(t *testing.T) {
	sealer := func(b byte) *credential.Sealer {
		s, err := credential.NewSealer(bytes.Repeat([]byte{b}, credential.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	one, two := sealer(1), sealer(2)
	of := credential.Bearer{Secret: "id", Client: "client", ClientID: "shop", Hash: "sha256$x"}
	changed := func(change func(b *credential.Bearer)) credential.Bearer {
		b := of
		change(&b)
		return b
	}
	sealed, err := one.Seal(strings.NewReader(strings.Repeat("n", 12)), of, "secret")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := one.Open(of, sealed); err != nil || plain != "secret" {
		t.Errorf("%q, %v", plain, err)
	}
	for name, open := range map[string]func() (string, error){
		"another id": func() (string, error) {
			return one.Open(changed(func(b *credential.Bearer) { b.Secret = "other" }), sealed)
		},
		"another client": func() (string, error) {
			return one.Open(changed(func(b *credential.Bearer) { b.Client = "other" }), sealed)
		},
		"another client_id": func() (string, error) {
			return one.Open(changed(func(b *credential.Bearer) { b.ClientID = "other" }), sealed)
		},
		"another hash": func() (string, error) {
			return one.Open(changed(func(b *credential.Bearer) { b.Hash = "sha256$y" }), sealed)
		},
		"another key": func() (string, error) { return two.Open(of, sealed) },
		"cut":         func() (string, error) { return one.Open(of, sealed[:11]) },
	} {
		if plain, err := open(); err == nil || plain != "" {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	if one.KeyID() == two.KeyID() || len(one.KeyID()) != 16 {
		t.Errorf("key ids %s and %s", one.KeyID(), two.KeyID())
	}
	if _, err := credential.NewSealer([]byte("short")); err == nil {
		t.Error("a short key was taken")
	}
}
