package api

import (
	"net/http"

	"tenure/handlers/web"
)

func (s *surface) whoami(c *web.Call) (*web.Reply, error) {
	return web.JSON(http.StatusOK, fromScope(c.Scope))
}
