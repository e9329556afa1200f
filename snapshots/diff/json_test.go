package diff

import (
	"strings"
	"testing"

	"tenure/jwk/jwktest"
)

// TestAnswers compares with what the functions of json.go made of values while
// they looked for the ends of values themselves: the value without spaces, its
// text, and its items or members.
func TestAnswers(t *testing.T) {
	jwktest.Answers(t, func(t *testing.T, in string, answers []string) {
		value := canonical(in)
		parts := items(value)
		for _, p := range properties(value) {
			parts = append(parts, p.name+"="+p.value)
		}
		for i, got := range []string{value, unquote(value), strings.Join(parts, "\n")} {
			if got != answers[i] {
				t.Errorf("%q: got %q, want %q", in, got, answers[i])
			}
		}
	})
}

// TestQuoteEscapesLittle: also the line separators U+2028 and U+2029 are written
// as they are, as in the canonical form.
func TestQuoteEscapesLittle(t *testing.T) {
	if got, want := quote("<a>\u2028\u2029\"\n\x01"), "\"<a>\u2028\u2029\\\"\\n\\u0001\""; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
