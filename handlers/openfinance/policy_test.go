package openfinance_test

import (
	"strings"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// TestParticipantsAreOrganizations: the statement's org_id, never a name, is
// the child organization that owns the client; the parent rule holds for it on
// every other surface.
func TestParticipantsAreOrganizations(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		owner := func(a answer) tenancy.OrgID {
			found, err := snapshots.Resolve[document.Client](ctx, f.store, f.Scope(t, f.Root, tenancy.Reader), snapshots.ByClientID("", f.setup, a.text("client_id")), snapshots.Instant{})
			ok(t, err)
			return found.Entity.Owner
		}
		first := f.registered(t)
		bank := owner(first)
		org, err := f.Store.Organization(f.Scope(t, f.Root, tenancy.Reader), bank)
		ok(t, err)
		if org.Parent != f.Root || org.Name != "Itaú" {
			t.Errorf("%+v", org)
		}
		_, err = f.Store.RenameOrganization(ctx, f.Scope(t, f.Root, tenancy.Admin), bank, "another name")
		ok(t, err)
		second := f.send(t, sister(), "POST", "/reg", f.body(map[string]any{"software_statement": f.statementOf("software-2", orgID)})).want(t, 201)
		if owner(second) != bank {
			t.Error("a second organization for one participant")
		}
		third := f.send(t, rival(), "POST", "/reg", f.body(map[string]any{"software_statement": f.fresh(map[string]any{"software_id": "software-3", "org_id": "rival-bank", "org_name": "another name"})})).want(t, 201)
		if owner(third) == bank {
			t.Error("a participant was found by its name")
		}
		for _, org := range []tenancy.OrgID{f.North, f.South, owner(third)} {
			scope := f.scopeOf(t, org)
			if _, err := snapshots.Resolve[document.Client](ctx, f.store, scope, snapshots.ByClientID("", f.setup, first.text("client_id")), snapshots.Instant{}); !fault.Is(err, fault.NotFound) {
				t.Errorf("beside: %v", err)
			}
		}
		if _, err := snapshots.Resolve[document.Client](ctx, f.store, f.scopeOf(t, bank), snapshots.ByClientID("", f.setup, first.text("client_id")), snapshots.Instant{}); err != nil {
			t.Errorf("its own: %v", err)
		}
	})
}

// scopeOf acts for an organization with the root's key.
func (f *fixture) scopeOf(t testing.TB, org tenancy.OrgID) tenancy.Scope {
	t.Helper()
	p, err := f.Store.Authenticate(f.Key(f.Root, tenancy.Admin))
	ok(t, err)
	scope, err := f.Store.Authorize(p, org, tenancy.Resolve, "test", "")
	ok(t, err)
	return scope
}

// TestTokensAreOfOneSurface: a /reg token proves nothing elsewhere, nor the
// reverse, and trying harms neither.
func TestTokensAreOfOneSurface(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	if _, _, err := f.store.VerifyToken(ctx, f.setup, made.text("client_id"), "oauth2-register", made.token()); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a /reg token elsewhere: %v", err)
	}
	id := made.text("client_id") + "-other"
	other := f.store.GenerateToken("oauth2-register", "ory_at_x", "x")
	_, err := f.store.CreateClient(ctx, f.Store.Operator("test"), snapshots.NewClient{Module: module, Setup: f.setup, ClientID: id, Surface: "hydra"},
		snapshots.Change[document.Client]{Token: other, Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
			return &document.Client{SoftwareID: softwareID, OrganisationID: orgID}, nil
		}})
	ok(t, err)
	for _, token := range []string{"x", "ory_at_x"} {
		f.send(t, good(), "GET", "/reg/"+id, "", bearer(token)).want(t, 401, "invalid_token")
	}
	f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 200)
	if _, _, err := f.store.VerifyToken(ctx, f.setup, id, "oauth2-register", "x"); err != nil {
		t.Errorf("the other one was harmed: %v", err)
	}
}

// TestWhoMayRegister by the setup's policy, in each profile.
func TestWhoMayRegister(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	plain := func(header ...string) answer {
		return f.send(t, nil, "POST", f.plain, f.body(map[string]any{"software_statement": nil}), header...)
	}
	set := func(org tenancy.OrgID, path, registration string) {
		f.policy(t, org, setupOf(path), func(p *snapshots.Policy) { p.Registration = registration })
	}
	plain().want(t, 201)
	set(f.South, f.plain, snapshots.RegistrationStatement)
	plain().want(t, 404)
	set(f.South, f.plain, snapshots.RegistrationOff)
	plain().want(t, 404)
	set(f.South, f.plain, snapshots.RegistrationToken)
	plain().want(t, 401)
	_, initial, err := f.store.CreateInitialToken(ctx, f.Scope(t, f.South, tenancy.Admin), setupOf(f.plain), snapshots.InitialToken{Name: "test", MaxUses: new(int64(1))})
	ok(t, err)
	plain(bearer(initial)).want(t, 201)
	plain(bearer(initial)).want(t, 401)

	id3 := func(header ...string) answer { return f.send(t, good(), "POST", f.id3, f.body(nil), header...) }
	set(f.North, f.id3, snapshots.RegistrationOff)
	id3().want(t, 404)
	set(f.North, f.id3, snapshots.RegistrationToken)
	id3().want(t, 401)
	set(f.North, f.id3, snapshots.RegistrationStatement)
	id3().want(t, 201)
	// Nobody registers without a statement where only that opens the setup.
	if _, err := f.store.Register(ctx, snapshots.Registrant{Setup: setupOf(f.id3), Surface: "register", Address: "192.0.2.1", Door: snapshots.DoorOAuth2}); !fault.HasCode(err, snapshots.CodeRegistrationOff) {
		t.Errorf("another dialect: %v", err)
	}
	f.policy(t, f.South, setupOf(f.plain), func(p *snapshots.Policy) {
		p.Registration, p.AllowedGrants = snapshots.RegistrationOpen, []string{"client_credentials"}
	})
	plain().want(t, 400, "invalid_client_metadata")
}

// TestPolicyOfThePlainProfile: the scopes of a client that asks for none, and the one
// switch of the token that both registrations have.
func TestPolicyOfThePlainProfile(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	set := func(rotate string, old bool) {
		f.policy(t, f.South, setupOf(f.plain), func(p *snapshots.Policy) {
			p.Registration, p.OpenFinanceProfile, p.DefaultScopes = snapshots.RegistrationOpen, snapshots.ProfilePlain, []string{"a", "b"}
			p.RotateToken, p.RotateTokens = rotate, old
		})
	}
	set("", false)
	none := map[string]any{"software_statement": nil, "scope": nil}
	made := f.send(t, nil, "POST", f.plain, f.body(none)).want(t, 201)
	if made.text("scope") != "a b" {
		t.Errorf("%s", made.raw)
	}
	for i, row := range []struct {
		rotate      string
		old, renews bool
	}{{"", false, false}, {"", true, true}, {snapshots.RotateNever, true, false}, {snapshots.RotateAlways, false, true}} {
		set(row.rotate, row.old)
		put := f.send(t, nil, "PUT", made.uri(), f.own(made, map[string]any{"software_statement": nil, "client_name": strings.Repeat("x", i+1)}), made.bearer()).want(t, 200)
		if (put.token() != made.token()) != row.renews {
			t.Errorf("%+v: %s after %s", row, put.token(), made.token())
		}
		made = put
	}
}
