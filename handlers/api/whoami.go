package api

import (
	"net/http"

	"tenure/handlers/web"
)

func (h *handler) whoami(c *web.Call) (*web.Reply, error) {
	return web.JSON(http.StatusOK, fromScope(c.Scope))
}
