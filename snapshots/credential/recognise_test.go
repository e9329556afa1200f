package credential_test

import (
	"strings"
	"testing"

	"tenure/snapshots/credential"
)

// TestForm: hashes as their makers write them, and secrets that look a little alike.
func TestForm(t *testing.T) {
	for text, want := range map[string]string{
		"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy": "bcrypt",
		"$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy": "bcrypt",
		"$2y$05$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy": "bcrypt",
		"$2x$05$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy": "bcrypt",
		"$2a$10$cut-off": "bcrypt",
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

		"$P$B55D6LjfHDkINU5wF.v2BuuzO0/XPk/":                                                   "phpass",
		"$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0":                                                   "phpass",
		"$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf":                              "Drupal",
		"$3$$8846f7eaee8fb117ad06bdd830b7586c":                                                 "NT",
		"$NT$8846f7eaee8fb117ad06bdd830b7586c":                                                 "NT",
		"$md5$rounds=904$iPPKEBnEkp3JV8uX$0L6m7rOFTVFn.SGqo2M9W1":                              "crypt",
		"$md5,rounds=5000$GUBv0xjJ$$mSwgIswdjlTY0YxV7HBVm0":                                    "crypt",
		"$md5$RPgLF6IJ$$WTvAlUJ7MqH5xak2FMEwS/":                                                "crypt",
		"$8$dsYGNam3K1SIJO$7nv/35M/qr6t.dVc7UY9zrJDWRVqncHub1PE9UlMQFs":                        "Cisco",
		"$9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM":                        "Cisco",
		"bcrypt_sha256$$2b$12$N9qo8uLOickgx2ZMRZoMye":                                          "bcrypt",
		"SCRAM-SHA-256$4096:c29tZXNhbHQ=$RdescudvJCsgt3ub+b7d:WRWJTmaaJObGb7dW":                "SCRAM",
		"*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19":                                            "MySQL",
		"$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORD":                                    "MySQL",
		"md5a3556571e93b0d20722ba62be61e8c2d":                                                  "PostgreSQL",
		"sha256:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8":              "digest",
		"SHA-256:5E884898DA28047151D0E56F8DC6292773603D0D6AABBDD62A11EF721D1542D8":             "digest",
		"sha1:somesalt:a36cc8cbf81742a8fb52e221aaeab48ed7f58ab4":                               "digest",
		"AQAAAAEAACcQAAAAEKkVZ3yX1kJbVbKQqLLlEYCUEkx0ExEGYUrkYWZ4RAoRXIFVGUJmTxkyNzQ3FUhBDg==": "ASP.NET",
		"AQAAAAIAAYagAAAAEKkVZ3yX1kJbVbKQqLLlEYCUEkx0ExEGYUrkYWZ4RAoRXIFVGUJmTxkyNzQ3FUhBDg==": "ASP.NET",
		"PBKDF2_SHA256$260000$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG=":                   "PBKDF2",
		"SHA1$a1976$A36CC8CBF81742A8FB52E221AAEAB48ED7F58AB4":                                  "salted digest",
		"$ARGON2ID$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG":          "argon2",
		"  $2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":                       "bcrypt",
		"\t$argon2d$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG\n":            "argon2",

		"correct horse battery staple":                                     "",
		"$ecret-with-$igns-and-more":                                       "",
		"$2a$ is how my secret begins":                                     "",
		"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8": "",
		"a{b}c$d$e$f-0123456789":                                           "",
		"a3556571e93b0d20722ba62be61e8c2d":                                 "",
		"A36CC8CBF81742A8FB52E221AAEAB48ED7F58AB4":                         "",
		"AQAAAA-is-how-my-secret-begins":                                   "",
		"*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19, or more":               "",
		"md5 is not what this secret is made of":                           "",
		"$P$ and $S$ are how some hashes begin":                            "",
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
