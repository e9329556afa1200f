package hydra_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"tenure/handlers/hydra"
	"tenure/tenancy/history"
)

const hour = history.Micros(3600 * 1_000_000)

func newCursors() (hydra.Cursors, *history.Micros) {
	now := history.Micros(1)
	return hydra.NewCursors([32]byte{}, rand.NewChaCha8([32]byte{}), func() history.Micros { return now }), &now
}

func TestPageTokens(t *testing.T) {
	k, now := newCursors()
	for _, after := range []string{"", "a", "ü/ %\x00", strings.Repeat("x", 255)} {
		token := k.Seal("s1", after)
		if got, ok := k.Open("s1", token); !ok || got != after {
			t.Errorf("%q: %q, %t", after, got, ok)
		}
		if strings.Contains(token, after) && len(after) > 1 || token == k.Seal("s1", after) {
			t.Errorf("%q shows in %s, or comes twice", after, token)
		}
		if _, ok := k.Open("s2", token); ok {
			t.Error("it works for another setup")
		}
		for _, row := range []struct {
			key  byte // 0 for the same installation's
			want bool
		}{{0, true}, {1, false}} {
			other := hydra.NewCursors([32]byte{row.key}, rand.NewChaCha8([32]byte{2}), func() history.Micros { return 1 })
			if _, ok := other.Open("s1", token); ok != row.want {
				t.Errorf("at another node of installation %d it works: %t", row.key, ok)
			}
		}
		for i := range token {
			changed := []byte(token)
			if changed[i]++; changed[i] == token[i] {
				continue
			}
			if _, ok := k.Open("s1", string(changed)); ok {
				t.Errorf("changed at %d it works", i)
			}
		}
		*now += hour - 1
		if _, ok := k.Open("s1", token); !ok {
			t.Error("it ended early")
		}
		*now++
		if _, ok := k.Open("s1", token); ok {
			t.Error("it works after an hour")
		}
	}
}

// FuzzPageToken: nothing but what was sealed opens.
func FuzzPageToken(f *testing.F) {
	k, _ := newCursors()
	sealed := map[string]string{}
	for _, after := range []string{"", "a", "shop"} {
		token := k.Seal("s1", after)
		sealed[token] = after
		f.Add(token)
	}
	for _, seed := range []string{"abc", "AAAA", strings.Repeat("A", 5000), "====", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		after, ok := k.Open("s1", token)
		if want, made := sealed[token]; ok != made || after != want {
			t.Errorf("%q opens to %q, %t", token, after, ok)
		}
	})
}
