package slashid

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// maxPage is how many clients an answer holds at most, and without a limit.
const maxPage = 1000

func (h *handler) listClients(c *web.Call) (*web.Reply, error) {
	q := page(c)
	q.Module, q.Setup = c.Var("module"), snapshots.EntityID(c.Var("setupId"))
	found, total, err := h.Store.Owned(c.Request.Context(), c.Scope, q)
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
	objects := make([]raw, len(found))
	for i := range found {
		kept, err := h.render(found[i])
		if err != nil {
			return nil, err
		}
		objects[i] = kept.object(used[i])
	}
	reply, err := web.JSON(http.StatusOK, envelope{Meta: &meta{pagination{q.Limit, q.Offset, total}}, Result: objects})
	if err != nil || !q.In.Given() {
		return reply, err
	}
	return web.Then(reply, h.Store.Final(q.In)), nil
}

// lastUsed is when each client was last used; never, at another instant than now.
func (h *handler) lastUsed(c *web.Call, found []snapshots.Resolved[document.Client], in snapshots.Instant) ([]history.Micros, error) {
	if in.Given() {
		return make([]history.Micros, len(found)), nil
	}
	ids := make([]snapshots.EntityID, len(found))
	for i := range found {
		ids[i] = found[i].Entity.ID
	}
	return h.Store.LastUsed(c.Request.Context(), c.Scope, ids...)
}

// page reads what of a list is asked for.
func page(c *web.Call) snapshots.OwnedQuery {
	return snapshots.OwnedQuery{Limit: int(c.Int("limit", maxPage)), Offset: int(c.Int("offset", 0)), Descendants: c.Flag("descendants"),
		In: snapshots.InstantOf(c.Instants())}
}
