package web

import (
	"net/url"
	"strings"

	"tenure/tenancy"
)

// Mount is the module and the setup that the path names; where it names none,
// no module and the default setup of the acting organization, or of the root
// where nobody acts.
func (c *Call) Mount(orgs *tenancy.Store) (module, setup string) {
	if setup = c.Var("setupId"); setup != "" {
		return c.Var("module"), setup
	}
	acting := c.Scope.Acting()
	if acting == "" {
		acting = orgs.Root()
	}
	return "", orgs.DefaultSetup(acting)
}

// SelfURI is where a client manages itself (registration_client_uri, RFC 7592):
// the program's public URL, the mount of its setup, unless that is the root's
// default one, the path of registrations, and its client_id.
func SelfURI(orgs *tenancy.Store, publicURL, module, setup, path, clientID string) string {
	below := ""
	if setup != orgs.DefaultSetup(orgs.Root()) {
		below = "/modules/" + url.PathEscape(module) + "/setups/" + url.PathEscape(setup)
	}
	return strings.TrimSuffix(publicURL, "/") + below + path + "/" + url.PathEscape(clientID)
}
