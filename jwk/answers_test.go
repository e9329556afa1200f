package jwk

import (
	"strings"
	"testing"

	"tenure/jwk/jwktest"
)

// TestAnswers compares with what Check (canonical bytes, or faults) and AppendView said while this
// package had a JSON scanner of its own.
func TestAnswers(t *testing.T) {
	jwktest.Answers(t, func(t *testing.T, in string, answers []string) {
		canonical, faults := strict([]byte(in))
		got := string(canonical)
		if len(faults) > 0 {
			var all []string
			for _, f := range faults {
				all = append(all, f.Pointer+" "+f.Rule+" "+f.Message)
			}
			got = strings.Join(all, "; ")
		}
		if got != answers[0] {
			t.Errorf("Check(%q): got %s, want %s", in, got, answers[0])
		}
		if view := string(AppendView(nil, []byte(in))); view != answers[1] {
			t.Errorf("AppendView(%q): got %s, want %s", in, view, answers[1])
		}
	})
}
