package tenancy_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// held is everything that memory answers about the tree and the keys.
type held struct {
	Orgs     []tenancy.Organization
	Keys     []tenancy.Key
	Covers   map[tenancy.OrgID][]tenancy.OrgID
	Defaults map[tenancy.OrgID]string
	Alive    map[tenancy.OrgID]bool
	Steady   map[tenancy.OrgID]bool
}

func hold(t *testing.T, s *tenancy.Store, ids []tenancy.OrgID) held {
	t.Helper()
	h := held{Covers: make(map[tenancy.OrgID][]tenancy.OrgID), Defaults: make(map[tenancy.OrgID]string), Alive: make(map[tenancy.OrgID]bool),
		Steady: make(map[tenancy.OrgID]bool)}
	root := s.Operator("test")
	var err error
	h.Orgs, err = s.Organizations(root)
	must(t, err)
	h.Keys, err = s.Keys(ctx, root)
	must(t, err)
	for _, id := range ids {
		h.Defaults[id], h.Alive[id], h.Steady[id] = s.DefaultSetup(id), root.Alive(id), root.Steady(id)
		scope, err := s.Authorize(tenancy.Principal{Org: s.Root(), Role: tenancy.Admin}, id, 0, "test", "")
		for _, other := range ids {
			if err == nil && scope.Covers(other) {
				h.Covers[id] = append(h.Covers[id], other)
			}
		}
	}
	return h
}

// nothingInside restores organizations that own nothing but keys.
var nothingInside = tenancy.Restoring{
	Keeps: keeps,
	End:   func(*db.Tx, tenancy.Scope, []tenancy.OrgID, history.Millis, int) (int, error) { return 0, nil },
	Taken: func(*db.Tx, tenancy.Scope, []tenancy.OrgID) error { return nil },
}

// TestMemoryEqualsRows makes random changes; after each, what memory says must
// be what a second store reads from the rows.
func TestMemoryEqualsRows(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		random := rand.New(rand.NewPCG(1, 2))
		root := w.Scope(t, w.Root, tenancy.Admin)
		must(t, w.Store.Flush(ctx)) // last uses reach the rows late, by design
		ids := w.Orgs()
		pick := func() tenancy.OrgID { return ids[random.IntN(len(ids))] }
		done := make(map[string]int)
		for range 150 {
			what, err := "", error(nil)
			switch random.IntN(8) {
			case 0, 1:
				var o tenancy.Organization
				what = "create"
				if o, err = w.Store.CreateOrganization(ctx, root, pick(), "o"); err == nil {
					ids = append(ids, o.ID)
				}
			case 2, 3:
				what = "move"
				_, err = w.Store.MoveOrganization(ctx, root, pick(), pick(), keeps)
			case 4:
				what = "delete"
				for range 10 { // most hold something
					if err = w.Store.DeleteOrganization(ctx, root, pick(), random.IntN(60) == 0, tenancy.Contents{}); err == nil {
						break
					}
				}
			case 5:
				what = "default setup"
				_, err = w.Store.SetDefaultSetup(ctx, root, pick(), []string{"", "s"}[random.IntN(2)], func(*db.Tx) error { return nil })
			case 7:
				what = "restore"
				id := pick()
				if gone := slices.DeleteFunc(slices.Clone(ids), root.Alive); len(gone) > 0 && random.IntN(2) == 0 {
					id = gone[random.IntN(len(gone))]
				}
				_, err = w.Store.RestoreOrganization(ctx, root, id, nothingInside)
			case 6:
				what = "key"
				var k tenancy.Key
				if k, _, err = w.Store.CreateKey(ctx, root, tenancy.NewKey{Org: pick(), Name: "k", Role: tenancy.Reader}); err == nil && random.IntN(2) == 0 {
					err = w.Store.RevokeKey(ctx, root, k.ID)
				}
			}
			if err == nil {
				done[what]++
			}
			second, err := tenancy.Open(ctx, w.DB, history.New(w.Clock.Now, nil), tenancy.NewIDs(nil))
			must(t, err)
			if diff := cmp.Diff(hold(t, second, ids), hold(t, w.Store, ids)); diff != "" {
				t.Fatalf("after %s: rows (-) and memory (+): %s", what, diff)
			}
			w.Check(t)
		}
		if len(done) != 6 {
			t.Errorf("not every kind of change happened: %v", done)
		}
		before := hold(t, w.Store, ids)
		w.Reopen(t)
		if diff := cmp.Diff(before, hold(t, w.Store, ids)); diff != "" {
			t.Error(diff)
		}
		if _, err := w.Store.Authenticate(w.Key(w.Root, tenancy.Reader)); err != nil {
			t.Error(err)
		}
	})
}

// TestAnotherNodeFollows: what one node commits reaches another by polling,
// and a second root cannot come of two first starts.
func TestAnotherNodeFollows(t *testing.T) {
	dsn := dbtest.Postgres(t)
	w := tenancytest.New(t, dsn)
	empty := dbtest.Postgres(t)

	d := dbtest.Open(t, dsn, db.Options{})
	log := history.New(w.Clock.Now, nil)
	must(t, log.Load(ctx, d))
	other, err := tenancy.Open(ctx, d, log, tenancy.NewIDs(nil))
	must(t, err)
	if _, err := other.Authenticate(w.Key(w.North, tenancy.Admin)); err != nil {
		t.Fatal(err)
	}
	root := w.Scope(t, w.Root, tenancy.Admin)
	must(t, w.Store.RevokeKey(ctx, root, w.KeyID(w.North, tenancy.Admin)))
	_, err = w.Store.MoveOrganization(ctx, root, w.Harbour, w.South, keeps)
	must(t, err)
	must(t, log.Poll(ctx, d))
	if _, err := other.Authenticate(w.Key(w.North, tenancy.Admin)); err == nil {
		t.Error("a revoked key holds on the other node after a poll")
	}
	ids := w.Orgs()
	if diff := cmp.Diff(hold(t, w.Store, ids), hold(t, other, ids), cmpopts.IgnoreFields(held{}, "Keys")); diff != "" {
		t.Error(diff)
	}

	first, second := openNode(t, empty), openNode(t, empty)
	a, madeA, err := first.Bootstrap(ctx, first.Operator("start"), "a")
	must(t, err)
	b, madeB, err := second.Bootstrap(ctx, second.Operator("start"), "b")
	must(t, err)
	if a != b || !madeA || madeB || second.Root() != a {
		t.Errorf("roots %s made %t and %s made %t", a, madeA, b, madeB)
	}
}

func openNode(t *testing.T, dsn string) *tenancy.Store {
	t.Helper()
	d := dbtest.Open(t, dsn, db.Options{})
	log := history.New(nil, nil)
	must(t, log.Load(ctx, d))
	s, err := tenancy.Open(ctx, d, log, tenancy.NewIDs(nil))
	must(t, err)
	return s
}
