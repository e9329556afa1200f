package tenancy_test

import (
	"context"
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

// sent is a context under which Write queues its closure and does not wait.
type sent struct{ context.Context }

func (sent) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// inOneBatch holds the committer while queue queues changes under the context
// it is given, so that they share a transaction in that order; then it waits
// for all of them.
func inOneBatch(t *testing.T, w *tenancytest.World, queue func(ctx context.Context)) {
	t.Helper()
	holding, release, held := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		held <- w.DB.Write(ctx, func(*db.Tx) error {
			close(holding)
			<-release
			return nil
		})
	}()
	<-holding
	queue(sent{ctx})
	close(release)
	must(t, <-held)
	must(t, w.DB.WriteFor(ctx, string(w.Root), func(*db.Tx) error { return nil }))
}

// TestRecheckSeesItsOwnBatch: memory follows a batch only after its commit, so
// a change queued behind a revocation or a move still passes Authorize. Inside
// the transaction it must not.
func TestRecheckSeesItsOwnBatch(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		root, harbour := w.Scope(t, w.Root, tenancy.Admin), w.Scope(t, w.Harbour, tenancy.Admin)
		north := w.Scope(t, w.North, tenancy.Admin)
		acting := w.ScopeFor(t, w.North, tenancy.Admin, w.Harbour)
		outcome := make(map[string]error)
		probe := func(ctx context.Context, name string, scope tenancy.Scope, owner tenancy.OrgID) {
			w.DB.WriteFor(ctx, root.Lane(), func(tx *db.Tx) error {
				outcome[name] = scope.Recheck(tx, owner)
				return outcome[name]
			})
		}
		inOneBatch(t, w, func(ctx context.Context) {
			probe(ctx, "before all", north, w.Harbour)
			w.Store.MoveOrganization(ctx, root, w.Harbour, w.South, keeps)
			probe(ctx, "moved away", north, w.Harbour)
			probe(ctx, "acting for what moved away", acting, w.Harbour)
			probe(ctx, "for itself", harbour, w.Harbour)
			w.Store.RevokeKey(ctx, root, w.KeyID(w.Harbour, tenancy.Admin))
			probe(ctx, "revoked", harbour, w.Harbour)
			w.Store.DeleteOrganization(ctx, root, w.North, true, tenancy.Contents{})
			probe(ctx, "deleted", root, w.North)
		})
		for name, want := range map[string]error{
			"before all": nil, "for itself": nil,
			"moved away":                 fault.New(fault.Forbidden, "", ""),
			"acting for what moved away": fault.New(fault.Forbidden, "", ""),
			"revoked":                    fault.New(fault.Unauthenticated, "", ""),
			"deleted":                    fault.New(fault.Forbidden, "", ""),
		} {
			got, ran := outcome[name]
			if !ran || (got == nil) != (want == nil) || got != nil && fault.Of(got).Kind != fault.Of(want).Kind {
				t.Errorf("%s: ran %t, got %v", name, ran, got)
			}
		}
	})
}

// TestActingStaysBelowTheKey: a key of B acts for D, both in one line; after
// moves in the same batch D stands above B, and the key may no longer act for
// it although both are still above the owner.
func TestActingStaysBelowTheKey(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		root := w.Scope(t, w.Root, tenancy.Admin)
		scope := w.ScopeFor(t, w.North, tenancy.Admin, w.Harbour)
		quay := w.MustOrg(t, w.Harbour, "quay")
		var err error
		inOneBatch(t, w, func(ctx context.Context) {
			w.Store.MoveOrganization(ctx, root, w.Harbour, w.Root, keeps)
			w.Store.MoveOrganization(ctx, root, w.North, w.Harbour, keeps)
			w.Store.MoveOrganization(ctx, root, quay, w.North, keeps)
			w.DB.WriteFor(ctx, root.Lane(), func(tx *db.Tx) error { err = scope.Recheck(tx, quay); return err })
		})
		if !w.Scope(t, w.North, tenancy.Reader).Covers(quay) || !w.Scope(t, w.Harbour, tenancy.Reader).Covers(w.North) {
			t.Fatal("the moves did not happen")
		}
		wantFault(t, err, fault.Forbidden)
	})
}

// TestMovesInOneBatchMakeNoCycle: each move alone is right.
func TestMovesInOneBatchMakeNoCycle(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		root := w.Scope(t, w.Root, tenancy.Admin)
		inOneBatch(t, w, func(ctx context.Context) {
			w.Store.MoveOrganization(ctx, root, w.North, w.South, keeps)
			w.Store.MoveOrganization(ctx, root, w.South, w.North, keeps)
		})
		list, err := w.Store.Organizations(root)
		must(t, err)
		if len(list) != 4 || !w.Scope(t, w.South, tenancy.Reader).Covers(w.Harbour) {
			t.Errorf("%+v", list)
		}
	})
}
