package history

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"strings"
	"testing"

	"tenure/jwk/jwktest"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// TestKeyFileLines: a key is added and taken out, and every other byte stays.
func TestKeyFileLines(t *testing.T) {
	most := jwktest.Limit(t, "History", "signing keys of one file")[0]
	text, err := NewKeyFile(rand.Reader)
	must(t, err)
	text = append(text, "# a word\n\ned25519 "...)
	text = append(text, strings.Repeat("A", 43)+"="...) // no line feed at the end
	first := text
	var added []ed25519.PublicKey
	for range most - 2 {
		var public ed25519.PublicKey
		text, public, err = WithNewKey(text, rand.Reader)
		must(t, err)
		added = append(added, public)
	}
	if _, _, err := WithNewKey(text, rand.Reader); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("one more than %d: %v", most, err)
	}
	for _, public := range added {
		var there bool
		text, there, err = WithoutKey(text, public)
		must(t, err)
		if !there {
			t.Error("a key is not there")
		}
	}
	if !bytes.Equal(text, append(first, '\n')) {
		t.Errorf("%q became %q", first, text)
	}
	if same, there, err := WithoutKey(text, added[0]); err != nil || there || !bytes.Equal(same, text) {
		t.Errorf("a key that is not there: %v %v", there, err)
	}
	one, public, err := WithNewKey(nil, rand.Reader)
	must(t, err)
	if _, _, err := WithoutKey(one, public); err == nil {
		t.Error("the last key is taken out")
	}
}

// TestKeysThatTheLogNames: keys are recorded once, up to the limit, and with what they were before.
func TestKeysThatTheLogNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		record(t, d, "a")
		p, err := OpenPublisher(bg, d, l, PublisherOptions{Keys: keysOf(t, 1), Origin: "example.org/log"})
		must(t, err)
		_, err = p.Checkpoint(bg) // of a time when the coming of keys was no event
		must(t, err)
		by := Event{Actor: "operator:test", Org: "root"}
		for range 2 {
			must(t, p.Endorse(bg, by))
		}
		if err := keysOf(t, 2).Endorse(bg, d, SignsLog, "example.org/log", false, by); !fault.Is(err, fault.Conflict) {
			t.Errorf("a file that the log does not know: %v", err)
		}
		must(t, keysOf(t, 1, 2).Endorse(bg, d, SignsLog, "example.org/log", false, by)) // by one that it knows
		must(t, keysOf(t, 1).Endorse(bg, d, SignsEvidence, "evidence/example.org/log", false, by))
		list := namedKeys(t, p)
		if len(list) != 3 || !list[0].Before || list[1].Before || list[0].Added != 1 || list[1].Added != 2 || list[2].Use != SignsEvidence {
			t.Fatalf("%+v", list)
		}
		for _, c := range []struct {
			at   int
			size int64
			want bool
		}{{0, 1, true}, {0, 9, true}, {1, 2, false}, {1, 3, true}} {
			if got := list[c.at].Endorsed(c.size); got != c.want {
				t.Errorf("key %d of a tree of %d: %v", c.at, c.size, got)
			}
		}
		record(t, d, "a")
		_, err = Retire(bg, d, SignsLog, "example.org/log", list[1].Public, by)
		must(t, err)
		if done, err := Retire(bg, d, SignsLog, "example.org/log", list[1].Public, by); done || err != nil {
			t.Errorf("retired again: %v %v", done, err)
		}
		if k := namedKeys(t, p)[1]; k.Retired != 5 || !k.Endorsed(5) || k.Endorsed(6) {
			t.Errorf("retired: %+v", k)
		}
		if _, err := Retire(bg, d, SignsEvidence, "example.org/log", list[1].Public, by); !fault.Is(err, fault.NotFound) {
			t.Errorf("a key of another use: %v", err)
		}
		view(t, d, func(c *db.Conn) error {
			problems, err := Check(c)
			if len(problems) > 0 {
				t.Error(problems)
			}
			return err
		})

		most := jwktest.Limit(t, "History", "signing keys of the log or of its evidence that events name, retired ones too")[0]
		for n := 1; n < most; { // one is there
			k := &Keys{}
			for ; n < most && len(k.keys) < maxKeys; n++ {
				_, key, err := ed25519.GenerateKey(rand.Reader)
				must(t, err)
				k.keys = append(k.keys, key)
			}
			must(t, k.Endorse(bg, d, SignsEvidence, "evidence/example.org/log", true, by))
		}
		if err := keysOf(t, 9).Endorse(bg, d, SignsEvidence, "evidence/example.org/log", true, by); !fault.Is(err, fault.Conflict) {
			t.Errorf("one more than %d: %v", most, err)
		}
	})
}

func namedKeys(t *testing.T, p *Publisher) (list SigningKeys) {
	t.Helper()
	view(t, p.db, func(c *db.Conn) (err error) { list, err = ReadSigningKeys(c); return err })
	return list
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
