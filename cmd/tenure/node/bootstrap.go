package node

import (
	"context"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// bootstrapTime is how long a node waits for the node that made the root
// organization to make the rest.
const bootstrapTime = 10 * time.Second

// Bootstrap prepares an empty database: it makes the root organization, the
// module, a default setup and an administrator's key, and returns the text of
// the key.
//
// If several nodes start at once, the one that makes the root makes the rest.
// The others wait for it, and complete its work if it ends early. A later start
// restores nothing that an administrator has deleted, except for the key: if the
// root has no valid administrator's key, a start makes one. Otherwise the text
// is empty.
func (n *Node) Bootstrap(ctx context.Context, rootName string) (string, error) {
	root, made, err := n.Tenancy.Bootstrap(ctx, n.Tenancy.Operator("first start"), rootName)
	if err != nil {
		return "", err
	}
	operator := n.Tenancy.Operator("first start")
	for waited := time.Duration(0); !made && waited < bootstrapTime; waited += history.PollEvery {
		missing, err := n.incomplete(ctx, operator, root)
		if err != nil || !missing {
			return "", err
		}
		if n.DB.Dialect == db.SQLite {
			break // no other node can be making it
		}
		time.Sleep(history.PollEvery)
		if err := n.Log.Poll(ctx, n.DB); err != nil {
			return "", err
		}
	}
	modules, err := n.Snapshots.Modules(ctx, operator, snapshots.Instant{})
	if err != nil {
		return "", err
	}
	if len(modules) == 0 {
		if err := n.Snapshots.CreateModule(ctx, operator, snapshots.DefaultModule); err != nil {
			return "", err
		}
	}
	setups, err := snapshots.List[document.Setup](ctx, n.Snapshots, operator, snapshots.Ref{Module: snapshots.DefaultModule}, snapshots.Filter{AnyTime: true, IncludeDeleted: true})
	if err != nil {
		return "", err
	}
	if len(setups) == 0 {
		if err := n.makeDefaultSetup(ctx, operator, root); err != nil {
			return "", err
		}
	}
	if found, err := n.hasAdministrator(ctx, operator, root); found || err != nil {
		return "", err
	}
	_, text, err := n.Tenancy.CreateKey(ctx, operator, tenancy.NewKey{Org: root, Name: "first administrator", Role: tenancy.Admin})
	return text, err
}

// incomplete reports whether something is missing that Bootstrap makes.
func (n *Node) incomplete(ctx context.Context, operator tenancy.Scope, root tenancy.OrgID) (bool, error) {
	modules, err := n.Snapshots.Modules(ctx, operator, snapshots.Instant{})
	if err != nil || len(modules) == 0 {
		return true, err
	}
	setups, err := snapshots.List[document.Setup](ctx, n.Snapshots, operator, snapshots.Ref{Module: snapshots.DefaultModule}, snapshots.Filter{AnyTime: true, IncludeDeleted: true})
	if err != nil || len(setups) == 0 {
		return true, err
	}
	found, err := n.hasAdministrator(ctx, operator, root)
	return !found, err
}

// hasAdministrator reports whether the root has a valid administrator's key.
func (n *Node) hasAdministrator(ctx context.Context, operator tenancy.Scope, root tenancy.OrgID) (bool, error) {
	keys, err := n.Tenancy.Keys(ctx, operator)
	for _, k := range keys {
		if k.Org == root && k.Role == tenancy.Admin && (k.ExpiresAt == 0 || k.ExpiresAt > n.Tenancy.Now()) {
			return true, err
		}
	}
	return false, err
}

func (n *Node) makeDefaultSetup(ctx context.Context, operator tenancy.Scope, root tenancy.OrgID) error {
	out, err := n.Snapshots.CreateSetup(ctx, operator, snapshots.DefaultModule, snapshots.Change[document.Setup]{
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) { return DefaultSetup(), nil }})
	if err != nil {
		return err
	}
	_, err = n.Tenancy.SetDefaultSetup(ctx, operator, root, string(out.Entity.ID), func(tx *db.Tx) error {
		return n.Snapshots.SetupUsable(tx, operator, root, out.Entity.ID)
	})
	return err
}

// DefaultSetup has the lifetimes of nevisMeta's documented example.
func DefaultSetup() *document.Setup {
	seconds := func(s int64) document.Lifetime { return &s }
	return &document.Setup{Name: "default", GrantTypes: []string{"authorization_code", "refresh_token"},
		ForceReauthentication: document.False, AccessTokenTTL: seconds(3600), RefreshTokenTTL: seconds(15552000),
		IDTokenTTL: seconds(3600), PersistedConsentTTL: seconds(31104000),
		ScopePolicies: document.ScopePolicies{ImplicitFlow: "consent_required", AuthorizationCodeFlow: "consent_required",
			RefreshToken: "consent_required", ForceReauthentication: document.False}}
}
