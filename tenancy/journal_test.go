package tenancy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// grown is a world whose log tells of moves and deletions.
func grown(t *testing.T, w *tenancytest.World) {
	admin := w.Scope(t, w.Root, tenancy.Admin)
	quay := w.MustOrg(t, w.Harbour, "quay")
	pier := w.MustOrg(t, quay, "pier")
	for i, org := range []tenancy.OrgID{w.South, quay, w.Harbour, pier, w.South, quay} {
		_, err := w.Store.RenameOrganization(ctx, admin, org, fmt.Sprint("name ", i))
		must(t, err)
	}
	_, err := w.Store.MoveOrganization(ctx, admin, quay, w.South, keeps)
	must(t, err)
	must(t, w.Store.DeleteOrganization(ctx, admin, pier, false, tenancy.Contents{}))
	_, err = w.Store.RenameOrganization(ctx, admin, w.Harbour, "port")
	must(t, err)
}

// pages reads a journal to its end, page by page.
func pages(t *testing.T, w *tenancytest.World, scope tenancy.Scope, q tenancy.Query) (found []int64) {
	t.Helper()
	for q.After = -1; ; {
		page, err := w.Store.Journal(ctx, scope, q)
		must(t, err)
		onward := page.Next > q.After
		if q.Newest {
			onward = q.After < 0 || page.Next < q.After
		}
		if len(page.Events) > q.Limit || page.More && !onward {
			t.Fatalf("a page of %d events after %d, next %d", len(page.Events), q.After, page.Next)
		}
		for _, e := range page.Events {
			found = append(found, e.Index)
		}
		if !page.More {
			return found
		}
		q.After = page.Next
	}
}

// TestJournal compares each organization's journal, in pages of several sizes
// and with random filters, with a walk over the whole log.
func TestJournal(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		grown(t, w)
		all := w.Events(t)
		random := rand.New(rand.NewPCG(1, 2))
		pick := func() history.Envelope { return all[random.IntN(len(all))] }
		for _, acting := range w.Orgs() {
			scope := w.Scope(t, acting, tenancy.Auditor)
			for turn := range 25 {
				var q tenancy.Query
				if turn > 0 {
					for i, set := range []func(){func() { q.Object = pick().Object }, func() { q.Actor = pick().Actor },
						func() { q.Kinds = []history.Kind{pick().Kind, pick().Kind} }, func() { q.Surface = pick().Surface },
						func() { q.From = pick().RecordedAt }, func() { q.To = pick().RecordedAt }, func() { q.Before = random.Int64N(40) + 1 }} {
						if random.IntN(3) == 0 || turn == i+1 {
							set()
						}
					}
				}
				var want []int64
				for i, e := range all {
					if scope.Covers(tenancy.OrgID(e.Org)) && (q.Object == "" || e.Object == q.Object) && (q.Actor == "" || e.Actor == q.Actor) &&
						(q.Kinds == nil || slices.Contains(q.Kinds, e.Kind)) && (q.Surface == "" || e.Surface == q.Surface) &&
						(q.From == 0 || e.RecordedAt >= q.From) && (q.To == 0 || e.RecordedAt < q.To) && (q.Before == 0 || int64(i) < q.Before) {
						want = append(want, int64(i))
					}
				}
				for _, q.Limit = range []int{1, 3, 1000} {
					if diff := cmp.Diff(want, pages(t, w, scope, q)); diff != "" {
						t.Errorf("%+v: %s", q, diff)
					}
					newest := q
					newest.Newest = true
					found := pages(t, w, scope, newest)
					if slices.Reverse(found); !slices.Equal(want, found) {
						t.Errorf("%+v: newest first it is %v, want %v", q, found, want)
					}
				}
			}
		}
	})
}

// TestJournalFollowsTheTree: what moved away is not told any more, what moved
// here is, and what was deleted is told to who stood above.
func TestJournalFollowsTheTree(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		grown(t, w)
		owners := func(org tenancy.OrgID) map[string]bool {
			owners := map[string]bool{}
			page, err := w.Store.Journal(ctx, w.Scope(t, org, tenancy.Auditor), tenancy.Query{After: -1, Limit: 1000})
			must(t, err)
			for _, e := range page.Events {
				owners[e.Org] = true
			}
			return owners
		}
		if north, south := owners(w.North), owners(w.South); len(north) != 2 || len(south) != 3 || north[string(w.South)] || south[string(w.Harbour)] {
			t.Errorf("north is told of %v, south of %v", north, south)
		}
		north := w.Scope(t, w.North, tenancy.Auditor)
		page, err := w.Store.Journal(ctx, north, tenancy.Query{Org: w.Harbour, After: -1, Limit: 1000})
		must(t, err)
		for _, e := range page.Events {
			if e.Org != string(w.Harbour) {
				t.Errorf("beside the organization asked for: %+v", e)
			}
		}
		_, err = w.Store.Journal(ctx, north, tenancy.Query{Org: w.South, Limit: 10})
		wantFault(t, err, fault.NotFound)
		_, err = w.Store.Journal(ctx, w.Scope(t, w.North, tenancy.Reader), tenancy.Query{Limit: 10})
		wantFault(t, err, fault.Forbidden)
		_, err = w.Store.Journal(ctx, tenancy.Scope{}, tenancy.Query{Limit: 10})
		wantFault(t, err, fault.Internal)
	})
}

// TestActingKeys: a key is named to who stands at or above its organization.
func TestActingKeys(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		for _, from := range []tenancy.OrgID{w.Root, w.North, w.Harbour} {
			_, err := w.Store.RenameOrganization(ctx, w.ScopeFor(t, from, tenancy.Admin, w.Harbour), w.Harbour, "by "+string(from))
			must(t, err)
		}
		must(t, w.Store.RevokeKey(ctx, w.Store.Operator("test"), w.KeyID(w.Harbour, tenancy.Admin)))
		north := w.Scope(t, w.North, tenancy.Auditor)
		page, err := w.Store.Journal(ctx, north, tenancy.Query{Org: w.Harbour, Kinds: []history.Kind{"organization.renamed"}, After: -1, Limit: 10})
		must(t, err)
		keys, err := w.Store.ActingKeys(ctx, north, page.Events)
		must(t, err)
		if _, root := keys[w.KeyID(w.Root, tenancy.Admin)]; len(page.Events) != 3 || len(keys) != 2 || root ||
			keys[w.KeyID(w.North, tenancy.Admin)].Name != "admin" || keys[w.KeyID(w.Harbour, tenancy.Admin)].Org != w.Harbour {
			t.Errorf("%d events by %+v", len(page.Events), keys)
		}
	})
}

// filled appends n events of an organization, in batches, as a write does.
func filled(tb testing.TB, w *tenancytest.World, org tenancy.OrgID, objects, n int) {
	tb.Helper()
	for done := 0; done < n; {
		err := w.DB.Write(context.Background(), func(tx *db.Tx) error {
			for range min(1000, n-done) {
				history.Record(tx, history.Event{Kind: "client.changed", ObjectKind: history.ObjectClient, Object: fmt.Sprintf("%s-%d", org, done%objects),
					Ref: "r", Org: string(org), Actor: "key:k", ActingOrg: string(org), Surface: "bench", Effective: 1})
				done++
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// TestJournalOfManyOrganizations: more organizations than are read each by its
// own index give the same answer.
func TestJournalOfManyOrganizations(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		filled(t, w, w.South, 3, 2500)
		scope := w.Scope(t, w.North, tenancy.Auditor)
		few := pages(t, w, scope, tenancy.Query{Limit: 100})
		for i := range 260 {
			w.MustOrg(t, w.North, fmt.Sprint("n", i))
		}
		many := pages(t, w, scope, tenancy.Query{Limit: 100})
		if len(many) != len(few)+260 || !slices.Equal(many[:len(few)], few) {
			t.Errorf("%d events, and with 260 organizations more %d", len(few), len(many))
		}
	})
}
