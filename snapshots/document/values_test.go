package document_test

import (
	"strings"
	"testing"

	"tenure/snapshots/document"
)

// nested is a JSON array that nests so deep.
func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// quoted is a JSON string of so many bytes, quotes included.
func quoted(size int) string { return `"` + strings.Repeat("x", size-2) + `"` }

func TestParseJSON(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{" null\n", `null`},
		{`false`, `false`},
		{`[ ]`, `[]`},
		{`{ }`, `{}`},
		{`""`, `""`},
		{"\t[1 , \"a\" ,{ } ]\r\n", `[1,"a",{}]`},
		{`{"b":1,"a":{"d":2,"c":[]},"":3}`, `{"":3,"a":{"c":[],"d":2},"b":1}`},
		{`{"a":1,"A":2,"ä":3,"aa":4,"\u0061b":5}`, `{"A":2,"a":1,"aa":4,"ab":5,"ä":3}`},
		{`{"\uff21":1,"\ud83d\ude00":2}`, `{"Ａ":1,"😀":2}`}, // by UTF-8, not by UTF-16 as RFC 8785
		{`[-0,1.50,1E+2,0e0,123456789012345678901234567890]`, `[-0,1.50,1E+2,0e0,123456789012345678901234567890]`},
		{`"\u003c\/\u00e4\u2028\u000a\u0001\u007f"`, "\"</ä\u2028\\n\\u0001\x7f\""},
		{nested(32), nested(32)},
		{quoted(64 << 10), quoted(64 << 10)},
	} {
		if got, err := document.ParseJSON([]byte(c.in)); err != nil || string(got) != c.want {
			t.Errorf("%.80q: %.80q, %v, want %.80q", c.in, got, err, c.want)
		}
	}
}

func TestParseJSONRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":               ``,
		"spaces":                ` `,
		"two values":            `1 2`,
		"no value":              `{"a":}`,
		"no colon":              `{"a" 1}`,
		"no name":               `{1:2}`,
		"open array":            `[1`,
		"open string":           `"a`,
		"comma at the end":      `[1,]`,
		"comma at the start":    `[,1]`,
		"no comma":              `[1 2]`,
		"word":                  `nul`,
		"other word":            `undefined`,
		"leading zero":          `01`,
		"bare minus":            `-`,
		"bare point":            `1.`,
		"bare exponent":         `1e+`,
		"beyond a double":       `{"a":[1e999]}`,
		"plus":                  `+1`,
		"unknown escape":        `"\x41"`,
		"short escape":          `"\u00"`,
		"signed escape":         `"\u+041"`,
		"raw control character": "\"\t\"",
		"and after an escape":   "\"\\n\t\"",
		"high surrogate alone":  `"\ud83d"`,
		"low surrogate alone":   `"\ude00"`,
		"two high surrogates":   `"\ud83d\ud83d"`,
		"not UTF-8":             "\"\xff\"",
		"byte order mark":       "\ufeff1",
		"repeated name":         `{"a":1,"b":2,"a":3}`,
		"repeated by escape":    `[{"a":1,"\u0061":1}]`,
		"too deep":              nested(33),
		"too large":             quoted(64<<10 + 1),
	} {
		if got, err := document.ParseJSON([]byte(text)); err == nil || got != "" {
			t.Errorf("%s: %.80q was taken as %.80q", name, text, got)
		}
	}
}

func TestParseJWKS(t *testing.T) {
	// The deepest set that package jwk reads has to survive the stored bytes.
	deep := `{ "x":` + nested(63) + `, "keys":[] }`
	set, faults := document.ParseJWKS([]byte(deep))
	if want := document.JWKS(`{"keys":[],"x":` + nested(63) + `}`); set != want || faults != nil {
		t.Errorf("the canonical key set is %.80q, faults %v, want %.80q", set, faults, want)
	}
	roundTrip(t, &document.Client{JWKS: set})

	const private = `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",` +
		`"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}`
	set, faults = document.ParseJWKS([]byte(private))
	if set != "" || len(faults) != 1 || faults[0].Path != "/jwks/keys/0/d" || faults[0].Rule == "" {
		t.Errorf("a private key: %q, faults %+v, want one at /jwks/keys/0/d", set, faults)
	}
	if len(faults) == 1 && strings.Contains(faults[0].Message, "nWGx") {
		t.Errorf("the message repeats key material: %s", faults[0].Message)
	}
	if set, faults = document.ParseJWKS([]byte(`[]`)); set != "" || len(faults) != 1 || faults[0].Path != "/jwks" {
		t.Errorf("an array: %q, faults %+v, want one at /jwks", set, faults)
	}
}
