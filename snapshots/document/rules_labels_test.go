package document_test

import (
	"slices"
	"testing"

	"tenure/snapshots/document"
)

// TestKeyLabels: what kid and x5u may be in a key set, of every kty, and that what is stored stays.
func TestKeyLabels(t *testing.T) {
	set := func(members string) document.JWKS {
		s := document.ReadKeySet([]byte(`{"keys":[{"kty":"LMS",` + members + `}]}`))
		if len(s.Faults) > 0 {
			t.Fatalf("%s: %v", members, s.Faults)
		}
		return s.Stored
	}
	for members, want := range map[string][2][]string{ // by an administrator, by itself
		`"kid":"a b","x5u":"https://a.example/c"`: {},
		`"kid":""`:                         {},
		`"kid":"a\u202eb"`:                 {{"/jwks/keys/0/kid text-character"}, {"/jwks/keys/0/kid text-character"}},
		`"kid":"a\u200bb"`:                 {{"/jwks/keys/0/kid text-character"}, {"/jwks/keys/0/kid text-character"}},
		`"kid":"a\nb"`:                     {{"/jwks/keys/0/kid text-character"}, {"/jwks/keys/0/kid text-character"}},
		`"x5u":"javascript:alert(1)"`:      {{"/jwks/keys/0/x5u uri-script-scheme"}, {"/jwks/keys/0/x5u uri-script-scheme"}},
		`"x5u":"file:///etc/passwd"`:       {{"/jwks/keys/0/x5u uri-script-scheme"}, {"/jwks/keys/0/x5u uri-script-scheme"}},
		`"x5u":"data:,x"`:                  {{"/jwks/keys/0/x5u uri-script-scheme"}, {"/jwks/keys/0/x5u uri-script-scheme"}},
		`"x5u":"https://a.example/\u0001"`: {{"/jwks/keys/0/x5u uri-character"}, {"/jwks/keys/0/x5u uri-character"}},
		`"x5u":"http://a.example"`:         {nil, {"/jwks/keys/0/x5u uri-without-tls"}},
		`"x5u":"https://127.0.0.1/c"`:      {nil, {"/jwks/keys/0/x5u uri-loopback"}},
		`"x5u":"https://10.0.0.1/c"`:       {nil, {"/jwks/keys/0/x5u uri-inside"}},
	} {
		next := document.Client{RedirectURIs: []string{"https://a.example/cb"}, JWKS: set(members)}
		for i, level := range []document.Level{document.ByAdministrator, document.ByItself} {
			in := document.Input[document.Client]{Next: &next, Level: level}
			if got := pathsAndRules(t, document.Validate(document.ClientRules(), in)); !slices.Equal(got, want[i]) {
				t.Errorf("%s, level %d: %q, want %q", members, level, got, want[i])
			}
			base := document.Clone(&next)
			more := document.Clone(&next)
			more.JWKS = document.JWKS(`{"b":1,` + string(next.JWKS)[1:]) // another set with the same labels
			in = document.Input[document.Client]{Next: more, Base: base, Level: level}
			if got := document.Validate(document.ClientRules(), in); len(got) > 0 {
				t.Errorf("%s over itself: %v", members, got)
			}
		}
		found := pathsAndRules(t, document.WeakKeys(next.JWKS))
		if !slices.Equal(found, want[0]) {
			t.Errorf("%s: the check finds %q, want %q", members, found, want[0])
		}
	}
}
