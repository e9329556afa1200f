package credential_test

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
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

// TestFamilies: the forms that several makers write, and how files wrap them.
func TestFamilies(t *testing.T) {
	for text, want := range map[string]string{
		"$wp$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy": "bcrypt",
		"$wp$2y$12$cut-off": "bcrypt",
		"alice:$2y$05$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":                                                                           "bcrypt",
		"Blowfish$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":                                                                         "bcrypt",
		"\u200b$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":                                                                           "bcrypt",
		"\ufeff$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":                                                                           "bcrypt",
		"$2b\u200b$12$\u2060N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy\u200b":                                                               "bcrypt",
		"\"$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy\"":                                                                             "bcrypt",
		"'$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'":                                                                               "bcrypt",
		"\u201c$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy\u201d":                                                                     "bcrypt",
		"`$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy`":                                                                               "bcrypt",
		" \u200b\" $2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":                                                                       "bcrypt",
		"\ufeff$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG":                                                            "argon2",
		"\"{SSHA}0cIqDvYvF8pCFHOB0xNsCUnqq6UwzqNb\"":                                                                                                   "directory's",
		"\u200bmd5a3556571e93b0d20722ba62be61e8c2d":                                                                                                    "PostgreSQL",
		"alice:$apr1$28772684$iEwNOgGugqO9.bIz5sk8k/":                                                                                                  "crypt",
		"root:$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO:19000:0:99999:7:::":                                                                   "crypt",
		"pbkdf2-sha512:100000:OLTmUuRNp/I3DZ4mDicTZQ==:UKSjptB/XAwzL4sSJAg/0iuQL4kR6BgY+MmdXV2YMZV1BNkOlF3i6PVO54HMdfY22FCZCVqjABZaZwNvm1QNaw==":       "PBKDF2",
		"pbkdf2-sha256$27500$jwviESQXnD3Z9zgXzm4RjQ==$JkqtbLbdIQ+vlKzTz5LBkCN8sR9dEIzyWTAmOTizcKE=":                                                    "PBKDF2",
		"PBKDF2WithHmacSHA512:10000:tXafoPFIP5WpDZ3y8TDWDw==:zwS9k/UK5pUU2oxlnOKxDMza6/mQ0Zg4sNfsCz6XgY7LlsTbrb4XIpbVI0pCskxrpObtJOxjaorAoSceWGYnkg==": "PBKDF2",
		"$p5k2$2710$oX9ZZOcNgYoAsYL-8bqxKg==$AU2JLf2rNxWoZxWxRCluY0u6h6c=":                                                                             "PBKDF2",
		"$p5k2$$oX9ZZOcN$AU2JLf2rNxWoZxWxRCluY0u6h6c=":                                                                                                 "PBKDF2",
		":pbkdf2:sha512:30000:64:OKr4TlgFbY8vqO3QlLqXrg==:ixVELuLbYRqRv+OUaXM6kkfVj6PFUBgwA3JVX9I18Rgp+ziMIuRMtjfwEhDDcHqQtAVCD7Fpd57ftbk0JAUVfw==":    "PBKDF2",
		"grub.pbkdf2.sha512.10000.DAEEB975729FAE923D5A4FD12AABFE228F219E9CB0EB53F16947CCF25EC84D8DBC74254770F58904DBA41ECCCC3FC1626E53A13043B026C48BBF33FEFF9243A8.F506B40928B5B7A767C76FB008F86BEBB2737F6A6F0FB23C6F5DA2CEC255404E4FB440034D6608697A8D41BED440E50454F31AF3176813E02EA68EF786E4D3CE":                                                  "PBKDF2",
		"$ml$35714$a27d26934b484e73cf575dcad6ba2b0aee0ca923732881584d8c4fa2815d2802$827283e0ad84173581569969e58b081006f7e3dfc967a64cb14028d512c9791e558e08baa7196b50ac2f86702824c1c099724caf4941d4072014b3ce107f80e222f828767efc2f91624a8940f1f836f99eee3692f09e2e8c662248b483b7ffc050fec94dbca3a0aac36098b2cc2bd818319478da6bd0c621de49f145fda9988c": "PBKDF2",
		"PBKDF2$sha256$901$XU/vp6wmGT1ymwNN$JNGxe4iirI7+dDuraUn1ZChypx7pTNYq":                                                                               "PBKDF2",
		"pbkdf2_hmac_sha256:1000:526f7eaed46725a2a7b860dcd6c8a1f8:b46287cced9041dff02cee737443e210471948d33296c87009e8a7f770d9106f":                         "PBKDF2",
		"AMZuheLQn6msQdOspQsphmsqc8IUjonbQXbBUzrAx9eqlmSgbAtX1+zjm8Ze4aYOOg==":                                                                              "ASP.NET",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==":                                                                              "ASP.NET",
		"sha256-NdaKMX7Zm7oIOXEhsimMilY2n+S3AZ2pawb/wFywvK4=":                                                                                               "digest",
		"sha512-NVS7d2X9WLUyWpi6AYJmDMzDzMdKnZI3vWu7W9jNtT+B/0BDEZg0iTRX6OV+VqlI+K9RTjNcmsxPCTYPxNDr0Q==":                                                   "digest",
		"sha384-NUqcpTFDSRY7V7cRd+F5sDiXethD0jWuwoNiq+MouIBLz/PnG/B6sfPWDaSfb+p+":                                                                           "digest",
		"sha1-NSNnL5w8wvMvkXZ/5VLFKzlqLHw=":                                                                                                                 "digest",
		"SHA-256=NeBqwmpRtg/pb7lQqnpZcQ5NBeLydvREmBhceSUuA+w=":                                                                                              "digest",
		"sha-256:HMu5ZE5u6g281IM2BIgMBqDoX_ncyZuYyEhUJMOqVmo":                                                                                               "digest",
		"md5-NeBrRQ3zSrm1OAZlD34hLw==":                                                                                                                      "digest",
		"sha3-256:cea325a65e19cbae530282bd36cb9d21f6be6abf0d7c1c1e21862ab8a18a8902":                                                                         "digest",
		"sha3_512:073fec8df4f50947aaeb26c57d21fa5d328263dfe574de739988b886e7577496a2c8773e130f7eb19731662b5e803b61ba4168160adb59261ff2d3c425c8d99d":         "digest",
		"blake2b:19bdd0b6cc60d5d32cbe54014c2b54b95523cf6941fa1c257c6f561c5cb347611a3ce9d97dcbee500fe7ee5fc324bdb2e1142a21c402364f9572b85a8e48f687":          "digest",
		"blake2s-256:ab165c58ac5831be38cb8cb4ba2e751989a01749ddb14f71010b93b7d946bf54":                                                                      "digest",
		"blake3:074e3248c801bef750110c57513064d6d59291f0cde2e5738713a818d8962058":                                                                           "digest",
		"ripemd160:765a6ca7cff00d796c25410335b400141212b62c":                                                                                                "digest",
		"RIPEMD-160:376631129f34369aad80b891baf90d0d3bf16295":                                                                                               "digest",
		"hmac-sha256:d06910bf3f5fb85967f532f3ab3cc2d0b698d5c7e41ba4ea5ee874ae7689447a":                                                                      "digest",
		"hmac_sha512:salt:b57a683536c4499d863386ce10cd79e048c07dd7753eda83d7c58dfe0d5a0cf318656b3e6f0bade65c3b188cc102ddb8379c7ce65426f74bde94fb78c8d5f08b": "digest",
		"HmacSHA256:79affd2b49c12a4b0062983475eb46c5296f62e338d74ff1fe4f7f505aef9ebd":                                                                       "digest",
		"keccak-256:d25b001a3ff416d4a3baf69dad8199bfca8b6f3a6a9421cc1c93016f1c4261e5":                                                                       "digest",
		"whirlpool:351d30b49895d1a0d1f13dce20c4fd32f640d0032634f087e51b429fe8110102c995f1abef543b5dfce8a981a049d7ccc7e90a88d519448fb2fc6791ce680ce2":        "digest",
		"sha512/256:b27c8af6666259bbc471fb3be24a0b80316f688d3e481a65c2011bef2c328a72":                                                                       "digest",
		"sha256-c5e5b77518b1018f134a069e3fab8c3bfc5e740e61572b4e3c02eaa7f3b4a715":                                                                           "digest",
		"sha512_256:e4e48dd74089a58f3aef3416f9386bd8773c9d51940ea4e095bd1d6854575622":                                                                       "digest",
		"$hmac-sha256$0tKq45BPypu+8Ri7mczXfg==$QznjwraNHUYlo+Es7IG+NI0bFSMMbsicLYl+qyqaL7U=":                                                                "salted digest",
		"$sha3-256$salt$69602d1ba9f20df4875b15b0be23b7ac193fe04072755398003680e7e3b35183":                                                                   "salted digest",
		"$blake2b$4xoAdx0KXH7Jrf2Vw4MxgLlo8sLWXJVH65QrHIjXPR8Cch0fTLbYZ7iGauJ9dQ8jYCWmiiD/gJfqDjk6EWlw3A==":                                                 "salted digest",
		"{x-issha, 1024}8dgeOqc+sCX94DSrUrylktg3SXYhxR+/":                                                                                                   "directory's",
		"{x-pbkdf2-sha256, 10000}CWKIZRwTESo93rzyn6R10zT+vARCTgXw":                                                                                          "directory's",
		"{FSHP1|16|4096}P82OopjGhGMbaqGxJ9ika8Gg15gpEfjWw3VQmo67joZM4UQJPDxIZWYmcvgngvjw":                                                                   "directory's",
		"400$8$36$1bac7adac1a4b7d0$b352ad6074dce1118813830d71939b53182e4e349d98729e7c6be9ff907a76cc":                                                        "scrypt",
		"4000$8$1$0b57aaf89691052be1ceb374dab4683f84d30d3fc4d83cee9b9bcca0fce9594d$c72aa7a6d0018f99ddceb1be0273dbc46dfcea25bab29539ad5966d513b1d009":        "scrypt",
		"SCRYPT:16384:8:1:KVzstXqT0bCo+YyN:cXIAAb+dwuqb3vBNReTGZe6pl9exHDcZZzsRlg3y8wM=":                                                                    "scrypt",
		"S:065F846D34530325FED10A47B851832B6EC017C1E1777155A0E9D8F27C7D":                                                                                    "Oracle",
		"S:9CF07255BC509CB3ACAC23DB7C6E9B7D180A4742684EE75BB6CC69F67E48;T:EB7C64328C0490C257A632B96292794C9BCE4850BBD0E7CB3593871C15D694C1957F8DB03911731A6B2DC782BDEAE16D4F6185578715BBD26944FF770E4B9447A3D54EC6390BF61189639E35AEEB9521": "Oracle",
		"T:0EF2A83FDF6A0B29872400C49B5539AC5BA7B4B87113C16FDF5924754EC21EF66B01D4921DA2E055C90EB6F2AED4C21A9DBF49A067E24BDB7EC83756378368F7E732D2E433EC56F24B1C71B106E934D2":                                                                "Oracle",
		"H:63b5ba0837bbf1b3ba3178b6e0e30f32;S:8549c488e00a4ff1125cf5ec72ba694165beaecba0afa707e1448c828b41":                                                                                                                                 "Oracle",
		"0x010036d3b97429ab7bca1aafb77b4460ecec9524998a26259beb":                                                                                         "MSSQL",
		"0x0100D2FA5880587061CE6936714122A40680A06AA0FCA51D12AFC8E00AA1DA5204642BBDB4A78F19E8B8480F3B47":                                                 "MSSQL",
		"0x0200c20431658b4550b7ef6bce6a0302cb17cdc70808d77b6ad89f65f84992a0f75ae616b1e5d490340494b35ec2daca1760147d301a233f4d05743bf2b672850882161db80a": "MSSQL",
	} {
		if got := credential.Form(text); got != want {
			t.Errorf("%+q: %q, want %q", text, got, want)
		}
	}
}

// TestSecretsThatLookAlike: random secrets in the usual alphabets, keys of other makers, and words.
func TestSecretsThatLookAlike(t *testing.T) {
	for _, text := range []string{
		"1e9ad8cdadc4ccd4078c763211caeae0",
		"ffac7cb2c8a2788fbf742b65b754e51acbd3d48c3bb9e28c9e3ef5404bf7bac8",
		"06081598a878e2f264d9b1ecb19dd8b7c46b26a22eccdf03eeddf52ecf4076c19ace327203f26e16af1d4d14aa605882ac89cd1997cd896416bef4ba6e1a02da",
		"NVhbCgkl1gdGFME9OHTMyw==",
		"NY5YaXDA/aFKAEJXM9UB57Xk7Jg1H27N",
		"Nb6GIPmgWZOXvpBYnC7DYXQj7O9nOOtS72iUUbq243E=",
		"NVouMDTKpcjgE80FND+Axg6yUB0uBlMIb4AArttObqejjdXcH+HXiAxkRxIjWNXc",
		"Ncx4Q+F64GkSJrZ10A0cpphpK0V/jlUfLq0FogM3TiLsAKaluB+WoY+hH7m8GYv6zA==",
		"NfAXBCr9JYt//raGOGaNgazwQW64NBTKrGHLqL8JFX5LjTNLzS3VBTayl9GItAWb1k9IsSgOi1EltzsNx7/46g==",
		"v9Met2Dl9zTvxieEyhzSGQ",
		"GLQ1d7xVYRge2Z0zl8fEyMyibhe7RWzz5irhDPoyKWo",
		"T_JIOdJgrKgBUmTVVWjxQaUryrRppOfnCIxBcez6l69REbFs4WOjJ3avQN79k4EO",
		"ss2B7ALlGbKgGSYiCI-wCtM0_yhrbAzWX4hBcrirK0s4VhfCLRqQO3qd7d8KoQGVraMVzABEmFHpI_q0XNWBjw",
		"2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d",
		"{2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d}",
		"urn:uuid:2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d",
		"sha256-of-my-favourite-sentence-and-then-more",
		"pbkdf2 is what we should have used",
		"pbkdf2.is.my.favourite-function-of-all-time",
		"bcrypt$or$scrypt$that$is$the$question",
		"hmac-my-words-and-hide-them",
		"blake2b or not blake2b, says the poet",
		"whirlpool: a long and wet word",
		"sha3: the winner of the contest",
		"$wp-admin$is$where$we$live",
		"$ml$ costs a litre",
		"$p5k2$ or else",
		"S:even trains go north at noon",
		"T:498a647c1ac49726e45dac31b3629fb0f26f8926",
		"S:4f879130b64915abef7ab5392e335ce1",
		"H:ello there, old friend",
		"0x113d4db2b5b52a0f94833734f83ae7518b69c64773031f6725480dc393267717",
		"0x01002a31659a2e50add127454b4667a20f1fa2261bd2b5ff4891e5dc932877",
		"0x0200 is not where we live",
		"AAUEsTIypG6WzT85dUplxY/fkJQ8MLyn4IljHH5zM5M=",
		"A_Xp66Jyx6e6ninGvBZ-445uP3LUsFtoMjfhaZO-P4qk",
		"Ae3YqciDkRJl+W0sy3IIc6CTqc+ucMgexsvCE/Fs2rdXnp5l011lB2FOaP9n0cS38g",
		"400$ for 8 nights and $36 for the bus",
		"12$34$56$78$90$ab$cd$ef",
		"\"quoted, but no hash at all\"",
		"\u201cquoted, but no hash\u201d",
		"user:correct horse battery staple",
		"user:$ecret and more $ecret",
		"alice:BhZMFoPzdDrnrAin4-ADrDPzFNbKXrPKDnfvVsiwzKk",
		"key=6CRJmIpTdec8lRfWaB01bbC8_so--AROe5smAXOd60w",
		"sk_live_rJMyfb-WlJpHvy8EiCt08yYYUBxs6tHg",
		"ghp_bdD4z4rAsnlFHi1rQZ8qaXRd0ZqYSalMrB11",
		"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",
		"xoxb-123456789012-voL4VW-chRY_7BH-puRgRfIv",
		"eyJhbGciOiJub25lIn0.uVCAs_3nueO99ihxekhOaDZCN6k.of7FiSAsoM7jDOI9VeTmHvflYDeC4tWuZMKMoHUqoQo",
		"AKIAC5C8A4B57BC9FA65",
		"Tr0ub4dor&3-Tr0ub4dor&3",
		"$5 and $6 are how much $7 is not",
		"a$b$c$d$e$f$g$h$i$j",
		"50$60$70$80 a night",
		"{curly} braces around",
		"{\"json\":\"is what this is\"}",
		"md5sum-is-a-command-not-a-hash",
		"sha1-c00537e8b3c4",
		"pa55$word:with:$5$in",
		"p@$$w0rd-p@$$w0rd",
		"$2 a cup, $10 a pot, $53 a year",
		"-----BEGIN SECRET-----",
		"grub.is.a.boot.loader.2.00",
		"scrypt:me:a:letter:from:rome",
		"keccak is how frogs talk",
		"\u200bno hash, only hidden",
	} {
		if got := credential.Form(text); got != "" {
			t.Errorf("%+q is taken for a hash: %s", text, got)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for n := 12; n <= 96; n++ {
		for range 50 {
			octets := make([]byte, n)
			for i := range octets {
				octets[i] = byte(random.Uint32())
			}
			octets[0] |= 0x10 // 49 octets that begin with a zero are ASP.NET's
			for _, text := range []string{hex.EncodeToString(octets), base64.StdEncoding.EncodeToString(octets), base64.RawURLEncoding.EncodeToString(octets)} {
				if got := credential.Form(text); got != "" {
					t.Errorf("%s is taken for a hash: %s", text, got)
				}
			}
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
