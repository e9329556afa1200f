package tenancy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

func TestCreateKey(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		admin := w.Scope(t, w.North, tenancy.Admin)
		expires := w.Store.Now() + 1e9
		k, text, err := w.Store.CreateKey(ctx, admin, tenancy.NewKey{Org: w.Harbour, Name: "Grüße ' \"", Role: tenancy.Editor, ExpiresAt: expires})
		must(t, err)
		if !strings.HasPrefix(text, tenancy.KeyPrefix) || len(text) != len(tenancy.KeyPrefix)+43 || len(k.ID) != 32 {
			t.Errorf("key %q, id %q", text, k.ID)
		}
		want := tenancy.Key{ID: k.ID, Org: w.Harbour, Name: "Grüße ' \"", Role: tenancy.Editor, Surface: "test", ExpiresAt: expires, RecordedAt: k.RecordedAt}
		if diff := cmp.Diff(want, k); diff != "" || k.RecordedAt == 0 {
			t.Error(diff)
		}
		p, err := w.Store.Authenticate(text)
		must(t, err)
		if p != (tenancy.Principal{KeyID: k.ID, Org: w.Harbour, Role: tenancy.Editor}) {
			t.Errorf("%+v", p)
		}
		for _, row := range []struct {
			key  tenancy.NewKey
			path string
		}{
			{tenancy.NewKey{Org: w.Harbour, Name: "", Role: tenancy.Reader}, "/name"},
			{tenancy.NewKey{Org: w.Harbour, Name: "x", Role: "owner"}, "/role"},
			{tenancy.NewKey{Org: w.Harbour, Name: "x", Role: tenancy.Reader, ExpiresAt: w.Store.Now() - 1}, "/expires_at"},
		} {
			_, _, err := w.Store.CreateKey(ctx, admin, row.key)
			wantFault(t, err, fault.Invalid)
			if f := fault.Of(err).Fields; len(f) != 1 || f[0].Path != row.path {
				t.Errorf("fields %v, want %s", f, row.path)
			}
		}
		for _, org := range []tenancy.OrgID{w.Root, w.South, ""} {
			_, _, err := w.Store.CreateKey(ctx, admin, tenancy.NewKey{Org: org, Name: "x", Role: tenancy.Reader})
			wantFault(t, err, fault.NotFound)
		}
		_, _, err = w.Store.CreateKey(ctx, w.Scope(t, w.North, tenancy.Editor), tenancy.NewKey{Org: w.North, Name: "x", Role: tenancy.Reader})
		wantFault(t, err, fault.Forbidden)
	})
}

func TestOnlyTheHashOfAKeyIsStored(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		secret := strings.TrimPrefix(w.Key(w.North, tenancy.Admin), tenancy.KeyPrefix)
		var texts []string
		must(t, w.DB.View(ctx, func(c *db.Conn) error {
			return c.Select(&texts, "SELECT envelope FROM log_event UNION ALL SELECT content FROM log_detail UNION ALL SELECT name FROM api_key")
		}))
		if len(texts) == 0 || strings.Contains(strings.Join(texts, "\n"), secret) {
			t.Error("a key's text is in the database")
		}
	})
}

func TestKeyExpires(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		expires := w.Store.Now() + 60e6
		_, text := w.MustKey(t, tenancy.NewKey{Org: w.North, Name: "short", Role: tenancy.Admin, ExpiresAt: expires})
		p, err := w.Store.Authenticate(text)
		must(t, err)
		scope, err := w.Store.Authorize(p, "", tenancy.Administer, "test", "")
		must(t, err)
		w.Clock.Advance(59 * time.Second)
		_, err = w.Store.RenameOrganization(ctx, scope, w.Harbour, "in time")
		must(t, err)
		w.Clock.Advance(time.Second)
		_, err = w.Store.Authenticate(text)
		wantFault(t, err, fault.Unauthenticated)
		// A request that was let in before is refused at its write.
		_, err = w.Store.RenameOrganization(ctx, scope, w.Harbour, "too late")
		wantFault(t, err, fault.Unauthenticated)
		list, err := w.Store.Keys(ctx, w.Scope(t, w.North, tenancy.Admin))
		must(t, err)
		if k := list[len(list)-1]; k.Name != "short" || k.ExpiresAt != expires {
			t.Errorf("an expired key is listed until it is revoked; last is %+v", k)
		}
	})
}

func TestRevokeKey(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		id, text := w.KeyID(w.Harbour, tenancy.Admin), w.Key(w.Harbour, tenancy.Admin)
		held := w.Scope(t, w.Harbour, tenancy.Admin)
		for _, scope := range []tenancy.Scope{w.Scope(t, w.South, tenancy.Admin), w.ScopeFor(t, w.Root, tenancy.Admin, w.South)} {
			wantFault(t, w.Store.RevokeKey(ctx, scope, id), fault.NotFound)
		}
		wantFault(t, w.Store.RevokeKey(ctx, held, w.KeyID(w.North, tenancy.Reader)), fault.NotFound)
		wantFault(t, w.Store.RevokeKey(ctx, held, "0123456789abcdef0123456789abcdef"), fault.NotFound)
		wantFault(t, w.Store.RevokeKey(ctx, w.Scope(t, w.North, tenancy.Editor), id), fault.Forbidden)

		north := w.Scope(t, w.North, tenancy.Admin)
		must(t, w.Store.RevokeKey(ctx, north, id))
		_, err := w.Store.Authenticate(text)
		wantFault(t, err, fault.Unauthenticated)
		_, err = w.Store.RenameOrganization(ctx, held, w.Harbour, "x")
		wantFault(t, err, fault.Unauthenticated)
		wantFault(t, w.Store.RevokeKey(ctx, north, id), fault.NotFound)
		list, err := w.Store.Keys(ctx, north)
		must(t, err)
		for _, k := range list {
			if k.ID == id {
				t.Error("a revoked key is listed")
			}
		}
	})
}

func TestKeysListsTheActingSubtree(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		for acting, want := range map[tenancy.OrgID]int{w.Root: 16, w.North: 8, w.Harbour: 4} {
			list, err := w.Store.Keys(ctx, w.Scope(t, acting, tenancy.Auditor))
			must(t, err)
			if len(list) != want {
				t.Errorf("%d keys, want %d", len(list), want)
			}
		}
		_, err := w.Store.Keys(ctx, w.Scope(t, w.Root, tenancy.Reader))
		wantFault(t, err, fault.Forbidden)
	})
}

// TestKeysReadsTheSubtreeOnly: what listing keys costs depends on the subtree,
// not on the installation.
func TestKeysReadsTheSubtreeOnly(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		const many = 2000
		keys := db.NewTable("api_key", "key_id, org_id, name, role, surface, hash, expires_at, recorded_at", "")
		must(t, w.DB.Write(ctx, func(tx *db.Tx) error {
			for i := range many {
				id := fmt.Sprintf("%032x", i)
				tx.Insert(keys, "", id, w.South, "k", "reader", "test", []byte(id), 0, int64(history.At(tx)))
			}
			history.Record(tx, history.Event{Kind: "key.created", ObjectKind: history.ObjectKey, Object: "many", Org: string(w.South)})
			return nil
		}))
		scope := w.Scope(t, w.North, tenancy.Auditor)
		allocations := testing.AllocsPerRun(3, func() {
			list, err := w.Store.Keys(ctx, scope)
			must(t, err)
			if len(list) != 8 {
				t.Errorf("%d keys, want 8", len(list))
			}
		})
		if allocations >= many {
			t.Errorf("listing 8 keys beside %d others makes %g allocations", many, allocations)
		}
	})
}

func TestLastUse(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		read := func() (used int64) {
			list, err := w.Store.Keys(ctx, w.Scope(t, w.Root, tenancy.Auditor))
			must(t, err)
			for _, k := range list {
				if k.ID == w.KeyID(w.South, tenancy.Reader) {
					used = int64(k.LastUsed)
				}
			}
			return used
		}
		if read() != 0 {
			t.Error("a key that nobody used has a last use")
		}
		at := w.Store.Now()
		_, err := w.Store.Authenticate(w.Key(w.South, tenancy.Reader))
		must(t, err)
		first := read()
		if first < int64(at) {
			t.Errorf("used at %d, seen at %d", at, first)
		}
		size := w.Log.Size()
		must(t, w.Store.Flush(ctx))
		must(t, w.Store.Flush(ctx))
		if w.Log.Size() != size {
			t.Error("a last use is in the log")
		}
		w.Reopen(t)
		if read() != first {
			t.Error("the last use did not survive a restart")
		}
	})
}

// TestLastUseNeverGoesBack: another node may have written a later use.
func TestLastUseNeverGoesBack(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		id := w.KeyID(w.South, tenancy.Reader)
		stored := func() (at int64) {
			must(t, w.DB.View(ctx, func(c *db.Conn) error { return c.Get(&at, "SELECT last_used FROM key_use WHERE key_id = ?", id) }))
			return at
		}
		_, err := w.Store.Authenticate(w.Key(w.South, tenancy.Reader))
		must(t, err)
		must(t, w.Store.Flush(ctx))
		later := stored() + 1_000_000
		must(t, w.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE key_use SET last_used = ? WHERE key_id = ?", later, id)
			return err
		}))
		_, err = w.Store.Authenticate(w.Key(w.South, tenancy.Reader))
		must(t, err)
		must(t, w.Store.Flush(ctx))
		if got := stored(); got != later {
			t.Errorf("the last use went from %d to %d", later, got)
		}
	})
}

// TestLastUseAfterAFailedFlush: what could not be written is written later.
func TestLastUseAfterAFailedFlush(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		id := w.KeyID(w.South, tenancy.Reader)
		must(t, w.Store.Flush(ctx)) // of the keys that made the world
		_, err := w.Store.Authenticate(w.Key(w.South, tenancy.Reader))
		must(t, err)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if err := w.Store.Flush(ended); err == nil {
			t.Fatal("a flush under an ended context succeeds: this test shows nothing")
		}
		must(t, w.Store.Flush(ctx))
		var at int64
		must(t, w.DB.View(ctx, func(c *db.Conn) error { return c.Get(&at, "SELECT last_used FROM key_use WHERE key_id = ?", id) }))
		if at == 0 {
			t.Error("the last use is lost")
		}
	})
}

func TestAuthenticateRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		good := w.Key(w.North, tenancy.Admin)
		for _, text := range []string{"", tenancy.KeyPrefix, good[:len(good)-1], good + "A", strings.ToUpper(good), " " + good,
			strings.TrimPrefix(good, tenancy.KeyPrefix), tenancy.KeyPrefix + strings.Repeat("A", 43)} {
			_, err := w.Store.Authenticate(text)
			wantFault(t, err, fault.Unauthenticated)
			if strings.Contains(err.Error(), tenancy.KeyPrefix) {
				t.Errorf("the error shows the key: %v", err)
			}
		}
	})
}
