package slashid

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// maxPage is how many clients an answer holds at most, and without a limit.
const maxPage = 1000

func (h *handler) listClients(c *web.Call) (*web.Reply, error) {
	q := page(c)
	q.Module, q.Setup = c.Var("module"), snapshots.EntityID(c.Var("setupId"))
	found, total, err := h.Store.OwnedElements(c.Request.Context(), c.Scope, q, snapshots.Form{Name: Name, Fill: fill})
	if fault.HasCode(err, fault.CodeSetupUnknown) {
		err = errSetup()
	}
	if err != nil {
		return nil, err
	}
	used, err := h.lastUsed(c, found, q.In)
	if err != nil {
		return nil, err
	}
	objects := make([][]byte, len(found))
	for i, one := range found {
		c.Show(string(one.Snapshot))
		objects[i] = rendered{one.Reply.(*web.Reply), one.Gap}.object(used[i])
	}
	empty, err := web.Encode(envelope{Meta: &meta{pagination{q.Limit, q.Offset, total}}, Result: []raw{}})
	if err != nil {
		return nil, err
	}
	const end = "]}"
	at := len(empty) - len(end)
	reply := &web.Reply{Status: http.StatusOK, Body: append(web.Splice(empty[:at], objects, empty[at:]), '\n')}
	if !q.In.Given() {
		return reply, nil
	}
	return web.Then(reply, h.Store.Final(q.In)), nil
}

// lastUsed is when each client was last used; never, at another instant than now.
func (h *handler) lastUsed(c *web.Call, found []snapshots.Element, in snapshots.Instant) ([]history.Micros, error) {
	if in.Given() {
		return make([]history.Micros, len(found)), nil
	}
	ids := make([]snapshots.EntityID, len(found))
	for i := range found {
		ids[i] = found[i].Entity
	}
	return h.Store.LastUsed(c.Request.Context(), c.Scope, ids...)
}

// page reads what of a list is asked for.
func page(c *web.Call) snapshots.OwnedQuery {
	return snapshots.OwnedQuery{Limit: int(c.Int("limit", maxPage)), Offset: int(c.Int("offset", 0)), Descendants: c.Flag("descendants"),
		In: snapshots.InstantOf(c.Instants())}
}
