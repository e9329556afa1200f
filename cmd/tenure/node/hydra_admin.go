package node

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"tenure/cmd/tenure/exit"
	"tenure/handlers"
	"tenure/tenancy"
)

// HydraAdmin configures the listener that replaces Hydra's admin port. Requests
// to it need no credential: all act with one configured API key.
type HydraAdmin struct {
	Listen      string   // host:port or unix:/path; empty for no listener
	KeyFile     string   // with the API key
	Hosts       []string // host names that requests may use, besides the listener's own
	AllowRemote bool     // addresses that other machines can reach
	AllowRoot   bool     // an administrator's key of the root organization
}

const unixPrefix = "unix:"

// Open opens the listener; nil if none is configured.
func (a HydraAdmin) Open() (net.Listener, error) {
	path, unix := strings.CutPrefix(a.Listen, unixPrefix)
	switch {
	case a.Listen == "":
		return nil, nil
	case unix:
		return listenUnix(path)
	case !a.AllowRemote && !IsLoopback(a.Listen):
		return nil, exit.With(exit.Usage, errors.New("--hydra-admin-listen must be a loopback address or unix:/path, because every caller can change clients, "+
			"unless --hydra-admin-allow-remote is given"))
	}
	return Listen(a.Listen)
}

// listenUnix replaces a socket on which no process answers.
func listenUnix(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket {
		if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
			return nil, exit.With(exit.Listen, errors.Join(fmt.Errorf("cannot listen on %s: another process listens on it", path), conn.Close()))
		}
		if err := os.Remove(path); err != nil {
			return nil, exit.With(exit.Listen, err)
		}
	}
	l, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		return nil, exit.With(exit.Listen, fmt.Errorf("cannot listen on %s: %w", path, err))
	}
	return l, nil
}

// handler serves the admin API on l. key is the API key unless KeyFile names
// one; publicURL is where clients reach the program.
func (a HydraAdmin) handler(n *Node, l net.Listener, key, publicURL string) (http.Handler, error) {
	if a.KeyFile != "" {
		raw, err := os.ReadFile(a.KeyFile)
		if err != nil {
			return nil, exit.With(exit.Usage, fmt.Errorf("--hydra-admin-key-file: %w", err))
		}
		key = strings.TrimSpace(string(raw))
	}
	if key == "" {
		return nil, exit.With(exit.Usage, errors.New("--hydra-admin-listen needs --hydra-admin-key-file"))
	}
	principal, err := n.Tenancy.Authenticate(key)
	if err != nil {
		return nil, exit.With(exit.Usage, errors.New("--hydra-admin-key-file: its API key is not valid in this database"))
	}
	if principal.Org == n.Tenancy.Root() && principal.Role == tenancy.Admin && !a.AllowRoot {
		return nil, exit.With(exit.Usage, errors.New("--hydra-admin-key-file must not be an administrator's key of the root organization, which may do anything: "+
			"use an editor's key, or give --hydra-admin-allow-root"))
	}
	hosts := append(ownHosts(l), a.Hosts...)
	return n.mounted(func() http.Handler {
		stores := n.stores
		if stores.PublicURL == "" {
			stores.PublicURL = publicURL
		}
		return handlers.NewHydraAdmin(n.web, stores, key, hosts)
	}), nil
}

// AddEndpoint adds the admin API on l to the endpoints.
func (a HydraAdmin) AddEndpoint(endpoints []Endpoint, n *Node, l net.Listener, key, publicURL string) ([]Endpoint, error) {
	h, err := a.handler(n, l, key, publicURL)
	return append(endpoints, Endpoint{Listener: l, Handler: h}), err
}

// ownHosts are the host names by which a request can address the listener.
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

// AdminURL is the listener's URL in the info file and in the output; empty
// without a listener.
func AdminURL(l net.Listener) string {
	switch {
	case l == nil:
		return ""
	case l.Addr().Network() == "unix":
		return unixPrefix + l.Addr().String()
	}
	return Address(l, nil)
}
