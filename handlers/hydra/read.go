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
func (h *handler) find(c *web.Call) (snapshots.Resolved[document.Client], error) {
	return h.findAsOf(c, snapshots.Instant{})
}

// findAsOf is find at an instant.
func (h *handler) findAsOf(c *web.Call, in snapshots.Instant) (snapshots.Resolved[document.Client], error) {
	return snapshots.Resolve[document.Client](c.Request.Context(), h.Store, c.Scope,
		snapshots.ByClientID(c.Var("module"), h.setupID(c), c.Var("client")), in)
}

func ref(e snapshots.Entity) snapshots.Ref {
	return snapshots.Ref{Module: e.Module, Setup: e.Setup, Entity: e.ID}
}

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

// answer is that of a write to a client that was there before.
func (h *handler) answer(c *web.Call, view ory.Client, found snapshots.Resolved[document.Client], secret *snapshots.NewSecret) (*web.Reply, error) {
	showSecret(&view, secret)
	reply, err := ory.Reply(http.StatusOK, view, found)
	if err != nil {
		return nil, err
	}
	nameSecret(reply, view, secret)
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}

// showSecret puts a new secret into the one answer that may have it: a client that
// has no use for it is not shown it.
func showSecret(view *ory.Client, secret *snapshots.NewSecret) {
	if secret != nil && view.TokenEndpointAuthMethod != document.MethodNone {
		view.ClientSecret = secret.Plain()
	}
}

// nameSecret tells the id of a secret that the answer shows.
func nameSecret(reply *web.Reply, view ory.Client, secret *snapshots.NewSecret) {
	if view.ClientSecret != "" {
		reply.Header["Tenure-Secret-Id"] = []string{secret.ID}
	}
}

// escapeTwice is a client_id in a Location: Hydra escapes it twice.
func escapeTwice(clientID string) string { return url.PathEscape(url.PathEscape(clientID)) }
