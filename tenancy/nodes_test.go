package tenancy_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// patience is how long a test waits for what must not hang.
const patience = 5 * time.Second

// node is one more node on a world's database, with the world's clock.
type node struct {
	db    *db.DB
	log   *history.Log
	store *tenancy.Store
}

func secondNode(t *testing.T, w *tenancytest.World) *node {
	t.Helper()
	n := &node{db: dbtest.Open(t, w.DSN, db.Options{}), log: history.New(w.Clock.Now, nil)}
	must(t, n.log.Load(ctx, n.db))
	var err error
	n.store, err = tenancy.Open(ctx, n.db, n.log, tenancy.NewIDs(nil))
	must(t, err)
	return n
}

// occupyReaders takes every connection of d's pool of readers until the test
// ends.
func occupyReaders(t *testing.T, d *db.DB) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	leave := make(chan struct{})
	var readers sync.WaitGroup
	t.Cleanup(func() { close(leave); readers.Wait(); cancel() })
	for taken := true; taken; {
		inside := make(chan struct{})
		readers.Go(func() {
			_ = d.View(ctx, func(c *db.Conn) error { // a view has a connection from its first statement on
				var one int
				if err := c.Get(&one, "SELECT 1"); err != nil {
					return err
				}
				close(inside)
				<-leave
				return nil
			})
		})
		select {
		case <-inside:
		case <-time.After(300 * time.Millisecond): // none is left: this reader waits for one
			taken = false
		}
	}
}

// TestSlowReadersDoNotStopWrites: the committer needs no reader's connection,
// and memory has the change when its writer is answered.
func TestSlowReadersDoNotStopWrites(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		root := w.Scope(t, w.Root, tenancy.Admin)
		t.Run("writes", func(t *testing.T) {
			occupyReaders(t, w.DB)
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			o, err := w.Store.CreateOrganization(ctx, root, w.North, "pier")
			must(t, err)
			_, text, err := w.Store.CreateKey(ctx, root, tenancy.NewKey{Org: o.ID, Name: "k", Role: tenancy.Reader})
			must(t, err)
			if _, err := w.Store.Authenticate(text); err != nil {
				t.Errorf("a new key does not work: %v", err)
			}
			must(t, w.Store.RevokeKey(ctx, root, w.KeyID(w.North, tenancy.Admin)))
			if _, err := w.Store.Authenticate(w.Key(w.North, tenancy.Admin)); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("a revoked key: %v, want a fault of kind unauthenticated", err)
			}
		})
	})
}

// TestSlowReadersDoNotStopTheFeed: a node whose readers are all busy learns all
// the same what another one revoked.
func TestSlowReadersDoNotStopTheFeed(t *testing.T) {
	w := tenancytest.New(t, dbtest.Postgres(t))
	other := secondNode(t, w)
	root := w.Scope(t, w.Root, tenancy.Admin)
	must(t, w.Store.RevokeKey(ctx, root, w.KeyID(w.North, tenancy.Admin)))
	o, err := w.Store.CreateOrganization(ctx, root, w.North, "pier")
	must(t, err)
	occupyReaders(t, other.db)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	must(t, other.log.Poll(ctx, other.db))
	if _, err := other.store.Authenticate(w.Key(w.North, tenancy.Admin)); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a key that another node revoked: %v, want a fault of kind unauthenticated", err)
	}
	if !other.store.Operator("test").Alive(o.ID) {
		t.Error("an organization that another node made is not there")
	}
}

// TestRevokedBetweenPollAndCommit: a poll that read the rows before this node
// revoked a key does not bring the key back.
func TestRevokedBetweenPollAndCommit(t *testing.T) {
	w := tenancytest.New(t, dbtest.Postgres(t))
	d := dbtest.Open(t, w.DSN, db.Options{})
	log := history.New(w.Clock.Now, nil)
	must(t, log.Load(ctx, d))
	revoke := func() error { return nil }
	log.Mirror(func(c *db.Conn, _ []history.Change, _ int64) error { // in the poll's view, in front of the store's own mirror
		if c == nil {
			return nil
		}
		return revoke()
	})
	other, err := tenancy.Open(ctx, d, log, tenancy.NewIDs(nil))
	must(t, err)
	root := w.Scope(t, w.Root, tenancy.Admin)
	k, text, err := w.Store.CreateKey(ctx, root, tenancy.NewKey{Org: w.North, Name: "k", Role: tenancy.Reader})
	must(t, err)
	revoke = func() error {
		return other.RevokeKey(ctx, other.Operator("test"), k.ID)
	}
	must(t, log.Poll(ctx, d))
	if _, err := other.Authenticate(text); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a key that this node revoked: %v, want a fault of kind unauthenticated", err)
	}
	revoke = func() error { return nil }
	must(t, log.Poll(ctx, d))
	if _, err := other.Authenticate(text); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("after the next poll: %v, want a fault of kind unauthenticated", err)
	}
}

// TestClosedWhileStale: a node that has not read the log for too long reads it
// before it answers, and refuses where it cannot.
func TestClosedWhileStale(t *testing.T) {
	w := tenancytest.New(t, dbtest.Postgres(t))
	other := secondNode(t, w)
	root := w.Scope(t, w.Root, tenancy.Admin)
	must(t, w.Store.RevokeKey(ctx, root, w.KeyID(w.North, tenancy.Admin)))
	must(t, other.store.Current(ctx))
	if _, err := other.store.Authenticate(w.Key(w.North, tenancy.Admin)); err != nil {
		t.Fatalf("the node asks the database before it has to: %v", err)
	}
	w.Clock.Advance(3 * time.Second)
	must(t, other.store.Current(ctx))
	if _, err := other.store.Authenticate(w.Key(w.North, tenancy.Admin)); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a key that another node revoked: %v, want a fault of kind unauthenticated", err)
	}
	must(t, other.db.Close())
	must(t, other.store.Current(ctx)) // it has just polled
	w.Clock.Advance(3 * time.Second)
	if err := other.store.Current(ctx); !fault.Is(err, fault.Unavailable) || fault.Of(err).RetryAfter <= 0 {
		t.Errorf("without its database: %v, want a fault of kind unavailable with Retry-After", err)
	}
}

// TestMuchAtOnce: more organizations and keys than one statement reads reach
// another node in one poll, and are listed there.
func TestMuchAtOnce(t *testing.T) {
	w := tenancytest.New(t, dbtest.Postgres(t))
	other := secondNode(t, w)
	const many = 450
	made := make([]tenancy.OrgID, many)
	var makers sync.WaitGroup
	for maker := range 15 {
		makers.Go(func() {
			for i := maker; i < many; i += 15 {
				o, _, err := w.Store.CreateSuborganization(ctx, w.Store.Operator("test"), tenancy.NewOrganization{Parent: w.Harbour, Name: "o", KeyName: "k"})
				if err != nil {
					t.Error(err)
				}
				made[i] = o.ID
			}
		})
	}
	makers.Wait()
	must(t, other.log.Poll(ctx, other.db))
	for _, s := range []*tenancy.Store{w.Store, other.store} {
		p, err := s.Authenticate(w.Key(w.Harbour, tenancy.Auditor))
		must(t, err)
		scope, err := s.Authorize(p, "", tenancy.History, "test", "")
		must(t, err)
		keys, err := s.Keys(ctx, scope)
		must(t, err)
		if want := many + 4; len(keys) != want {
			t.Errorf("%d keys, want %d", len(keys), want)
		}
		for _, id := range made {
			if !scope.Covers(id) {
				t.Fatalf("organization %s is not there", id)
			}
		}
	}
}
