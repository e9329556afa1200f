package jwk

import (
	"errors"
	"testing"
)

func TestThumbprint(t *testing.T) {
	for name, test := range map[string]struct{ key, want string }{
		"RFC 7638 section 3.1": {
			`{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`,
			"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
		},
		"RFC 8037 appendix A.3": {
			`{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
			"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
		},
		"RFC 8037 appendix A.3, private": {
			`{"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","kty":"OKP","crv":"Ed25519"}`,
			"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
		},
	} {
		got, err := Thumbprint([]byte(test.key))
		if err != nil || got != test.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestThumbprintErrors(t *testing.T) {
	for key, want := range map[string]error{
		``:                                ErrNotKey,
		`[]`:                              ErrNotKey,
		`{"kty":"OKP"} {}`:                ErrNotKey,
		`{"kty":"A","kty":"B"}`:           ErrNotKey,
		`{}`:                              ErrMember,
		`{"kty":5}`:                       ErrMember,
		`{"kty":"RSA","n":"AA"}`:          ErrMember,
		`{"kty":"RSA","n":"AA","e":5}`:    ErrMember,
		`{"kty":"RSA","n":"AA","e":null}`: ErrMember,
		`{"kty":"new"}`:                   ErrUnknownType,
	} {
		if got, err := Thumbprint([]byte(key)); got != "" || !errors.Is(err, want) {
			t.Errorf("%s: %q, %v", key, got, err)
		}
	}
}
