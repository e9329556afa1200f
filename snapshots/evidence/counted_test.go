package evidence

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
	"tenure/tenancy/history/counts"
)

// without takes one object out of a bundle: its events, proofs, contents and pages. It
// returns the bundle with everything made to agree again, as who holds the evidence key can.
func (in *installation) without(t *testing.T, files map[string]string, object string) map[string]string {
	t.Helper()
	f := copied(files)
	var events, proofs, snapshots []string
	gone, refs := map[int64]bool{}, map[string]bool{}
	for _, text := range strings.SplitAfter(f[fileEvents], "\n") {
		var e event
		if text == "" || json.Unmarshal([]byte(text), &e) != nil {
			continue
		}
		env, err := history.DecodeEnvelope([]byte(e.Envelope))
		must(t, err)
		if env.Object != object {
			events = append(events, text)
			continue
		}
		gone[e.Index], refs[env.Ref] = true, true
	}
	for _, text := range strings.SplitAfter(f[fileProofs], "\n") {
		var p inclusion
		if text != "" && json.Unmarshal([]byte(text), &p) == nil && !gone[p.Index] {
			proofs = append(proofs, text)
		}
	}
	for _, text := range strings.SplitAfter(f[fileSnapshots], "\n") {
		var c content
		if text == "" || json.Unmarshal([]byte(text), &c) != nil {
			continue
		}
		if refs[c.ID] {
			delete(f, dirSnapshots+c.ID+".json")
			continue
		}
		snapshots = append(snapshots, text)
	}
	f[fileEvents], f[fileProofs], f[fileSnapshots] = strings.Join(events, ""), strings.Join(proofs, ""), strings.Join(snapshots, "")
	var n names
	must(t, json.Unmarshal([]byte(f[fileNames]), &n))
	clients := []namedClient{}
	for _, c := range n.Clients {
		if c.ID != object {
			clients = append(clients, c)
		}
	}
	n.Clients = clients
	text, err := json.Marshal(n)
	must(t, err)
	f[fileNames] = string(text) + "\n"
	in.resign(t, f, func(m *manifest) {
		var objects []entry
		for _, o := range m.Objects {
			if o.ID != object {
				objects = append(objects, o)
			}
		}
		m.Objects, m.Events, m.Snapshots = objects, int64(len(events)), int64(len(snapshots))
	})
	return f
}

type entry = object

// TestLeftOutObject: an object that is left out of a bundle of an organization is missed by the
// count of the moment, and by that of the day, on both engines.
func TestLeftOutObject(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		in := newInstallation(t, dsn)
		operator := in.Admin(in.Root).Event(history.Event{})
		for range 2 { // the second is not due
			_, err := counts.Record(ctx, in.DB, "", nil, in.Log.Now(), operator)
			must(t, err)
		}
		in.Tick()
		files := in.bundle(t, in.North, Filter{})
		size := in.Log.Size()
		again := in.bundle(t, in.North, Filter{})
		if in.Log.Size() != size || again[fileCounts] == "" {
			t.Errorf("a second bundle of the same objects was counted again")
		}
		said, err := verify(t, files, in.trusted(t)...)
		if err != nil || !strings.Contains(said, "objects of 3 organizations are here, as many and the same as the log counted") {
			t.Fatalf("%v\n%s", err, said)
		}
		if n := strings.Count(files[fileCounts], `"event":`); n != 2 {
			t.Errorf("%d counts\n%s", n, files[fileCounts])
		}
		left := in.without(t, files, string(in.shop))
		said, err = verify(t, left, in.trusted(t)...)
		found(t, "left out", "1 are missing", said, err)

		lines := strings.SplitAfter(files[fileCounts], "\n")
		for name, c := range map[string]struct {
			base map[string]string
			text string
			want string
		}{
			"left out, with the count of the day only": {left, strings.Join(lines[4:], ""), "1 are missing"},
			"left out, with a smaller number":          {left, smaller(t, lines, string(in.Harbour)), "had other objects"},
			"an organization that is not counted":      {files, strings.Join(append(append([]string{}, lines[:1]...), lines[2:]...), ""), "is not in the count of entry"},
			"a line of no count":                       {files, strings.Join(lines[1:], ""), "is of no count"},
			"a count that was changed":                 {files, strings.Replace(files[fileCounts], `\"organizations\":3`, `\"organizations\":2`, 1), "its detail is another"},
		} {
			f := copied(c.base)
			f[fileCounts] = c.text
			in.resign(t, f, nil)
			said, err := verify(t, f, in.trusted(t)...)
			found(t, name, c.want, said, err)
		}
		f := copied(files)
		f[fileCounts] = ""
		in.resign(t, f, nil)
		said, err = verify(t, f, in.trusted(t)...)
		if err != nil || !strings.Contains(said, "not confirmed: the log has no count of these organizations") {
			t.Errorf("without a count: %v\n%s", err, said)
		}
		if _, there := in.bundle(t, in.North, Filter{From: in.beforeTheEdits})[fileCounts]; there {
			t.Error("a bundle of a time has counts")
		}
	})
}

// smaller are the lines with one object fewer in each count of an organization.
func smaller(t *testing.T, lines []string, org string) string {
	t.Helper()
	var out strings.Builder
	for _, text := range lines {
		var l countLine
		if text != "" {
			must(t, json.Unmarshal([]byte(text), &l))
		}
		if l.Organization == org {
			text = strings.Replace(text, fmt.Sprintf(`"objects":%d`, l.Objects), fmt.Sprintf(`"objects":%d`, l.Objects-1), 1)
		}
		out.WriteString(text)
	}
	return out.String()
}
