package api

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy/fault"
)

// erase removes everything that a client ever said, for privacy law. Its
// client_id stands in the body once more, so that a wrong link erases nothing.
func (h *handler) erase(c *web.Call) (*web.Reply, error) {
	var in erasing
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	if err := c.Because(&in.Reason); err != nil {
		return nil, err
	}
	if in.Confirm == "" {
		return nil, fault.At("/confirm", "confirm", "confirm must be the client_id of the client to erase")
	}
	e, err := h.Snapshots.Erase(c.Request.Context(), c.Scope, snapshots.EntityID(c.Var("entity")),
		snapshots.Erasure{Reason: c.Scope.Reason(), ClientID: in.Confirm, Delete: in.Delete})
	if err != nil {
		return nil, err
	}
	// It is erased whatever comes of this; the answer says how far.
	scrubbed := h.Snapshots.Scrub(c.Request.Context(), c.Scope, false) == nil
	return web.JSON(http.StatusOK, erased{string(e.ID), e.ClientID, scrubbed})
}
