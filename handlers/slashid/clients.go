package slashid

import (
	"net/http"
	"net/url"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// find resolves the client that the path names, and asks then whether the role
// allows what the route does: so a caller learns 404, 403 for a client that is
// not below it, and 403 for its role, in this order.
func (h *surface) find(c *web.Call) (snapshots.Resolved[document.Client], error) {
	return h.findAsOf(c, snapshots.Instant{})
}

// findAsOf is find at an instant.
func (h *surface) findAsOf(c *web.Call, in snapshots.Instant) (snapshots.Resolved[document.Client], error) {
	var none snapshots.Resolved[document.Client]
	id := c.Var("oauth_client_id")
	if len(document.CheckClientID(id, false)) > 0 {
		return none, fault.New(fault.Malformed, "", "invalid oauth_client_id")
	}
	preferred := snapshots.EntityID(h.Tenancy.DefaultSetup(c.Scope.Acting()))
	name := snapshots.Anywhere(id, preferred).Within(c.Var("module"), snapshots.EntityID(c.Var("setupId")))
	found, err := snapshots.Resolve[document.Client](c.Request.Context(), h.Store, c.Scope, name, in)
	if fault.HasCode(err, fault.CodeClientUnknown) {
		return none, fault.New(fault.NotFound, fault.CodeClientUnknown, "could not find the OAuth2 client %s", id)
	}
	if fault.HasCode(err, fault.CodeSetupUnknown) {
		return none, errSetup()
	}
	if err != nil {
		return none, err
	}
	return found, c.Scope.Check(c.Route.Permission)
}

func ref(e snapshots.Entity) snapshots.Ref {
	return snapshots.Ref{Module: e.Module, Setup: e.Setup, Entity: e.ID}
}

func (h *surface) getClient(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	found, err := h.findAsOf(c, in)
	if err != nil {
		return nil, err
	}
	if in.Given() {
		kept, err := h.render(found)
		return web.Then(kept.Reply, h.Store.Final(in)), err
	}
	reply, err := h.shown(c, found)
	if err != nil {
		return nil, err
	}
	reply = h.Held.Until(reply, h.Store.Now().Time(), instantOf(found.NextValidFrom), instantOf(found.SetupNext))
	reply.ETag = web.Tag(string(found.ID), string(found.Setup.ID), string(found.Entity.Owner), Name, "")
	return reply, nil
}

// instantOf is the zero time for none.
func instantOf(at history.Millis) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return at.Time()
}

func (h *surface) postClient(c *web.Call) (*web.Reply, error) {
	m, err := readBody(c)
	if err != nil {
		return nil, err
	}
	setup, err := h.setup(c)
	if err != nil {
		return nil, err
	}
	acting, err := h.Tenancy.Organization(c.Scope, c.Scope.Acting())
	if err != nil {
		return nil, err
	}
	access := acting.TokenDuration
	if access == 0 {
		access = defaultAccess
	}
	doc, faults := readClient(m).create(access)
	var secret *snapshots.NewSecret
	if !doc.Public() {
		if secret, err = h.Store.GenerateSecret(h.ids.Token("")); err != nil {
			return nil, err
		}
	}
	wanted := snapshots.NewClient{Module: setup.Module, Setup: setup.ID, ClientID: h.ids.UUID(), Owner: acting.ID, Surface: Name}
	out, err := h.Store.CreateClient(c.Request.Context(), c.Scope, wanted, snapshots.Change[document.Client]{Rules: rules(), Secret: secret,
		Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
			return document.Clone(doc), fault.Rules(faults)
		}})
	if fault.HasCode(err, fault.CodeOrgUnknown) {
		return nil, fault.New(fault.Conflict, "", "the setup belongs to an organization below the acting one, which can own no client there")
	}
	if err != nil {
		return nil, err
	}
	view := read(out.Resolved)
	if secret != nil && !out.Repeated {
		view.ClientSecret = secret.Plain() // shown this once
	}
	reply, err := answer(http.StatusCreated, view)
	if err != nil {
		return nil, err
	}
	reply.Header = headersOf(out.Version)
	reply.Header["Location"] = []string{c.Request.URL.EscapedPath() + "/" + url.PathEscape(out.Entity.ClientID)}
	reply.NoStore = view.ClientSecret != ""
	return web.Planned(reply, c.Scope, out.NextValidFrom), nil
}

func (h *surface) patchClient(c *web.Call) (*web.Reply, error) {
	found, err := h.find(c)
	if err != nil {
		return nil, err
	}
	m, err := readBody(c)
	if err != nil {
		return nil, err
	}
	m.notNull("client_name", "scopes", "grant_types")
	body := readClient(m)
	out, err := h.edit(c, found.Entity, func(base *document.Client, setup *document.Setup) (*document.Client, []fault.Field) {
		return body.patch(base, setup, found.Entity)
	})
	if err != nil {
		return nil, err
	}
	return h.shown(c, out)
}

// edit appends what change makes of the client in force.
func (h *surface) edit(c *web.Call, e snapshots.Entity, change func(*document.Client, *document.Setup) (*document.Client, []fault.Field)) (
	snapshots.Resolved[document.Client], error) {
	match, err := web.Match(c)
	if err != nil {
		return snapshots.Resolved[document.Client]{}, err
	}
	out, err := snapshots.Edit(c.Request.Context(), h.Store, c.Scope, ref(e), snapshots.Change[document.Client]{Rules: rules(), Match: match,
		Apply: func(base *document.Client, setup *document.Setup) (*document.Client, error) {
			if base == nil {
				return nil, fault.New(fault.NotFound, fault.CodeClientUnknown, "could not find the OAuth2 client %s", e.ClientID)
			}
			next, faults := change(base, setup)
			return next, fault.Rules(faults)
		}})
	return out.Resolved, err
}

func (h *surface) deleteClient(c *web.Call) (*web.Reply, error) {
	found, err := h.find(c)
	if err != nil {
		return nil, err
	}
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	if err := snapshots.Delete[document.Client](c.Request.Context(), h.Store, c.Scope, ref(found.Entity), match); err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}
