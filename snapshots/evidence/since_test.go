package evidence

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// compared is what Verify says of a bundle with the options, which get its keys.
func (in *installation) compared(t *testing.T, raw []byte, o Options) (said string, open []string, err error) {
	t.Helper()
	o.Known, err = ParseKeys(in.trusted(t))
	must(t, err)
	var lines strings.Builder
	o.Say = func(s string) { lines.WriteString(s + "\n") }
	open, err = Verify(opened(t, raw), o)
	return lines.String(), open, err
}

func opened(t *testing.T, raw []byte) *Files {
	t.Helper()
	f, err := Read(bytes.NewReader(raw), int64(len(raw)))
	must(t, err)
	return f
}

// lastOf is the last checkpoint of a bundle.
func lastOf(t *testing.T, raw []byte) *history.Checkpoint {
	t.Helper()
	c, err := history.ReadCheckpoint([]byte(unpacked(t, raw)[fileLast]))
	must(t, err)
	return &c
}

// grow adds an event, which the next checkpoint covers.
func (in *installation) grow(t *testing.T, name string) {
	t.Helper()
	in.Edit(in.Admin(in.Harbour), in.shop, snapshotstest.To(snapshotstest.Named(name)))
	in.Tick()
	in.Tick() // a bundle before has signed some microseconds ahead of the clock
}

// TestSince: a bundle that was asked for since the size of an older one proves that
// its log goes on from that one's, and from a checkpoint of that size. Without, that is
// not confirmed.
func TestSince(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		in := newInstallation(t, dsn)
		old := in.zip(t, in.North, Filter{})
		kept := lastOf(t, old)
		in.grow(t, "later")
		newer := in.zip(t, in.North, Filter{Since: kept.Size})
		// without the older checkpoint in it
		in.grow(t, "latest")
		plain := in.zip(t, in.North, Filter{From: in.Log.Now() - 2e6})
		for name, c := range map[string]struct {
			raw       []byte
			o         Options
			want      string
			confirmed bool
		}{
			"since, kept":           {newer, Options{Kept: kept}, "begins with that of", true},
			"since, against":        {newer, Options{Against: opened(t, old)}, "entries are in both bundles, and are the same", true},
			"the same":              {old, Options{Against: opened(t, old), Kept: kept}, "entries are in both bundles", true},
			"the other way":         {old, Options{Against: opened(t, newer)}, "in the other bundle begins with that of", true},
			"without since":         {plain, Options{Kept: kept}, "not confirmed: nothing here proves", false},
			"without since, bundle": {plain, Options{Against: opened(t, old)}, "ask for the newer bundle with since=", false},
		} {
			said, open, err := in.compared(t, c.raw, c.o)
			if err != nil || !strings.Contains(said, c.want) || (len(open) == 0) != c.confirmed {
				t.Errorf("%s: %v, open %q\n%s", name, err, open, said)
			}
		}
		_, err := in.exporter.Choose(ctx, in.Scope(in.North, tenancy.Auditor), Filter{Since: 1 << 40})
		if !fault.Is(err, fault.Malformed) {
			t.Errorf("since more than there is: %v", err)
		}
	})
}

// TestContradiction: bundles of two histories under one name and one key each hold by
// themselves, and are told apart.
func TestContradiction(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	old := in.zip(t, in.Root, Filter{})
	other := signedWith(t, dbtest.SQLite(t), in.log, in.own)
	other.grow(t, "another")
	fork := other.zip(t, other.Root, Filter{Since: lastOf(t, old).Size})
	plain := other.zip(t, other.Root, Filter{})
	for name, c := range map[string]struct {
		raw  []byte
		o    Options
		want string
	}{
		"kept":                   {fork, Options{Kept: lastOf(t, old)}, "FAILS: the log of"},
		"against":                {fork, Options{Against: opened(t, old)}, "two histories were signed under one name"},
		"against, without since": {plain, Options{Against: opened(t, old)}, "FAILS: the log of"},
	} {
		if _, _, err := in.compared(t, c.raw, Options{}); err != nil {
			t.Fatalf("%s, alone: %v", name, err)
		}
		if said, _, err := in.compared(t, c.raw, c.o); err == nil || !strings.Contains(said, c.want) {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
	}
	v := &verifier{entries: map[int64]string{1: "a", 2: "b", 5: "c"}} // no size in common
	if sentence, err := v.sameEntries(map[int64]string{1: "a", 2: "x", 5: "y", 7: "z"}); err == nil || !strings.HasPrefix(err.Error(), "entry 2 is another one") {
		t.Errorf("another entry: %q, %v", sentence, err)
	}
	if sentence, err := v.sameEntries(map[int64]string{2: "b", 7: "z"}); err != nil || !strings.HasPrefix(sentence, "1 entries are in both") {
		t.Errorf("the same entries: %q, %v", sentence, err)
	}
	stranger := newInstallation(t, dbtest.SQLite(t))
	if said, _, err := in.compared(t, old, Options{Against: opened(t, stranger.zip(t, stranger.Root, Filter{}))}); err == nil || !strings.Contains(said, "FAILS: the other bundle: ") {
		t.Errorf("of another key: %v\n%s", err, said)
	}
	foreign := *lastOf(t, old)
	foreign.Origin = "other/log"
	if said, _, err := in.compared(t, old, Options{Kept: &foreign}); err == nil || !strings.Contains(said, "is of the log other/log") {
		t.Errorf("of another log: %v\n%s", err, said)
	}
}

// TestForgedSince: a proof that was changed is found, even if the manifest is signed again.
func TestForgedSince(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	for name, change := range map[string]func(*grown){
		"root":     func(g *grown) { g.Root = strings.Repeat("0", 64) },
		"no root":  func(g *grown) { g.Root = "" },
		"size":     func(g *grown) { g.First++ },
		"zero":     func(g *grown) { g.First = 0 },
		"too much": func(g *grown) { g.First = g.Last + 1 },
		"last":     func(g *grown) { g.Last-- },
		"hashes":   func(g *grown) { g.Hashes = g.Hashes[1:] },
	} {
		files := in.bundle(t, in.Root, Filter{Since: 3})
		if said, err := verify(t, files, in.trusted(t)...); err != nil || !strings.Contains(said, "begins with that of 3, which was asked for") {
			t.Fatalf("%v\n%s", err, said)
		}
		var g grown
		must(t, json.Unmarshal([]byte(files[fileSince]), &g))
		change(&g)
		text, err := json.Marshal(g)
		must(t, err)
		files[fileSince] = string(text)
		in.resign(t, files, nil)
		said, err := verify(t, files, in.trusted(t)...)
		found(t, name, "checkpoints/since.json", said, err)
	}
}

// TestUnconfirmed: without a key of the log and one of its evidence, what holds is not
// confirmed.
func TestUnconfirmed(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	raw := in.zip(t, in.North, Filter{})
	keys := in.trusted(t)
	for want, given := range map[int][]string{0: keys, 1: keys[:1], 2: nil} {
		known, err := ParseKeys(given)
		must(t, err)
		if open, err := Verify(opened(t, raw), Options{Known: known, Say: func(string) {}}); err != nil || len(open) != want {
			t.Errorf("with %d keys: %q, %v", len(given), open, err)
		}
	}
}
