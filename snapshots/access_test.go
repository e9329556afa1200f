package snapshots_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/tenancytest"
)

// unscoped are the methods of Store that take no Scope, and why.
var unscoped = map[string]string{
	"Now": "the clock", "Final": "the clock", "PageKey": "of the installation", "Flush": "what callers proved already", "Finish": "what callers proved already", "Render": "after Authorize only", "CanReveal": "of the installation",
	"NoteRead": "after Authorize only", "KeepsReads": "of the installation", "Caches": "of the installation", "Disclosed": "of the installation",
	"GenerateToken": "stores nothing", "ImportedSecret": "stores nothing",
	"Register": "decides under which scope to act", "Registering": "decides under which scope to act",
	"VerifySecret": "proves who may have a scope", "VerifyToken": "proves who may have a scope",
	"GenerateSecret": "stores nothing", "ChosenSecret": "stores nothing",
	"Restoring": "inside tenancy's transaction", "KeepsClients": "inside tenancy's transaction",
	"SetFresh": "of tests", "Fill": "of tests", "Holds": "of tests", "SecretEnds": "of tests", "HoldHashSlots": "of tests",
}

// TestZeroScopeIsRefused by every method and every generic function.
func TestZeroScopeIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		made := w.NewClient(w.Admin(w.North), "shop", snapshotstest.To(full()))
		size := w.Log.Size()
		refused := func(name string, err error) {
			t.Helper()
			if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "without a scope") {
				t.Errorf("%s: %v", name, err)
			}
		}
		store := reflect.ValueOf(w.Store)
		scopeType, found := reflect.TypeFor[tenancy.Scope](), 0
		for i := range store.NumMethod() {
			name, method := store.Type().Method(i).Name, store.Method(i)
			takes := -1
			args := make([]reflect.Value, method.Type().NumIn())
			for n := range args {
				args[n] = reflect.Zero(method.Type().In(n))
				switch method.Type().In(n) {
				case scopeType:
					takes = n
				case reflect.TypeFor[context.Context]():
					args[n] = reflect.ValueOf(ctx)
				case reflect.TypeFor[snapshots.Ref]():
					args[n] = reflect.ValueOf(w.Ref(made.Entity.ID))
				case reflect.TypeFor[snapshots.Entity]():
					args[n] = reflect.ValueOf(made.Entity)
				}
			}
			if _, exempt := unscoped[name]; (takes < 0) != exempt {
				t.Errorf("%s: takes a scope: %t", name, takes >= 0)
			}
			if takes < 0 {
				continue
			}
			found++
			if takes > 1 {
				t.Errorf("%s takes its scope as argument %d", name, takes)
			}
			call := method.Call
			if method.Type().IsVariadic() {
				call = method.CallSlice
			}
			results := call(args)
			err, _ := results[len(results)-1].Interface().(error)
			refused(name, err)
		}
		if found < 15 {
			t.Errorf("only %d methods were found", found)
		}
		none, ref := tenancy.Scope{}, w.Ref(made.Entity.ID)
		_, err := snapshots.Edit(ctx, w.Store, none, ref, snapshotstest.To(full()))
		refused("Edit", err)
		refused("Delete", snapshots.Delete[client](ctx, w.Store, none, ref, nil))
		refused("Withdraw", snapshots.Withdraw[client](ctx, w.Store, none, ref, made.ID))
		_, err = snapshots.Snapshot[client](ctx, w.Store, none, snapshots.ByRef(ref), made.ID)
		refused("Snapshot", err)
		_, err = snapshots.Snapshots[client](ctx, w.Store, none, ref, nil, true)
		refused("Snapshots", err)
		refused("Versions", snapshots.Versions(ctx, w.Store, none, snapshots.KindClient, made.Entity.ID, snapshots.Instant{}, func(snapshots.Version[setup]) error { return nil }))
		for _, in := range []snapshots.Instant{{}, {At: &made.ValidFrom}} {
			_, err = snapshots.Resolve[client](ctx, w.Store, none, snapshots.ByRef(ref), in)
			refused("Resolve", err)
			_, err = snapshots.List[client](ctx, w.Store, none, ref, snapshots.Filter{At: in.At})
			refused("List", err)
		}
		if w.Log.Size() != size {
			t.Error("something was written")
		}
	})
}

// try runs every read and write of a client and of its setup in a scope.
func try(w *snapshotstest.World, scope tenancy.Scope, id snapshots.EntityID, plan, setupSnapshot snapshots.SnapshotID) map[string]error {
	ref, in := w.Ref(id), snapshots.SetupRef(snapshotstest.Module, w.Setup)
	got := make(map[string]error)
	w.Tick()
	_, got["client"] = snapshots.Resolve[client](ctx, w.Store, scope, snapshots.ByRef(ref), snapshots.Instant{})
	_, _, got["client by id"] = w.Store.Find(ctx, scope, snapshots.ByRef(ref))
	_, _, got["client_id"] = w.Store.Find(ctx, scope, snapshots.ByClientID(snapshotstest.Module, w.Setup, "shop"))
	_, got["snapshot"] = snapshots.Snapshot[client](ctx, w.Store, scope, snapshots.ByRef(ref), plan)
	_, got["snapshots"] = snapshots.Snapshots[client](ctx, w.Store, scope, ref, nil, false)
	_, got["edit"] = snapshots.Edit(ctx, w.Store, scope, ref, snapshots.Change[client]{Apply: func(base *client, _ *setup) (*client, error) {
		next := *base
		next.Comment += "x"
		return &next, nil
	}})
	got["withdraw"] = snapshots.Withdraw[client](ctx, w.Store, scope, ref, plan)

	_, got["setup"] = snapshots.Resolve[setup](ctx, w.Store, scope, snapshots.ByRef(snapshots.SetupRef(snapshotstest.Module, w.Setup)), snapshots.Instant{})
	_, got["setup's snapshot"] = snapshots.Snapshot[setup](ctx, w.Store, scope, snapshots.ByRef(in), setupSnapshot)
	_, got["setup's snapshots"] = snapshots.Snapshots[setup](ctx, w.Store, scope, in, nil, false)
	_, got["edit setup"] = snapshots.Edit(ctx, w.Store, scope, in, snapshots.Change[setup]{Apply: func(base, _ *setup) (*setup, error) {
		next := *base
		next.Comment += "x"
		return &next, nil
	}})
	got["policy"] = w.Store.SetPolicy(ctx, scope, snapshotstest.Module, w.Setup, snapshots.Policy{OnStalePlan: "keep", ScopeCheck: "dialect"})
	_, got["new resource server"] = w.Store.CreateResourceServer(ctx, scope, snapshotstest.Module, w.Setup, snapshotstest.To(server{Name: "x"}))
	_, got["clients"] = snapshots.List[client](ctx, w.Store, scope, snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup}, snapshots.Filter{})
	_, got["resource servers"] = snapshots.List[server](ctx, w.Store, scope, snapshots.Ref{Module: snapshotstest.Module, Setup: w.Setup}, snapshots.Filter{})
	return got
}

const (
	ok           = "ok"
	noClient     = "not-found client-unknown"
	noSetup      = "not-found setup-unknown"
	notAllowed   = "forbidden "
	usedNotOwned = notAllowed
)

func outcome(err error) string {
	if err == nil {
		return ok
	}
	return fault.Of(err).Kind.String() + " " + fault.Of(err).Code
}

// TestWhoMayWhat: harbour's client in north's setup, with everybody as
// administrator: the owner and those above it see it, for all others it is
// like one that does not exist; the setup is also used by those below.
func TestWhoMayWhat(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		id := w.NewClient(w.Admin(w.Harbour), "shop", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
		in, err := snapshots.Resolve[setup](ctx, w.Store, w.Admin(w.North), snapshots.ByRef(snapshots.SetupRef(snapshotstest.Module, w.Setup)), snapshots.Instant{})
		w.Must(err)
		clientOps := []string{"client", "client by id", "client_id", "snapshot", "snapshots", "edit", "withdraw"}
		for org, want := range map[tenancy.OrgID]map[string]string{
			w.Root:    {},
			w.North:   {},
			w.Harbour: {"edit setup": usedNotOwned, "policy": usedNotOwned, "new resource server": usedNotOwned},
			w.Quay: {"setup's snapshot": usedNotOwned, "setup's snapshots": usedNotOwned, "edit setup": usedNotOwned, "policy": usedNotOwned, "new resource server": usedNotOwned,
				"client": noClient, "client by id": noClient, "client_id": noClient, "snapshot": noClient, "snapshots": noClient, "edit": noClient, "withdraw": noClient},
			w.South: nil, // nothing of all this is there
		} {
			plan := w.Edit(w.Admin(w.Harbour), id, snapshotstest.ToAt(snapshotstest.Named("plan"), w.In(time.Hour)))
			for op, err := range try(w, w.Admin(org), id, plan.ID, in.ID) {
				expected := want[op]
				switch {
				case want == nil:
					expected = noSetup
				case expected == "":
					expected = ok
				}
				if got := outcome(err); got != expected {
					t.Errorf("%s, %s: %s, want %s", w.OrgName(org), op, got, expected)
				}
				if !slices.Contains(clientOps, op) && err != nil && strings.Contains(err.Error(), string(w.North)) {
					t.Errorf("%s, %s: the answer names the owner: %v", w.OrgName(org), op, err)
				}
			}
			w.Sound()
			if expected := want["withdraw"]; want == nil || expected != "" {
				w.Must(snapshots.Withdraw[client](ctx, w.Store, w.Admin(w.Harbour), w.Ref(id), plan.ID))
			}
		}
		for _, org := range []tenancy.OrgID{w.South, w.Quay} {
			if err := snapshots.Delete[client](ctx, w.Store, w.Admin(org), w.Ref(id), nil); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s deletes: %v", w.OrgName(org), err)
			}
		}
		// A key of the root that acts for south sees no more than south.
		acting := w.ScopeOn(w.Node, w.Root, tenancy.Admin, w.South)
		_, err = snapshots.Resolve[client](ctx, w.Store, acting, snapshots.ByRef(w.Ref(id)), snapshots.Instant{})
		w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
		w.Must(snapshots.Delete[client](ctx, w.Store, w.Admin(w.Root), w.Ref(id), nil))
	})
}

// TestWhoMaySeeASetupsPast: its owner and those above; and below it those that own a
// client in it, themselves or below them, if their role may see the past. Who owns no
// client in it may not, nor who owns one in another setup; and a client that is gone
// still was there.
func TestWhoMaySeeASetupsPast(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		second := w.NewSetup(w.Admin(w.North), snapshotstest.MinimalSetup("second")).Entity.ID
		pier := w.MustOrg(w.North, "pier")
		w.Tick()
		in := snapshots.SetupRef(snapshotstest.Module, w.Setup)
		first, err := snapshots.Resolve[setup](ctx, w.Store, w.Admin(w.North), snapshots.ByRef(in), snapshots.Instant{})
		w.Must(err)
		_, err = snapshots.Edit(ctx, w.Store, w.Admin(w.North), in, snapshotstest.To(setup{Name: "later"}))
		w.Must(err)
		w.Tick()
		then := first.ValidFrom
		read := func(scope tenancy.Scope) map[string]string {
			_, list := snapshots.Snapshots[setup](ctx, w.Store, scope, in, nil, true)
			_, at := snapshots.Snapshots[setup](ctx, w.Store, scope, in, &then, false)
			_, one := snapshots.Snapshot[setup](ctx, w.Store, scope, snapshots.ByRef(in), first.ID)
			_, byID := snapshots.Snapshot[setup](ctx, w.Store, scope, snapshots.ByEntity(w.Setup), first.ID)
			_, past := snapshots.Resolve[setup](ctx, w.Store, scope, snapshots.ByRef(in), snapshots.Instant{At: &then})
			listed, err := snapshots.List[setup](ctx, w.Store, scope, snapshots.Ref{Module: snapshotstest.Module}, snapshots.Filter{At: &then})
			got := map[string]string{"snapshots": outcome(list), "snapshots at": outcome(at), "snapshot": outcome(one), "snapshot by id": outcome(byID),
				"resolve": outcome(past), "list": outcome(err)}
			if err == nil && !slices.ContainsFunc(listed, func(r snapshots.Listed) bool { return r.ID == w.Setup }) {
				got["list"] = "empty"
			}
			return got
		}
		all := func(word string) map[string]string {
			return map[string]string{"snapshots": word, "snapshots at": word, "snapshot": word, "snapshot by id": word, "resolve": word, "list": word}
		}
		foreign := map[string]string{"snapshots": noSetup, "snapshots at": noSetup, "snapshot": noSetup, "snapshot by id": noSetup, "resolve": noSetup, "list": "empty"}
		used := map[string]string{"snapshots": notAllowed, "snapshots at": notAllowed, "snapshot": notAllowed, "snapshot by id": notAllowed, "resolve": notAllowed, "list": "empty"}
		expect := func(when string, role tenancy.Role, want map[tenancy.OrgID]map[string]string) {
			t.Helper()
			for org, want := range want {
				scope := w.ScopeOn(w.Node, w.Root, role, org)
				if got := read(scope); !maps.Equal(got, want) {
					t.Errorf("%s, %s of %s: %v, want %v", when, role, w.OrgName(org), got, want)
				}
			}
		}
		part := all(ok)
		part["list"] = "empty" // lists are of what the subtree owns
		owners := map[tenancy.OrgID]map[string]string{w.Root: all(ok), w.North: all(ok), w.South: foreign}
		with := func(more map[tenancy.OrgID]map[string]string) map[tenancy.OrgID]map[string]string {
			both := maps.Clone(owners)
			maps.Copy(both, more)
			return both
		}
		expect("without clients", tenancy.Auditor, with(map[tenancy.OrgID]map[string]string{w.Harbour: used, w.Quay: used, pier: used}))

		other, err := w.Store.CreateClient(ctx, w.Admin(w.Quay), snapshots.NewClient{Module: snapshotstest.Module, Setup: second, ClientID: "other", Surface: "test"}, snapshotstest.To(snapshotstest.Named("other")))
		w.Must(err)
		expect("with one in another setup", tenancy.Auditor, with(map[tenancy.OrgID]map[string]string{w.Harbour: used, w.Quay: used, pier: used}))
		_, err = snapshots.Resolve[setup](ctx, w.Store, w.Admin(w.Quay), snapshots.ByEntity(other.Entity.Setup), snapshots.Instant{At: &other.ValidFrom})
		w.Must(err)

		shop := w.NewClient(w.Admin(w.Quay), "shop", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
		expect("quay has one", tenancy.Auditor, with(map[tenancy.OrgID]map[string]string{w.Harbour: part, w.Quay: part, pier: used}))
		expect("quay has one", tenancy.Reader, map[tenancy.OrgID]map[string]string{w.Quay: all(notAllowed)})
		w.Must(snapshots.Delete[client](ctx, w.Store, w.Admin(w.Quay), w.Ref(shop), nil))
		expect("quay had one", tenancy.Auditor, with(map[tenancy.OrgID]map[string]string{w.Harbour: part, w.Quay: part, pier: used}))
		_, err = snapshots.Edit(ctx, w.Store, w.Admin(w.Quay), in, snapshotstest.To(setup{Name: "mine"}))
		w.Refused(err, fault.Forbidden, "")
	})
}

// TestRoles: what each role may do with its own client and setup.
func TestRoles(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		id := w.NewClient(w.Admin(w.North), "shop", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
		in, err := snapshots.Resolve[setup](ctx, w.Store, w.Admin(w.North), snapshots.ByRef(snapshots.SetupRef(snapshotstest.Module, w.Setup)), snapshots.Instant{})
		w.Must(err)
		may := map[tenancy.Role]string{
			tenancy.Reader:  "client,client by id,client_id,setup,clients,resource servers",
			tenancy.Auditor: "client,client by id,client_id,setup,clients,resource servers,snapshot,snapshots,setup's snapshot,setup's snapshots",
			tenancy.Editor:  "client,client by id,client_id,setup,clients,resource servers,snapshot,snapshots,setup's snapshot,setup's snapshots,edit,withdraw",
			tenancy.Admin: "client,client by id,client_id,setup,clients,resource servers,snapshot,snapshots,setup's snapshot,setup's snapshots,edit,withdraw," +
				"edit setup,policy,new resource server",
		}
		for _, role := range tenancytest.Roles() {
			w.Tick()
			plan := w.Edit(w.Admin(w.North), id, snapshotstest.ToAt(snapshotstest.Named("for-"+string(role)), w.In(time.Hour)))
			for op, err := range try(w, w.Scope(w.North, role), id, plan.ID, in.ID) {
				want := notAllowed
				if slices.Contains(strings.Split(may[role], ","), op) {
					want = ok
				}
				if got := outcome(err); got != want {
					t.Errorf("%s, %s: %s, want %s", role, op, got, want)
				}
			}
			w.Clock.Advance(2 * time.Hour)
		}
		if _, err := w.Store.CreateSetup(ctx, w.Scope(w.North, tenancy.Editor), snapshotstest.Module, snapshotstest.To(documenttest.FullSetup())); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an editor makes a setup: %v", err)
		}
		if err := w.Store.CreateModule(ctx, w.Admin(w.North), "x"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("north makes a module: %v", err)
		}
	})
}

// TestRefsMustFit: an id answers only where it stands and as what it is.
func TestRefsMustFit(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		admin := w.Admin(w.North)
		id := w.NewClient(admin, "shop", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
		w.Must(w.Store.CreateModule(ctx, w.Admin(w.Root), "other"))
		second := w.NewSetup(admin, snapshotstest.MinimalSetup("second")).Entity.ID
		srv, err := w.Store.CreateResourceServer(ctx, admin, snapshotstest.Module, w.Setup, snapshotstest.To(server{Name: "rs"}))
		w.Must(err)
		const m = snapshotstest.Module
		upper := snapshots.EntityID(strings.ToUpper(string(id)))
		for _, c := range []struct {
			ref  snapshots.Ref
			want string
		}{
			{snapshots.Ref{Module: m, Setup: w.Setup, Entity: id}, ok},
			{snapshots.Ref{Module: "other", Setup: w.Setup, Entity: id}, noSetup},
			{snapshots.Ref{Module: m, Setup: second, Entity: id}, noClient},
			{snapshots.Ref{Module: m, Setup: id, Entity: id}, noSetup},
			{snapshots.Ref{Module: m, Setup: w.Setup, Entity: w.Setup}, noClient},
			{snapshots.Ref{Module: m, Setup: w.Setup, Entity: srv.Entity.ID}, noClient},
			{snapshots.Ref{Module: m, Setup: w.Setup, Entity: upper}, noClient},
			{snapshots.Ref{Module: m, Setup: w.Setup, Entity: ""}, noClient},
			{snapshots.Ref{Module: m, Setup: "", Entity: id}, noSetup},
			{snapshots.Ref{Module: m, Setup: w.Setup, Entity: "a\x00b"}, noClient},
			{snapshots.Ref{Module: m, Setup: w.Setup, Entity: "\xff"}, noClient},
			{snapshots.Ref{Module: m, Setup: "\x00", Entity: id}, noSetup},
			{snapshots.Ref{Module: "\x00", Setup: w.Setup, Entity: id}, noSetup},
			{snapshots.Ref{Module: m, Setup: w.Setup, Entity: "' OR '1'='1"}, noClient},
		} {
			w.Tick()
			_, resolved := snapshots.Resolve[client](ctx, w.Store, admin, snapshots.ByRef(c.ref), snapshots.Instant{})
			_, listed := snapshots.Snapshots[client](ctx, w.Store, admin, c.ref, nil, true)
			_, edited := snapshots.Edit(ctx, w.Store, admin, c.ref, adding("https://x.example/"))
			_, _, found := w.Store.Find(ctx, admin, snapshots.ByRef(c.ref))
			for op, err := range map[string]error{"client": resolved, "snapshots": listed, "edit": edited, "entity": found} {
				if got := outcome(err); got != c.want {
					t.Errorf("%+v, %s: %s (%v), want %s", c.ref, op, got, err, c.want)
				}
			}
		}
		for _, bad := range []snapshots.SnapshotID{"", "\x00", "\xff", "x"} {
			_, err := snapshots.Snapshot[client](ctx, w.Store, admin, snapshots.ByRef(w.Ref(id)), bad)
			w.Refused(err, fault.NotFound, fault.CodeSnapshotUnknown)
			w.Refused(snapshots.Withdraw[client](ctx, w.Store, admin, w.Ref(id), bad), fault.NotFound, fault.CodeSnapshotUnknown)
		}
		for _, bad := range []string{"\x00", "\xff", "shop\x00"} {
			_, _, err := w.Store.Find(ctx, admin, snapshots.ByClientID(m, w.Setup, bad))
			w.Refused(err, fault.NotFound, fault.CodeClientUnknown)
			_, err = snapshots.List[setup](ctx, w.Store, admin, snapshots.Ref{Module: bad}, snapshots.Filter{})
			w.Refused(err, fault.NotFound, fault.CodeModuleUnknown)
			_, err = w.Store.CreateSetup(ctx, admin, bad, snapshotstest.To(documenttest.FullSetup()))
			w.Refused(err, fault.NotFound, fault.CodeModuleUnknown)
			list, err := snapshots.List[client](ctx, w.Store, admin, snapshots.Ref{Module: m, Setup: w.Setup}, snapshots.Filter{Name: &bad})
			if w.Must(err); len(list) != 0 {
				t.Errorf("listed %v", list)
			}
			list, err = snapshots.List[client](ctx, w.Store, admin, snapshots.Ref{Module: m, Setup: w.Setup}, snapshots.Filter{Metadata: []document.Localized{{Name: bad, Value: bad}}})
			if w.Must(err); len(list) != 0 {
				t.Errorf("listed %v", list)
			}
		}
	})
}

// TestOwnerOfANewClient: the acting organization's where that lies in the
// setup's subtree, else the setup's; another one below both if asked for.
func TestOwnerOfANewClient(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		const refused = "refused"
		for i, c := range []struct {
			name              string
			key, acting, asks tenancy.OrgID
			want              tenancy.OrgID
		}{
			{"the setup's own", w.North, w.North, "", w.North},
			{"inside the subtree", w.Harbour, w.Harbour, "", w.Harbour},
			{"deep inside", w.Quay, w.Quay, "", w.Quay},
			{"acting for one inside", w.Root, w.Harbour, "", w.Harbour},
			{"above the setup", w.Root, w.Root, "", w.North},
			{"asks for itself", w.Harbour, w.Harbour, w.Harbour, w.Harbour},
			{"asks for one below", w.Harbour, w.Harbour, w.Quay, w.Quay},
			{"root asks for one below", w.Root, w.Root, w.Quay, w.Quay},
			{"root asks for itself", w.Root, w.Root, w.Root, refused},
			{"asks for one above", w.Harbour, w.Harbour, w.North, refused},
			{"asks for one outside", w.North, w.North, w.South, refused},
			{"root asks for one outside", w.Root, w.Root, w.South, refused},
			{"asks for an unknown one", w.Root, w.Root, "00000000-0000-4000-8000-000000000000", refused},
			{"a stranger", w.South, w.South, "", noSetup},
		} {
			w.Tick()
			out, err := w.Store.CreateClient(ctx, w.ScopeOn(w.Node, c.key, tenancy.Editor, c.acting),
				snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: string(rune('a' + i)), Owner: c.asks},
				snapshotstest.To(snapshotstest.Named("x")))
			switch {
			case c.want == refused:
				w.Refused(err, fault.Forbidden, fault.CodeOrgUnknown)
			case c.want == noSetup:
				w.Refused(err, fault.NotFound, fault.CodeSetupUnknown)
			default:
				if w.Must(err); out.Entity.Owner != c.want {
					t.Errorf("%s: owned by %s, want %s", c.name, w.OrgName(out.Entity.Owner), w.OrgName(c.want))
				}
			}
		}
	})
}

// TestRevokedInTheSameBatch: what memory does not know yet, the transaction does.
func TestRevokedInTheSameBatch(t *testing.T) {
	each(t, func(t *testing.T, w *snapshotstest.World) {
		north, harbour, editor := w.Admin(w.North), w.Admin(w.Harbour), w.Scope(w.Harbour, tenancy.Editor)
		id := w.NewClient(harbour, "shop", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
		create := func(scope tenancy.Scope, id string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := w.Store.CreateClient(ctx, scope, snapshots.NewClient{Module: snapshotstest.Module, Setup: w.Setup, ClientID: id},
					snapshotstest.To(snapshotstest.Named("x")))
				return err
			}
		}
		edit := func(scope tenancy.Scope) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := snapshots.Edit(ctx, w.Store, scope, w.Ref(id), adding("https://x.example/"))
				return err
			}
		}
		w.Tick()
		errs := hold(t, w, func() {},
			func(ctx context.Context) error { return w.Tenancy.RevokeKey(ctx, north, editor.Principal().KeyID) },
			create(editor, "a"), edit(editor), edit(harbour),
			func(ctx context.Context) error {
				return w.Tenancy.DeleteOrganization(ctx, north, w.Harbour, true, snapshots.Contents())
			},
			create(harbour, "b"), edit(harbour), edit(north), create(north, "c"))
		for i, want := range []fault.Kind{0, fault.Unauthenticated, fault.Unauthenticated, 0, 0, fault.Forbidden, fault.Forbidden, fault.Forbidden, 0} {
			if want == 0 && errs[i] != nil || want != 0 && !fault.Is(errs[i], want) {
				t.Errorf("change %d: %v, want %s", i, errs[i], want)
			}
		}
	})
}
