package web

import "testing"

func TestNearest(t *testing.T) {
	declared := []string{"client", "actor", "kind", "limit", "from", "to", "at", "known_at", "include"}
	for name, want := range map[string]string{
		"cleint": "client", "clients": "client", "Client": "client", "cilent": "client", "clint": "client", "client_id": "client", "clientId": "client",
		"kidn": "kind", "knd": "kind", "Known-At": "known_at", "knownAt": "known_at", "know_at": "known_at",
		"as_of": "at", "asOf": "at", "AT": "at", "valid_at": "at", "since": "from", "until": "to", "per_page": "limit",
		"atx": "at", "tox": "to", "redirect_uri": "", "x": "", "": "", "ta": "", "tenant": "", "a": "",
	} {
		if got := Nearest(name, declared); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	for _, row := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"abcd", "bacd", 1}, {"client", "clients", 1}, {"kitten", "sitting", 3}} {
		if got := typingMistakes(row.a, row.b); got != row.want {
			t.Errorf("%q and %q: %d, want %d", row.a, row.b, got, row.want)
		}
	}
}
