package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/cmd/tenure/ops"
	"tenure/cmd/tenure/tracing"
	"tenure/handlers/web"
	"tenure/tenancy/db"
)

// databaseHelp says what --database takes.
const databaseHelp = "SQLite file (a path with a /, a name that ends in .db, .sqlite or .sqlite3, or sqlite:PATH), or PostgreSQL by a postgres:// URL or in keyword form (host=… dbname=…)"

// databaseFlag is --database for the commands that open one.
func databaseFlag(flags *pflag.FlagSet, database *string) {
	flags.StringVar(database, "database", "tenure.db", databaseHelp)
}

// secretsKeyFlag is --secrets-key-file for the commands that write secrets.
func secretsKeyFlag(flags *pflag.FlagSet, file *string) {
	flags.StringVar(file, "secrets-key-file", "", "file with the key that seals client secrets, or none (default: next to a SQLite file)")
}

// programLogFlags are --log-level and --log-file for the commands that serve.
func programLogFlags(flags *pflag.FlagSet, level, file *string) {
	flags.StringVar(level, "log-level", "info", "log level: debug, info, warn, error or disabled")
	flags.StringVar(file, "log-file", "", "file to append the program's log to (default: standard error)")
}

func rateFlags(flags *pflag.FlagSet, r *web.Rates) {
	flags.Uint64Var(&r.Key, "rate-key", 0, "requests a second of one API key, on this node (default: no limit)")
	flags.Uint64Var(&r.KeyWrites, "rate-key-writes", 0, "of these, requests that may write (default: no limit)")
	flags.Uint64Var(&r.Organization, "rate-organization", 0, "requests a second of all API keys of one organization, on this node (default: no limit)")
	flags.Uint64Var(&r.OrganizationWrites, "rate-organization-writes", 0, "of these, requests that may write (default: no limit)")
}

func hydraAdminFlags(flags *pflag.FlagSet, a *node.HydraAdmin) {
	flags.StringVar(&a.Listen, "hydra-admin-listen", "", "address, or unix:/path, to serve Hydra's admin API on without authentication")
	flags.StringVar(&a.KeyFile, "hydra-admin-key-file", "", "file with the API key that callers of --hydra-admin-listen act with")
	flags.StringSliceVar(&a.Hosts, "hydra-admin-host", nil, "additional host names that requests to --hydra-admin-listen may use")
	flags.BoolVar(&a.AllowRemote, "hydra-admin-allow-remote", false, "allow a --hydra-admin-listen that other machines can reach")
	flags.BoolVar(&a.AllowRoot, "hydra-admin-allow-root", false, "allow an administrator's key of the root organization in --hydra-admin-key-file")
}

// observed are the settings of what whoever runs the program looks at.
type observed struct {
	ops    ops.Listener
	traces tracing.Config
}

func observedFlags(flags *pflag.FlagSet, o *observed) {
	flags.StringVar(&o.ops.Address, "ops-listen", "", "address to serve /metrics, /livez and /readyz on, without authentication")
	flags.BoolVar(&o.ops.AllowRemote, "ops-allow-remote", false, "allow an --ops-listen that other machines can reach")
	flags.BoolVar(&o.ops.Profiles, "pprof", false, "also serve profiles of the program on --ops-listen, at /debug/pprof/")
	flags.StringVar(&o.traces.Endpoint, "trace-endpoint", "", "URL of an OpenTelemetry collector to send traces of requests to (OTLP over HTTP)")
	flags.Float64Var(&o.traces.Sample, "trace-sample", 1, "share of requests to trace, from 0 to 1")
}

func openFinanceFlags(flags *pflag.FlagSet, o *node.OpenFinance) {
	flags.StringVar(&o.ClientCA, "client-ca", "", "authorities of client certificates (PEM); with --tls-cert the server asks for certificates, and /reg requires one")
	flags.StringVar(&o.ClientCRL, "client-crl", "", "revocation lists of --client-ca (PEM or DER); read again when the file changes")
	flags.BoolVar(&o.AllowExpiredCRL, "client-crl-allow-expired", false, "go by a revocation list that is past its nextUpdate (default: certificates of its authority are refused)")
	flags.StringVar(&o.DirectoryKeys, "directory-keys", "", "key set of the directory that signs software statements: a file or an https URL")
	flags.StringVar(&o.DirectoryIssuer, "directory-issuer", "", "iss that software statements must have (default: any)")
	flags.StringVar(&o.DirectoryEnvironment, "directory-environment", "", "software_environment that software statements must have (default: any)")
	flags.StringVar(&o.DirectoryMode, "directory-mode", "", "software_mode that software statements must have (default: any)")
	flags.StringVar(&o.ProxyHeader, "proxy-cert-header", "", "header in which a proxy that ends TLS passes the client certificate")
	flags.StringVar(&o.ProxyFormat, "proxy-cert-format", "", "format of --proxy-cert-header: pem, rfc9440 or xfcc")
}

// proxyFlags are --trusted-proxy, and the flag that it replaces, which is refused.
func proxyFlags(flags *pflag.FlagSet, trusted, replaced *[]string) {
	flags.StringSliceVar(trusted, "trusted-proxy", nil, "addresses or prefixes of proxies, separated by commas: their Forwarded or X-Forwarded-For says where a request came from, and their --proxy-cert-header counts")
	flags.StringSliceVar(replaced, "proxy-from", nil, "")
	_ = flags.MarkHidden("proxy-from")
}

// trustedProxies reads what proxyFlags set.
func trustedProxies(trusted, replaced []string) (web.Proxies, error) {
	if len(replaced) > 0 {
		return web.Proxies{}, exit.With(exit.Usage, errors.New("--proxy-from is now --trusted-proxy"))
	}
	proxies, err := web.ParseProxies(trusted)
	if err != nil {
		err = fmt.Errorf("--trusted-proxy: %w", err)
	}
	return proxies, exit.With(exit.Usage, err)
}

// redacted is a --database as it is printed: without user, password and parameters.
func redacted(dsn string) string {
	a, err := db.ParseDSN(dsn)
	if err != nil {
		return "the database"
	}
	return a.Name
}
