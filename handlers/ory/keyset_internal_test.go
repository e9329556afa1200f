package ory

import (
	"testing"

	"tenure/snapshots/document"
)

// TestShownKeySets: a key's members come in Hydra's order, then the others by name, and
// anything else is shown as it is stored.
func TestShownKeySets(t *testing.T) {
	for stored, want := range map[document.JWKS]string{
		"":                         `{}`,
		`{}`:                       `{}`,
		`{"keys":{}}`:              `{"keys":{}}`,
		`{"keys":[1]}`:             `{"keys":[1]}`,
		`{"keys":[{}],"z":[1]`:     `{"keys":[{}],"z":[1]`,
		`[]`:                       `[]`,
		`{"a":1,"keys":[],"z":{}}`: `{"keys":[],"a":1,"z":{}}`,
		`{"keys":[{"\"":[{"use":"x"}],"alg":"RS256","kid":"ü","kty":"RSA","use":"sig"},{},{"x5t#S256":"a","y":"b"}]}`: `{"keys":[{"use":"sig","kty":"RSA","kid":"ü","alg":"RS256","\"":[{"use":"x"}]},{},{"y":"b","x5t#S256":"a"}]}`,
		"{\"keys\":[{\"a\u2028<\":\"\u2028\"}]}": `{"keys":[{"a\u2028<":"` + "\u2028" + `"}]}`,
	} {
		if got := string(keySet(stored)); got != want {
			t.Errorf("%s is shown as %s, want %s", stored, got, want)
		}
	}
}
