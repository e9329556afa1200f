package demo

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"time"

	"tenure/cmd/tenure/node"
	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// makeClients makes one client for each organization of the tree. Each has
// a key with a certificate chain, a past snapshot, an active one, and one that
// takes effect tomorrow.
func makeClients(ctx context.Context, n *node.Node, tree []tenancy.OrgID) ([]node.InfoClient, error) {
	chains, err := NewIssuer()
	if err != nil {
		return nil, err
	}
	names := []string{"acme-portal", "north-billing", "south-kiosk", "harbour-terminal"}
	var made []node.InfoClient
	for i, owner := range tree {
		c, err := makeClient(ctx, n, owner, names[i], chains)
		if err != nil {
			return nil, fmt.Errorf("example client %s: %w", names[i], err)
		}
		made = append(made, c)
	}
	return made, nil
}

func makeClient(ctx context.Context, n *node.Node, owner tenancy.OrgID, name string, chains *Issuer) (node.InfoClient, error) {
	operator := n.Tenancy.Operator("example")
	setup := snapshots.EntityID(n.Tenancy.DefaultSetup(owner))
	secret, err := n.Snapshots.GenerateSecret(n.Tenancy.IDs().Hex())
	if err != nil {
		return node.InfoClient{}, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return node.InfoClient{}, err
	}
	set, err := chains.KeySet(name, key)
	if err != nil {
		return node.InfoClient{}, err
	}
	jwks, faults := document.ParseJWKS(set)
	if err := fault.Rules(faults); err != nil {
		return node.InfoClient{}, err
	}
	first := document.Client{ClientName: name, ClientURI: "https://" + name + ".example", Contacts: []string{"team@" + name + ".example"},
		RedirectURIs: []string{"https://" + name + ".example/callback"}, ResponseTypes: []string{"code"}, JWKS: jwks,
		TokenEndpointAuthMethod: "client_secret_basic",
		Localized:               []document.Localized{{Name: "client_name", Value: name, Locale: "en"}}}
	token := ory.NewToken(n.Snapshots, n.Tenancy.IDs())
	published := change(first, nil, secret)
	published.Token = token
	out, err := n.Snapshots.CreateClient(ctx, operator, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: setup,
		ClientID: name, Owner: owner, Surface: "nevismeta"}, published)
	if err != nil {
		return node.InfoClient{}, err
	}
	ref := snapshots.Ref{Module: snapshots.DefaultModule, Setup: setup, Entity: out.Entity.ID}
	second := first
	second.Comment = "the active snapshot; the one before it had no comment"
	if _, err := snapshots.Edit(ctx, n.Snapshots, operator, ref, change(second, nil, nil)); err != nil {
		return node.InfoClient{}, err
	}
	third := second
	third.Comment = "takes effect tomorrow, with no write"
	tomorrow := history.Millis(time.Now().Add(24 * time.Hour).UnixMilli())
	if _, err := snapshots.Edit(ctx, n.Snapshots, operator, ref, change(third, &tomorrow, nil)); err != nil {
		return node.InfoClient{}, err
	}
	return node.InfoClient{ClientID: name, EntityID: out.Entity.ID, Owner: owner, ClientSecret: secret.Plain(),
		RegistrationToken: token.Text}, nil
}

func change(c document.Client, at *history.Millis, secret *snapshots.NewSecret) snapshots.Change[document.Client] {
	return snapshots.Change[document.Client]{ValidFrom: at, Secret: secret,
		Apply: func(*document.Client, *document.Setup) (*document.Client, error) { return &c, nil }}
}
