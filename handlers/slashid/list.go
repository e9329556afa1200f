package slashid

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy/fault"
)

// maxPage is how many clients an answer holds at most, and without a limit.
const maxPage = 1000

func (h *surface) listClients(c *web.Call) (*web.Reply, error) {
	q := page(c)
	q.Module, q.Setup = c.Var("module"), snapshots.EntityID(c.Var("setupId"))
	found, total, err := h.Store.Owned(c.Request.Context(), c.Scope, q)
	if fault.HasCode(err, fault.CodeSetupUnknown) {
		err = errSetup()
	}
	if err != nil {
		return nil, err
	}
	ids := make([]snapshots.EntityID, len(found))
	for i := range found {
		ids[i] = found[i].Entity.ID
	}
	used, err := h.Store.LastUsed(c.Request.Context(), c.Scope, ids...)
	if err != nil {
		return nil, err
	}
	objects := make([]raw, len(found))
	for i := range found {
		kept, err := h.render(found[i])
		if err != nil {
			return nil, err
		}
		objects[i] = kept.object(used[found[i].Entity.ID])
	}
	return web.JSON(http.StatusOK, success{Meta: &meta{pagination{q.Limit, q.Offset, total}}, Result: objects})
}

// page reads what of a list is asked for.
func page(c *web.Call) snapshots.OwnedQuery {
	return snapshots.OwnedQuery{Limit: int(c.Int("limit", maxPage)), Offset: int(c.Int("offset", 0)), Descendants: c.Flag("descendants"),
		In: snapshots.InstantOf(c.Instants())}
}
