package credential_test

import (
	"strings"
	"testing"

	"tenure/snapshots/credential"
)

func TestStrong(t *testing.T) {
	for secret, want := range map[string]bool{
		"":                 false,
		"secret":           false,
		"averylongsecret":  false, // 15
		"averylongsecret1": true,  // 16
		"aaaaaaaaaaaaaaaa": false, // 16 of one
		"abababababababab": false, // 16 of two
		"abcdabcdabcdabcd": true,  // the rule is no dictionary
		"kX9#qT2!vB7m":     false, // 12 of all classes: 79 bits
		"kX9#qT2!vB7mL":    true,  // 13: 85 bits
		"12345678901234":   false, // runs add nothing
		"ABCDEFGHIJKLMNO":  false,
		"zq8fw3k1x0v7b":    false, // 13 of 36: 67 bits
		"日本語の秘密は長いほどよい":            true, // 13 of a wide alphabet
		strings.Repeat("日", 16):    false,
		"correct horse battery st": true,
	} {
		if got := credential.Strong(secret); got != want {
			t.Errorf("%q: %t, want %t", secret, got, want)
		}
	}
}
