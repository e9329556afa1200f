package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"tenure/handlers"
	"tenure/tenancy"
)

// hydraAdmin is the listener that stands in for Hydra's admin port: whoever
// reaches it acts with one configured key.
type hydraAdmin struct {
	listen, keyFile        string
	hosts                  []string
	allowRemote, allowRoot bool
}

const unixPrefix = "unix:"

func (a *hydraAdmin) flags(flags *pflag.FlagSet) {
	flags.StringVar(&a.listen, "hydra-admin-listen", "", "address, or unix:/path, to serve Hydra's admin API on without a credential")
	flags.StringVar(&a.keyFile, "hydra-admin-key-file", "", "file with the API key that --hydra-admin-listen acts with")
	flags.StringSliceVar(&a.hosts, "hydra-admin-host", nil, "names that requests to --hydra-admin-listen may be for, beside its own")
	flags.BoolVar(&a.allowRemote, "hydra-admin-allow-remote", false, "allow --hydra-admin-listen an address that others can reach")
	flags.BoolVar(&a.allowRoot, "hydra-admin-allow-root", false, "allow --hydra-admin-key-file an administrator's key of the root organization")
}

// open opens the listener; nil if none is wanted.
func (a hydraAdmin) open() (net.Listener, error) {
	path, unix := strings.CutPrefix(a.listen, unixPrefix)
	switch {
	case a.listen == "":
		return nil, nil
	case unix:
		return listenUnix(path)
	case !a.allowRemote && !isLoopback(a.listen):
		return nil, &exit{exitUsage, fmt.Errorf("--hydra-admin-listen %s: whoever reaches it is an administrator of clients, "+
			"so it is a loopback address or unix:/path, unless --hydra-admin-allow-remote", a.listen)}
	}
	return listen(a.listen)
}

// listenUnix takes the place of a socket that nobody answers on any more.
func listenUnix(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket {
		if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
			return nil, &exit{exitListen, errors.Join(fmt.Errorf("cannot listen on %s: another process does", path), conn.Close())}
		}
		if err := os.Remove(path); err != nil {
			return nil, &exit{exitListen, err}
		}
	}
	l, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		return nil, &exit{exitListen, fmt.Errorf("cannot listen on %s: %w", path, err)}
	}
	return l, nil
}

// handler serves the admin API on l. key is used where no file names one;
// publicURL is where clients reach the program.
func (a hydraAdmin) handler(n *node, l net.Listener, key, publicURL string) (http.Handler, error) {
	if a.keyFile != "" {
		raw, err := os.ReadFile(a.keyFile)
		if err != nil {
			return nil, &exit{exitUsage, fmt.Errorf("--hydra-admin-key-file: %w", err)}
		}
		key = strings.TrimSpace(string(raw))
	}
	if key == "" {
		return nil, &exit{exitUsage, errors.New("--hydra-admin-listen needs --hydra-admin-key-file")}
	}
	principal, err := n.tenancy.Authenticate(key)
	if err != nil {
		return nil, &exit{exitUsage, errors.New("--hydra-admin-key-file: the API key in it is not valid here")}
	}
	if principal.Org == n.tenancy.Root() && principal.Role == tenancy.Admin && !a.allowRoot {
		return nil, &exit{exitUsage, errors.New("--hydra-admin-key-file: an administrator's key of the root organization may do anything; " +
			"use an editor's, or say --hydra-admin-allow-root")}
	}
	stores := n.stores
	if stores.PublicURL == "" {
		stores.PublicURL = publicURL
	}
	return handlers.NewHydraAdmin(n.web, stores, key, append(ownHosts(l), a.hosts...)), nil
}

// beside adds the admin API on l to the endpoints.
func (a hydraAdmin) beside(endpoints []endpoint, n *node, l net.Listener, key, publicURL string) ([]endpoint, error) {
	h, err := a.handler(n, l, key, publicURL)
	return append(endpoints, endpoint{l, h, nil}), err
}

// ownHosts are the names by which a request can mean the listener.
func ownHosts(l net.Listener) []string {
	hosts := []string{"localhost"}
	if l.Addr().Network() == "unix" {
		return append(hosts, "unix")
	}
	if host, _, err := net.SplitHostPort(l.Addr().String()); err == nil {
		hosts = append(hosts, host, "["+host+"]")
	}
	return hosts
}

// adminURL is how info and output name the listener; empty without one.
func adminURL(l net.Listener) string {
	switch {
	case l == nil:
		return ""
	case l.Addr().Network() == "unix":
		return unixPrefix + l.Addr().String()
	}
	return address(l, nil)
}
