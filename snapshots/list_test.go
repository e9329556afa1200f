package snapshots_test

import (
	"math/rand/v2"
	"slices"
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

// lists gives the entities of a list, and fails unless each bears the name it is listed with.
func lists(t *testing.T, w *snapshotstest.World, scope tenancy.Scope, f snapshots.Filter) []snapshots.EntityID {
	t.Helper()
	list, err := snapshots.List[client](ctx, w.Store, scope, snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup}, f)
	if err != nil {
		t.Fatal(err)
	}
	ids := []snapshots.EntityID{}
	for _, l := range list {
		if f.Name != nil && l.Name != *f.Name {
			t.Errorf("%s is listed as %q, asked for %q", l.ID, l.Name, *f.Name)
		}
		ids = append(ids, l.ID)
	}
	return ids
}

// scrambled is text that does not compress.
func scrambled(size int) string {
	text := make([]byte, size)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range text {
		text[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-"[random.IntN(64)]
	}
	return string(text)
}

func TestListFilters(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		long := strings.Repeat("ü", 200) // 400 bytes
		longName := scrambled(8000)
		doc := func(name, owner string, meta ...document.Localized) snapshots.Change[client] {
			d := snapshotstest.Named("x")
			d.ClientName, d.OwnerLabel, d.Localized = name, owner, meta
			return snapshotstest.To(d)
		}
		add := func(id string, ch snapshots.Change[client]) snapshots.EntityID {
			w.Tick()
			return w.NewClient(admin, id, ch).Entity.ID
		}
		a := add("a", doc("Läden", "team", document.Localized{Name: "tier", Value: "gold", Locale: "de"}, document.Localized{Name: "region", Value: "eu"}))
		b := add("b", doc("Läden", "Team", document.Localized{Name: "tier", Value: "gold", Locale: "fr"}))
		c := add("c", doc(long+"1", "", document.Localized{Name: "tier", Value: long + "1"}))
		d := add("d", doc(long+"2", "team", document.Localized{Name: "tier", Value: long + "2"}))
		e := add("e", doc("", "100%_'; --", document.Localized{Name: longName, Value: "v"}))

		text := func(s string) *string { return &s }
		for name, test := range map[string]struct {
			f    snapshots.Filter
			want []snapshots.EntityID
		}{
			"none":                       {snapshots.Filter{}, []snapshots.EntityID{a, b, c, d, e}},
			"name":                       {snapshots.Filter{Name: text("Läden")}, []snapshots.EntityID{a, b}},
			"part of a name":             {snapshots.Filter{Name: text("Läd")}, nil},
			"name in another case":       {snapshots.Filter{Name: text("läden")}, nil},
			"name without accents":       {snapshots.Filter{Name: text("Laden")}, nil},
			"empty name":                 {snapshots.Filter{Name: text("")}, []snapshots.EntityID{e}},
			"wildcards":                  {snapshots.Filter{Name: text("%")}, nil},
			"long name":                  {snapshots.Filter{Name: text(long + "1")}, []snapshots.EntityID{c}},
			"long name's beginning":      {snapshots.Filter{Name: text(long)}, nil},
			"another long name":          {snapshots.Filter{Name: text(long + "3")}, nil},
			"owner":                      {snapshots.Filter{Owner: text("team")}, []snapshots.EntityID{a, d}},
			"owner with quotes":          {snapshots.Filter{Owner: text("100%_'; --")}, []snapshots.EntityID{e}},
			"name and owner":             {snapshots.Filter{Name: text("Läden"), Owner: text("team")}, []snapshots.EntityID{a}},
			"metadata, any locale":       {snapshots.Filter{Metadata: []document.Localized{{Name: "tier", Value: "gold"}}}, []snapshots.EntityID{a, b}},
			"metadata, several":          {snapshots.Filter{Metadata: []document.Localized{{Name: "tier", Value: "gold"}, {Name: "region", Value: "eu"}}}, []snapshots.EntityID{a}},
			"metadata, no match":         {snapshots.Filter{Metadata: []document.Localized{{Name: "tier", Value: "gold"}, {Name: "region", Value: "us"}}}, nil},
			"metadata, long":             {snapshots.Filter{Metadata: []document.Localized{{Name: "tier", Value: long + "2"}}}, []snapshots.EntityID{d}},
			"metadata, long name":        {snapshots.Filter{Metadata: []document.Localized{{Name: longName, Value: "v"}}}, []snapshots.EntityID{e}},
			"metadata, other name":       {snapshots.Filter{Metadata: []document.Localized{{Name: "region", Value: "gold"}}}, nil},
			"metadata called as a field": {snapshots.Filter{Metadata: []document.Localized{{Name: "name", Value: "Läden"}}}, nil},
			"all":                        {snapshots.Filter{Name: text("Läden"), Owner: text("team"), Metadata: []document.Localized{{Name: "tier", Value: "gold"}}}, []snapshots.EntityID{a}},
		} {
			if got := lists(t, w, admin, test.f); !slices.Equal(got, test.want) {
				t.Errorf("%s: %v, want %v", name, got, test.want)
			}
		}
		names, err := snapshots.List[client](ctx, w.Store, admin, snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup}, snapshots.Filter{Named: true})
		w.Must(err)
		if want := []snapshots.Listed{{ID: a, Name: "Läden"}, {ID: b, Name: "Läden"}, {ID: c, Name: long + "1"}, {ID: d, Name: long + "2"}, {ID: e}}; !slices.Equal(names, want) {
			t.Errorf("names %v", names)
		}
	})
}

// TestListAtInstants: a client that gets its name in the future has it then
// and not before; those that are planned or deleted are there when they are.
func TestListAtInstants(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		t0 := w.Clock.Millis()
		renamed := w.NewClient(admin, "renamed", snapshotstest.To(snapshotstest.Named("old"))).Entity.ID
		deleted := w.NewClient(admin, "deleted", snapshotstest.To(snapshotstest.Named("old"))).Entity.ID
		w.Tick()
		t1 := w.Clock.Millis()
		w.Must(snapshots.Delete[client](ctx, w.Store, admin, w.Ref(deleted), nil))
		w.Tick()
		at := w.In(time.Hour)
		w.Edit(admin, renamed, snapshotstest.ToAt(snapshotstest.Named("new"), at))
		planned := w.NewClient(admin, "planned", snapshotstest.ToAt(snapshotstest.Named("new"), at)).Entity.ID
		void := w.Edit(admin, renamed, snapshotstest.ToAt(snapshotstest.Named("never"), w.In(2*time.Hour)))
		w.Must(snapshots.Withdraw[client](ctx, w.Store, admin, w.Ref(renamed), void.ID))
		oldName, newName, never := "old", "new", "never"
		ago, future, now := t0+1, *at, w.Clock.Millis()
		before := *at - 1
		longAgo := t0 - 100000
		check := func(when string, now history.Millis) {
			for name, c := range map[string]struct {
				f    snapshots.Filter
				want []snapshots.EntityID
			}{
				"old name, past":            {snapshots.Filter{Name: &oldName, At: &ago}, []snapshots.EntityID{renamed, deleted}},
				"past":                      {snapshots.Filter{At: &ago}, []snapshots.EntityID{renamed, deleted}},
				"when it was deleted":       {snapshots.Filter{At: &t1}, []snapshots.EntityID{renamed}},
				"before all":                {snapshots.Filter{At: &longAgo}, nil},
				"old name, future":          {snapshots.Filter{Name: &oldName, At: &future}, nil},
				"old name, just before":     {snapshots.Filter{Name: &oldName, At: &before}, []snapshots.EntityID{renamed}},
				"new name, future":          {snapshots.Filter{Name: &newName, At: &future}, []snapshots.EntityID{renamed, planned}},
				"future":                    {snapshots.Filter{At: &future}, []snapshots.EntityID{renamed, planned}},
				"old name, any":             {snapshots.Filter{Name: &oldName, AnyTime: true}, []snapshots.EntityID{renamed}},
				"new name, any":             {snapshots.Filter{Name: &newName, AnyTime: true}, []snapshots.EntityID{renamed, planned}},
				"any":                       {snapshots.Filter{AnyTime: true}, []snapshots.EntityID{renamed, planned}},
				"withdrawn name, any":       {snapshots.Filter{Name: &never, AnyTime: true}, nil},
				"any, deleted":              {snapshots.Filter{AnyTime: true, IncludeDeleted: true}, []snapshots.EntityID{renamed, deleted, planned}},
				"old name, any and deleted": {snapshots.Filter{Name: &oldName, AnyTime: true, IncludeDeleted: true}, []snapshots.EntityID{renamed, deleted}},
				"now said explicitly":       {snapshots.Filter{At: &now}, nil},
			} {
				if name == "now said explicitly" {
					c.want = lists(t, w, admin, snapshots.Filter{})
				}
				if got := lists(t, w, admin, c.f); !slices.Equal(got, c.want) {
					t.Errorf("%s, %s: %v, want %v", when, name, got, c.want)
				}
			}
		}
		active := func(f snapshots.Filter, want ...snapshots.EntityID) {
			t.Helper()
			if got := lists(t, w, admin, f); !slices.Equal(got, want) {
				t.Errorf("now: %v, want %v", got, want)
			}
		}
		check("before", now)
		active(snapshots.Filter{Name: &oldName}, renamed)
		active(snapshots.Filter{Name: &newName})
		active(snapshots.Filter{}, renamed)
		active(snapshots.Filter{IncludeDeleted: true}, renamed, deleted)
		w.Clock.Set(*at)
		check("after", *at)
		active(snapshots.Filter{Name: &oldName})
		active(snapshots.Filter{Name: &newName}, renamed, planned)
		active(snapshots.Filter{}, renamed, planned)
	})
}

// TestListPermissions: the past, the future and what is gone are not for everybody.
func TestListPermissions(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		past, future, now := w.Clock.Millis()-1, w.Clock.Millis()+1, w.Clock.Millis()
		for name, f := range map[string]snapshots.Filter{"past": {At: &past}, "future": {At: &future}, "any": {AnyTime: true}, "deleted": {IncludeDeleted: true}} {
			for _, role := range tenancytest.Roles() {
				_, err := snapshots.List[client](ctx, w.Store, w.Scope(w.North, role), snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup}, f)
				if (role == tenancy.Reader) != fault.Is(err, fault.Forbidden) || err != nil && role != tenancy.Reader {
					t.Errorf("%s, %s: %v", name, role, err)
				}
			}
		}
		_, err := snapshots.List[client](ctx, w.Store, w.Scope(w.North, tenancy.Reader), snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup}, snapshots.Filter{At: &now})
		w.Must(err)

		at := w.In(time.Hour)
		w.NewClient(w.Admin(w.North), "plan", snapshotstest.ToAt(snapshotstest.Named("plan"), at))
		_, _, err = w.Store.Find(ctx, w.Scope(w.North, tenancy.Reader), snapshots.ByClientID(snapshotstest.Module, w.Setup, "plan"))
		w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		_, state, err := w.Store.Find(ctx, w.Scope(w.North, tenancy.Auditor), snapshots.ByClientID(snapshotstest.Module, w.Setup, "plan"))
		if w.Must(err); state != snapshots.Planned {
			t.Errorf("state %d", state)
		}
	})
}

// TestListsShowTheSubtree, oldest first.
func TestListsShowTheSubtree(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		w.Setup = w.NewSetup(w.Admin(w.Root), snapshotstest.MinimalSetup("root's")).Entity.ID
		owned := make(map[tenancy.OrgID]snapshots.EntityID)
		var order []snapshots.EntityID
		for _, org := range []tenancy.OrgID{w.Quay, w.South, w.Root, w.Harbour, w.North} {
			w.Tick()
			owned[org] = w.NewClient(w.Admin(org), w.OrgName(org), snapshotstest.To(snapshotstest.Named("one"))).Entity.ID
			order = append(order, owned[org])
		}
		name := "one"
		for org, sees := range map[tenancy.OrgID][]tenancy.OrgID{w.Root: w.Orgs(), w.North: {w.North, w.Harbour, w.Quay},
			w.South: {w.South}, w.Harbour: {w.Harbour, w.Quay}, w.Quay: {w.Quay}} {
			var want []snapshots.EntityID
			for _, id := range order {
				if slices.ContainsFunc(sees, func(o tenancy.OrgID) bool { return owned[o] == id }) {
					want = append(want, id)
				}
			}
			for _, f := range []snapshots.Filter{{}, {Name: &name}, {AnyTime: true}} {
				if got := lists(t, w, w.Admin(org), f); !slices.Equal(got, want) {
					t.Errorf("%s, %+v: %v, want %v", w.OrgName(org), f, got, want)
				}
			}
			if got, want := lists(t, w, w.ScopeOn(w.Node, w.Root, tenancy.Admin, org), snapshots.Filter{}), want; !slices.Equal(got, want) {
				t.Errorf("root for %s: %v, want %v", w.OrgName(org), got, want)
			}
		}
	})
}

// TestListSetups: those of one's own, above and below; what others' plans and
// past are only for those above.
func TestListSetups(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		setups := map[string]snapshots.EntityID{"north": w.Setup}
		for _, org := range []tenancy.OrgID{w.Root, w.South, w.Harbour} {
			w.Tick()
			setups[w.OrgName(org)] = w.NewSetup(w.Admin(org), snapshotstest.MinimalSetup("plain")).Entity.ID
		}
		plain := "plain"
		for org, want := range map[tenancy.OrgID]string{w.Root: "north root south harbour", w.North: "north root harbour",
			w.South: "root south", w.Harbour: "north root harbour", w.Quay: "north root harbour"} {
			for _, f := range []snapshots.Filter{{}, {Name: &plain}} {
				list, err := snapshots.List[setup](ctx, w.Store, w.Scope(org, tenancy.Reader), snapshots.Ref{Module: snapshotstest.Module}, f)
				w.Must(err)
				var got []string
				for _, l := range list {
					for name, id := range setups {
						if id == l.ID {
							got = append(got, name)
						}
					}
				}
				if strings.Join(got, " ") != want {
					t.Errorf("%s: %v, want %s", w.OrgName(org), got, want)
				}
			}
		}
		any, err := snapshots.List[setup](ctx, w.Store, w.Scope(w.Harbour, tenancy.Auditor), snapshots.Ref{Module: snapshotstest.Module}, snapshots.Filter{AnyTime: true})
		if w.Must(err); len(any) != 1 || any[0].ID != setups["harbour"] {
			t.Errorf("harbour's auditor: %v", any)
		}
		_, err = snapshots.List[setup](ctx, w.Store, w.Admin(w.Root), snapshots.Ref{Module: "nowhere"}, snapshots.Filter{})
		w.Refused(err, fault.NotFound, fault.CodeModuleUnknown)

		srv, err := w.Store.CreateResourceServer(ctx, w.Admin(w.North), snapshotstest.Module, w.Setup, snapshotstest.To(server{Name: "plain"}))
		w.Must(err)
		servers, err := snapshots.List[server](ctx, w.Store, w.Scope(w.Quay, tenancy.Reader), snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup}, snapshots.Filter{Name: &plain})
		if w.Must(err); len(servers) != 1 || servers[0] != (snapshots.Listed{ID: srv.Entity.ID, Name: "plain"}) {
			t.Errorf("resource servers %v", servers)
		}
	})
}

// TestSnapshotsAtAnInstant: the one then in force, or none.
func TestSnapshotsAtAnInstant(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		a := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("a")))
		w.Tick()
		b := w.Edit(admin, a.Entity.ID, snapshotstest.ToAt(snapshotstest.Named("b"), w.In(time.Hour)))
		for at, want := range map[history.Millis][]snapshots.SnapshotID{a.ValidFrom - 1: {}, a.ValidFrom: {a.ID},
			b.ValidFrom - 1: {a.ID}, b.ValidFrom: {b.ID}, b.ValidFrom + 1e9: {b.ID}} {
			got, err := snapshots.Snapshots[client](ctx, w.Store, admin, w.Ref(a.Entity.ID), &at, false)
			if w.Must(err); !slices.Equal(got, want) {
				t.Errorf("at %d: %v, want %v", at, got, want)
			}
		}
	})
}

// TestClientIDs differ by every byte, on every engine, whatever stands in them.
func TestClientIDs(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		ids := []string{"shop", "Shop", "SHOP", "shop ", " shop", "%", "_", "sh%", `"`, `'; DROP TABLE entity; --`, `\`, "a/b", "...", "%2F",
			"läden", "la\u0308den", "LÄDEN", "ﬀ", "ff", "日本語", "😀", "straße", "strasse", strings.Repeat("x", 255), strings.Repeat("x", 254) + "y", "a\u00a0b"}
		made := make(map[string]snapshots.EntityID)
		for _, id := range ids {
			w.Clock.Advance(time.Millisecond)
			out, err := w.Store.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: id},
				snapshotstest.To(snapshotstest.Named("x")))
			if err != nil || out.Entity.ClientID != id {
				t.Fatalf("%q: %q, %v", id, out.Entity.ClientID, err)
			}
			made[id] = out.Entity.ID
		}
		for _, id := range ids {
			found, state, err := w.Store.Find(ctx, admin, snapshots.ByClientID(snapshotstest.Module, w.Setup, id))
			if err != nil || state != snapshots.InForce || found.ID != made[id] || w.Active(admin, found.ID).Entity.ClientID != id {
				t.Errorf("%q: %s, %v; want %s", id, found.ID, err, made[id])
			}
		}
		for _, other := range []string{"sHop", "", "shop  ", "LäDEN", string(made["shop"]), strings.Repeat("x", 256)} {
			_, _, err := w.Store.Find(ctx, admin, snapshots.ByClientID(snapshotstest.Module, w.Setup, other))
			w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
		}
		// The same id in another setup is another client.
		first := w.Setup
		w.Setup = w.NewSetup(admin, snapshotstest.MinimalSetup("second")).Entity.ID
		if out := w.NewClient(admin, "shop", snapshotstest.To(full())); out.Entity.Incarnation != 1 || out.Entity.ID == made["shop"] || w.Setup == first {
			t.Errorf("%+v", out.Entity)
		}
	})
}
