package api

import (
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy/fault"
)

// secrets lists what may be told of a client's secrets; the client is named by
// its client_id, as every dialect shows it.
func (h *handler) secrets(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	secrets, err := h.Snapshots.Secrets(c.Request.Context(), c.Scope, snapshots.ByClientID("", setupID(c), c.Var("client")), in)
	if fault.HasCode(err, fault.CodeSetupUnknown) {
		err = fault.New(fault.NotFound, fault.CodeClientUnknown, "there is no such client")
	}
	if err != nil {
		return nil, err
	}
	list := secretList{Secrets: make([]secret, len(secrets))}
	for i, one := range secrets {
		list.Secrets[i] = fromSecret(one)
	}
	return h.listed(list, in)
}
