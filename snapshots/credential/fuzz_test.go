package credential_test

import (
	"testing"

	"tenure/snapshots/credential"
)

// FuzzHash: every hash that an import takes is one that nobody can choose as a secret,
// and no text ends the program.
func FuzzHash(f *testing.F) {
	for _, seed := range []string{"", "$", "$2a$", "$2a$10$", "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$2y$31$", "$2b$99$x", "$2a$10000000000000000000000000000000000000000000000000000000",
		"$argon2id$v=19$m=19456,t=2,p=1$dGVudXJlIGR1bW15IHM$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$argon2i$v=19$m=1,t=1,p=1$$", "$argon2id$v=19$m=0,t=0,p=0",
		"$pbkdf2-sha256$i=25000,l=32$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$pbkdf2-sha512$i=-1,l=0$", "$pbkdf2-sha1$i=1,l=8$$AAAAAAAAAAA",
		"$scrypt$ln=16,r=8,p=1$c2FsdA$AAAA", "{SSHA}AAAAAAAAAAA=", "md5$salt$00000000000000000000000000000000", "plain"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		form := credential.Form(text)
		hash, err := credential.ParseHash(text, credential.MaxBcryptCost)
		if err == nil && form == "" {
			t.Errorf("%q is taken as a hash by an import, and could be chosen as a secret", text)
		}
		if err != nil && hash != "" {
			t.Errorf("%q: a hash and %v", text, err)
		}
		credential.Strong(text)
	})
}
