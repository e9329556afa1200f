package snapshots_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// chronicle is what a world was told: every write, in order. The model finds each
// answer by going over all of it.
type chronicle struct {
	entities []*entity
	parent   map[tenancy.OrgID]tenancy.OrgID
	deleted  map[tenancy.OrgID][]span
}

// span is from a deletion to the restoration; 0 for none.
type span struct{ from, to history.Micros }

type entity struct {
	id       snapshots.EntityID
	setup    *entity // itself for a setup
	clientID string
	owner    tenancy.OrgID
	versions []modelSnapshot
}

func (m *chronicle) covers(above, org tenancy.OrgID) bool {
	for ; org != ""; org = m.parent[org] {
		if org == above {
			return true
		}
	}
	return false
}

func (m *chronicle) uses(a, b tenancy.OrgID) bool { return m.covers(a, b) || m.covers(b, a) }

func (m *chronicle) gone(org tenancy.OrgID, by history.Micros) bool {
	for ; org != ""; org = m.parent[org] {
		for _, s := range m.deleted[org] {
			if s.from <= by && (s.to == 0 || by < s.to) {
				return true
			}
		}
	}
	return false
}

// at is the version in force: nil for none, without a name for the end.
func (e *entity) at(at history.Millis, known history.Micros) *modelSnapshot {
	var found *modelSnapshot
	for i, v := range e.versions {
		if v.recorded <= known && v.from <= at && (v.withdrawn == 0 || v.withdrawn > known) && (found == nil || v.from >= found.from) {
			found = &e.versions[i]
		}
	}
	return found
}

// asking is one question to the model.
type asking struct {
	*chronicle
	org   tenancy.OrgID
	plans bool
	past  bool // an instant is given
	at    history.Millis
	known history.Micros
}

// there returns what a scope that covers a client is answered about it.
func (a asking) there(e *entity) string {
	own, setup := e.at(a.at, a.known), e.setup.at(a.at, a.known)
	ended := own != nil && own.name == "" || setup != nil && setup.name == "" || a.gone(e.owner, min(a.known, a.at.Micros()+999))
	switch {
	case !a.past && (own == nil || ended || a.gone(e.setup.owner, a.known)), own == nil && !a.plans:
		return "client-unknown"
	case own == nil:
		return "not-yet-effective"
	case ended:
		return "deleted"
	}
	return own.name
}

func (a asking) mayUse(setup *entity) bool {
	v := setup.at(a.at, a.known)
	return a.uses(a.org, setup.owner) && (a.past || v != nil && v.name != "" && !a.gone(setup.owner, a.known))
}

// one answers for one client; named tells that its setup was named.
func (a asking) one(e *entity, named bool) string {
	usable := a.mayUse(e.setup)
	switch {
	case a.covers(a.org, e.owner) && (usable || a.past):
		return a.there(e)
	case named && !usable:
		return "setup-unknown"
	}
	return "client-unknown"
}

var worth = []string{"", "client-unknown", "setup-unknown", "outside", "not-yet-effective", "deleted"}

// byClientID answers for the clients that have a client_id, of one setup or of
// all. With outside, a client that is not covered is "outside" and not unknown.
func (a asking) byClientID(id string, setup *entity, preferred *entity, outside, told bool) string {
	best, found := "", []string{}
	var list []*entity
	for _, e := range slices.Backward(a.entities) {
		if e.clientID == id && (setup == nil || e.setup == setup) {
			list = append(list, e)
		}
	}
	if !a.past && setup != nil && len(list) > 0 {
		list = list[:1] // the newest incarnation
	}
	for _, e := range list {
		answer := a.one(e, told)
		if outside && answer == "client-unknown" && !a.covers(a.org, e.owner) {
			if asked := (asking{a.chronicle, a.org, true, a.past, a.at, a.known}); !slices.Contains(worth, asked.there(e)) {
				answer = "outside"
			}
		}
		if !slices.Contains(worth, answer) {
			if found = append(found, answer); e.setup == preferred {
				return answer
			}
		} else if slices.Index(worth, answer) > slices.Index(worth, best) {
			best = answer
		}
	}
	switch {
	case len(found) > 1:
		return "conflict"
	case len(found) == 1:
		return found[0]
	case best == "" && told && !a.mayUse(setup):
		return "setup-unknown"
	}
	return cmp.Or(best, "client-unknown")
}

// TestResolveModel: in random worlds every name, at every instant that could
// matter, to every scope is answered as the model says.
func TestResolveModel(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		w.Reopen(db.Options{Verify: true}) // what transactions know is compared with the rows, too
		rapid.Check(t, func(rt *rapid.T) {
			r := newResolving(w, rt)
			for range rapid.IntRange(4, 14).Draw(rt, "steps") {
				r.step()
				w.Clock.Advance(time.Duration(rapid.SampledFrom([]int{1, 700, 5000}).Draw(rt, "ms")) * time.Millisecond)
			}
			r.compare()
		})
	})
}

// resolving is a random world of one check: organizations below north and south,
// a setup of the root and one of its own.
type resolving struct {
	w      *snapshotstest.World
	t      *rapid.T
	model  chronicle
	owners []tenancy.OrgID
	setups []*entity
	start  history.Micros
	n      int
}

func newResolving(w *snapshotstest.World, t *rapid.T) *resolving {
	r := &resolving{w: w, t: t, model: chronicle{parent: map[tenancy.OrgID]tenancy.OrgID{w.North: w.Root, w.South: w.Root, w.Harbour: w.North, w.Quay: w.Harbour},
		deleted: map[tenancy.OrgID][]span{}}, start: w.Log.Now()}
	w.Tick()
	for i, parent := range []tenancy.OrgID{w.Harbour, "", w.South} {
		if i == 1 {
			parent = r.owners[0]
		}
		o, err := w.Tenancy.CreateOrganization(ctx, w.Admin(w.Root), parent, fmt.Sprint("owner ", i))
		r.must(err)
		r.owners, r.model.parent[o.ID] = append(r.owners, o.ID), parent
	}
	for i, owner := range []tenancy.OrgID{w.Root, w.Harbour} {
		out, err := w.Store.CreateSetup(ctx, w.Admin(owner), snapshotstest.Module, snapshotstest.To(snapshotstest.MinimalSetup(fmt.Sprint("setup ", i))))
		r.must(err)
		e := &entity{id: out.Entity.ID, owner: owner, versions: []modelSnapshot{{out.ID, "setup", out.ValidFrom, out.RecordedAt, 0}}}
		e.setup = e
		r.setups = append(r.setups, e)
	}
	w.Tick()
	return r
}

func (r *resolving) must(err error) {
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *resolving) clientID(i int) string { return fmt.Sprint(r.start, " ", i) }

func (r *resolving) step() {
	root, n := r.w.Admin(r.w.Root), len(r.model.entities)
	kind := rapid.SampledFrom([]string{"create", "create", "create", "edit", "plan", "withdraw", "delete", "delete", "setup", "organization", "restore", "restore", "restore setup", "restore organization"}).Draw(r.t, "step")
	r.n++
	name := fmt.Sprint("version ", r.n)
	if kind == "create" || n == 0 {
		r.create(name)
		return
	}
	e := r.model.entities[rapid.IntRange(0, n-1).Draw(r.t, "client")]
	ref := snapshots.Ref{Module: snapshotstest.Module, Setup: e.setup.id, Entity: e.id}
	switch kind {
	case "edit", "plan":
		var at *history.Millis
		if kind == "plan" {
			at = r.w.In(time.Duration(rapid.IntRange(2, 30).Draw(r.t, "ahead")) * time.Second)
		}
		if out, err := snapshots.Edit(ctx, r.w.Store, root, ref, snapshotstest.ToAt(snapshotstest.Named(name), at)); err == nil {
			e.versions = append(e.versions, modelSnapshot{out.ID, name, out.ValidFrom, out.RecordedAt, 0})
		}
	case "withdraw":
		v := &e.versions[rapid.IntRange(0, len(e.versions)-1).Draw(r.t, "which")]
		if snapshots.Withdraw[client](ctx, r.w.Store, root, ref, v.id) == nil {
			v.withdrawn = r.w.Log.Committed()
		}
	case "delete":
		if snapshots.Delete[client](ctx, r.w.Store, root, ref, nil) == nil {
			r.end(e)
		}
	case "setup":
		setup := r.setups[1]
		if rapid.IntRange(0, 2).Draw(r.t, "really") == 0 && snapshotstest.DeleteSetup(r.w.DB, r.w.Store, root, setup.id) == nil {
			r.end(setup)
		}
	case "organization":
		org := r.owners[rapid.IntRange(1, 2).Draw(r.t, "organization")]
		if rapid.IntRange(0, 2).Draw(r.t, "really") == 0 && r.w.Tenancy.DeleteOrganization(ctx, root, org, true, tenancy.Contents{}) == nil {
			r.model.deleted[org] = append(r.model.deleted[org], span{r.w.Log.Committed(), 0})
		}
	case "restore":
		if out, _, err := r.w.Store.RestoreClient(ctx, root, e.id, ""); err == nil {
			e.versions = append(e.versions, modelSnapshot{out.ID, out.Content.ClientName, out.ValidFrom, out.RecordedAt, 0})
		}
	case "restore setup":
		if out, err := r.w.Store.RestoreSetup(ctx, root, r.setups[1].id); err == nil {
			r.setups[1].versions = append(r.setups[1].versions, modelSnapshot{out.ID, "setup", out.ValidFrom, out.RecordedAt, 0})
		}
	case "restore organization":
		org, before := r.owners[rapid.IntRange(1, 2).Draw(r.t, "organization")], r.w.Log.Size()
		if _, err := r.w.Tenancy.RestoreOrganization(ctx, root, org, r.w.Store.Restoring()); err == nil {
			spans := r.model.deleted[org]
			spans[len(spans)-1].to = r.w.Log.Committed()
			for _, event := range r.w.Events(before) { // clients whose id was taken
				for _, e := range r.model.entities {
					if event.Object == string(e.id) && event.Kind == "client.deleted" {
						r.end(e)
					}
				}
			}
		}
	}
}

func (r *resolving) create(name string) {
	setup := r.setups[rapid.IntRange(0, 1).Draw(r.t, "setup")]
	e := &entity{setup: setup, clientID: r.clientID(rapid.IntRange(0, 1).Draw(r.t, "client_id")), owner: rapid.SampledFrom(r.owners).Draw(r.t, "owner")}
	var at *history.Millis
	if rapid.IntRange(0, 3).Draw(r.t, "planned") == 0 {
		at = r.w.In(20 * time.Second)
	}
	out, err := r.w.Store.CreateClient(ctx, r.w.Admin(r.w.Root), snapshots.NewClient{Module: snapshotstest.Module, Setup: setup.id,
		ClientID: e.clientID, Owner: e.owner, Surface: "test"}, snapshotstest.ToAt(snapshotstest.Named(name), at))
	if err != nil {
		return // taken, or its setup or owner is gone
	}
	e.id, e.versions = out.Entity.ID, []modelSnapshot{{out.ID, name, out.ValidFrom, out.RecordedAt, 0}}
	r.model.entities = append(r.model.entities, e)
}

// end notes a deletion: the log tells when it was.
func (r *resolving) end(e *entity) {
	end := modelSnapshot{}
	for _, event := range r.w.Events(r.w.Log.Size() - 8) {
		if event.Object == string(e.id) && strings.HasSuffix(string(event.Kind), ".deleted") {
			end = modelSnapshot{snapshots.SnapshotID(event.Ref), "", event.Effective, event.RecordedAt, 0}
		}
	}
	for i := range e.versions {
		if v := &e.versions[i]; v.withdrawn == 0 && v.from > end.from {
			v.withdrawn = end.recorded
		}
	}
	e.versions = append(e.versions, end)
}

// naming is a way to ask, and what the model says to it.
type naming struct {
	what string
	name snapshots.Name
	says func(asking) string
}

func (r *resolving) names() (list []naming) {
	for _, e := range r.model.entities {
		ref := snapshots.Ref{Module: snapshotstest.Module, Setup: e.setup.id, Entity: e.id}
		list = append(list, naming{"ref of " + e.versions[0].name, snapshots.ByRef(ref), func(a asking) string { return a.one(e, true) }},
			naming{"entity of " + e.versions[0].name, snapshots.ByEntity(e.id), func(a asking) string { return a.one(e, false) }})
	}
	for i := range 3 {
		id := r.clientID(i)
		for n, s := range r.setups {
			list = append(list,
				naming{fmt.Sprint("client_id ", i, " in setup ", n), snapshots.ByClientID(snapshotstest.Module, s.id, id), func(a asking) string { return a.byClientID(id, s, nil, false, true) }},
				naming{fmt.Sprint("client_id ", i, " within setup ", n), snapshots.Anywhere(id, "").Within("", s.id), func(a asking) string { return a.byClientID(id, s, nil, true, true) }},
				naming{fmt.Sprint("client_id ", i, " registered in setup ", n), snapshots.Registered(snapshotstest.Module, s.id, id), func(a asking) string { return a.byClientID(id, s, nil, true, false) }},
				naming{fmt.Sprint("client_id ", i, " preferring setup ", n), snapshots.Anywhere(id, s.id), func(a asking) string { return a.byClientID(id, nil, s, true, false) }})
		}
		list = append(list, naming{fmt.Sprint("client_id ", i, " anywhere"), snapshots.Anywhere(id, ""), func(a asking) string { return a.byClientID(id, nil, nil, true, false) }})
	}
	return list
}

// instants are now and a few of those just before and at which something changed.
func (r *resolving) instants() []snapshots.Instant {
	now := r.w.Clock.Millis()
	ats, knowns := []history.Millis{r.start.Millis(), now + 60_000}, []history.Micros{r.start}
	for _, e := range slices.Concat(r.model.entities, r.setups) {
		for _, v := range e.versions {
			ats, knowns = append(ats, v.from-1, v.from), append(knowns, v.recorded-1, v.recorded)
		}
	}
	for _, spans := range r.model.deleted {
		for _, s := range spans {
			for _, at := range []history.Micros{s.from, s.to} {
				if at != 0 {
					ats, knowns = append(ats, at.Millis()-1, at.Millis()), append(knowns, at-1, at)
				}
			}
		}
	}
	list := []snapshots.Instant{{}}
	for range 5 {
		at, known := rapid.SampledFrom(ats).Draw(r.t, "at"), rapid.SampledFrom(knowns).Draw(r.t, "known")
		list = append(list, snapshots.Instant{At: &at}, snapshots.Instant{At: &at, Known: &known})
	}
	return list
}

func (r *resolving) compare() {
	now := r.w.Clock.Millis()
	names := r.names()
	for _, in := range r.instants() {
		for _, org := range []tenancy.OrgID{r.w.Root, r.w.North, r.w.Harbour, r.w.Quay, r.w.South} {
			for _, role := range []tenancy.Role{tenancy.Editor, tenancy.Reader} {
				if role == tenancy.Reader && org != r.w.North {
					continue
				}
				a := asking{&r.model, org, role == tenancy.Editor, in.Given(), now, 1 << 62}
				if in.At != nil {
					a.at = *in.At
				}
				if in.Known != nil {
					a.known = *in.Known
				}
				scope := r.w.Scope(org, role)
				for _, n := range names {
					want := n.says(a)
					if role == tenancy.Reader && (in.Known != nil || a.at != now) {
						want = "forbidden"
					}
					if got := r.answer(scope, n.name, in); got != want {
						r.t.Fatalf("%s asks for %s at %v known %v (now %d): %s, want %s\n%s", r.w.OrgName(org), n.what, in.At, in.Known, now, got, want, r.story())
					}
				}
			}
		}
	}
}

func (r *resolving) answer(scope tenancy.Scope, name snapshots.Name, in snapshots.Instant) string {
	found, err := snapshots.Resolve[client](ctx, r.w.Store, scope, name, in)
	if err != nil {
		f := fault.Of(err)
		return cmp.Or(f.Code, f.Kind.String())
	}
	return found.Content.ClientName
}

// story is all that was told, for a failure.
func (r *resolving) story() string {
	var b strings.Builder
	for _, e := range slices.Concat(r.setups, r.model.entities) {
		fmt.Fprintf(&b, "%s %q of %s in %s\n", e.id, e.clientID, e.owner, e.setup.id)
		for _, v := range e.versions {
			fmt.Fprintf(&b, "  %+v\n", v)
		}
	}
	return fmt.Sprintf("%sdeleted %v\n", b.String(), r.model.deleted)
}
