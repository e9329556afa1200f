package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"time"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/demo"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// infoScheme is what a caller of the second setup's /reg needs; files are PEM.
type infoScheme struct {
	URL          string             `json:"url"` // of /reg
	SetupID      snapshots.EntityID `json:"setup_id"`
	CA           string             `json:"ca"`
	Cert         string             `json:"cert"`
	Key          string             `json:"key"`
	StatementURL string             `json:"statement_url"`
}

// demoScheme is the Open Finance world of tenure dev: an authority and a
// directory of its own. It is never part of serve.
type demoScheme struct {
	dir              string       // of the certificates
	l, plain, secure net.Listener // mutual TLS; the directory without TLS, and with
	authority        *demo.Authority
	directory        *demo.Directory
	tls              tls.Certificate
	client           *demo.Pair
}

const (
	demoSetup    = "open-finance"
	demoSoftware = "67c57882-043b-11ec-9a03-0242ac130003"
	demoOrg      = "74e929d9-33b6-4d85-8ba7-c146c867a817"
	demoNumber   = "43142666000197"
)

// openDemoScheme opens the listeners, and the certificates in dir.
func openDemoScheme(address, dir string) (*demoScheme, error) {
	d := &demoScheme{dir: dir}
	err := d.open(address)
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *demoScheme) open(address string) error {
	for _, one := range []struct {
		to      *net.Listener
		address string
	}{{&d.l, address}, {&d.plain, "127.0.0.1:0"}, {&d.secure, "127.0.0.1:0"}} {
		l, err := listen(one.address)
		if err != nil {
			return err
		}
		*one.to = l
	}
	var err error
	d.authority, d.client, err = demoCertificates(d.dir, demo.Subject{SoftwareID: demoSoftware, OrgID: demoOrg, CNPJ: demoNumber,
		Organization: "Demonstration Bank", CommonName: "software.example"}, time.Now)
	if err != nil {
		return err
	}
	server, err := d.authority.Server()
	if err != nil {
		return err
	}
	d.tls = server.TLS()
	d.directory, err = demo.NewDirectory("demo-1", time.Now)
	return err
}

// close closes the listeners; those that served are closed already.
func (d *demoScheme) close() {
	for _, l := range []net.Listener{d.l, d.plain, d.secure} {
		if l != nil {
			l.Close()
		}
	}
}

func (d *demoScheme) keySetURL() string {
	return "https://" + d.secure.Addr().String() + demo.PathKeySet
}

func (d *demoScheme) scheme() openfinance.Scheme {
	keys := func(context.Context, string) ([]byte, error) { return d.directory.JWKS(), nil }
	return openfinance.Scheme{Trust: &openfinance.Trust{Roots: d.authority.Pool()},
		Statements: &openfinance.Verifier{Directory: openfinance.NewDirectory("demonstration", keys, 0), Issuer: demo.Issuer,
			Environment: "production", Mode: "Live"}}
}

// fetch reaches this machine for one address only, that of the demonstration
// software's key set.
func (d *demoScheme) fetch() web.Fetch {
	public := web.GuardedFetch(nil, nil)
	own := web.GuardedFetch(netip.Addr.IsLoopback, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.authority.Pool()}})
	return func(ctx context.Context, uri string) ([]byte, error) {
		if uri == d.keySetURL() {
			return own(ctx, uri)
		}
		return public(ctx, uri)
	}
}

func (d *demoScheme) endpoints(h http.Handler) ([]endpoint, error) {
	site, err := demo.NewSite(d.directory, demo.Software{ID: demoSoftware, OrgID: demoOrg, OrgName: "Demonstration Bank", CNPJ: demoNumber,
		Name: "Demonstration", JWKSURI: d.keySetURL(), RedirectURIs: []string{"https://software.example/callback"},
		WebhookURIs: []string{"https://software.example/hook"}, Roles: []string{"DADOS", "PAGTO"}})
	if err != nil {
		return nil, err
	}
	with := func(auth tls.ClientAuthType) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{d.tls}, ClientAuth: auth, MinVersion: tls.VersionTLS12}
	}
	return []endpoint{{d.l, h, with(tls.RequestClientCert)}, {d.plain, site.Handler(), nil}, {d.secure, site.Handler(), with(tls.NoClientCert)}}, nil
}

// describe tells how to reach the setup.
func (d *demoScheme) describe(module string, setup snapshots.EntityID) *infoScheme {
	return &infoScheme{URL: "https://" + d.l.Addr().String() + "/modules/" + module + "/setups/" + string(setup) + "/reg", SetupID: setup,
		CA: filepath.Join(d.dir, demoCA), Cert: filepath.Join(d.dir, demoClient), Key: filepath.Join(d.dir, demoClientKey),
		StatementURL: "http://" + d.plain.Addr().String() + demo.PathStatement}
}

// openFinanceSetup finds or makes the second setup, for software statements.
func (n *node) openFinanceSetup(ctx context.Context) (snapshots.EntityID, error) {
	operator, name := n.tenancy.Operator("example"), demoSetup
	found, err := n.snapshots.Setups(ctx, operator, snapshots.DefaultModule, snapshots.Filter{Name: &name})
	if err != nil || len(found) > 0 {
		for _, s := range found {
			return s.ID, nil
		}
		return "", err
	}
	setup := defaultSetup()
	setup.Name = name
	out, err := n.snapshots.CreateSetup(ctx, operator, snapshots.DefaultModule, snapshots.Change[document.Setup]{
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) { return setup, nil }})
	if err != nil {
		return "", err
	}
	policy := snapshots.DefaultPolicy()
	policy.Registration = snapshots.RegistrationStatement
	return out.Entity.ID, n.snapshots.SetPolicy(ctx, operator, snapshots.DefaultModule, out.Entity.ID, policy)
}

// beside adds the demonstration's endpoints, and describes them.
func (d *demoScheme) beside(ctx context.Context, endpoints []endpoint, n *node, described *info) ([]endpoint, error) {
	setup, err := n.openFinanceSetup(ctx)
	if err != nil {
		return endpoints, err
	}
	described.OpenFinance = d.describe(described.Module, setup)
	more, err := d.endpoints(n.handler)
	return append(endpoints, more...), err
}
