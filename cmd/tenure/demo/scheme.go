package demo

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"time"

	"tenure/cmd/tenure/node"
	"tenure/handlers/openfinance"
	ofdemo "tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/scheme"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// OpenFinance is the Open Finance scheme of the example: an authority and a
// directory of its own, and a listener with mutual TLS.
type OpenFinance struct {
	dir              string       // of the certificates
	l, plain, secure net.Listener // of /reg with mutual TLS; of the directory without and with TLS
	authority        *ofdemo.Authority
	directory        *ofdemo.Directory
	tls              tls.Certificate
	client           *ofdemo.Pair
}

const (
	setupName  = "open-finance"
	softwareID = "67c57882-043b-11ec-9a03-0242ac130003"
	orgID      = "74e929d9-33b6-4d85-8ba7-c146c867a817"
	cnpj       = "43142666000197"
)

// NewOpenFinance opens the listeners, that of /reg on address, and the
// certificates in dir.
func NewOpenFinance(address, dir string) (*OpenFinance, error) {
	d := &OpenFinance{dir: dir}
	err := d.open(address)
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *OpenFinance) open(address string) error {
	for _, one := range []struct {
		to      *net.Listener
		address string
	}{{&d.l, address}, {&d.plain, "127.0.0.1:0"}, {&d.secure, "127.0.0.1:0"}} {
		l, err := node.Listen(one.address)
		if err != nil {
			return err
		}
		*one.to = l
	}
	var err error
	d.authority, d.client, err = openCertificates(d.dir, ofdemo.Subject{SoftwareID: softwareID, OrgID: orgID, CNPJ: cnpj,
		Organization: "Demonstration Bank", CommonName: "software.example"}, time.Now)
	if err != nil {
		return err
	}
	server, err := d.authority.Server()
	if err != nil {
		return err
	}
	d.tls = server.TLS()
	d.directory, err = ofdemo.NewDirectory("demo-1", time.Now)
	return err
}

// Close closes the listeners; serving has closed those that were used.
func (d *OpenFinance) Close() {
	for _, l := range []net.Listener{d.l, d.plain, d.secure} {
		if l != nil {
			l.Close()
		}
	}
}

func (d *OpenFinance) keySetURL() string {
	return "https://" + d.secure.Addr().String() + ofdemo.PathKeySet
}

// Scheme is what /reg trusts.
func (d *OpenFinance) Scheme() openfinance.Scheme {
	keys := func(context.Context, string) ([]byte, error) { return d.directory.JWKS(), nil }
	return openfinance.Scheme{Trust: &scheme.Trust{Roots: d.authority.Pool()},
		Statements: &scheme.Verifier{Directory: scheme.NewDirectory("demonstration", keys, 0), Issuer: ofdemo.Issuer,
			Environment: "production", Mode: "Live"}}
}

// Fetch is the usual way to fetch URLs, except that it reaches this machine for
// one URL: that of the key set of the example software.
func (d *OpenFinance) Fetch() web.Fetch {
	public := web.GuardedFetch(nil, nil)
	own := web.GuardedFetch(netip.Addr.IsLoopback, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.authority.Pool()}})
	return func(ctx context.Context, uri string) ([]byte, error) {
		if uri == d.keySetURL() {
			return own(ctx, uri)
		}
		return public(ctx, uri)
	}
}

func (d *OpenFinance) endpoints(h http.Handler) ([]node.Endpoint, error) {
	site, err := ofdemo.NewSite(d.directory, ofdemo.Software{ID: softwareID, OrgID: orgID, OrgName: "Demonstration Bank", CNPJ: cnpj,
		Name: "Demonstration", JWKSURI: d.keySetURL(), RedirectURIs: []string{"https://software.example/callback"},
		WebhookURIs: []string{"https://software.example/hook"}, Roles: []string{"DADOS", "PAGTO"}})
	if err != nil {
		return nil, err
	}
	with := func(auth tls.ClientAuthType) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{d.tls}, ClientAuth: auth, MinVersion: tls.VersionTLS12}
	}
	return []node.Endpoint{
		{Listener: d.l, Handler: h, TLS: with(tls.RequestClientCert)},
		{Listener: d.plain, Handler: site.Handler()},
		{Listener: d.secure, Handler: site.Handler(), TLS: with(tls.NoClientCert)},
	}, nil
}

// describe describes how to reach the setup.
func (d *OpenFinance) describe(module string, setup snapshots.EntityID) *node.InfoOpenFinance {
	return &node.InfoOpenFinance{URL: "https://" + d.l.Addr().String() + "/modules/" + module + "/setups/" + string(setup) + "/reg", SetupID: setup,
		CA: filepath.Join(d.dir, caFile), Cert: filepath.Join(d.dir, clientFile), Key: filepath.Join(d.dir, clientKeyFile),
		StatementURL: "http://" + d.plain.Addr().String() + ofdemo.PathStatement}
}

// openFinanceSetup finds or makes the setup that takes software statements.
func openFinanceSetup(ctx context.Context, n *node.Node) (snapshots.EntityID, error) {
	operator, name := n.Tenancy.Operator("example"), setupName
	found, err := snapshots.List[document.Setup](ctx, n.Snapshots, operator, snapshots.Ref{Module: snapshots.DefaultModule}, snapshots.Filter{Name: &name})
	if err != nil || len(found) > 0 {
		for _, s := range found {
			return s.ID, nil
		}
		return "", err
	}
	setup := node.DefaultSetup()
	setup.Name = name
	out, err := n.Snapshots.CreateSetup(ctx, operator, snapshots.DefaultModule, snapshots.Change[document.Setup]{
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) { return setup, nil }})
	if err != nil {
		return "", err
	}
	policy := snapshots.DefaultPolicy()
	policy.Registration, policy.OpenFinanceProfile = snapshots.RegistrationStatement, snapshots.ProfileDCR2
	policy.Allow = []string{"uri-loopback"} // the demo's directory is on this machine
	return out.Entity.ID, n.Snapshots.SetPolicy(ctx, operator, snapshots.DefaultModule, out.Entity.ID, policy)
}

// AddEndpoints makes the setup, adds the endpoints and describes them.
func (d *OpenFinance) AddEndpoints(ctx context.Context, endpoints []node.Endpoint, n *node.Node, described *node.Info) ([]node.Endpoint, error) {
	setup, err := openFinanceSetup(ctx, n)
	if err != nil {
		return endpoints, err
	}
	described.OpenFinance = d.describe(described.Module, setup)
	more, err := d.endpoints(n.Handler)
	return append(endpoints, more...), err
}
