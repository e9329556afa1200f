package document_test

import (
	"strings"
	"testing"

	"tenure/jwk/jwktest"
	"tenure/snapshots/document"
)

// TestAnswers compares with what Decode, Parse (for a client, a setup and a
// resource server) and ParseJSON said while this package had a JSON scanner of
// its own.
func TestAnswers(t *testing.T) {
	jwktest.Answers(t, func(t *testing.T, in string, answers []string) {
		data := []byte(in)
		text, err := document.ParseJSON(data)
		if err != nil {
			text = document.JSON(err.Error())
		}
		for i, got := range []string{answer[document.Client](data), answer[document.Setup](data), answer[document.ResourceServer](data), string(text)} {
			if got != answers[i] {
				t.Errorf("%q, answer %d: got %s, want %s", in, i, got, answers[i])
			}
		}
	})
}

// answer is what Decode took, then the canonical bytes of what Parse took or
// its faults.
func answer[T document.Content](data []byte) string {
	stored := "refused"
	if doc, err := document.Decode[T](data); err == nil {
		stored = string(document.Encode(doc))
	}
	doc, _, faults := document.Parse[T](data, nil)
	if len(faults) == 0 {
		return stored + " | " + string(document.Encode(doc))
	}
	var all []string
	for _, f := range faults {
		all = append(all, f.Path+" "+f.Rule+" "+f.Message)
	}
	return stored + " | " + strings.Join(all, "; ")
}
