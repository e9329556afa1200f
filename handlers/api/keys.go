package api

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
)

func (h *handler) keys(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	var keys []tenancy.Key
	var err error
	if in.Given() {
		keys, err = h.Tenancy.KeysAsOf(c.Request.Context(), c.Scope, h.recorded(in))
	} else {
		keys, err = h.Tenancy.Keys(c.Request.Context(), c.Scope)
	}
	if err != nil {
		return nil, err
	}
	list := keyList{Keys: make([]key, len(keys))}
	for i, k := range keys {
		list.Keys[i] = fromKey(k)
	}
	return h.listed(list, in)
}

func (h *handler) createKey(c *web.Call) (*web.Reply, error) {
	var in newKey
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	if err := c.Because(in.Reason); err != nil {
		return nil, err
	}
	k, err := toKey(in, c.Scope.Acting())
	if err != nil {
		return nil, err
	}
	made, text, err := h.Tenancy.CreateKey(c.Request.Context(), c.Scope, k)
	if err != nil {
		return nil, err
	}
	reply, err := web.JSON(http.StatusCreated, createdKey{fromKey(made), text})
	if err != nil {
		return nil, err
	}
	reply.NoStore = true
	return reply, nil
}

func (h *handler) revokeKey(c *web.Call) (*web.Reply, error) {
	if err := h.Tenancy.RevokeKey(c.Request.Context(), c.Scope, c.Var("key")); err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}
