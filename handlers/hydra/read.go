package hydra

import (
	"net/http"
	"net/url"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// mount names the setup that the request is about.
func (h *handler) mount(c *web.Call) (module string, setup snapshots.EntityID) {
	module, id := c.Mount(h.Tenancy)
	return module, snapshots.EntityID(id)
}

// setup finds the setup that the request is about.
func (h *handler) setup(c *web.Call) (snapshots.Entity, error) {
	module, id := h.mount(c)
	return h.Store.Mounted(c.Request.Context(), c.Scope, module, id)
}

// find finds the client that the path names, as it is now.
func (h *handler) find(c *web.Call) (snapshots.Resolved[document.Client], error) {
	return h.findAsOf(c, snapshots.Instant{})
}

// findAsOf is find at an instant.
func (h *handler) findAsOf(c *web.Call, in snapshots.Instant) (snapshots.Resolved[document.Client], error) {
	module, setup := h.mount(c)
	return snapshots.Resolve[document.Client](c.Request.Context(), h.Store, c.Scope, snapshots.ByClientID(module, setup, c.Var("client")), in)
}

// get shows a client.
func (h *handler) get(c *web.Call) (*web.Reply, error) {
	found, err := h.findAsOf(c, snapshots.InstantOf(c.Instants()))
	if err != nil {
		return nil, err
	}
	reply, err := ory.Rendered(h.Store, found, Name, ory.Read)
	if err != nil {
		return nil, err
	}
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}

// answer shows a client that was written. A new secret is shown this once, unless
// the client's auth method has no use for it.
func (h *handler) answer(c *web.Call, status int, view ory.Client, found snapshots.Resolved[document.Client], secret *snapshots.NewSecret) (*web.Reply, error) {
	shown := secret != nil && view.TokenEndpointAuthMethod != document.MethodNone
	if shown {
		view.ClientSecret = secret.Plain()
	}
	reply, err := ory.Reply(status, view, found)
	if err != nil {
		return nil, err
	}
	if shown {
		reply.Header["Tenure-Secret-Id"] = []string{secret.ID}
	}
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}

// location is the value of Location for a new client. Hydra escapes the client_id
// twice.
func location(c *web.Call, clientID string) string {
	return c.Request.URL.EscapedPath() + "/" + url.PathEscape(url.PathEscape(clientID))
}

// alive, ready and version are open to everybody.

func (h *handler) alive(*web.Call) (*web.Reply, error) { return openAnswer(statusBody{"ok"}) }

func (h *handler) ready(c *web.Call) (*web.Reply, error) {
	if err := h.Ready(c.Request.Context()); err != nil {
		return nil, err
	}
	return openAnswer(statusBody{"ok"})
}

func (h *handler) version(*web.Call) (*web.Reply, error) { return openAnswer(versionBody{h.Version}) }

func openAnswer(body any) (*web.Reply, error) {
	reply, err := web.JSON(http.StatusOK, body)
	if err != nil {
		return nil, err
	}
	reply.ContentType, reply.Header = ory.ContentType, http.Header{"Cache-Control": {ory.CacheControl}}
	return reply, nil
}
