package api

import (
	"net/http"

	"tenure/handlers/web"
)

// secrets lists what may be told of a client's secrets; the client is named by
// its client_id, as every dialect shows it.
func (h *handler) secrets(c *web.Call) (*web.Reply, error) {
	ref, err := h.Snapshots.RefByID(c.Request.Context(), c.Scope, setupID(c), c.Var("client"))
	if err != nil {
		return nil, err
	}
	secrets, err := h.Snapshots.Secrets(c.Request.Context(), c.Scope, ref)
	if err != nil {
		return nil, err
	}
	list := secretList{Secrets: make([]secret, len(secrets))}
	for i, one := range secrets {
		list.Secrets[i] = fromSecret(one)
	}
	return web.JSON(http.StatusOK, list)
}
