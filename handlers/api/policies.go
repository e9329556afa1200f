package api

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
)

func setupID(c *web.Call) snapshots.EntityID { return snapshots.EntityID(c.Var("setup")) }

func (h *handler) policy(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	p, err := h.Snapshots.Policy(c.Request.Context(), c.Scope, setupID(c), in)
	if err != nil {
		return nil, err
	}
	return h.listed(fromPolicy(p), in)
}

// putPolicy replaces the whole policy: what is left out gets its default.
func (h *handler) putPolicy(c *web.Call) (*web.Reply, error) {
	in := fromPolicy(snapshots.DefaultPolicy())
	in.OpenFinanceProfile = "" // its default depends on registration
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	p, err := toPolicy(in)
	if err != nil {
		return nil, err
	}
	setup, err := h.Snapshots.Mounted(c.Request.Context(), c.Scope, "", setupID(c))
	if err != nil {
		return nil, err
	}
	if err := h.Snapshots.SetPolicy(c.Request.Context(), c.Scope, setup.Module, setup.ID, p); err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, fromPolicy(p.Filled()))
}

func (h *handler) initialTokens(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	tokens, err := h.Snapshots.InitialTokens(c.Request.Context(), c.Scope, setupID(c), in)
	if err != nil {
		return nil, err
	}
	list := initialTokenList{InitialTokens: make([]initialToken, len(tokens))}
	for i, t := range tokens {
		list.InitialTokens[i] = fromInitialToken(t)
	}
	return h.listed(list, in)
}

func (h *handler) createInitialToken(c *web.Call) (*web.Reply, error) {
	var in newInitialToken
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	if err := c.Because(in.Reason); err != nil {
		return nil, err
	}
	t, err := toInitialToken(in)
	if err != nil {
		return nil, err
	}
	made, text, err := h.Snapshots.CreateInitialToken(c.Request.Context(), c.Scope, setupID(c), t)
	if err != nil {
		return nil, err
	}
	reply, err := web.JSON(http.StatusCreated, createdInitialToken{fromInitialToken(made), text})
	if err != nil {
		return nil, err
	}
	reply.NoStore = true
	return reply, nil
}

func (h *handler) revokeInitialToken(c *web.Call) (*web.Reply, error) {
	if err := h.Snapshots.RevokeInitialToken(c.Request.Context(), c.Scope, setupID(c), c.Var("token")); err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}
