package evidence

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/evidence/pages"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// TestBundleHolds: what a scope is given verifies, whoever asks for what, as a
// zip and unpacked.
func TestBundleHolds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		in := newInstallation(t, dsn)
		for name, c := range map[string]struct {
			org  tenancy.OrgID
			f    Filter
			want []string
		}{
			"all of the root": {in.Root, Filter{}, nil},
			"all of a child":  {in.Harbour, Filter{}, nil},
			"one client":      {in.North, Filter{Clients: []string{string(in.shop)}}, []string{"of 4 events of 2 objects"}},
			"a subtree":       {in.Root, Filter{Organization: in.North}, nil},
			"from":            {in.North, Filter{Clients: []string{string(in.shop)}, From: in.beforeTheEdits}, []string{"of 3 events of 2 objects"}},
			"to":              {in.North, Filter{Clients: []string{string(in.shop)}, To: in.beforeTheEdits}, []string{"of 2 events of 2 objects"}},
			"nothing":         {in.North, Filter{From: in.Log.Now() + 1e9}, []string{"of 0 events of 0 objects"}},
		} {
			files := in.bundle(t, c.org, c.f)
			said, err := verify(t, files, in.trusted(t)...)
			sentences := 15
			if c.f.whole() {
				sentences++ // with the objects that the log counted
			}
			if err != nil || strings.Contains(said, "own key") || strings.Count(said, "holds:") != sentences {
				t.Errorf("%s: %v\n%s", name, err, said)
			}
			for _, want := range c.want {
				if !strings.Contains(said, want) {
					t.Errorf("%s: nothing of %q in\n%s", name, want, said)
				}
			}
			if said, err := verify(t, files); err != nil || strings.Count(said, "with the bundle's own key") != 2 {
				t.Errorf("%s, without a key: %v\n%s", name, err, said)
			}
			dir := t.TempDir()
			for name, text := range files {
				must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
				must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
			}
			f, err := Open(dir)
			must(t, err)
			if _, err := Verify(f, Options{Say: func(string) {}}); err != nil {
				t.Errorf("%s, unpacked: %v", name, err)
			}
			must(t, f.Close())
		}
		whole := in.bundle(t, in.Root, Filter{})
		if !strings.Contains(whole[fileManifest], `"whole_log": true`) {
			t.Error("the root's bundle is not the whole log")
		}
	})
}

// TestForPeople: the table has a row an event, that of the setup that the client is in
// too, and the page shows it as text.
func TestForPeople(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	files := in.bundle(t, in.North, Filter{Clients: []string{string(in.shop)}})
	rows, err := csv.NewReader(strings.NewReader(files[pages.FileCSV])).ReadAll()
	if err != nil || len(rows) != 5 || len(rows[0]) != 16 || rows[1][5] != string(in.Setup) || rows[2][5] != string(in.shop) || rows[4][6] != "3" {
		t.Errorf("%v\n%s", err, files[pages.FileCSV])
	}
	for _, want := range []string{"client.published", "because of a test", "snapshots/" + string(in.shopSnapshots[0]) + ".json", "</html>"} {
		if !strings.Contains(files[pages.FileEvents], want) {
			t.Errorf("nothing of %s in\n%s", want, files[pages.FileEvents])
		}
	}
	for _, never := range []string{"<script", "http://", "https://", "src="} {
		if strings.Contains(files[pages.FileEvents], never) {
			t.Errorf("%s in the page", never)
		}
	}
}

// TestNothingOfASibling: no file of a child's bundle has a byte of an id or a
// name of the other child, or of what is above, except the setup that its clients are in.
func TestNothingOfASibling(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	never := []string{string(in.South), "south", string(in.south), string(in.southSetup), `"root"`}
	for org, also := range map[tenancy.OrgID][]string{in.Harbour: nil, in.Quay: {string(in.Setup)}} {
		for name, text := range in.bundle(t, org, Filter{}) {
			for _, id := range slices.Concat(never, also) {
				if strings.Contains(strings.ToLower(text), id) {
					t.Errorf("%s's bundle: %s has %s", in.OrgName(org), name, id)
				}
			}
		}
	}
	said, err := verify(t, in.bundle(t, in.Harbour, Filter{}))
	if err != nil || !strings.Contains(said, string(in.Harbour)) {
		t.Errorf("%v\n%s", err, said)
	}
}

// TestRefusals: who may not, and what is not there.
func TestRefusals(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	refused := func(what string, err error, kind fault.Kind) {
		t.Helper()
		if !fault.Is(err, kind) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := in.exporter.Choose(ctx, in.Scope(in.North, tenancy.Reader), Filter{})
	refused("a reader", err, fault.Forbidden)
	_, err = in.exporter.Choose(ctx, tenancy.Scope{}, Filter{})
	refused("nobody", err, fault.Internal)
	auditor := in.Scope(in.Harbour, tenancy.Auditor)
	_, err = in.exporter.Choose(ctx, auditor, Filter{Organization: in.South})
	refused("a sibling", err, fault.NotFound)
	for _, id := range []string{string(in.south), "none", string(in.Setup)} {
		_, err = in.exporter.Choose(ctx, auditor, Filter{Clients: []string{string(in.shop), id}})
		refused(id, err, fault.NotFound)
	}
	_, err = in.exporter.Choose(ctx, in.Scope(in.Root, tenancy.Auditor), Filter{Clients: []string{string(in.south)}, Organization: in.North})
	refused("a client of another subtree", err, fault.NotFound)
	without := *in.exporter
	without.Keys = nil
	_, err = without.Choose(ctx, auditor, Filter{})
	refused("no evidence key", err, fault.Unavailable)
	publisher, err := history.OpenPublisher(ctx, in.DB, in.Log, history.PublisherOptions{})
	must(t, err)
	without = *in.exporter
	without.Log = publisher
	_, err = without.Choose(ctx, auditor, Filter{})
	refused("no log key", err, fault.Unavailable)
}

// TestErasedContent: it is left out and said to be; everything else holds.
func TestErasedContent(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	id := in.shopSnapshots[0]
	_, err := in.Store.Erase(ctx, in.Admin(in.North), in.shop, snapshots.Erasure{Reason: "request 17", Delete: true})
	must(t, err)
	in.Tick()
	files := in.bundle(t, in.North, Filter{Clients: []string{string(in.shop)}})
	said, err := verify(t, files, in.trusted(t)...)
	if err != nil || !strings.Contains(said, "that of 4 is erased") || !strings.Contains(said, "each of 4 contents and details that are erased") {
		t.Errorf("%v\n%s", err, said)
	}
	if _, there := files[dirSnapshots+string(id)+".json"]; there {
		t.Error("the erased content is there")
	}

	// the detail of an event of a key is never erased
	const detail = "(SELECT max(d.idx) FROM log_detail d JOIN log_event e ON e.idx = d.idx WHERE e.kind = 'key.created')"
	for _, q := range []string{"INSERT INTO erasure (ref, recorded_at) VALUES (CAST(" + detail + " AS TEXT), 1)",
		"DELETE FROM log_detail WHERE idx = " + detail} {
		_, err := in.DB.Raw().ExecContext(ctx, q)
		must(t, err)
	}
	b, err := in.exporter.Choose(ctx, in.Scope(in.Root, tenancy.Auditor), Filter{})
	must(t, err)
	if err := b.Write(ctx, io.Discard); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "its detail is erased, and no client.erased event says so") {
		t.Errorf("a detail that is missing: %v", err)
	}
}

// TestManyPages: a history of more events than a page and a tile have holds,
// from any time on.
func TestManyPages(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	var middle history.Micros
	for i := range 2*pageSize + 10 {
		in.Tick()
		if i == pageSize+5 {
			middle = in.Log.Now()
		}
		_, err := snapshots.Edit(ctx, in.Store, in.Admin(in.Harbour), in.Ref(in.shop), snapshotstest.To(snapshotstest.Named(fmt.Sprint("name", i))))
		must(t, err)
	}
	in.Tick()
	for _, f := range []Filter{{}, {From: middle}, {To: middle}, {Clients: []string{string(in.shop)}, From: middle}} {
		files := in.bundle(t, in.North, f)
		said, err := verify(t, files, in.trusted(t)...)
		if err != nil || strings.Count(files[fileEvents], "\n") < pageSize {
			t.Errorf("%+v: %v\n%s", f, err, said)
		}
	}
}
