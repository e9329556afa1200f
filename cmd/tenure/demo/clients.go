package demo

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
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
	chains, err := newIssuer()
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

func makeClient(ctx context.Context, n *node.Node, owner tenancy.OrgID, name string, chains *issuer) (node.InfoClient, error) {
	operator := n.Tenancy.Operator("example")
	setup := snapshots.EntityID(n.Tenancy.DefaultSetup(owner))
	secret, err := n.Snapshots.GenerateSecret(n.Tenancy.IDs().Hex())
	if err != nil {
		return node.InfoClient{}, err
	}
	set, err := chains.keySet(name)
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

// issuer is a certificate authority with an intermediate, for the example only.
type issuer struct {
	root, middle []byte // DER
	parent       *x509.Certificate
	key          *ecdsa.PrivateKey
}

func newIssuer() (*issuer, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	i := &issuer{}
	if i.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	top := authority("Acme Example Root", 1, 1)
	if i.root, err = x509.CreateCertificate(rand.Reader, top, top, &rootKey.PublicKey, rootKey); err != nil {
		return nil, err
	}
	i.parent = authority("Acme Example Intermediate", 2, 0)
	i.middle, err = x509.CreateCertificate(rand.Reader, i.parent, top, &i.key.PublicKey, rootKey)
	return i, err
}

func authority(name string, serial int64, pathLen int) *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name, Organization: []string{"Acme"}, Country: []string{"CH"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0), IsCA: true, BasicConstraintsValid: true,
		MaxPathLen: pathLen, MaxPathLenZero: pathLen == 0, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
}

// keySet is an RFC 7517 key set with one RSA key and its chain of three
// certificates.
func (i *issuer) keySet(name string) ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	page, err := url.Parse("https://" + name + ".example/")
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name + ".example", Organization: []string{"Acme"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, DNSNames: []string{name + ".example"}, URIs: []*url.URL{page}}
	der, err := x509.CreateCertificate(rand.Reader, leaf, i.parent, &key.PublicKey, i.key)
	if err != nil {
		return nil, err
	}
	b64 := base64.StdEncoding.EncodeToString
	return json.Marshal(map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": name + "-1",
		"n":   base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e":   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		"x5c": []string{b64(der), b64(i.middle), b64(i.root)},
	}}})
}
