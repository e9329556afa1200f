package snapshots_test

import (
	"sync"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// TestParticipants: who registers owns the client by the directory's id of it,
// as an organization that is made with the first client and found with others.
func TestParticipants(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {

		register := func(code, software string) (snapshots.Outcome[client], error) {

			scope, err := w.Tenancy.AuthorizeGrant(tenancy.Grant{Setup: string(w.Setup), Owner: w.North, Actor: "participant:" + code,
				Allowed: tenancy.Resolve | tenancy.WriteClients, Surface: "test",
				Participant: &tenancy.Participant{Code: code, Name: "bank " + code, ID: tenancy.OrgID(w.Tenancy.IDs().UUID())}}, "")
			w.Must(err)
			doc := snapshotstest.Named(software)
			doc.SoftwareID = software
			return w.Store.CreateClient(ctx, scope, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup,
				ClientID: w.Tenancy.IDs().UUID(), Surface: "test", OnePerSoftware: true}, snapshotstest.To(doc))
		}
		must := func(code, software string) snapshots.Outcome[client] {
			t.Helper()
			out, err := register(code, software)
			w.Must(err)
			return out
		}
		first := must("a", "one")
		bank, err := w.Tenancy.Organization(w.Admin(w.North), first.Entity.Owner)
		w.Must(err)
		if bank.Parent != w.North || bank.Name != "bank a" {
			t.Errorf("%+v", bank)
		}
		_, err = w.Tenancy.RenameOrganization(ctx, w.Admin(w.North), bank.ID, "another name")
		w.Must(err)
		if again := must("a", "two"); again.Entity.Owner != bank.ID {
			t.Errorf("a second client of a is owned by %s", again.Entity.Owner)
		}
		other := must("b", "three")
		if other.Entity.Owner == bank.ID {
			t.Error("b is a")
		}

		// A second client of one software is refused, and leaves nothing, not even
		// the organization.
		size := w.Log.Size()
		for _, code := range []string{"a", "c"} {
			_, err = register(code, "one")
			w.Refused(err, fault.Conflict, fault.CodeIDTaken)
		}
		if w.Log.Size() != size || w.Count("SELECT count(*) FROM participant") != 2 {
			t.Error("a refusal left something")
		}
		var done sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for range 8 {
			done.Go(func() {
				if _, err := register("d", "at-once"); err == nil {
					mu.Lock()
					made++
					mu.Unlock()
				}
			})
		}
		done.Wait()
		if made != 1 || w.Count("SELECT count(*) FROM participant WHERE code = ?", "d") != 1 {
			t.Errorf("%d clients of one software at once", made)
		}

		// What is deleted may come again: the client, and the participant.
		w.Must(snapshots.Delete[client](ctx, w.Store, w.Admin(w.North), w.Ref(first.Entity.ID), nil))
		if again := must("a", "one"); again.Entity.Owner != bank.ID {
			t.Error("the participant is another one")
		}
		w.Must(w.Tenancy.DeleteOrganization(ctx, w.Admin(w.North), other.Entity.Owner, true, tenancy.Contents{}))
		if again := must("b", "four"); again.Entity.Owner == other.Entity.Owner {
			t.Error("a deleted participant owns a new client")
		}
		w.Sound()
	})
}
