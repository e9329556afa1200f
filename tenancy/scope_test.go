package tenancy_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

func TestRolesArePermissionSets(t *testing.T) {
	const r, h, p, s, w, a, l = tenancy.Resolve, tenancy.History, tenancy.Plans, tenancy.Secrets,
		tenancy.WriteClients, tenancy.Administer, tenancy.ReadLog
	for role, want := range map[tenancy.Role]tenancy.Permission{
		tenancy.Reader:  r,
		tenancy.Auditor: r | h | p | l,
		tenancy.Editor:  r | h | p | s | w,
		tenancy.Admin:   r | h | p | s | w | a | l,
		"owner":         0,
		"":              0,
	} {
		if got := role.Permissions(); got != want {
			t.Errorf("%s: %b, want %b", role, got, want)
		}
	}
}

// TestCovers asks the parent rule of every pair.
func TestCovers(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		above := map[tenancy.OrgID][]tenancy.OrgID{
			w.Root: {w.Root}, w.North: {w.Root, w.North}, w.South: {w.Root, w.South},
			w.Harbour: {w.Root, w.North, w.Harbour},
		}
		holds := func(list []tenancy.OrgID, id tenancy.OrgID) bool {
			for _, o := range list {
				if o == id {
					return true
				}
			}
			return false
		}
		for _, acting := range w.Orgs() {
			scope := w.Scope(t, acting, tenancy.Reader)
			for _, owner := range w.Orgs() {
				want := holds(above[owner], acting)
				if got := scope.Covers(owner); got != want {
					t.Errorf("Covers is %t", got)
				}
				if got := scope.Uses(owner); got != (want || holds(above[acting], owner)) {
					t.Errorf("Uses is %t", got)
				}
				err := w.DB.Write(ctx, func(tx *db.Tx) error { return scope.Recheck(tx, owner) })
				if (err == nil) != want {
					t.Errorf("Recheck: %v", err)
				}
				err = w.DB.Write(ctx, func(tx *db.Tx) error { return scope.RecheckUse(tx, owner) })
				if (err == nil) != scope.Uses(owner) {
					t.Errorf("RecheckUse: %v", err)
				}
			}
			if scope.Covers("") || scope.Covers("5f0c8c4e-0000-4000-8000-000000000000") || scope.IsRoot() != (acting == w.Root) {
				t.Error("an unknown organization is covered, or another taken for the root")
			}
		}
	})
}

func TestAuthorize(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		for _, org := range w.Orgs() {
			for _, acting := range w.Orgs() {
				p := tenancy.Principal{KeyID: w.KeyID(org, tenancy.Editor), Org: org, Role: tenancy.Editor}
				scope, err := w.Store.Authorize(p, acting, tenancy.WriteClients, "test", "")
				if may := w.Scope(t, org, tenancy.Reader).Covers(acting); (err == nil) != may {
					t.Errorf("acting for another: %v, may %t", err, may)
				}
				if err == nil && (scope.Acting() != acting || scope.Principal() != p) {
					t.Errorf("%+v", scope)
				}
				if _, err := w.Store.Authorize(p, acting, tenancy.Administer, "test", ""); !fault.Is(err, fault.Forbidden) {
					t.Errorf("an editor may administer: %v", err)
				}
			}
		}
		scope, err := w.Store.Authorize(tenancy.Principal{Org: w.North, Role: tenancy.Reader}, "", tenancy.Resolve, "test", "")
		if err != nil || scope.Acting() != w.North {
			t.Errorf("without a choice the key's own organization acts: %v", err)
		}
		_, err = w.Store.Authorize(tenancy.Principal{}, "", 0, "test", "")
		wantFault(t, err, fault.Forbidden)
		_, err = w.Store.Authorize(tenancy.Principal{Org: w.Root, Role: tenancy.Admin}, "5f0c8c4e-0000-4000-8000-000000000000", 0, "test", "")
		wantFault(t, err, fault.Forbidden)
	})
}

// TestZeroScopeIsRefused calls every method of the store that takes a Scope
// with none.
func TestZeroScopeIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		before := w.Log.Size()
		store := reflect.ValueOf(w.Store)
		called := 0
		for i := range store.NumMethod() {
			method, name := store.Method(i), store.Type().Method(i).Name
			args, takes := make([]reflect.Value, method.Type().NumIn()), false
			for j := range args {
				in := method.Type().In(j)
				args[j] = reflect.Zero(in)
				takes = takes || in == reflect.TypeFor[tenancy.Scope]()
				if in == reflect.TypeFor[context.Context]() {
					args[j] = reflect.ValueOf(ctx)
				}
			}
			if !takes {
				continue
			}
			called++
			results := method.Call(args)
			err, _ := results[len(results)-1].Interface().(error)
			if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "without a scope") {
				t.Errorf("%s without a scope: %v", name, err)
			}
		}
		if called < 9 || w.Log.Size() != before {
			t.Errorf("%d methods called, %d changes made", called, w.Log.Size()-before)
		}
		var zero tenancy.Scope
		if zero.Covers(w.Root) || zero.Uses(w.Root) || zero.Alive(w.Root) || zero.Allows(0) || zero.IsRoot() || zero.Subtree() != nil {
			t.Error("the zero scope says yes")
		}
		for _, err := range []error{
			w.DB.Write(ctx, func(tx *db.Tx) error { return zero.Recheck(tx, w.Root) }),
			w.DB.Write(ctx, func(tx *db.Tx) error { return zero.RecheckUse(tx, w.Root) }),
		} {
			wantFault(t, err, fault.Internal)
		}
	})
}
