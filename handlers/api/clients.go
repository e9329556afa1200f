package api

import (
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
)

const (
	clientPage    = 100
	maxClientPage = 500

	formAPI = "api" // of what is kept of clients
)

// clients lists the clients of a setup, the acting organization's default one
// if none is named, now or at an instant.
func (h *handler) clients(c *web.Call) (*web.Reply, error) {
	q := snapshots.PageQuery{After: c.Text("after"), Limit: int(c.Int("limit", clientPage)), Name: c.TextOrNil("name"), Owner: c.TextOrNil("owner"),
		In: snapshots.InstantOf(c.Instants()), Next: c.Scope.Allows(tenancy.Plans)}
	setup := snapshots.EntityID(c.Text("setup"))
	if setup == "" {
		setup = snapshots.EntityID(h.Tenancy.DefaultSetup(c.Scope.Acting()))
	}
	found, more, err := h.Snapshots.Elements(c.Request.Context(), c.Scope, setup, q, snapshots.Form{Name: formAPI, Fill: fill[document.Client]})
	if err != nil {
		return nil, err
	}
	objects, list := make([][]byte, len(found)), clientList{Clients: []client{}}
	for i, one := range found {
		objects[i] = seen(c.Scope, one.Rendering, one.Until)
		c.Show(string(one.Snapshot))
	}
	if more {
		list.Next = &found[len(found)-1].ClientID
	}
	reply, err := h.listed(list, q.In)
	if err == nil {
		const begin = `{"clients":[`
		reply.Body = web.Splice(reply.Body[:len(begin)], objects, reply.Body[len(begin):])
	}
	return reply, err
}
