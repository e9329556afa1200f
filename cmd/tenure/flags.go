package main

import (
	"net/url"

	"tenure/cmd/tenure/node"

	"github.com/spf13/pflag"
)

func hydraAdminFlags(flags *pflag.FlagSet, a *node.HydraAdmin) {
	flags.StringVar(&a.Listen, "hydra-admin-listen", "", "address, or unix:/path, to serve Hydra's admin API on without a credential")
	flags.StringVar(&a.KeyFile, "hydra-admin-key-file", "", "file with the API key that --hydra-admin-listen acts with")
	flags.StringSliceVar(&a.Hosts, "hydra-admin-host", nil, "names that requests to --hydra-admin-listen may be for, beside its own")
	flags.BoolVar(&a.AllowRemote, "hydra-admin-allow-remote", false, "allow --hydra-admin-listen an address that others can reach")
	flags.BoolVar(&a.AllowRoot, "hydra-admin-allow-root", false, "allow --hydra-admin-key-file an administrator's key of the root organization")
}

func openFinanceFlags(flags *pflag.FlagSet, o *node.OpenFinance) {
	flags.StringVar(&o.ClientCA, "client-ca", "", "authorities of client certificates (PEM); with --tls-cert certificates are then asked for, at /reg they are needed")
	flags.StringVar(&o.ClientCRL, "client-crl", "", "revocation lists of --client-ca (PEM or DER); read again when the file changes")
	flags.StringVar(&o.DirectoryKeys, "directory-keys", "", "key set of the directory that signs software statements: a file or an https URL")
	flags.StringVar(&o.DirectoryIssuer, "directory-issuer", "", "iss that software statements must have (default: any)")
	flags.StringVar(&o.DirectoryEnvironment, "directory-environment", "", "software_environment that software statements must have (default: any)")
	flags.StringVar(&o.DirectoryMode, "directory-mode", "", "software_mode that software statements must have (default: any)")
	flags.StringVar(&o.ProxyHeader, "proxy-cert-header", "", "header in which a TLS-ending proxy hands on the client certificate")
	flags.StringVar(&o.ProxyFormat, "proxy-cert-format", "", "form of --proxy-cert-header: pem, rfc9440 or xfcc")
	flags.StringSliceVar(&o.ProxyFrom, "proxy-from", nil, "addresses of those proxies: prefixes, comma separated")
}

// shown is what may be printed of a --database: no password.
func shown(dsn string) string {
	if u, err := url.Parse(dsn); err == nil && u.User != nil {
		return u.Redacted()
	}
	return dsn
}
