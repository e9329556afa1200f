package api

import (
	"net/http"

	"tenure/handlers/web"
)

func (s *surface) keys(c *web.Call) (*web.Reply, error) {
	keys, err := s.tenancy.Keys(c.Request.Context(), c.Scope)
	if err != nil {
		return nil, err
	}
	list := keyList{Keys: make([]key, len(keys))}
	for i, k := range keys {
		list.Keys[i] = fromKey(k)
	}
	return web.JSON(http.StatusOK, list)
}

func (s *surface) createKey(c *web.Call) (*web.Reply, error) {
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
	made, text, err := s.tenancy.CreateKey(c.Request.Context(), c.Scope, k)
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

func (s *surface) revokeKey(c *web.Call) (*web.Reply, error) {
	if err := s.tenancy.RevokeKey(c.Request.Context(), c.Scope, c.Var("key")); err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}
