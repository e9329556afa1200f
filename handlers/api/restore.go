package api

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
)

// oneEach is the surface that registers a piece of software once: package
// openfinance's.
const oneEach = "openfinance"

// because reads the body of a restoration.
func because(c *web.Call) error {
	body, err := c.Body()
	if err != nil || len(body) == 0 {
		return err
	}
	var in restoring
	if err := c.JSON(&in, strict); err != nil {
		return err
	}
	return c.Because(in.Reason)
}

func (h *handler) restoreClient(c *web.Call) (*web.Reply, error) {
	if err := because(c); err != nil {
		return nil, err
	}
	out, lost, err := h.Snapshots.RestoreClient(c.Request.Context(), c.Scope, snapshots.EntityID(c.Var("entity")), oneEach)
	if err != nil {
		return nil, err
	}
	wire, err := fromClient(c.Scope, out.Resolved)
	if err != nil {
		return nil, err
	}
	reply, err := web.JSON(http.StatusOK, written{Changed: out.Changed, Client: wire, NotRevived: fromLost(lost)})
	if err != nil {
		return nil, err
	}
	reply.Header = web.SnapshotHeaders(string(out.ID), out.ValidFrom.Time(), out.RecordedAt.Time(), out.Entity.Owner)
	return reply, nil
}

func (h *handler) restoreSetup(c *web.Call) (*web.Reply, error) {
	if err := because(c); err != nil {
		return nil, err
	}
	out, err := h.Snapshots.RestoreSetup(c.Request.Context(), c.Scope, snapshots.EntityID(c.Var("setup")))
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, restoredSetup{ID: string(out.Entity.ID), Module: out.Entity.Module, Name: out.Content.Name,
		OrganizationID: string(out.Entity.Owner), SnapshotID: string(out.ID), EffectiveFrom: fromMillis(out.ValidFrom)})
}

func (h *handler) restoreOrganization(c *web.Call) (*web.Reply, error) {
	if err := because(c); err != nil {
		return nil, err
	}
	o, err := h.Tenancy.RestoreOrganization(c.Request.Context(), c.Scope, named(c), h.Snapshots.Restoring())
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, fromOrganization(c.Scope, o))
}
