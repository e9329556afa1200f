package handlers_test

import (
	"net/http"
	"strings"

	"tenure/handlers/web"
	"tenure/tenancy"
)

// slashidClient is the body of a new client.
const slashidClient = `{"client_name":"new","scopes":[],"grant_types":["client_credentials"]}`

// bySlashID reports whether a route is one of SlashID's dialect, whose
// credentials and refusals are its own.
func bySlashID(route web.Route) bool {
	return strings.Contains(route.Pattern, "/oauth2/clients") || strings.HasPrefix(route.Pattern, "/organizations")
}

// identify says who asks, and for whom. SlashID's routes about an organization
// are about the one that the header names: a leaf below the owner, or nobody.
func (f *family) identify(req *http.Request, c cell, on target, key, acting string) {
	if !bySlashID(c.route) {
		if key != "" {
			req.Header.Set("Authorization", "Bearer "+key)
		}
		if acting != "" {
			req.Header.Set("Tenure-Org", acting)
		}
		return
	}
	switch {
	case acting != "":
	case c.route.Object == web.ObjectOrganization && c.unknown:
		acting = "01234567-89ab-4def-8123-456789abcdef"
	case c.route.Object == web.ObjectOrganization:
		acting = string(on.org)
	default:
		acting = string(f.ids[c.actor])
	}
	req.Header.Set("SlashID-OrgID", acting)
	req.Header.Set("SlashID-API-Key", key)
}

// expectedBySlashID is design section 3 for this dialect: outside is 403, and
// an organization that the key may not act for 401.
func (f *family) expectedBySlashID(c cell) int {
	route := c.route.Method + " " + c.route.Pattern
	allowed := c.role.Permissions()&c.route.Permission == c.route.Permission
	below := strings.HasPrefix(c.route.Pattern, "/modules/")
	ownsSetup := f.above(c.actor, c.setupOwner)
	usesSetup := ownsSetup || f.above(c.setupOwner, c.actor)
	switch c.route.Object {
	case web.ObjectClient:
		switch {
		case below && !usesSetup, c.unknown:
			return http.StatusNotFound
		case !f.above(c.actor, "owner"), !allowed:
			return http.StatusForbidden
		}
	case web.ObjectSetup:
		switch {
		case !allowed:
			return http.StatusForbidden
		case below && (c.unknown || !usesSetup), c.route.Method == http.MethodPost && !usesSetup:
			return http.StatusNotFound
		case c.route.Method == http.MethodPost && ownsSetup && c.actor != c.setupOwner:
			return http.StatusConflict // it would own a client above the setup
		}
	case web.ObjectOrganization:
		switch {
		case c.unknown, !f.above(c.actor, "owner"):
			return http.StatusUnauthorized
		case !allowed:
			return http.StatusForbidden
		}
	}
	return exercises[route].status
}

// outside is how a dialect refuses a key that may not act for an organization.
func outside(route web.Route) int {
	if bySlashID(route) {
		return http.StatusUnauthorized
	}
	return http.StatusForbidden
}

// actsOnOwner reports whether acting for the owner would change the owner
// itself, whose keys are still needed.
func (c cell) actsOnOwner() bool {
	return bySlashID(c.route) && c.route.Object == web.ObjectOrganization && c.route.Permission&tenancy.Administer != 0
}
