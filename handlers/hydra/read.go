package hydra

import (
	"net/http"
	"net/url"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// find resolves the client that the path names.
func (h *surface) find(c *web.Call) (snapshots.Resolved[document.Client], error) {
	return h.findAsOf(c, snapshots.Instant{})
}

// findAsOf is find at an instant.
func (h *surface) findAsOf(c *web.Call, in snapshots.Instant) (snapshots.Resolved[document.Client], error) {
	return snapshots.Resolve[document.Client](c.Request.Context(), h.Store, c.Scope,
		snapshots.ByClientID(c.Var("module"), h.setupID(c), c.Var("client")), in)
}

// instants reads which instant a read is about.
func instants(c *web.Call) (snapshots.Instant, error) {
	at, known, err := c.Instants()
	return snapshots.InstantOf(at, known), err
}

func ref(e snapshots.Entity) snapshots.Ref {
	return snapshots.Ref{Module: e.Module, Setup: e.Setup, Entity: e.ID}
}

func (h *surface) get(c *web.Call) (*web.Reply, error) {
	in, err := instants(c)
	if err != nil {
		return nil, err
	}
	found, err := h.findAsOf(c, in)
	if err != nil {
		return nil, err
	}
	reply, err := ory.Kept(h.Store, found, Name, ory.Read)
	if err != nil {
		return nil, err
	}
	return web.Planned(ory.Heading(c, reply), c.Scope, found.NextValidFrom), nil
}

// answer is that of a write to a client that was there before.
func (h *surface) answer(c *web.Call, view ory.Client, found snapshots.Resolved[document.Client], secret *snapshots.NewSecret) (*web.Reply, error) {
	show(&view, secret)
	reply, err := ory.Reply(http.StatusOK, view, found)
	if err != nil {
		return nil, err
	}
	name(reply, view, secret)
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}

// show puts a new secret into the one answer that may have it: a client that
// has no use for it is not shown it.
func show(view *ory.Client, secret *snapshots.NewSecret) {
	if secret != nil && view.TokenEndpointAuthMethod != document.MethodNone {
		view.ClientSecret = secret.Plain()
	}
}

// name tells the id of a secret that the answer shows.
func name(reply *web.Reply, view ory.Client, secret *snapshots.NewSecret) {
	if view.ClientSecret != "" {
		reply.Header["Tenure-Secret-Id"] = []string{secret.ID}
	}
}

// escaped is a client_id in a Location: Hydra escapes it twice.
func escaped(clientID string) string { return url.PathEscape(url.PathEscape(clientID)) }
