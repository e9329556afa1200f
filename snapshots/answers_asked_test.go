package snapshots_test

import (
	"fmt"
	"slices"
	"strings"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
)

func (a *asked) clients() {
	w, s := a.w, a.w.Store
	in := func(setup snapshots.EntityID, id snapshots.EntityID) snapshots.Ref {
		return snapshots.Ref{Module: snapshotstest.Module, Setup: setup, Entity: id}
	}
	for _, c := range []struct {
		what string
		ref  snapshots.Ref
	}{
		{"in force, with a plan", in(w.Setup, a.ids["own"])}, {"only planned", in(w.Setup, a.ids["planned"])}, {"deleted", in(w.Setup, a.ids["ended"])},
		{"first incarnation, deleted", in(w.Setup, a.ids["again, first"])}, {"second incarnation, an ancestor's", in(w.Setup, a.ids["again"])},
		{"erased", in(w.Setup, a.ids["erased"])}, {"of a deleted setup", in(a.gone, a.ids["housed"])}, {"of a deleted organization", in(w.Setup, a.ids["docked"])},
		{"unknown", in(w.Setup, a.ids["unknown"])}, {"of an unknown setup", in(a.ids["unknown"], a.ids["own"])}, {"not in that setup", in(a.other, a.ids["own"])},
		{"of another's setup", in(a.souths, a.ids["own"])}, {"not in that module", snapshots.Ref{Module: "none", Setup: w.Setup, Entity: a.ids["own"]}},
		{"a setup's id", in(w.Setup, w.Setup)}, {"no text", in(w.Setup, "\x00")},
	} {
		a.timed("client by ref: "+c.what, func(scope tenancy.Scope, in snapshots.Instant) string {
			found, err := snapshots.Resolve[client](ctx, s, scope, snapshots.ByRef(c.ref), in)
			return toldOf(a, found, err)
		})
		if c.ref.Setup == a.other || c.ref.Setup == a.souths || c.ref.Setup == a.ids["unknown"] || c.ref.Module == "none" {
			continue // an entity id alone names neither
		}
		a.timed("client by entity id: "+c.what, func(scope tenancy.Scope, in snapshots.Instant) string {
			found, err := snapshots.Resolve[client](ctx, s, scope, snapshots.ByEntity(c.ref.Entity), in)
			return toldOf(a, found, err)
		})
	}
	for _, c := range []struct {
		what, id string
		setup    snapshots.EntityID
	}{
		{"in force, with a plan", "own", w.Setup}, {"only planned", "planned", w.Setup}, {"deleted", "ended", w.Setup}, {"taken again by an ancestor", "again", w.Setup},
		{"erased", "erased", w.Setup}, {"of a deleted setup", "housed", a.gone}, {"of a deleted organization", "docked", w.Setup}, {"in two setups", "twice", w.Setup},
		{"unknown", "nobody", w.Setup}, {"of an unknown setup", "own", a.ids["unknown"]}, {"not in that setup", "own", a.other}, {"of another's setup", "own", a.souths}, {"no text", "\x00", w.Setup},
	} {
		a.timed("client by client_id in a setup: "+c.what, func(scope tenancy.Scope, in snapshots.Instant) string {
			found, err := snapshots.Resolve[client](ctx, s, scope, snapshots.ByClientID("", c.setup, c.id), in)
			return toldOf(a, found, err)
		})
	}
	for _, c := range []struct {
		what, id          string
		within, preferred snapshots.EntityID
	}{
		{"in force, with a plan", "own", "", ""}, {"in force, another setup preferred", "own", "", a.other}, {"in force, within its setup", "own", w.Setup, ""},
		{"within another setup", "own", a.other, ""}, {"within an unknown setup", "own", a.ids["unknown"], ""}, {"only planned", "planned", "", ""}, {"deleted", "ended", "", ""},
		{"taken again by an ancestor", "again", "", w.Setup}, {"erased", "erased", "", ""}, {"of a deleted setup", "housed", "", ""}, {"within a deleted setup", "housed", a.gone, ""},
		{"of a deleted organization", "docked", "", ""}, {"in two setups", "twice", "", ""}, {"in two setups, one preferred", "twice", "", a.other},
		{"in two setups, within one", "twice", w.Setup, a.other}, {"unknown", "nobody", "", ""}, {"no text", "\x00", "", ""},
	} {
		a.timed("client by client_id anywhere: "+c.what, func(scope tenancy.Scope, in snapshots.Instant) string {
			found, err := snapshots.Resolve[client](ctx, s, scope, snapshots.Anywhere(c.id, c.preferred).Within("", c.within), in)
			return toldOf(a, found, err)
		})
	}
	for _, c := range []struct {
		what, id string
		setup    snapshots.EntityID
	}{
		{"in force, with a plan", "own", w.Setup}, {"deleted", "ended", w.Setup}, {"taken again by an ancestor", "again", w.Setup},
		{"of a deleted setup", "housed", a.gone}, {"of an unknown setup", "own", a.ids["unknown"]}, {"in another setup", "own", a.other},
	} {
		a.timed("client at its registration: "+c.what, func(scope tenancy.Scope, in snapshots.Instant) string {
			found, err := snapshots.Resolve[client](ctx, s, scope, snapshots.Registered("", c.setup, c.id), in)
			return toldOf(a, found, err)
		})
	}
}

func (a *asked) setups() {
	w, s := a.w, a.w.Store
	for _, c := range []struct {
		what string
		id   snapshots.EntityID
	}{
		{"in force", w.Setup}, {"deleted", a.gone}, {"a sibling's", a.souths}, {"of a deleted organization", a.lost}, {"unknown", a.ids["unknown"]},
		{"a client's id", a.ids["own"]}, {"no text", "\x00"},
	} {
		a.timed("setup: "+c.what, func(scope tenancy.Scope, in snapshots.Instant) string {
			found, err := snapshots.Resolve[setup](ctx, s, scope, snapshots.ByRef(snapshots.SetupRef(snapshotstest.Module, c.id)), in)
			return toldOf(a, found, err)
		})
	}
	a.timed("setup: not in that module", func(scope tenancy.Scope, in snapshots.Instant) string {
		found, err := snapshots.Resolve[setup](ctx, s, scope, snapshots.ByRef(snapshots.SetupRef("none", w.Setup)), in)
		return toldOf(a, found, err)
	})
	for _, c := range []struct {
		what          string
		setup, entity snapshots.EntityID
	}{
		{"in force", w.Setup, a.server}, {"deleted", w.Setup, a.endedServer}, {"of a deleted setup", a.gone, a.inner}, {"not in that setup", a.other, a.server},
		{"unknown", w.Setup, a.ids["unknown"]}, {"a client's id", w.Setup, a.ids["own"]},
	} {
		a.timed("resource server: "+c.what, func(scope tenancy.Scope, in snapshots.Instant) string {
			ref := snapshots.Ref{Module: snapshotstest.Module, Setup: c.setup, Entity: c.entity}
			found, err := snapshots.Resolve[server](ctx, s, scope, snapshots.ByRef(ref), in)
			return toldOf(a, found, err)
		})
	}
}

// snapshots asks for single snapshots by their id.
func (a *asked) snapshots() {
	w, s := a.w, a.w.Store
	end := a.tombstone(a.ids["ended"])
	fmt.Fprintf(&a.table, "\none snapshot of a client by ref, and by entity id\n")
	for _, c := range []struct {
		what, client string
		id           snapshots.SnapshotID
	}{
		{"past", "own", a.versions["own-1"]}, {"in force", "own", a.versions["own-2"]}, {"planned", "own", a.versions["own-3"]},
		{"withdrawn", "own", a.versions["own-4"]}, {"another's", "own", a.versions["ended-1"]}, {"unknown", "own", "nothing"}, {"no text", "own", "\x00"},
		{"only planned", "planned", a.versions["planned-1"]}, {"of a deleted", "ended", a.versions["ended-1"]}, {"an end", "ended", end},
		{"of an erased", "erased", a.versions["erased-1"]}, {"in a deleted setup", "housed", a.versions["housed-1"]},
		{"of a gone owner", "docked", a.versions["docked-1"]}, {"of an unknown", "unknown", a.versions["own-1"]},
	} {
		ref := w.Ref(a.ids[c.client])
		if c.client == "housed" {
			ref.Setup = a.gone
		}
		a.row("  "+c.what, func(scope tenancy.Scope) string {
			found, err := snapshots.Snapshot[client](ctx, s, scope, snapshots.ByRef(ref), c.id)
			return toldOf(a, found, err)
		})
		a.row("  the same, by entity", func(scope tenancy.Scope) string {
			found, err := snapshots.Snapshot[client](ctx, s, scope, snapshots.ByEntity(ref.Entity), c.id)
			return toldOf(a, found, err)
		})
	}
}

func (a *asked) tombstone(id snapshots.EntityID) snapshots.SnapshotID {
	end := snapshots.SnapshotID("")
	for _, v := range a.w.Events(0) {
		if v.Object == string(id) && v.Kind == "client.deleted" {
			end = snapshots.SnapshotID(v.Ref)
		}
	}
	return end
}

// present asks for what is there now, planned or deleted, without its content.
func (a *asked) present() {
	w, s := a.w, a.w.Store
	told := func(id snapshots.EntityID, err error) string {
		if err != nil {
			return faultOf(err)
		}
		for name, known := range a.ids {
			if known == id && name != "unknown" {
				return name
			}
		}
		return "another"
	}
	section := func(title string) { fmt.Fprintf(&a.table, "\n%s\n", title) }
	names := []string{"own", "planned", "ended", "again", "erased", "housed", "docked", "twice", "unknown"}
	ref := func(name string) snapshots.Ref {
		if name == "housed" {
			return snapshots.Ref{Module: snapshotstest.Module, Setup: a.gone, Entity: a.ids[name]}
		}
		return w.Ref(a.ids[name])
	}
	for _, by := range []struct {
		title string
		name  func(string) snapshots.Name
	}{
		{"found by entity id", func(name string) snapshots.Name { return snapshots.ByEntity(a.ids[name]) }},
		{"found by ref", func(name string) snapshots.Name { return snapshots.ByRef(ref(name)) }},
		{"found by client_id in a setup", func(name string) snapshots.Name { return snapshots.ByClientID("", ref(name).Setup, name) }},
	} {
		section(by.title)
		for _, name := range names {
			a.row("  "+name, func(scope tenancy.Scope) string {
				e, state, err := s.Find(ctx, scope, by.name(name))
				return strings.TrimSpace([]string{"", "", "planned", "deleted"}[state] + " " + told(e.ID, err))
			})
		}
	}
	section("setup by id alone")
	for _, c := range []struct {
		name string
		id   snapshots.EntityID
	}{{"in force", w.Setup}, {"deleted", a.gone}, {"a sibling's", a.souths}, {"of a gone owner", a.lost}, {"unknown", a.ids["unknown"]}, {"a client's id", a.ids["own"]}} {
		a.row("  "+c.name, func(scope tenancy.Scope) string {
			_, err := snapshots.Resolve[setup](ctx, s, scope, snapshots.ByEntity(c.id), snapshots.Instant{})
			if err != nil {
				return faultOf(err)
			}
			return "found"
		})
	}
}

func (a *asked) lists() {
	w, s := a.w, a.w.Store
	names := func(found []snapshots.Resolved[client], err error) string {
		if err != nil {
			return faultOf(err)
		}
		list := make([]string, len(found))
		for i, f := range found {
			list[i] = f.Content.ClientName
		}
		return "[" + strings.Join(list, " ") + "]"
	}
	for _, c := range []struct {
		what string
		id   snapshots.EntityID
	}{{"in force", w.Setup}, {"deleted", a.gone}, {"a sibling's", a.souths}, {"of a deleted organization", a.lost}, {"unknown", a.ids["unknown"]}} {
		a.timed("page of a setup: "+c.what, func(scope tenancy.Scope, in snapshots.Instant) string {
			found, _, err := s.Page(ctx, scope, c.id, snapshots.PageQuery{Limit: 50, In: in})
			return names(found, err)
		})
	}
	for _, c := range []struct {
		what  string
		query snapshots.OwnedQuery
	}{
		{"own ones", snapshots.OwnedQuery{}}, {"with descendants", snapshots.OwnedQuery{Descendants: true}},
		{"with descendants, in a setup", snapshots.OwnedQuery{Descendants: true, Setup: a.other}}, {"in a deleted setup", snapshots.OwnedQuery{Descendants: true, Setup: a.gone}},
	} {
		a.timed("owned clients: "+c.what, func(scope tenancy.Scope, in snapshots.Instant) string {
			q := c.query
			q.In, q.Limit = in, 50
			found, total, err := s.Owned(ctx, scope, q)
			slices.SortStableFunc(found, func(a, b snapshots.Resolved[client]) int {
				return strings.Compare(a.Content.ClientName, b.Content.ClientName)
			})
			if err == nil && total != int64(len(found)) {
				a.t.Errorf("%d of %d", len(found), total)
			}
			return names(found, err)
		})
	}
	for _, c := range []struct {
		what  string
		setup snapshots.EntityID
	}{{"in force", w.Setup}, {"deleted", a.gone}} {
		fmt.Fprintf(&a.table, "\nids of a setup's clients: %s\n", c.what)
		for _, i := range a.instants {
			if i.in.Known != nil {
				continue
			}
			a.row("  "+i.name, func(scope tenancy.Scope) string {
				found, err := snapshots.List[client](ctx, s, scope, snapshots.Ref{Module: snapshotstest.Module, Setup: c.setup}, snapshots.Filter{At: i.in.At})
				if err != nil {
					return faultOf(err)
				}
				var list []string
				for _, f := range found {
					for name, id := range a.ids {
						if id == f.ID {
							list = append(list, name)
						}
					}
				}
				slices.Sort(list)
				return "[" + strings.Join(list, " ") + "]"
			})
		}
	}
}
