package evidence

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/evidence/pages"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// setupTo changes the setup that shop and kiosk are in, which is north's.
func (in *installation) setupTo(t testing.TB, at *history.Millis, change func(*document.Setup)) snapshots.SnapshotID {
	t.Helper()
	out, err := snapshots.Edit(ctx, in.Store, in.Admin(in.North), snapshots.SetupRef(snapshotstest.Module, in.Setup), snapshots.Change[document.Setup]{
		ValidFrom: at, Later: snapshots.LaterKeep,
		Apply: func(base, _ *document.Setup) (*document.Setup, error) {
			next := *base
			change(&next)
			return &next, nil
		}})
	must(t, err)
	in.Tick()
	return out.ID
}

func hour(n int64) document.Lifetime { n *= 3600; return &n }

// story: the setup's owner adds the grant type password and raises a lifetime; then sets
// a policy, which is no affair of those below, plans a change and takes it back.
func (in *installation) story(t testing.TB) (first, second snapshots.SnapshotID) {
	t.Helper()
	first = in.setupTo(t, nil, func(s *document.Setup) { s.GrantTypes, s.AccessTokenTTL = []string{"authorization_code"}, hour(1) })
	must(t, in.Store.SetPolicy(ctx, in.Admin(in.North), snapshotstest.Module, in.Setup, snapshots.Policy{OnStalePlan: "keep", ScopeCheck: "dialect"}))
	in.Tick()
	second = in.setupTo(t, nil, func(s *document.Setup) {
		s.GrantTypes, s.AccessTokenTTL = []string{"authorization_code", "password"}, hour(24)
	})
	plan := in.setupTo(t, in.In(time.Hour), func(s *document.Setup) { s.IDTokenTTL = hour(1) })
	must(t, snapshots.Withdraw[document.Setup](ctx, in.Store, in.Admin(in.North), snapshots.SetupRef(snapshotstest.Module, in.Setup), plan))
	in.Tick()
	return first, second
}

func manifestOf(t testing.TB, files map[string]string) manifest {
	t.Helper()
	var m manifest
	must(t, json.Unmarshal([]byte(files[fileManifest]), &m))
	return m
}

// TestInheritedSetups: a client's bundle, and that of its owner, have the versions of the
// setup of an organization above that the client inherits from, with events, contents and
// proofs, and nothing else of it. They verify, and the client's page says what changed.
func TestInheritedSetups(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		in := newInstallation(t, dsn)
		before := in.Log.Now()
		first, second := in.story(t)
		for name, c := range map[string]struct {
			org    tenancy.OrgID
			filter Filter
			count  int64 // of the setup's events
			older  bool  // shop's versions are older than the bundle
		}{
			"a client":               {in.Harbour, Filter{Clients: []string{string(in.shop)}}, 5, false},
			"a client, for the root": {in.Root, Filter{Clients: []string{string(in.shop)}}, 5, false},
			"a client in a time":     {in.Harbour, Filter{Clients: []string{string(in.shop)}, From: before}, 5, true},
			"an organization":        {in.Harbour, Filter{}, 5, false},
			"an organization below":  {in.North, Filter{Organization: in.Harbour}, 5, false},
			"a time":                 {in.Harbour, Filter{Organization: in.Harbour, From: before}, 5, false},
		} {
			files := in.bundle(t, c.org, c.filter)
			said, err := verify(t, files, in.trusted(t)...)
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, said)
				continue
			}
			m := manifestOf(t, files)
			at := slices.IndexFunc(m.Objects, func(o object) bool { return o.ID == string(in.Setup) })
			if at < 0 || m.Objects[at].Part != partVersions || m.Objects[at].Count != c.count || m.Version != version || m.Pages != pages.Form {
				t.Errorf("%s: %+v", name, m.Objects)
				continue
			}
			if strings.Contains(files[fileEvents], "setup.policy") {
				t.Errorf("%s: another's policy is in it", name)
			}
			for _, id := range []snapshots.SnapshotID{first, second} {
				if files[dirSnapshots+string(id)+".json"] == "" {
					t.Errorf("%s: nothing of %s", name, id)
				}
			}
			page, there := files[pages.Dir+string(in.shop)+".html"]
			if c.filter.From != 0 && len(c.filter.Clients) == 0 {
				if there || !strings.Contains(files[pages.Dir+string(in.Setup)+".html"], "new grant type password") {
					t.Errorf("%s: a page of a client that has nothing in the time, or none of the setup's change", name)
				}
				continue
			}
			for _, want := range []string{"Inherited from the setup: Changed", "new grant type password", "access token lifetime ×24", string(second)} {
				if strings.Contains(page, want) == c.older {
					t.Errorf("%s: the client's page has %q: %t", name, want, c.older)
				}
			}
			if strings.Contains(page, "this bundle does not say") != c.older {
				t.Errorf("%s: that what the client sets is not known: %t", name, !c.older)
			}
		}
		files := in.bundle(t, in.North, Filter{}) // its own setup: whole
		if said, err := verify(t, files, in.trusted(t)...); err != nil || strings.Contains(files[fileManifest], `"part"`) || !strings.Contains(files[fileEvents], "setup.policy") {
			t.Errorf("the owner of the setup: %v\n%s", err, said)
		}
		if page := files[pages.Dir+string(in.shop)+".html"]; !strings.Contains(page, "Inherited from the setup: Changed") {
			t.Error("the page of the client for the setup's owner says nothing of it")
		}
		if last, err := history.ReadCheckpoint([]byte(files[fileLast])); err != nil || last.Signed.At == 0 ||
			!strings.Contains(files[pages.FileIndex], `signed at <time datetime="`+last.Signed.At.Time().Format(time.RFC3339Nano)+`"`) {
			t.Errorf("the index does not say when the checkpoint was signed: %v", err)
		}
		files = in.bundle(t, in.Quay, Filter{}) // owns no client
		if strings.Contains(files[fileManifest], string(in.Setup)) {
			t.Error("quay owns no client in the setup")
		}
	})
}

// TestInheritedSince: of the time before the period only the version that was in force is
// there, and nothing that was recorded after it.
func TestInheritedSince(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	in.setupTo(t, nil, func(s *document.Setup) { s.Comment = "older" })
	inForce := in.setupTo(t, nil, func(s *document.Setup) { s.Comment = "in force then" })
	from := in.Log.Now()
	in.Tick()
	within := in.setupTo(t, nil, func(s *document.Setup) { s.AccessTokenTTL = hour(1) })
	to := in.Log.Now()
	in.Tick()
	in.setupTo(t, nil, func(s *document.Setup) { s.AccessTokenTTL = hour(2) })
	files := in.bundle(t, in.Harbour, Filter{Clients: []string{string(in.shop)}, From: from, To: to})
	if said, err := verify(t, files, in.trusted(t)...); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	var got []string
	for _, l := range splitLines(files[fileSnapshots]) {
		var c content
		if l != "" {
			must(t, json.Unmarshal([]byte(l), &c))
			got = append(got, c.ID)
		}
	}
	if !slices.Equal(got, []string{string(inForce), string(within)}) {
		t.Errorf("%q, want %s and %s", got, inForce, within)
	}
}

// TestInheritedUntilTheEnd: a client that was deleted inherits nothing any more, so its
// bundle has nothing of what the setup's owner did later, and why; that of an organization
// with another client in the setup has it.
func TestInheritedUntilTheEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		in := newInstallation(t, dsn)
		lived := in.setupTo(t, nil, func(s *document.Setup) { s.AccessTokenTTL = hour(1) })
		must(t, snapshots.Delete[document.Client](ctx, in.Store, in.Admin(in.Harbour), in.Ref(in.shop), nil))
		in.Tick()
		from := in.Log.Now()
		in.Tick()
		after := in.setupTo(t, nil, func(s *document.Setup) { s.AccessTokenTTL = hour(2) })
		planned := in.setupTo(t, in.In(time.Hour), func(s *document.Setup) { s.AccessTokenTTL = hour(3) })
		for name, c := range map[string]struct {
			filter Filter
			after  bool
		}{
			"the client":                {Filter{Clients: []string{string(in.shop)}}, false},
			"the client, later":         {Filter{Clients: []string{string(in.shop)}, From: from}, false},
			"the client, until it goes": {Filter{Clients: []string{string(in.shop)}, To: from}, false},
			"its organization":          {Filter{}, true},
		} {
			files := in.bundle(t, in.Harbour, c.filter)
			if said, err := verify(t, files, in.trusted(t)...); err != nil {
				t.Errorf("%s: %v\n%s", name, err, said)
			}
			for id, want := range map[snapshots.SnapshotID]bool{lived: true, after: c.after, planned: c.after} {
				if strings.Contains(files[fileEvents], string(id)) != want {
					t.Errorf("%s: version %s is there: %t", name, id, !want)
				}
			}
		}
	})
}

// TestForgedParts: what is here in part is found to be falsified as far as it can be, and
// an object that may not be is refused.
func TestForgedParts(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	_, second := in.story(t)
	original := in.bundle(t, in.Harbour, Filter{})
	part := func(m *manifest) *object {
		return &m.Objects[slices.IndexFunc(m.Objects, func(o object) bool { return o.Part != "" })]
	}
	without := func(f map[string]string, ref snapshots.SnapshotID) {
		for _, name := range []string{fileEvents, fileProofs} {
			lines, events := splitLines(f[name]), splitLines(original[fileEvents])
			kept := ""
			for i, l := range lines {
				if l != "" && !strings.Contains(events[i], `\"ref\":\"`+string(ref)) {
					kept += l + "\n"
				}
			}
			f[name] = kept
		}
	}
	for name, c := range map[string]struct {
		change func(f map[string]string)
		want   string
	}{
		"a version left out": {func(f map[string]string) { without(f, second); in.resign(t, f, nil) }, "the manifest names its events"},
		"another kind": {func(f map[string]string) {
			in.resign(t, f, func(m *manifest) {
				m.Objects[slices.IndexFunc(m.Objects, func(o object) bool { return o.ID == string(in.shop) })].Part = partVersions
			})
		}, "cannot be here in part"},
		"another word":   {func(f map[string]string) { in.resign(t, f, func(m *manifest) { part(m).Part = "some" }) }, "cannot be here in part"},
		"of version 2":   {func(f map[string]string) { in.resign(t, f, func(m *manifest) { m.Version = 2 }) }, "cannot be here in part"},
		"the whole log":  {func(f map[string]string) { in.resign(t, f, func(m *manifest) { m.WholeLog = true }) }, "the whole log"},
		"said to be all": {func(f map[string]string) { in.resign(t, f, func(m *manifest) { part(m).Part = "" }) }, "should stand there"},
		"too many":       {func(f map[string]string) { in.resign(t, f, func(m *manifest) { part(m).Total = 1 }) }, "contradicts itself"},
	} {
		f := copied(original)
		c.change(f)
		said, err := verify(t, f, in.trusted(t)...)
		found(t, name, c.want, said, err)
	}
}

// TestBundleOfVersion2 verifies as it did, pages included, with those of today too; and it
// has nothing in part.
func TestBundleOfVersion2(t *testing.T) {
	raw, err := os.ReadFile("../../testdata/evidence-verifier/version2.zip")
	must(t, err)
	old := unpacked(t, raw)
	said, err := verify(t, old, strings.Fields(old[fileKeys])...)
	if err != nil || !strings.Contains(said, "pages and tables for people say") || manifestOf(t, old).Version != 2 {
		t.Errorf("%v\n%s", err, said)
	}
}
