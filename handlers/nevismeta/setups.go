package nevismeta

import (
	"net/http"
	"net/url"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

func (h *surface) getSetup(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	found, err := snapshots.Resolve[document.Setup](c.Request.Context(), h.store, c.Scope, snapshots.ByRef(setupRef(c)), in)
	if err != nil {
		return nil, err
	}
	reply, err := h.setupReply(c, found)
	return h.dated(reply, in, found.NextValidFrom), err
}

func (h *surface) setupReply(c *web.Call, found snapshots.Resolved[document.Setup]) (*web.Reply, error) {
	reply, err := render(h.store, found, formResolved, http.StatusOK, func() ([]byte, error) {
		doc, at := setupView(found.Content), instant(found.ValidFrom)
		doc.ValidFrom = &at
		return line(doc)
	})
	if err != nil {
		return nil, err
	}
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}

func line(doc any) ([]byte, error) {
	body, err := encode(doc)
	return append(body, '\n'), err
}

func (h *surface) getSetupSnapshot(c *web.Call) (*web.Reply, error) {
	found, err := snapshots.Snapshot[document.Setup](c.Request.Context(), h.store, c.Scope, snapshots.ByRef(setupRef(c)), snapshotID(c))
	if err != nil {
		return nil, err
	}
	return h.setupReply(c, found)
}

func (h *surface) listSetups(c *web.Call) (*web.Reply, error) {
	filter, err := listQuery(c)
	if err != nil {
		return nil, err
	}
	listed, err := snapshots.List[document.Setup](c.Request.Context(), h.store, c.Scope, snapshots.Ref{Module: c.Var("module")}, filter)
	if err != nil {
		return nil, err
	}
	return ids("setupIds", listed)
}

// setupChange reads a written setup.
func setupChange(c *web.Call) (snapshots.Change[document.Setup], error) {
	var doc setupDoc
	var ch snapshots.Change[document.Setup]
	if err := c.JSON(&doc, web.JSONOptions{Strict: true}); err != nil {
		return ch, err
	}
	if err := shortLists(map[string]int{"metadata": len(doc.Metadata)}); err != nil {
		return ch, err
	}
	validFrom, faults := start(doc.ValidFrom)
	ch.ValidFrom = validFrom
	ch.Apply = func(*document.Setup, *document.Setup) (*document.Setup, error) {
		return doc.setup(), fault.Rules(faults)
	}
	return ch, nil
}

func (h *surface) postSetup(c *web.Call) (*web.Reply, error) {
	ch, err := setupChange(c)
	if err != nil {
		return nil, err
	}
	out, err := h.store.CreateSetup(c.Request.Context(), c.Scope, c.Var("module"), ch)
	if err != nil {
		return nil, err
	}
	return created("/v2/modules/"+url.PathEscape(out.Entity.Module)+"/setups/"+string(out.Entity.ID), http.StatusCreated,
		map[string]any{"setupId": out.Entity.ID})
}

func (h *surface) putSetup(c *web.Call) (*web.Reply, error) {
	ch, err := setupChange(c)
	if err != nil {
		return nil, err
	}
	if ch.Match, err = web.Match(c); err != nil {
		return nil, err
	}
	out, err := snapshots.Edit(c.Request.Context(), h.store, c.Scope, setupRef(c), ch)
	if err != nil {
		return nil, err
	}
	return h.setupReply(c, out.Resolved)
}
