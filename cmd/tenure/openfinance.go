package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/scheme"
)

// openFinance is what /reg rests on: authorities of client certificates, the
// directory of software statements, and the proxies that hand certificates on.
type openFinance struct {
	clientCA, clientCRL                                  string
	directoryKeys, directoryIssuer, directoryEnvironment string
	directoryMode                                        string
	proxyHeader, proxyFormat                             string
	proxyFrom                                            []string
}

func (o *openFinance) flags(flags *pflag.FlagSet) {
	flags.StringVar(&o.clientCA, "client-ca", "", "authorities of client certificates (PEM); with --tls-cert certificates are then asked for, at /reg they are needed")
	flags.StringVar(&o.clientCRL, "client-crl", "", "revocation lists of --client-ca (PEM or DER); read again when the file changes")
	flags.StringVar(&o.directoryKeys, "directory-keys", "", "key set of the directory that signs software statements: a file or an https URL")
	flags.StringVar(&o.directoryIssuer, "directory-issuer", "", "iss that software statements must have (default: any)")
	flags.StringVar(&o.directoryEnvironment, "directory-environment", "", "software_environment that software statements must have (default: any)")
	flags.StringVar(&o.directoryMode, "directory-mode", "", "software_mode that software statements must have (default: any)")
	flags.StringVar(&o.proxyHeader, "proxy-cert-header", "", "header in which a TLS-ending proxy hands on the client certificate")
	flags.StringVar(&o.proxyFormat, "proxy-cert-format", "", "form of --proxy-cert-header: pem, rfc9440 or xfcc")
	flags.StringSliceVar(&o.proxyFrom, "proxy-from", nil, "addresses of those proxies: prefixes, comma separated")
}

// check refuses combinations that could not work.
func (o openFinance) check(withTLS bool) error {
	directory := o.directoryIssuer != "" || o.directoryEnvironment != "" || o.directoryMode != ""
	proxy := o.proxyHeader != "" || o.proxyFormat != "" || len(o.proxyFrom) > 0
	switch {
	case proxy && (o.proxyHeader == "" || o.proxyFormat == "" || len(o.proxyFrom) == 0):
		return errors.New("--proxy-cert-header, --proxy-cert-format and --proxy-from go together")
	case proxy && o.clientCA == "":
		return errors.New("--proxy-cert-header needs --client-ca: what the proxy hands on is verified here")
	case o.clientCRL != "" && o.clientCA == "":
		return errors.New("--client-crl needs --client-ca")
	case o.clientCA != "" && !withTLS && !proxy:
		return errors.New("--client-ca needs --tls-cert and --tls-key, or a proxy that hands on certificates (--proxy-cert-header)")
	case o.directoryKeys != "" && o.clientCA == "":
		return errors.New("--directory-keys needs --client-ca: a software statement counts only with a certificate of the same software")
	case directory && o.directoryKeys == "":
		return errors.New("--directory-issuer, --directory-environment and --directory-mode need --directory-keys")
	}
	return nil
}

// scheme makes what the flags say, and has tlsConfig, where there is one, ask
// for client certificates.
func (o openFinance) scheme(ctx context.Context, tlsConfig *tls.Config, log zerolog.Logger) (openfinance.Scheme, error) {
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
		return openfinance.Scheme{}, &exit{exitUsage, err}
	}
	if s.Trust != nil && tlsConfig != nil {
		tlsConfig.ClientAuth = tls.RequestClientCert
	}
	return s, nil
}

func (o openFinance) trust(log zerolog.Logger) (*scheme.Trust, error) {
	if o.clientCA == "" {
		return nil, nil
	}
	authorities, err := readCertificates(o.clientCA)
	if err != nil {
		return nil, fmt.Errorf("--client-ca: %w", err)
	}
	trust := &scheme.Trust{Roots: x509.NewCertPool()}
	for _, a := range authorities {
		if !a.IsCA {
			return nil, fmt.Errorf("--client-ca: %s is no authority's certificate", a.Subject)
		}
		trust.Roots.AddCert(a)
	}
	if o.clientCRL == "" {
		return trust, nil
	}
	revocations, err := scheme.OpenRevocations(o.clientCRL, authorities, time.Now, func(err error) {
		log.Error().Err(err).Msg("reading --client-crl again; the last good lists stay in force")
	})
	if err != nil {
		return nil, fmt.Errorf("--client-crl: %w", err)
	}
	trust.Revoked = revocations.Revoked
	return trust, nil
}

func readCertificates(path string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%s holds a %q, not only certificates", path, block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, cert)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no certificate in PEM", path)
	}
	return all, nil
}

func (o openFinance) proxy() (*scheme.Proxy, error) {
	if o.proxyHeader == "" {
		return nil, nil
	}
	p := &scheme.Proxy{Header: o.proxyHeader, Format: o.proxyFormat}
	for _, text := range o.proxyFrom {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			addr, bad := netip.ParseAddr(strings.TrimSpace(text))
			if bad != nil {
				return nil, fmt.Errorf("--proxy-from %s: neither a prefix such as 10.0.0.0/8 nor an address", text)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		p.From = append(p.From, prefix)
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("--proxy-cert-format: %w", err)
	}
	return p, nil
}

// statements tries the directory's key set once. A peer that does not answer
// now may answer later; a file is there or not.
func (o openFinance) statements(ctx context.Context, log zerolog.Logger) (*scheme.Verifier, error) {
	if o.directoryKeys == "" {
		return nil, nil
	}
	remote := strings.Contains(o.directoryKeys, "://")
	if u, err := url.Parse(o.directoryKeys); remote && (err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname()+":0"))) {
		return nil, errors.New("--directory-keys: neither a file, an https URL, nor an http URL of this machine")
	}
	if _, err := os.Stat(o.directoryKeys); !remote && err != nil {
		return nil, fmt.Errorf("--directory-keys: %w", err)
	}
	directory := scheme.NewDirectory(o.directoryKeys, scheme.FetchConfigured(nil), 0)
	if _, err := directory.Keys(ctx, "", time.Now()); err != nil {
		log.Warn().Err(err).Msg("the key set at --directory-keys cannot be had yet; registrations are answered 502 until it can")
	}
	return &scheme.Verifier{Directory: directory, Issuer: o.directoryIssuer, Environment: o.directoryEnvironment, Mode: o.directoryMode}, nil
}
