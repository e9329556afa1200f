package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tenure/snapshots/evidence/pages"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// splitLines are a file's lines, without the empty one at its end.
func splitLines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

func joinLines(lines []string) string { return strings.Join(lines, "\n") + "\n" }

// flip changes one bit.
func flip(text string, at int) string {
	raw := []byte(text)
	raw[at] ^= 1
	return string(raw)
}

// TestVerifyFinds: each way to falsify a bundle is found and named; where an
// operator who holds the evidence key signs the falsified one again, still.
func TestVerifyFinds(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	original := in.bundle(t, in.North, Filter{})
	entries := splitLines(original[fileEvents])
	second := in.bundle(t, in.South, Filter{})
	// the line of an event of shop, by its own number
	shop := func(seq int) (int, string) {
		for i, l := range entries {
			var e event
			must(t, json.Unmarshal([]byte(l), &e))
			env, err := history.DecodeEnvelope([]byte(e.Envelope))
			must(t, err)
			if env.Object == string(in.shop) && env.Seq == int64(seq) {
				return i, fmt.Sprintf("entry %d (client %s, its event %d)", e.Index, in.shop, seq)
			}
		}
		t.Fatalf("no event %d", seq)
		return 0, ""
	}
	at1, label1 := shop(1)
	at2, label2 := shop(2)
	at3, label3 := shop(3)
	snapshot := string(in.shopSnapshots[len(in.shopSnapshots)-1])
	without := func(lines []string, drop ...int) string {
		var left []string
		for i, l := range lines {
			keep := true
			for _, d := range drop {
				keep = keep && i != d
			}
			if keep {
				left = append(left, l)
			}
		}
		return joinLines(left)
	}
	type files = map[string]string
	for name, c := range map[string]struct {
		change   func(f files)
		manifest func(*manifest) // what the operator changes with it
		want     string          // as whoever changes the files is found
		signed   string          // as the operator is; empty for as the other
	}{
		"a bit of a snapshot": {
			func(f files) {
				f[dirSnapshots+snapshot+".json"] = flip(f[dirSnapshots+snapshot+".json"], 20)
			}, nil, "snapshot " + snapshot + " of " + label3 + ": its content is not the one", ""},
		"a row removed": {
			func(f files) { f[fileEvents] = without(entries, at2) }, nil,
			label3 + ": event 2 of the object should stand there", ""},
		"a row removed with its proof": {
			func(f files) {
				f[fileEvents] = without(entries, at2)
				f[fileProofs] = without(splitLines(f[fileProofs]), at2)
			}, func(m *manifest) { m.Events-- }, label3 + ": event 2 of the object should stand there", ""},
		"two rows swapped": {
			func(f files) {
				l := append([]string{}, entries...)
				l[at1], l[at2] = l[at2], l[at1]
				f[fileEvents] = joinLines(l)
			}, nil, label1 + " stands behind entry", ""},
		"two envelopes swapped": {
			func(f files) {
				l := append([]string{}, entries...)
				var a, b event
				must(t, json.Unmarshal([]byte(l[at1]), &a))
				must(t, json.Unmarshal([]byte(l[at2]), &b))
				a.Index, b.Index = b.Index, a.Index
				x, _ := json.Marshal(b)
				y, _ := json.Marshal(a)
				l[at1], l[at2] = string(x), string(y)
				f[fileEvents] = joinLines(l)
			}, nil, "its event 2): it is not what the log has there", ""},
		"an actor renamed": {
			func(f files) {
				l := append([]string{}, entries...)
				l[at2] = strings.Replace(l[at2], `\"actor\":\"key:`, `\"actor\":\"key:other-`, 1)
				f[fileEvents] = joinLines(l)
			}, nil, label2 + ": it is not what the log has there", ""},
		"the last event cut": {
			func(f files) {
				f[fileEvents] = without(entries, at3)
				f[fileProofs] = without(splitLines(f[fileProofs]), at3)
			},
			func(m *manifest) {
				m.Events--
				for i := range m.Objects {
					if m.Objects[i].ID == string(in.shop) {
						m.Objects[i].Count, m.Objects[i].Last = 2, 2
					}
				}
			},
			"client " + string(in.shop) + ": the manifest names its events 1 to 3, here are 2",
			"client " + string(in.shop) + ": its events end with the 2. of 3"},
		"an object left out": {
			func(f files) {
				f[fileEvents] = without(entries, at1, at2, at3)
				f[fileProofs] = without(splitLines(f[fileProofs]), at1, at2, at3)
			}, nil, "client " + string(in.shop) + ": the manifest names its events 1 to 3, here are 0", ""},
		"a proof exchanged": {
			func(f files) {
				l := splitLines(f[fileProofs])
				var p, q inclusion
				must(t, json.Unmarshal([]byte(l[at1]), &p))
				must(t, json.Unmarshal([]byte(l[at2]), &q))
				p.Hashes = q.Hashes
				x, _ := json.Marshal(p)
				l[at1] = string(x)
				f[fileProofs] = joinLines(l)
			}, nil, label1 + ": it is not what the log has there", ""},
		"proofs cut": {
			func(f files) { f[fileProofs] = joinLines(splitLines(f[fileProofs])[:at3]) }, nil, label3 + ": it has no proof", ""},
		"another detail": {
			func(f files) { f[fileEvents] = strings.Replace(f[fileEvents], `"detail":"{`, `"detail":"{ `, 1) }, nil,
			"its detail is another", ""},
		"a detail taken": {
			func(f files) {
				f[fileEvents] = strings.Replace(f[fileEvents], `"detail_gone":"withheld"`, `"detail_gone":"no"`, 1)
			}, nil, "its detail is missing", ""},
		"a snapshot file removed": {
			func(f files) { delete(f, dirSnapshots+snapshot+".json") }, nil, dirSnapshots + snapshot + ".json is missing",
			"snapshot " + snapshot + " of " + label3},
		"a snapshot said to be erased": {
			func(f files) {
				delete(f, dirSnapshots+snapshot+".json")
				l := splitLines(f[fileSnapshots])
				for i := range l {
					if strings.Contains(l[i], snapshot) {
						l = append(l[:i], l[i+1:]...)
						break
					}
				}
				f[fileSnapshots] = joinLines(l)
			}, nil, "snapshot " + snapshot + " of " + label3 + " is not in snapshots.jsonl", ""},
		"a forged checkpoint": {
			func(f files) { f[fileLast] = flip(f[fileLast], len(f[fileLast])-10) }, nil, "checkpoints/last", ""},
		"another root in the checkpoint": {
			func(f files) {
				l := splitLines(f[fileLast])
				l[2] = strings.Repeat("A", 43) + "="
				f[fileLast] = joinLines(l)
			}, nil, "checkpoints/last, with the key that was given: checkpoint: invalid signature", ""},
		"another first checkpoint": {
			func(f files) { f[fileFirst] = flip(f[fileFirst], len(f[fileFirst])-10) }, nil, "checkpoints/first", ""},
		"another consistency proof": {
			func(f files) {
				f[fileConsistency] = strings.Replace(f[fileConsistency], `"hashes":["`, `"hashes":["`+strings.Repeat("0", 64)+`","`, 1)
			}, nil, "does not go on from checkpoints/first", ""},
		"a page rewritten": {
			func(f files) { f[pages.FileEvents] = strings.Replace(f[pages.FileEvents], "because", "be cause", 1) }, nil,
			"events.html is not the file that the manifest names", "events.html: it does not say what the other files of the bundle say"},
		"another tenant's file": {
			func(f files) {
				for name, text := range second {
					if strings.HasPrefix(name, dirSnapshots) {
						f[name] = text
					}
				}
			}, nil, "is not in the manifest", ""},
		"a file of no bundle": {func(f files) { f["../evil"] = "x" }, nil, "the file ../evil does not belong to a bundle", ""},
		"another tenant's events": {
			func(f files) {
				f[fileEvents], f[fileProofs] = second[fileEvents], second[fileProofs]
			}, nil, "is of an object that the manifest does not name", ""},
	} {
		f := copied(original)
		c.change(f)
		said, err := verify(t, f, in.trusted(t)...)
		found(t, name, c.want, said, err)
		in.resign(t, f, c.manifest)
		said, err = verify(t, f, in.trusted(t)...)
		if c.signed == "" {
			c.signed = c.want
		}
		found(t, name+", signed again", c.signed, said, err)
		if strings.Contains(said, "FAILS: manifest.sig") {
			t.Errorf("%s: it was not signed again:\n%s", name, said)
		}
	}
}

func copied(files map[string]string) map[string]string {
	f := make(map[string]string, len(files))
	for name, text := range files {
		f[name] = text
	}
	return f
}

func found(t *testing.T, name, want, said string, err error) {
	t.Helper()
	var failure *Failure
	if !errors.As(err, &failure) {
		t.Errorf("%s: %v\n%s", name, err, said)
		return
	}
	for _, l := range strings.Split(said, "\n") {
		if strings.HasPrefix(l, "FAILS: ") && strings.Contains(l, want) {
			return
		}
	}
	t.Errorf("%s: nothing of %q in\n%s", name, want, said)
}

// TestForgedManifests: changed, signed by somebody else, or with keys of their
// own: only who compares keys finds the last.
func TestForgedManifests(t *testing.T) {
	in, other := newInstallation(t, dbtest.SQLite(t)), newInstallation(t, dbtest.SQLite(t))
	original := in.bundle(t, in.North, Filter{})
	for name, c := range map[string]struct {
		change func(f map[string]string)
		want   string
	}{
		"changed": {func(f map[string]string) {
			f[fileManifest] = strings.Replace(f[fileManifest], `"made_by": "key:`, `"made_by": "key:x`, 1)
		}, "manifest.sig is the signature of another manifest"},
		"a bit of the signature": {func(f map[string]string) { f[fileSignature] = flip(f[fileSignature], len(f[fileSignature])-10) }, "manifest.sig"},
		"by another":             {func(f map[string]string) { other.resign(t, f, nil) }, "manifest.sig, with the key that was given"},
		"none":                   {func(f map[string]string) { delete(f, fileSignature) }, "manifest.sig is missing"},
		"no manifest":            {func(f map[string]string) { delete(f, fileManifest) }, "manifest.json is missing"},
		"no JSON":                {func(f map[string]string) { f[fileManifest] = "{" }, "manifest.json: "},
		"of later": {func(f map[string]string) {
			in.resign(t, f, func(m *manifest) { m.Version = 4 })
		}, "version 4"},
		"another log": {func(f map[string]string) { in.resign(t, f, func(m *manifest) { m.Origin = "other.example/log" }) },
			"the key " + origin + " that was given is not of this bundle"},
		"everything another's": {func(f map[string]string) {
			for name, text := range other.bundle(t, other.North, Filter{}) {
				f[name] = text
			}
		}, "with the key that was given"},
	} {
		f := copied(original)
		c.change(f)
		said, err := verify(t, f, in.trusted(t)...)
		found(t, name, c.want, said, err)
	}
}
