package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"tenure/cmd/tenure/exit"
	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/scheme"
	"tenure/handlers/web"
)

// OpenFinance configures what /reg trusts: authorities of client certificates,
// the directory of software statements, and the proxies that pass certificates.
type OpenFinance struct {
	ClientCA, ClientCRL                                  string
	AllowExpiredCRL                                      bool
	DirectoryKeys, DirectoryIssuer, DirectoryEnvironment string
	DirectoryMode                                        string
	ProxyHeader, ProxyFormat                             string
	Proxies                                              web.Proxies // those that pass certificates
}

// check refuses combinations that cannot work.
func (o OpenFinance) check(withTLS bool) error {
	directory := o.DirectoryIssuer != "" || o.DirectoryEnvironment != "" || o.DirectoryMode != ""
	proxy := o.ProxyHeader != "" || o.ProxyFormat != ""
	switch {
	case proxy && (o.ProxyHeader == "" || o.ProxyFormat == "" || len(o.Proxies.From) == 0):
		return errors.New("--proxy-cert-header, --proxy-cert-format and --trusted-proxy must be given together")
	case proxy && o.ClientCA == "":
		return errors.New("--proxy-cert-header needs --client-ca: the server verifies the certificates that the proxy passes")
	case o.ClientCRL != "" && o.ClientCA == "":
		return errors.New("--client-crl needs --client-ca")
	case o.AllowExpiredCRL && o.ClientCRL == "":
		return errors.New("--client-crl-allow-expired needs --client-crl")
	case o.ClientCA != "" && !withTLS && !proxy:
		return errors.New("--client-ca needs --tls-cert and --tls-key, or a proxy that passes certificates (--proxy-cert-header)")
	case o.DirectoryKeys != "" && o.ClientCA == "":
		return errors.New("--directory-keys needs --client-ca: a software statement is valid only with a certificate of the same software")
	case directory && o.DirectoryKeys == "":
		return errors.New("--directory-issuer, --directory-environment and --directory-mode need --directory-keys")
	}
	return nil
}

// Scheme makes what the flags say. It returns with it what to serve TLS with:
// tlsConfig, or a copy that asks for client certificates; nil without TLS.
func (o OpenFinance) Scheme(ctx context.Context, tlsConfig *tls.Config, log zerolog.Logger) (openfinance.Scheme, *tls.Config, error) {
	var s openfinance.Scheme
	err := o.check(tlsConfig != nil)
	if err == nil {
		s.Trust, err = o.trust(log)
	}
	if err == nil {
		s.Proxy, err = o.proxy()
	}
	if err == nil {
		s.Statements, err = o.statements(ctx, log)
	}
	if err != nil {
		return openfinance.Scheme{}, nil, exit.With(exit.Usage, err)
	}
	if s.Trust != nil && tlsConfig != nil {
		tlsConfig = tlsConfig.Clone()
		tlsConfig.ClientAuth = tls.RequestClientCert
	}
	return s, tlsConfig, nil
}

func (o OpenFinance) trust(log zerolog.Logger) (*scheme.Trust, error) {
	if o.ClientCA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(o.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("--client-ca: %w", err)
	}
	authorities, err := scheme.Certificates(text)
	if err != nil {
		return nil, fmt.Errorf("--client-ca %s: %w", o.ClientCA, err)
	}
	trust := &scheme.Trust{Roots: x509.NewCertPool()}
	for _, a := range authorities {
		if !a.IsCA {
			return nil, fmt.Errorf("--client-ca: %s is not the certificate of an authority", a.Subject)
		}
		trust.Roots.AddCert(a)
	}
	if o.ClientCRL == "" {
		return trust, nil
	}
	revocations, err := scheme.OpenRevocations(o.ClientCRL, authorities, time.Now, func(err error) {
		if errors.Is(err, scheme.ErrExpired) {
			log.Error().Err(err).Bool("allowed", o.AllowExpiredCRL).Msg("a list of --client-crl has expired")
			return
		}
		log.Error().Err(err).Msg("reading --client-crl again failed; the last good lists remain in force")
	})
	if err != nil {
		return nil, fmt.Errorf("--client-crl: %w", err)
	}
	trust.Revoked = revocations.Revoked
	if !o.AllowExpiredCRL {
		trust.Expired = revocations.Expired
	}
	return trust, nil
}

func (o OpenFinance) proxy() (*scheme.Proxy, error) {
	if o.ProxyHeader == "" {
		return nil, nil
	}
	p := &scheme.Proxy{Header: o.ProxyHeader, Format: o.ProxyFormat, From: o.Proxies.From}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("--proxy-cert-format: %w", err)
	}
	return p, nil
}

// statements reads the directory's key set once. A file must exist; a server
// that does not answer yet is only reported.
func (o OpenFinance) statements(ctx context.Context, log zerolog.Logger) (*scheme.Verifier, error) {
	if o.DirectoryKeys == "" {
		return nil, nil
	}
	remote := strings.Contains(o.DirectoryKeys, "://")
	if u, err := url.Parse(o.DirectoryKeys); remote && (err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !IsLoopback(u.Hostname()+":0"))) {
		return nil, errors.New("--directory-keys must be a file, an https URL, or an http URL of this machine")
	}
	if _, err := os.Stat(o.DirectoryKeys); !remote && err != nil {
		return nil, fmt.Errorf("--directory-keys: %w", err)
	}
	directory := scheme.NewDirectory(o.DirectoryKeys, scheme.FetchConfigured(nil), 0)
	if _, err := directory.Keys(ctx, "", time.Now()); err != nil {
		log.Warn().Err(err).Msg("cannot read the key set of --directory-keys yet; registrations are answered with 502 until then")
	}
	return &scheme.Verifier{Directory: directory, Issuer: o.DirectoryIssuer, Environment: o.DirectoryEnvironment, Mode: o.DirectoryMode}, nil
}
