package history

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// keysOf are keys with the seeds 1…, 2…, as many as are asked for.
func keysOf(t testing.TB, seeds ...byte) *Keys {
	t.Helper()
	var file []byte
	for _, seed := range seeds {
		file = append(file, "ed25519 "+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{seed}, 32))+"\n"...)
	}
	k, err := ParseKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func verifiers(t testing.TB, k *Keys, origin string) note.Verifiers {
	t.Helper()
	v, err := k.Verifiers(origin)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestKeyFile(t *testing.T) {
	file, err := NewKeyFile(bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := k.VerifierKeys("example.org/log")
	if err != nil || len(mine) != 1 || !strings.HasPrefix(mine[0], "example.org/log+") {
		t.Fatalf("verifier keys %v, %v", mine, err)
	}
	same, err := keysOf(t, 7).VerifierKeys("example.org/log")
	if err != nil || same[0] != mine[0] {
		t.Errorf("the same seed has the key %v (%v), want %v", same, err, mine)
	}
	// The note package's own signer, from the same seed, is the same key.
	hash := strings.Split(mine[0], "+")[1]
	theirs, err := note.NewSigner("PRIVATE+KEY+example.org/log+" + hash + "+" +
		base64.StdEncoding.EncodeToString(append([]byte{1}, bytes.Repeat([]byte{7}, 32)...)))
	if err != nil {
		t.Fatal(err)
	}
	text := note.Note{Text: "text\n"}
	signers, err := k.signers("example.org/log")
	if err != nil {
		t.Fatal(err)
	}
	a, errA := note.Sign(&text, signers...)
	b, errB := note.Sign(&text, theirs)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("signed\n%s (%v), the note package\n%s (%v)", a, errA, b, errB)
	}
	if _, err := NewKeyFile(bytes.NewReader(nil)); err == nil {
		t.Error("a key was made of no randomness")
	}
	for _, origin := range []string{"", "a b", "a+b", "a\nb"} {
		if _, err := k.Verifiers(origin); err == nil {
			t.Errorf("the origin %q is taken", origin)
		}
	}
}

func TestParseKeysRefuses(t *testing.T) {
	good := "ed25519 " + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32)) + "\n"
	var many strings.Builder
	for i := range byte(17) {
		many.WriteString("ed25519 " + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{i}, 32)) + "\n")
	}
	for name, c := range map[string]struct{ text, says string }{
		"nothing":      {"", "no key"},
		"comment only": {"# ed25519\n\n", "no key"},
		"other kind":   {good + "rsa geheim\n", "line 2: not a key of a kind"},
		"short seed":   {"ed25519 Z2VoZWlt\n", "line 1: not 32 bytes"},
		"no base64":    {"ed25519 geheim!\n", "line 1: not 32 bytes"},
		"twice":        {good + "# and\n" + good, "line 3: this key is repeated"},
		"too many":     {many.String(), "more than 16 keys"},
		"too long":     {strings.Repeat("#", maxKeyFile+1), "more than 65536 bytes"},
	} {
		_, err := ParseKeys([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte("ed25519 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"))
	f.Add([]byte("# x\n\ned25519 AQ==\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := ParseKeys(text)
		if err != nil {
			return
		}
		if v, err := k.VerifierKeys("o"); err != nil || len(v) == 0 {
			t.Errorf("%q parses and has the keys %v, %v", text, v, err)
		}
	})
}
