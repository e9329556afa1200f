package history

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

const testOrigin = "example.org/log"

// Two libraries that others wrote read what is signed here.
func TestCheckpointIsReadByOthers(t *testing.T) {
	keys := keysOf(t, 1, 2)
	root := tlog.RecordHash([]byte("x"))
	made, err := keys.sign(testOrigin, 12345, root, Signing{At: 1767225600000000})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range func() []string { v, _ := keys.VerifierKeys(testOrigin); return v }() {
		v, err := note.NewVerifier(text)
		if err != nil {
			t.Fatal(err)
		}
		theirs, _, opened, err := log.ParseCheckpoint(made.Note, testOrigin, v)
		if err != nil || theirs.Size != 12345 || tlog.Hash(theirs.Hash) != root {
			t.Errorf("key %d: formats/log reads %v, %v", i, theirs, err)
			continue
		}
		tree, err := torchwood.ParseCheckpoint(opened.Text)
		if err != nil || tree.Origin != testOrigin || tree.Tree != (tlog.Tree{N: 12345, Hash: root}) || tree.Extension != "recorded 1767225600000000 after 0\n" {
			t.Errorf("torchwood reads %v, %v", tree, err)
		}
	}
	for _, known := range []*Keys{keysOf(t, 1), keysOf(t, 2), keysOf(t, 2, 3), keys} {
		read, err := OpenCheckpoint(made.Note, verifiers(t, known, testOrigin))
		if err != nil || read.Origin != testOrigin || read.Size != 12345 || read.Root != root || string(read.Note) != string(made.Note) {
			t.Errorf("read back as %v, %v", read, err)
		}
	}
	for name, known := range map[string]note.Verifiers{
		"another key": verifiers(t, keysOf(t, 3), testOrigin), "another name": verifiers(t, keys, "example.org/log2"), "none": note.VerifierList(),
	} {
		if read, err := OpenCheckpoint(made.Note, known); err == nil {
			t.Errorf("%s opens %v", name, read)
		}
	}
}

func TestCheckpointRefuses(t *testing.T) {
	keys := keysOf(t, 1)
	known := verifiers(t, keys, testOrigin)
	hash := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for name, c := range map[string]struct {
		text string
		good bool
	}{
		"as it is":          {testOrigin + "\n7\n" + hash + "\n", true},
		"more lines":        {testOrigin + "\n7\n" + hash + "\nmore\n", true},
		"no root":           {testOrigin + "\n7\n", false},
		"empty origin":      {"\n7\n" + hash + "\n", false},
		"leading zero":      {testOrigin + "\n07\n" + hash + "\n", false},
		"plus":              {testOrigin + "\n+7\n" + hash + "\n", false},
		"negative":          {testOrigin + "\n-7\n" + hash + "\n", false},
		"vast":              {testOrigin + "\n9223372036854775808\n" + hash + "\n", false},
		"short root":        {testOrigin + "\n7\nAAAA\n", false},
		"another base64":    {testOrigin + "\n7\n" + strings.TrimRight(hash, "=") + "\n", false},
		"trailing bits":     {testOrigin + "\n7\n" + hash[:42] + "B=\n", false},
		"space behind size": {testOrigin + "\n7 \n" + hash + "\n", false},
		"CR":                {testOrigin + "\r\n7\r\n" + hash + "\r\n", false},
		"too long":          {testOrigin + "\n7\n" + hash + "\n" + strings.Repeat("x", MaxNote) + "\n", false},
	} {
		signers, err := keys.signers(testOrigin)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := note.Sign(&note.Note{Text: c.text}, signers...)
		if err != nil {
			if c.good {
				t.Errorf("%s: %v", name, err)
			}
			continue // the note package refuses it already
		}
		_, opens := OpenCheckpoint(signed, known)
		_, reads := ReadCheckpoint(signed)
		if (opens == nil) != c.good || (reads == nil) != c.good {
			t.Errorf("%s: opened with %v, read with %v", name, opens, reads)
		}
	}
	made, err := keys.sign(testOrigin, 7, tlog.Hash{}, Signing{At: 1767225600000000})
	if err != nil {
		t.Fatal(err)
	}
	forged := []byte(strings.Replace(string(made.Note), "\n7\n", "\n8\n", 1))
	var wrong *note.InvalidSignatureError
	if _, err := OpenCheckpoint(forged, known); !errors.As(err, &wrong) {
		t.Errorf("another size under the same signature: %v", err)
	}
	if _, err := ReadCheckpoint([]byte("no note")); err == nil {
		t.Error("a text that is no note is read")
	}
}

func FuzzReadCheckpoint(f *testing.F) {
	made, err := keysOf(f, 1).sign(testOrigin, 7, tlog.Hash{}, Signing{At: 1767225600000000})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(made.Note)
	f.Add([]byte("o\n0\n\n— o AAAA\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ReadCheckpoint(text)
		if err != nil {
			return
		}
		if c.Origin == "" || c.Size < 0 || !strings.HasPrefix(string(text), fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)) {
			t.Errorf("%q reads as %v", text, c)
		}
	})
}

// What Check says of stored checkpoints that are not of the tree.
func TestCheckOfCheckpoints(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, l := load(t, dsn, newWall())
		grow(t, d, l, entries)
		dropTriggers(t, d)
		keys := keysOf(t, 1)
		at := func(size int64) Checkpoint {
			var made Checkpoint
			view(t, d, func(c *db.Conn) error {
				root, err := NewTiles(c).Root(size)
				if err != nil {
					return err
				}
				made, err = keys.sign(testOrigin, size, root, Signing{At: 1767225600000000})
				return err
			})
			return made
		}
		good := map[int64]Checkpoint{}
		for _, size := range []int64{0, 17, 256, entries} {
			good[size] = at(size)
		}
		put := func(x tamper, size int64, note []byte) {
			x.exec("INSERT INTO log_checkpoint (size, note, recorded_at) VALUES (?, ?, 1767225600000000)", size, string(note))
		}
		other, err := keys.sign(testOrigin, 17, tlog.Hash{1}, Signing{At: 1767225600000000})
		if err != nil {
			t.Fatal(err)
		}
		beyond, err := keys.sign(testOrigin, entries+1, tlog.Hash{1}, Signing{At: 1767225600000000})
		if err != nil {
			t.Fatal(err)
		}
		foreign, err := keysOf(t, 9).sign(testOrigin, entries, good[entries].Root, Signing{At: 1767225600000000})
		if err != nil {
			t.Fatal(err)
		}
		forged := strings.Replace(string(good[17].Note), testOrigin+"\n17\n", testOrigin+"\n256\n", 1)
		forged = strings.Replace(forged, good[17].Root.String(), good[256].Root.String(), 1)
		for _, c := range []struct {
			name string
			do   func(x tamper)
			want []string
		}{
			{"all good", func(x tamper) {
				for size, c := range good {
					put(x, size, c.Note)
				}
			}, nil},
			{"another root", func(x tamper) { put(x, 17, other.Note); put(x, 256, good[256].Note) },
				[]string{"log: the checkpoint of 17 entries has another root than they have"}},
			{"another size", func(x tamper) { put(x, 18, good[17].Note) },
				[]string{"log: checkpoint of 18 entries: checkpoint: the note is of 17 entries, its row of 18"}},
			{"beyond the log", func(x tamper) { put(x, 17, good[17].Note); put(x, entries+1, beyond.Note) },
				[]string{"log: a checkpoint of 301 entries was signed, there are 300"}},
			{"no note", func(x tamper) { put(x, 17, []byte("x")); put(x, 256, good[256].Note) },
				[]string{"log: checkpoint of 17 entries: checkpoint: malformed note"}},
			{"forged", func(x tamper) { put(x, 256, []byte(forged)) },
				[]string{"log: the checkpoint of 256 entries has a signature that does not verify"}},
			{"of another key", func(x tamper) { put(x, 256, good[256].Note); put(x, entries, foreign.Note) },
				[]string{"log: the newest checkpoint: none of the keys has signed it: checkpoint: note has no verifiable signatures"}},
			{"of another key, long ago", func(x tamper) {
				put(x, entries, good[entries].Note)
				old, err := keysOf(t, 9).sign(testOrigin, 256, good[256].Root, Signing{At: 1767225600000000})
				if err != nil {
					panic(err)
				}
				put(x, 256, old.Note)
			}, nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				undo := errors.New("undo")
				var problems []string
				if err := d.Write(bg, func(tx *db.Tx) error {
					c.do(tamper{tx})
					found, err := Check(&tx.Conn)
					if err != nil {
						return err
					}
					signatures, err := CheckSignatures(&tx.Conn, keys)
					if err != nil {
						return err
					}
					found = slices.DeleteFunc(found, func(s string) bool { // the cases keep some of them only
						return strings.Contains(s, "was signed after one of")
					})
					problems = append(found, signatures.Problems...)
					return undo
				}); !errors.Is(err, undo) {
					t.Fatal(err)
				}
				if !slices.Equal(problems, c.want) {
					t.Errorf("check says\n%s\nwant\n%s", strings.Join(problems, "\n"), strings.Join(c.want, "\n"))
				}
			})
		}
	})
}
