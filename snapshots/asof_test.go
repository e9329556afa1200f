package snapshots_test

import (
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

// model is what happened, told as plainly as possible: nothing is ever looked
// up, every answer is found by going over all of it.
type model struct {
	clients []*modelClient
	deleted history.Micros // when the organization that owns the clients, or the one above, was deleted; 0 for never
}

type modelClient struct {
	id        snapshots.EntityID
	snapshots []modelSnapshot // in the order in which they were recorded
}

type modelSnapshot struct {
	id        snapshots.SnapshotID
	name      string // of the content; empty for the end
	from      history.Millis
	recorded  history.Micros
	withdrawn history.Micros // 0 for never
}

// answer is what the model says of a client at an instant: "name", "deleted" or
// "not yet".
func (m *model) answer(c *modelClient, at history.Millis, known history.Micros) string {
	var found *modelSnapshot
	for i, s := range c.snapshots {
		if s.recorded > known || s.from > at || s.withdrawn != 0 && s.withdrawn <= known {
			continue
		}
		if found == nil || s.from >= found.from {
			found = &c.snapshots[i]
		}
	}
	switch {
	case found == nil:
		return "not yet"
	case found.name == "", m.deleted != 0 && m.deleted <= min(known, at.Micros()+999):
		return "deleted"
	}
	return found.name
}

// TestModelOfBothClocks runs random histories against the model: what is in
// force at every pair of instants that could matter is what the model says.
func TestModelOfBothClocks(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		rapid.Check(t, func(rt *rapid.T) { newHistory(w, rt).run() })
	})
}

// random is one random history in a World of its own corner.
type random struct {
	w     *snapshotstest.World
	t     *rapid.T
	root  tenancy.Scope
	owner tenancy.OrgID
	above [2]tenancy.OrgID // where the owner may be, both below north
	model model
	n     int
}

func newHistory(w *snapshotstest.World, t *rapid.T) *random {
	r := &random{w: w, t: t, root: w.Admin(w.Root)}
	make := func(parent tenancy.OrgID, name string) tenancy.OrgID {
		o, err := w.Tenancy.CreateOrganization(ctx, r.root, parent, name)
		w.Must(err)
		return o.ID
	}
	r.above = [2]tenancy.OrgID{make(w.North, "one"), make(w.North, "other")}
	r.owner = make(r.above[0], "owner")
	w.Tick()
	return r
}

func (r *random) run() {
	from := r.w.Log.Now()
	for range rapid.IntRange(5, 16).Draw(r.t, "steps") {
		r.step()
		r.w.Clock.Advance(time.Duration(rapid.SampledFrom([]int{0, 1, 500, 1000, 7000, 60_000}).Draw(r.t, "ms")) * time.Millisecond)
	}
	r.compare(from)
}

func (r *random) step() {
	kinds := []string{"create", "publish", "publish", "schedule", "schedule", "withdraw", "rollback", "retire", "move", "end"}
	kind := rapid.SampledFrom(kinds).Draw(r.t, "step")
	if kind == "create" || len(r.model.clients) == 0 {
		r.create()
		return
	}
	c := rapid.SampledFrom(r.model.clients).Draw(r.t, "client")
	switch kind {
	case "publish":
		r.publish(c, nil)
	case "schedule":
		at := r.w.Clock.Millis() + history.Millis(rapid.IntRange(2000, 120_000).Draw(r.t, "ahead"))
		r.publish(c, &at)
	case "withdraw":
		r.withdraw(c)
	case "rollback":
		r.rollback(c)
	case "retire":
		r.retire(c)
	case "move":
		to := r.above[rapid.IntRange(0, 1).Draw(r.t, "to")]
		_, err := r.w.Tenancy.MoveOrganization(ctx, r.root, r.owner, to, func(*db.Tx, []tenancy.OrgID, func(tenancy.OrgID) bool) error { return nil })
		r.fails(err)
	case "end":
		if r.model.deleted != 0 || rapid.IntRange(0, 3).Draw(r.t, "really") != 0 {
			return
		}
		r.w.Must(r.w.Tenancy.DeleteOrganization(ctx, r.root, r.owner, true, tenancy.Contents{}))
		r.model.deleted = r.last()
	}
}

// last is when the last change was recorded.
func (r *random) last() history.Micros { return r.w.Log.Committed() }

// fails reports whether a step was refused, which the rules allow.
func (r *random) fails(err error) bool {
	if err != nil && fault.Is(err, fault.Internal) {
		r.t.Fatal(err)
	}
	return err != nil
}

func (r *random) name() string {
	r.n++
	return fmt.Sprintf("version-%d", r.n)
}

func (r *random) create() {
	name := r.name()
	out, err := r.w.Store.CreateClient(ctx, r.root, snapshots.NewClient{Module: snapshotstest.Module, Setup: r.w.Setup,
		ClientID: string(r.owner) + name, Owner: r.owner, Surface: "test"}, snapshotstest.To(snapshotstest.Named(name)))
	if r.fails(err) {
		return
	}
	r.model.clients = append(r.model.clients, &modelClient{out.Entity.ID, []modelSnapshot{{out.ID, name, out.ValidFrom, out.RecordedAt, 0}}})
}

func (r *random) publish(c *modelClient, at *history.Millis) {
	name := r.name()
	out, err := snapshots.Edit(ctx, r.w.Store, r.root, r.w.Ref(c.id), snapshotstest.ToAt(snapshotstest.Named(name), at))
	if !r.fails(err) {
		c.snapshots = append(c.snapshots, modelSnapshot{out.ID, name, out.ValidFrom, out.RecordedAt, 0})
	}
}

func (r *random) withdraw(c *modelClient) {
	s := &c.snapshots[rapid.IntRange(0, len(c.snapshots)-1).Draw(r.t, "which")]
	if !r.fails(snapshots.Withdraw[client](ctx, r.w.Store, r.root, r.w.Ref(c.id), s.id)) {
		s.withdrawn = r.last()
	}
}

func (r *random) rollback(c *modelClient) {
	s := c.snapshots[rapid.IntRange(0, len(c.snapshots)-1).Draw(r.t, "which")]
	out, _, err := snapshots.Rollback(ctx, r.w.Store, r.root, r.w.Ref(c.id), s.id, snapshots.Change[client]{})
	if !r.fails(err) && out.Changed {
		c.snapshots = append(c.snapshots, modelSnapshot{out.ID, s.name, out.ValidFrom, out.RecordedAt, 0})
	}
}

func (r *random) retire(c *modelClient) {
	if r.fails(snapshots.Delete[client](ctx, r.w.Store, r.root, r.w.Ref(c.id), nil)) {
		return
	}
	end := r.tombstone(c)
	for i := range c.snapshots {
		if s := &c.snapshots[i]; s.withdrawn == 0 && s.from > end.from {
			s.withdrawn = end.recorded
		}
	}
	c.snapshots = append(c.snapshots, end)
}

// tombstone reads the end of a client, the one thing that Delete does not
// return.
func (r *random) tombstone(c *modelClient) modelSnapshot {
	s := modelSnapshot{}
	r.w.Must(r.w.DB.View(ctx, func(conn *db.Conn) error {
		return conn.Each(func(scan func(...any) error) error { return scan(&s.id, &s.from, &s.recorded) },
			"SELECT snapshot_id, valid_from, recorded_at FROM snapshot WHERE entity_id = ? AND kind = 'tombstone'", c.id)
	}))
	return s
}

// compare asks every pair of instants at which something could change, and of
// those just before.
func (r *random) compare(from history.Micros) {
	now := r.w.Log.Now()
	ats := []history.Millis{from.Millis(), now.Millis(), now.Millis() + 3_600_000}
	knowns := []history.Micros{from, now, now + 3_600_000_000}
	for _, c := range r.model.clients {
		for _, s := range c.snapshots {
			ats = append(ats, s.from-1, s.from)
			knowns = append(knowns, s.recorded-1, s.recorded)
			if s.withdrawn != 0 {
				knowns = append(knowns, s.withdrawn-1, s.withdrawn)
			}
		}
	}
	if d := r.model.deleted; d != 0 {
		ats, knowns = append(ats, d.Millis()-1, d.Millis()), append(knowns, d-1, d)
	}
	slices.Sort(ats)
	slices.Sort(knowns)
	ats, knowns = slices.Compact(ats), slices.Compact(knowns)
	for _, c := range r.model.clients {
		for _, at := range ats {
			for _, known := range knowns {
				r.ask(c, at, known)
			}
		}
	}
	for i := 0; i < len(ats); i += 1 + len(ats)/6 {
		r.page(ats[i], knowns[(i*7)%len(knowns)])
	}
}

func (r *random) ask(c *modelClient, at history.Millis, known history.Micros) {
	want := r.model.answer(c, at, known)
	found, err := snapshots.Resolve[client](ctx, r.w.Store, r.root, snapshots.ByEntity(c.id), snapshots.Instant{At: &at, Known: &known})
	if got := told(r.t, found, err); got != want {
		r.t.Fatalf("at %d known %d: %s, want %s\n%s", at, known, got, want, r.told())
	}
}

func told(t *rapid.T, found snapshots.Resolved[client], err error) string {
	switch {
	case err == nil:
		return found.Content.ClientName
	case fault.Is(err, fault.Gone) && fault.HasCode(err, fault.CodeDeleted):
		return "deleted"
	case fault.HasCode(err, fault.CodeNotYetEffective):
		return "not yet"
	}
	t.Fatal(err)
	return ""
}

// page asks a list for what single reads answered.
func (r *random) page(at history.Millis, known history.Micros) {
	var want, got []string
	for _, c := range r.model.clients {
		if name := r.model.answer(c, at, known); name != "deleted" && name != "not yet" {
			want = append(want, name)
		}
	}
	more := true
	for after := ""; more; {
		var page []snapshots.Resolved[client]
		var err error
		page, more, err = r.w.Store.Page(ctx, r.root, r.w.Setup,
			snapshots.PageQuery{After: after, Limit: 20, In: snapshots.Instant{At: &at, Known: &known}})
		if err != nil {
			r.t.Fatal(err)
		}
		for _, found := range page {
			if after = found.Entity.ClientID; found.Entity.Owner == r.owner {
				got = append(got, found.Content.ClientName)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		r.t.Fatalf("at %d known %d: %v, want %v\n%s", at, known, got, want, r.told())
	}
}

// told is the whole history, for a failure.
func (r *random) told() string {
	var b strings.Builder
	for _, c := range r.model.clients {
		fmt.Fprintf(&b, "%s\n", c.id)
		for _, s := range c.snapshots {
			fmt.Fprintf(&b, "  %+v\n", s)
		}
	}
	fmt.Fprintf(&b, "deleted %d\n", r.model.deleted)
	return b.String()
}
