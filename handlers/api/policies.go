package api

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
)

func setupID(c *web.Call) snapshots.EntityID { return snapshots.EntityID(c.Var("setup")) }

func (s *surface) policy(c *web.Call) (*web.Reply, error) {
	p, err := s.Policy(c.Request.Context(), c.Scope, setupID(c))
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, fromPolicy(p))
}

// putPolicy replaces the whole policy: what is left out gets its default.
func (s *surface) putPolicy(c *web.Call) (*web.Reply, error) {
	in := fromPolicy(snapshots.DefaultPolicy())
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	p, err := toPolicy(in)
	if err != nil {
		return nil, err
	}
	setup, err := s.Setup(c.Request.Context(), c.Scope, setupID(c))
	if err != nil {
		return nil, err
	}
	if err := s.SetPolicy(c.Request.Context(), c.Scope, setup.Module, setup.ID, p); err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, fromPolicy(p))
}

func (s *surface) initialTokens(c *web.Call) (*web.Reply, error) {
	tokens, err := s.InitialTokens(c.Request.Context(), c.Scope, setupID(c))
	if err != nil {
		return nil, err
	}
	list := initialTokenList{InitialTokens: make([]initialToken, len(tokens))}
	for i, t := range tokens {
		list.InitialTokens[i] = fromInitialToken(t)
	}
	return web.JSON(http.StatusOK, list)
}

func (s *surface) createInitialToken(c *web.Call) (*web.Reply, error) {
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
	made, text, err := s.CreateInitialToken(c.Request.Context(), c.Scope, setupID(c), t)
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

func (s *surface) revokeInitialToken(c *web.Call) (*web.Reply, error) {
	if err := s.RevokeInitialToken(c.Request.Context(), c.Scope, setupID(c), c.Var("token")); err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}
