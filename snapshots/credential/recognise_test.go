package credential_test

import (
	"strings"
	"testing"

	"tenure/snapshots/credential"
)

// TestForm: hashes as their makers write them, and secrets that look a little alike.
func TestForm(t *testing.T) {
	for text, want := range map[string]string{
		"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":                  "bcrypt",
		"$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":                  "bcrypt",
		"$2y$05$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":                  "bcrypt",
		"$2x$05$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":                  "bcrypt",
		"bcrypt$$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":           "bcrypt",
		"bcrypt_sha256$$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":    "bcrypt",
		"$bcrypt-sha256$v=2,t=2b,r=12$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvG": "bcrypt",
		"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG":   "argon2",
		"$argon2i$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG":    "argon2",
		"$argon2d$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG":         "argon2",
		"argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRW":     "argon2",
		"$pbkdf2-sha256$i=25000,l=32$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG":      "PBKDF2",
		"$pbkdf2-sha512$25000$c29tZXNhbHQ$RdescudvJCsgt3ub":                             "PBKDF2",
		"$pbkdf2$131000$c29tZXNhbHQ$RdescudvJCsgt3ub":                                   "PBKDF2",
		"pbkdf2_sha256$260000$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG=":            "PBKDF2",
		"pbkdf2:sha256:600000$c29tZXNhbHQ$5e884898da28047151d0e56f8dc6292773603d0d":     "PBKDF2",
		"sha1:64000:18:c29tZXNhbHQ=:RdescudvJCsgt3ub":                                   "PBKDF2",
		"sha256:27500:c29tZXNhbHQ=:RdescudvJCsgt3ub":                                    "PBKDF2",
		"$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBs": "scrypt",
		"$firescrypt$ln=14,r=8,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub$Bw==$key":               "scrypt",
		"scrypt:32768:8:1$c29tZXNhbHQ$5e884898da28047151d0e56f8dc62927":                 "scrypt",
		"$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D":      "scrypt",
		"$6$rounds=5000$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3u":        "crypt",
		"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8":                     "crypt",
		"$1$28772684$iEwNOgGugqO9.bIz5sk8k/":                                            "crypt",
		"$apr1$28772684$iEwNOgGugqO9.bIz5sk8k/":                                         "crypt",
		"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC":     "crypt",
		"sha1$a1976$a36cc8cbf81742a8fb52e221aaeab48ed7f58ab4":                           "salted digest",
		"$sha256$5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8":      "salted digest",
		"{SSHA}0cIqDvYvF8pCFHOB0xNsCUnqq6UwzqNb":                                        "directory's",
		"{bcrypt}$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":          "directory's",
		"$balloon$v=1$s=1024,t=3$c29tZXNhbHQ$RdescudvJCsgt3ub":                          "PHC",

		"correct horse battery staple":                                     "",
		"$ecret-with-$igns-and-more":                                       "",
		"$2a$ is how my secret begins":                                     "",
		"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8": "",
		"a{b}c$d$e$f-0123456789":                                           "",
		"$price=10$off$today, says the shop":                               "",
		"2b$or-not-2b$that-is-the-question":                                "",
	} {
		if got := credential.Form(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestRenews: a bcrypt hash knows the first 72 bytes only, and a text up to a NUL.
func TestRenews(t *testing.T) {
	bcrypt := credential.Hash("$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy")
	pbkdf2 := credential.Hash("$pbkdf2-sha256$i=25000,l=32$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG")
	text := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct {
		hash   credential.Hash
		secret string
		want   bool
	}{
		{bcrypt, text(71), true}, {bcrypt, text(72), false}, {bcrypt, text(100), false}, {bcrypt, "a\x00a", false}, {bcrypt, "short", true},
		{pbkdf2, text(100), true}, {pbkdf2, "short", true}, {credential.Generated("x"), "x", false}, {credential.Dummy, "x", false},
	} {
		if got := c.hash.Renews(c.secret); got != c.want {
			t.Errorf("%.12s of %d bytes: %t", c.hash, len(c.secret), got)
		}
	}
}
