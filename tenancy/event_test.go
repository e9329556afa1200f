package tenancy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// TestEveryChangeIsInTheLog: who, for which organization, through what, why
// and when, once for each change and never for a refused one.
func TestEveryChangeIsInTheLog(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		admin := w.ScopeFor(t, w.Root, tenancy.Admin, w.North)
		root := w.Scope(t, w.Root, tenancy.Admin)
		var made tenancy.Organization
		var key tenancy.Key
		var err error
		for _, step := range []struct {
			kind, objectKind string
			acting           tenancy.OrgID
			object, org      func() string
			change           func() error
		}{
			{"organization.created", history.ObjectOrganization, w.North, func() string { return string(made.ID) }, nil, func() error {
				made, err = w.Store.CreateOrganization(ctx, admin, w.North, "new")
				return err
			}},
			{"organization.renamed", history.ObjectOrganization, w.North, func() string { return string(made.ID) }, nil, func() error {
				_, err := w.Store.RenameOrganization(ctx, admin, made.ID, "newer")
				return err
			}},
			{"organization.default-setup", history.ObjectOrganization, w.North, func() string { return string(made.ID) }, nil, func() error {
				_, err := w.Store.SetDefaultSetup(ctx, admin, made.ID, "s", func(*db.Tx) error { return nil })
				return err
			}},
			{"organization.moved", history.ObjectOrganization, w.Root, func() string { return string(made.ID) }, nil, func() error {
				_, err := w.Store.MoveOrganization(ctx, root, made.ID, w.South, keeps)
				return err
			}},
			{"key.created", history.ObjectKey, w.Root, func() string { return key.ID }, func() string { return string(made.ID) }, func() error {
				key, _, err = w.Store.CreateKey(ctx, root, tenancy.NewKey{Org: made.ID, Name: "k", Role: tenancy.Editor})
				return err
			}},
			{"key.revoked", history.ObjectKey, w.Root, func() string { return key.ID }, func() string { return string(made.ID) }, func() error {
				return w.Store.RevokeKey(ctx, root, key.ID)
			}},
			{"organization.deleted", history.ObjectOrganization, w.Root, func() string { return string(made.ID) }, nil, func() error {
				return w.Store.DeleteOrganization(ctx, root, made.ID, true, tenancy.Contents{})
			}},
		} {
			size := len(w.Events(t))
			after := w.Store.Now()
			must(t, step.change())
			events := w.Events(t)
			if len(events) != size+1 {
				t.Fatalf("%s: %d events", step.kind, len(events)-size)
			}
			got := events[size]
			want := history.Envelope{Version: 2, Kind: history.Kind(step.kind), ObjectKind: step.objectKind, Object: step.object(),
				Org: string(made.ID), Actor: "key:" + w.KeyID(w.Root, tenancy.Admin), ActingOrg: string(step.acting),
				Surface: "test", Reason: "because of a test"}
			if step.org != nil {
				want.Org = step.org()
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(history.Envelope{}, "Seq", "Previous", "RecordedAt", "Effective", "Detail", "Rows")); diff != "" {
				t.Errorf("%s: %s", step.kind, diff)
			}
			if len(got.Rows) != 1 || !slices.Contains(got.Rows[0].Key, got.Object) {
				t.Errorf("%s: it names the rows %v", step.kind, got.Rows)
			}
			if got.RecordedAt <= after || got.RecordedAt > w.Store.Now() || got.Effective != got.RecordedAt.Millis() {
				t.Errorf("%s: recorded at %d, effective at %d, after %d", step.kind, got.RecordedAt, got.Effective, after)
			}
			w.Check(t)
		}
		size := len(w.Events(t))
		w.Store.RenameOrganization(ctx, admin, w.South, "x")
		w.Store.MoveOrganization(ctx, root, w.North, w.Harbour, keeps)
		w.Store.RevokeKey(ctx, admin, key.ID)
		if len(w.Events(t)) != size {
			t.Error("a refused change is in the log")
		}
	})
}
