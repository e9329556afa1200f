package api

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
)

func (h *handler) modules(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	names, err := h.Snapshots.Modules(c.Request.Context(), c.Scope, in)
	if err != nil {
		return nil, err
	}
	list := moduleList{Modules: make([]module, len(names))}
	for i, name := range names {
		list.Modules[i] = module{name}
	}
	return h.listed(list, in)
}

func (h *handler) createModule(c *web.Call) (*web.Reply, error) {
	var in module
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	if err := h.Snapshots.CreateModule(c.Request.Context(), c.Scope, in.Name); err != nil {
		return nil, err
	}
	return web.JSON(http.StatusCreated, in)
}
