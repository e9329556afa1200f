package main

import (
	"context"

	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// bootstrap makes what an empty database lacks: the root organization, the
// module, a default setup, an administrator's key. Each step looks for itself
// whether it is needed, so that a start that broke off is completed. The key's
// text is returned if one was made.
func (n *node) bootstrap(ctx context.Context, rootName string) (string, error) {
	root, _, err := n.tenancy.Bootstrap(ctx, n.tenancy.Operator("first start"), rootName)
	if err != nil {
		return "", err
	}
	operator := n.tenancy.Operator("first start")
	modules, err := n.snapshots.Modules(ctx, operator)
	if err != nil {
		return "", err
	}
	if len(modules) == 0 {
		if err := n.snapshots.CreateModule(ctx, operator, snapshots.DefaultModule); err != nil {
			return "", err
		}
	}
	if n.tenancy.DefaultSetup(root) == "" {
		if err := n.makeDefaultSetup(ctx, operator, root); err != nil {
			return "", err
		}
	}
	keys, err := n.tenancy.Keys(ctx, operator)
	if err != nil || len(keys) > 0 {
		return "", err
	}
	_, text, err := n.tenancy.CreateKey(ctx, operator, tenancy.NewKey{Org: root, Name: "first administrator", Role: tenancy.Admin})
	return text, err
}

func (n *node) makeDefaultSetup(ctx context.Context, operator tenancy.Scope, root tenancy.OrgID) error {
	out, err := n.snapshots.CreateSetup(ctx, operator, snapshots.DefaultModule, snapshots.Change[snapshots.Setup]{
		Apply: func(*snapshots.Setup, *snapshots.Setup) (*snapshots.Setup, error) { return defaultSetup(), nil }})
	if err != nil {
		return err
	}
	_, err = n.tenancy.SetDefaultSetup(ctx, operator, root, string(out.Entity.ID), func(tx *db.Tx) error {
		return n.snapshots.SetupUsable(tx, root, out.Entity.ID)
	})
	return err
}

// defaultSetup has the lifetimes of nevisMeta's documented example.
func defaultSetup() *snapshots.Setup {
	seconds := func(s int64) snapshots.Lifetime { return &s }
	return &snapshots.Setup{Name: "default", GrantTypes: []string{"authorization_code", "refresh_token"},
		ForceReauthentication: snapshots.False, AccessTokenTTL: seconds(3600), RefreshTokenTTL: seconds(15552000),
		IDTokenTTL: seconds(3600), PersistedConsentTTL: seconds(31104000),
		ScopePolicies: snapshots.ScopePolicies{ImplicitFlow: "consent_required", AuthorizationCodeFlow: "consent_required",
			RefreshToken: "consent_required", ForceReauthentication: snapshots.False}}
}
