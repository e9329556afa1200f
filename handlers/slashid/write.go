package slashid

import (
	"net/http"
	"net/url"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

func (h *handler) postClient(c *web.Call) (*web.Reply, error) {
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
	doc, faults := readClient(m).toDomain(access)
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
		return nil, fault.New(fault.Conflict, "", "the acting organization cannot own a client in this setup, which belongs to an organization below it")
	}
	if err != nil {
		return nil, err
	}
	view := read(out.Resolved)
	if secret != nil && !out.Repeated {
		view.ClientSecret = secret.Plain() // shown this once
	}
	reply, err := success(http.StatusCreated, view)
	if err != nil {
		return nil, err
	}
	reply.Header = headersOf(out.Version)
	reply.Header["Location"] = []string{c.Request.URL.EscapedPath() + "/" + url.PathEscape(out.Entity.ClientID)}
	reply.NoStore = view.ClientSecret != ""
	return web.Planned(reply, c.Scope, out.NextValidFrom), nil
}

func (h *handler) patchClient(c *web.Call) (*web.Reply, error) {
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
	return h.answer(c, out)
}

// edit appends what change makes of the client in force.
func (h *handler) edit(c *web.Call, e snapshots.Entity, change func(*document.Client, *document.Setup) (*document.Client, []fault.Field)) (
	snapshots.Resolved[document.Client], error) {
	match, err := web.Match(c)
	if err != nil {
		return snapshots.Resolved[document.Client]{}, err
	}
	out, err := snapshots.Edit(c.Request.Context(), h.Store, c.Scope, e.Ref(), snapshots.Change[document.Client]{Rules: rules(), Match: match,
		Apply: func(base *document.Client, setup *document.Setup) (*document.Client, error) {
			if base == nil {
				return nil, fault.New(fault.NotFound, fault.CodeClientUnknown, "could not find the OAuth2 client %s", e.ClientID)
			}
			next, faults := change(base, setup)
			return next, fault.Rules(faults)
		}})
	return out.Resolved, err
}

func (h *handler) deleteClient(c *web.Call) (*web.Reply, error) {
	found, err := h.find(c)
	if err != nil {
		return nil, err
	}
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	if err := snapshots.Delete[document.Client](c.Request.Context(), h.Store, c.Scope, found.Entity.Ref(), match); err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}
