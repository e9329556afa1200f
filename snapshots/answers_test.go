package snapshots_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

const answersFile = "testdata/answers.txt"

// TestAnswers compares what every way of asking for a client, a setup or a
// resource server answers, per situation, instant and scope, with the table in
// testdata/answers.txt. UPDATE_GOLDEN=1 writes it anew; on both engines it is
// the same.
func TestAnswers(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		a := newAsked(t, w)
		a.clients()
		a.setups()
		a.snapshots()
		a.present()
		a.lists()
		got := a.table.String()
		if os.Getenv("UPDATE_GOLDEN") == "1" {
			w.Must(os.WriteFile(answersFile, []byte(got), 0o644))
			return
		}
		want, err := os.ReadFile(answersFile)
		w.Must(err)
		lines, rest := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range max(len(lines), len(rest)) {
			g, v := "", ""
			if i < len(lines) {
				g = lines[i]
			}
			if i < len(rest) {
				v = rest[i]
			}
			if g != v {
				t.Errorf("%s:%d:\n got %s\nwant %s", answersFile, i+1, g, v)
			}
		}
	})
}

// asked is a World in which everything has happened that an answer depends on.
type asked struct {
	t     *testing.T
	w     *snapshotstest.World
	table strings.Builder

	scopes   []namedScope
	instants []namedInstant
	past     history.Millis // when all first versions were there, and nothing else had happened

	other, gone, lost, souths  snapshots.EntityID // setups beside the World's own
	server, endedServer, inner snapshots.EntityID // resource servers; inner is in gone
	ids                        map[string]snapshots.EntityID
	versions                   map[string]snapshots.SnapshotID
}

type namedScope struct {
	name  string
	scope tenancy.Scope
}

type namedInstant struct {
	name string
	in   snapshots.Instant
}

func newAsked(t *testing.T, w *snapshotstest.World) *asked {
	a := &asked{t: t, w: w, ids: map[string]snapshots.EntityID{}, versions: map[string]snapshots.SnapshotID{}}
	dock := w.MustOrg(w.Harbour, "dock")
	harbour, north, root := w.Admin(w.Harbour), w.Admin(w.North), w.Admin(w.Root)
	before := w.Clock.Millis()
	w.Tick()
	a.other = w.NewSetup(north, snapshotstest.MinimalSetup("other")).Entity.ID
	a.gone = w.NewSetup(north, snapshotstest.MinimalSetup("gone")).Entity.ID
	a.souths = w.NewSetup(w.Admin(w.South), snapshotstest.MinimalSetup("souths")).Entity.ID
	a.lost = w.NewSetup(w.ScopeOn(w.Node, w.Harbour, tenancy.Admin, dock), snapshotstest.MinimalSetup("lost")).Entity.ID
	a.server, a.endedServer, a.inner = a.newServer(w.Setup, "server-1"), a.newServer(w.Setup, "ended-1"), a.newServer(a.gone, "inner-1")

	a.create("own", w.Setup, w.Harbour, nil)
	a.create("ended", w.Setup, w.Harbour, nil)
	a.create("again", w.Setup, w.Harbour, nil)
	a.create("erased", w.Setup, w.Harbour, nil)
	a.create("housed", a.gone, w.Harbour, nil)
	a.create("docked", w.Setup, dock, nil)
	a.create("twice", w.Setup, w.Harbour, nil)
	a.ids["twice, other"] = a.createAs("twice-other", "twice", a.other, w.Harbour, nil)
	a.create("only other", a.other, w.Harbour, nil)
	w.Clock.Advance(time.Minute)
	a.past = w.Clock.Millis()
	w.Clock.Advance(time.Minute)

	a.edit("own", "own-2", nil)
	a.edit("own", "own-3", w.In(time.Hour))
	withdrawn := a.edit("own", "own-4", w.In(2*time.Hour))
	w.Must(snapshots.Withdraw[client](ctx, w.Store, harbour, w.Ref(a.ids["own"]), withdrawn))
	a.create("planned", w.Setup, w.Harbour, w.In(time.Hour))
	for _, id := range []string{"ended", "again", "erased"} {
		w.Must(snapshots.Delete[client](ctx, w.Store, harbour, w.Ref(a.ids[id]), nil))
	}
	w.Tick()
	a.ids["again, first"] = a.ids["again"]
	a.ids["again"] = a.createAs("again-second", "again", w.Setup, w.North, nil)
	_, err := w.Store.Erase(ctx, root, a.ids["erased"], snapshots.Erasure{Reason: "asked for"})
	w.Must(err)
	w.Must(snapshots.Delete[server](ctx, w.Store, north, w.Ref(a.endedServer), nil))
	w.Must(snapshotstest.DeleteSetup(w.DB, w.Store, north, a.gone))
	w.Must(w.Tenancy.DeleteOrganization(ctx, harbour, dock, true, snapshots.Contents()))
	a.ids["unknown"] = "00000000000000000000000000000000"
	w.Clock.Advance(time.Minute)

	now, future := w.Clock.Millis(), w.Clock.Millis()+7_200_000
	knew := a.past.Micros()
	a.instants = []namedInstant{
		{"now", snapshots.Instant{}}, {"at now", snapshots.Instant{At: &now}}, {"before it was", snapshots.Instant{At: &before}},
		{"past", snapshots.Instant{At: &a.past}}, {"future", snapshots.Instant{At: &future}},
		{"as known in the past", snapshots.Instant{Known: &knew}}, {"past, as known then", snapshots.Instant{At: &a.past, Known: &knew}},
	}
	for _, s := range []struct {
		org   tenancy.OrgID
		roles []tenancy.Role
	}{
		{w.Root, []tenancy.Role{tenancy.Admin}}, {w.North, []tenancy.Role{tenancy.Auditor}}, {w.Harbour, tenancytest.Roles()},
		{w.Quay, []tenancy.Role{tenancy.Admin}}, {w.South, []tenancy.Role{tenancy.Admin}},
	} {
		for _, role := range s.roles {
			a.scopes = append(a.scopes, namedScope{w.OrgName(s.org) + " " + string(role), w.Scope(s.org, role)})
		}
	}
	a.scopes = append(a.scopes, namedScope{"own itself", a.granted(a.ids["own"])}, namedScope{"a registration", a.granted("")})
	return a
}

// granted is the scope of a client, or of one that registers, in the World's setup.
func (a *asked) granted(client snapshots.EntityID) tenancy.Scope {
	scope, err := a.w.Tenancy.AuthorizeGrant(tenancy.Grant{Client: string(client), Setup: string(a.w.Setup), Owner: a.w.Harbour,
		Actor: "client:" + string(client), Allowed: tenancy.Resolve | tenancy.WriteClients, Surface: "test"}, "")
	a.w.Must(err)
	return scope
}

func (a *asked) newServer(setup snapshots.EntityID, name string) snapshots.EntityID {
	out, err := a.w.Store.CreateResourceServer(ctx, a.w.Admin(a.w.North), snapshotstest.Module, setup, snapshotstest.To(server{Name: name}))
	a.w.Must(err)
	return out.Entity.ID
}

// create registers a client under its name, whose first version is name-1.
func (a *asked) create(name string, setup snapshots.EntityID, owner tenancy.OrgID, at *history.Millis) {
	a.ids[name] = a.createAs(name+"-1", name, setup, owner, at)
}

func (a *asked) createAs(version, clientID string, setup snapshots.EntityID, owner tenancy.OrgID, at *history.Millis) snapshots.EntityID {
	out, err := a.w.Store.CreateClient(ctx, a.w.Admin(a.w.Root), snapshots.NewClient{Module: snapshotstest.Module, Setup: setup,
		ClientID: clientID, Owner: owner, Surface: "test"}, snapshotstest.ToAt(client{ClientName: version}, at))
	a.w.Must(err)
	a.versions[version] = out.ID
	a.w.Tick()
	return out.Entity.ID
}

func (a *asked) edit(name, version string, at *history.Millis) snapshots.SnapshotID {
	out := a.w.Edit(a.w.Admin(a.w.Harbour), a.ids[name], snapshotstest.ToAt(client{ClientName: version}, at))
	a.versions[version] = out.ID
	a.w.Tick()
	return out.ID
}

// row writes one line: who gets which answer.
func (a *asked) row(label string, ask func(tenancy.Scope) string) {
	var answers []string
	by := map[string][]string{}
	for _, s := range a.scopes {
		answer := ask(s.scope)
		if by[answer] == nil {
			answers = append(answers, answer)
		}
		by[answer] = append(by[answer], s.name)
	}
	parts := make([]string, len(answers))
	for i, answer := range answers {
		parts[i] = answer + ": " + strings.Join(by[answer], ", ")
		if len(answers) == 1 {
			parts[i] = answer
		}
	}
	fmt.Fprintf(&a.table, "%-26s%s\n", label, strings.Join(parts, " | "))
	if answer := ask(tenancy.Scope{}); answer != "internal" {
		a.t.Errorf("%s: the zero scope is answered %s", label, answer)
	}
}

// timed writes one line for each instant.
func (a *asked) timed(title string, ask func(tenancy.Scope, snapshots.Instant) string) {
	fmt.Fprintf(&a.table, "\n%s\n", title)
	for _, i := range a.instants {
		a.row("  "+i.name, func(s tenancy.Scope) string { return ask(s, i.in) })
	}
}

// told is an answer in a word or two.
func toldOf[T document.Content](a *asked, found snapshots.Resolved[T], err error) string {
	if err != nil {
		return faultOf(err)
	}
	text := nameOf(found.Content)
	if found.NextValidFrom != 0 {
		text += ", a next one"
	}
	if found.Setup.Content == nil || found.Setup.Entity.ID != found.Entity.Setup {
		a.t.Errorf("%s comes without its setup", text)
	}
	return text
}

func nameOf[T document.Content](doc *T) string {
	switch d := any(doc).(type) {
	case *client:
		return d.ClientName
	case *setup:
		return d.Name
	case *server:
		return d.Name
	}
	return "?"
}

func faultOf(err error) string {
	f := fault.Of(err)
	if f.Code == "" {
		return f.Kind.String()
	}
	if !f.Instant.IsZero() {
		return f.Code + " with the instant"
	}
	return f.Code
}

// clientNames are the ways to name a client.
