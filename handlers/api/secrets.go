package api

import (
	"tenure/handlers/web"
	"tenure/snapshots"
)

// secrets lists what may be told of a client's secrets; the client is named by
// its client_id, as every dialect shows it.
func (h *handler) secrets(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	secrets, err := h.Snapshots.SecretsAsOf(c.Request.Context(), c.Scope, setupID(c), c.Var("client"), in)
	if err != nil {
		return nil, err
	}
	list := secretList{Secrets: make([]secret, len(secrets))}
	for i, one := range secrets {
		list.Secrets[i] = fromSecret(one)
	}
	return h.listed(list, in)
}
