package snapshots_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// guarded are the tables whose triggers TestCheckFinds takes away.
var guarded = []string{"snapshot", "snapshot_body", "entity", "log_event", "withdrawal", "client_secret", "secret_copy", "secret_end"}

// unguard removes the triggers, as somebody who holds the database can.
func unguard(w *snapshotstest.World) {
	for _, table := range guarded {
		if w.DB.Dialect == db.SQLite {
			for _, what := range []string{"update", "delete"} {
				raw(w, fmt.Sprintf("DROP TRIGGER %s_no_%s", table, what))
			}
		} else {
			raw(w, fmt.Sprintf("ALTER TABLE %s DISABLE TRIGGER ALL", table))
		}
	}
}

func raw(w *snapshotstest.World, query string, args ...any) {
	if _, err := w.DB.Raw().ExecContext(ctx, w.DB.Raw().Rebind(query), args...); err != nil {
		panic(fmt.Sprintf("%s: %v", query, err))
	}
}

// TestCheckFinds: each way to falsify the database is found, and said in one
// sentence that names it; the untouched one gives none.
func TestCheckFinds(t *testing.T) {
	type ids struct{ entity, client, otherEntity, other, plan, withdrawn, secret string }
	type falsification struct {
		falsify func(w *snapshotstest.World, id ids)
		want    func(id ids) []string
	}
	tests := map[string]falsification{
		"altered content": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE snapshot_body SET content = replace(content, 'first', 'First') WHERE snapshot_id = ?", id.client)
			},
			func(id ids) []string {
				return []string{"snapshot " + id.client + ": the content does not match the commitment"}
			}},
		"unreadable content": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE snapshot_body SET content = '{}' WHERE snapshot_id = ?", id.client)
			},
			func(id ids) []string {
				return []string{"snapshot " + id.client + ": decoding document.Client content"}
			}},
		"altered salt": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE snapshot_body SET salt = ? WHERE snapshot_id = ?", make([]byte, 32), id.client)
			},
			func(id ids) []string {
				return []string{"snapshot " + id.client + ": the content does not match the commitment"}
			}},
		"swapped bodies": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE snapshot_body SET content = (SELECT b.content FROM snapshot_body b WHERE b.snapshot_id = ?) WHERE snapshot_id = ?", id.other, id.client)
				raw(w, "UPDATE snapshot_body SET salt = (SELECT b.salt FROM snapshot_body b WHERE b.snapshot_id = ?) WHERE snapshot_id = ?", id.other, id.client)
			},
			func(id ids) []string {
				return []string{"snapshot " + id.client + ": the content does not match the commitment"}
			}},
		"removed content": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "DELETE FROM snapshot_body WHERE snapshot_id = ?", id.client)
			},
			func(id ids) []string { return []string{"snapshot " + id.client + ": its content is missing"} }},
		"removed snapshot": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "DELETE FROM snapshot_body WHERE snapshot_id = ?", id.plan)
				raw(w, "DELETE FROM snapshot WHERE snapshot_id = ?", id.plan)
			},
			func(id ids) []string {
				return []string{"log: client.scheduled names " + id.plan + ", which is not there"}
			}},
		"removed event": {
			func(w *snapshotstest.World, id ids) { raw(w, "DELETE FROM log_event WHERE ref = ?", id.other) },
			func(id ids) []string {
				return []string{"snapshot " + id.other + ": the log has no event of it", "stands where", "the root of the head is not|the head says"}
			}},
		"altered event": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE log_event SET envelope = replace(envelope, 'because', 'be cause') WHERE ref = ?", id.other)
			},
			func(ids) []string { return []string{"the commitment does not match the envelope"} }},
		"another instant": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE snapshot SET valid_from = valid_from + 1 WHERE snapshot_id = ?", id.plan)
			},
			func(id ids) []string {
				return []string{"snapshot " + id.plan + ": the log says other of it than its row"}
			}},
		"duplicate instant": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE snapshot SET attempt = 2, valid_from = (SELECT p.valid_from FROM snapshot p WHERE p.snapshot_id = ?) WHERE snapshot_id = ?", id.plan, id.client)
			},
			func(ids) []string { return []string{": another one of its entity has the same instant"} }},
		"foreign base": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE snapshot SET base_id = ? WHERE snapshot_id = ?", id.other, id.plan)
			},
			func(id ids) []string {
				return []string{"snapshot " + id.plan + ": its base is not a snapshot of its entity"}
			}},
		"tombstone made content": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE snapshot SET kind = 'tombstone' WHERE snapshot_id = ?", id.client)
			},
			func(id ids) []string {
				return []string{"snapshot " + id.client + ": a tombstone with content", "snapshot " + id.client + ": the log says other of it than its row"}
			}},
		"owner outside the setup's subtree": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE entity SET org_id = ? WHERE entity_id = ?", w.South, id.entity)
			},
			func(id ids) []string {
				return []string{"client " + id.entity + ": its owner lies outside its setup's subtree"}
			}},
		"another owner inside it": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE entity SET org_id = ? WHERE entity_id = ?", w.Harbour, id.entity)
			},
			func(id ids) []string {
				return []string{"snapshot " + id.client + ": the log says other of it than its row"}
			}},
		"unknown owner": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE entity SET org_id = 'nobody' WHERE entity_id = ?", id.entity)
			},
			func(id ids) []string { return []string{"entity " + id.entity + ": its owner is not there"} }},
		"another setup": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE entity SET setup_id = 'nowhere' WHERE entity_id = ?", id.entity)
			},
			func(id ids) []string {
				return []string{"entity " + id.entity + ": its setup is not there", "snapshot " + id.client + ": it stands under another setup than its entity"}
			}},
		"another module": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE entity SET module = 'nowhere' WHERE entity_id = ?", id.entity)
			},
			func(id ids) []string { return []string{"entity " + id.entity + ": its module is not there"} }},
		"a second incarnation": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "UPDATE entity SET incarnation = 2, client_id = (SELECT o.client_id FROM entity o WHERE o.entity_id = ?) WHERE entity_id = ?", id.entity, id.otherEntity)
			},
			func(id ids) []string {
				return []string{"entity " + id.entity + ": a later incarnation has its client_id, and it is not deleted"}
			}},
		"a removed withdrawal": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "DELETE FROM withdrawal WHERE snapshot_id = ?", id.withdrawn)
			},
			func(id ids) []string {
				return []string{"snapshot " + id.withdrawn + ": the log says that it was withdrawn, its row is not there"}
			}},
		"an invented withdrawal": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "INSERT INTO withdrawal (snapshot_id, recorded_at) VALUES (?, 1)", id.plan)
			},
			func(id ids) []string { return []string{"withdrawal of " + id.plan + ": the log has no event of it"} }},
		"a withdrawal of what is in force": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "INSERT INTO withdrawal (snapshot_id, recorded_at) VALUES (?, ?)", id.client, int64(w.Log.Now()))
			},
			func(id ids) []string {
				return []string{"withdrawal of " + id.client + ": it was not in the future any more"}
			}},
		"a removed secret": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "DELETE FROM secret_end WHERE secret_id = ?", id.secret)
				raw(w, "DELETE FROM secret_copy WHERE secret_id = ?", id.secret)
				raw(w, "DELETE FROM client_secret WHERE secret_id = ?", id.secret)
			},
			func(id ids) []string {
				return []string{"log: client.secret-added names " + id.secret + ", which is not there"}
			}},
		"a secret that ends no more": {
			func(w *snapshotstest.World, id ids) { raw(w, "DELETE FROM secret_end WHERE secret_id = ?", id.secret) },
			func(id ids) []string {
				return []string{"secret " + id.secret + ": the log says that it ends, its row is not there"}
			}},
		"an invented secret": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "INSERT INTO client_secret (secret_id, entity_id, snapshot_id, hash, sealed, last4, valid_from, recorded_at) "+
					"SELECT 'invented', entity_id, '', '', ?, '', 1, 1 FROM entity WHERE entity_id = ?", []byte{}, id.entity)
			},
			func(ids) []string { return []string{"secret invented: the log has no event of it"} }},
		"an entity without snapshots": {
			func(w *snapshotstest.World, id ids) {
				raw(w, "INSERT INTO entity (entity_id, kind, module, setup_id, client_id, incarnation, org_id, surface, recorded_at) "+
					"VALUES ('invented', 'client', 'oauthv2', ?, 'invented', 1, ?, '', 1)", w.Setup, w.North)
			},
			func(ids) []string { return []string{"entity invented: it has no snapshot"} }},
	}
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := snapshotstest.New(t, dsn, snapshots.Options{})
		admin := w.Admin(w.North)
		prepared := make(map[string]ids)
		for name := range tests {
			ch := snapshotstest.To(snapshotstest.Named("first"))
			ch.Secret = generated(t, w, "secret of the client")
			made, other := create(w, admin, name, ch), create(w, admin, name+" other", snapshotstest.To(snapshotstest.Named("other")))
			next := snapshotstest.To(snapshotstest.Named("first"))
			next.Secret = generated(t, w, "the next secret")
			edit(w, admin, made.Entity.ID, next)
			plan := edit(w, admin, made.Entity.ID, snapshotstest.ToAt(snapshotstest.Named("plan"), w.In(time.Hour)))
			void := edit(w, admin, made.Entity.ID, snapshotstest.ToAt(snapshotstest.Named("void"), w.In(2*time.Hour)))
			if err := snapshots.Withdraw[client](ctx, w.Store, admin, w.Ref(made.Entity.ID), void.ID); err != nil {
				t.Fatal(err)
			}
			prepared[name] = ids{string(made.Entity.ID), string(made.ID), string(other.Entity.ID), string(other.ID), string(plan.ID), string(void.ID), ch.Secret.ID}
		}
		w.Sound()
		unguard(w)
		var before []string
		for name, test := range tests {
			test.falsify(w, prepared[name])
			problems, err := snapshots.Check(ctx, w.DB)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, want := range test.want(prepared[name]) {
				alternatives := strings.Split(want, "|")
				if !slices.ContainsFunc(problems, func(p string) bool {
					return !slices.Contains(before, p) && slices.ContainsFunc(alternatives, func(a string) bool { return strings.Contains(p, a) })
				}) {
					t.Errorf("%s is not found: %s\nfound:\n%s", name, want, strings.Join(problems, "\n"))
				}
			}
			before = problems
		}
	})
}

// create and edit make many steps whose check comes at the end.
func create(w *snapshotstest.World, scope tenancy.Scope, clientID string, ch snapshots.Change[client]) snapshots.Outcome[client] {
	out, err := w.Store.CreateClient(ctx, scope, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: clientID}, ch)
	if err != nil {
		panic(err)
	}
	return out
}

func edit(w *snapshotstest.World, scope tenancy.Scope, id snapshots.EntityID, ch snapshots.Change[client]) snapshots.Outcome[client] {
	out, err := snapshots.Edit(ctx, w.Store, scope, w.Ref(id), ch)
	if err != nil {
		panic(err)
	}
	return out
}
