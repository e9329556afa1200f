package demo

import (
	"context"

	"tenure/cmd/tenure/node"
	"tenure/snapshots"
	"tenure/tenancy"
)

// Fill fills an empty database with the example installation and describes it.
// If the database is filled already, it makes new API keys only for the
// organizations whose key is not in the earlier description.
func Fill(ctx context.Context, n *node.Node, url string, earlier node.Info) (node.Info, error) {
	first, err := n.Bootstrap(ctx, "acme")
	if err != nil {
		return node.Info{}, err
	}
	operator := n.Tenancy.Operator("example")
	root := n.Tenancy.Root()
	keys := map[tenancy.OrgID]string{}
	if first != "" {
		keys[root] = first
	}
	orgs, err := n.Tenancy.Organizations(operator)
	if err != nil {
		return node.Info{}, err
	}
	var clients []node.InfoClient
	if len(orgs) == 1 {
		tree, err := makeTree(ctx, n, operator, root)
		if err != nil {
			return node.Info{}, err
		}
		if clients, err = makeClients(ctx, n, tree); err != nil {
			return node.Info{}, err
		}
		if err := openRegistration(ctx, n, operator); err != nil {
			return node.Info{}, err
		}
	}
	described, err := n.Describe(url, keys, clients)
	if err != nil {
		return node.Info{}, err
	}
	described.KeepShownOnce(earlier)
	for i := range described.Organizations {
		o := &described.Organizations[i]
		if o.APIKey != "" {
			continue
		}
		if _, o.APIKey, err = n.Tenancy.CreateKey(ctx, operator, tenancy.NewKey{Org: o.ID, Name: "dev", Role: tenancy.Admin}); err != nil {
			return node.Info{}, err
		}
	}
	return described, nil
}

// openRegistration lets everybody register clients in the default setup, with
// addresses of this machine.
func openRegistration(ctx context.Context, n *node.Node, operator tenancy.Scope) error {
	policy := snapshots.DefaultPolicy()
	policy.Registration, policy.OpenFinanceProfile = snapshots.RegistrationOpen, snapshots.ProfilePlain
	policy.Allow = []string{"uri-loopback"} // whoever tries it has their own machine at hand
	setup := snapshots.EntityID(n.Tenancy.DefaultSetup(n.Tenancy.Root()))
	return n.Snapshots.SetPolicy(ctx, operator, snapshots.DefaultModule, setup, policy)
}

// makeTree makes two children of the root and a grandchild; it returns the
// organizations in that order, the root first.
func makeTree(ctx context.Context, n *node.Node, operator tenancy.Scope, root tenancy.OrgID) ([]tenancy.OrgID, error) {
	tree := []tenancy.OrgID{root}
	for _, o := range []struct {
		name  string
		below int
	}{{"acme-north", 0}, {"acme-south", 0}, {"acme-north-harbour", 1}} {
		made, err := n.Tenancy.CreateOrganization(ctx, operator, tree[o.below], o.name)
		if err != nil {
			return nil, err
		}
		tree = append(tree, made.ID)
	}
	return tree, nil
}
