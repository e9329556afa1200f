package nevismeta

import (
	"net/http"
	"net/url"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

func (h *surface) getServer(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	found, err := snapshots.Resolve[document.ResourceServer](c.Request.Context(), h.store, c.Scope, snapshots.ByRef(serverRef(c)), in)
	if err != nil {
		return nil, err
	}
	reply, err := h.serverReply(c, found)
	return h.dated(reply, in, found.NextValidFrom, found.SetupNext), err
}

func (h *surface) serverReply(c *web.Call, found snapshots.Resolved[document.ResourceServer]) (*web.Reply, error) {
	reply, err := render(h.store, found, formResolved, http.StatusOK, func() ([]byte, error) {
		doc, at := serverView(found.Content), instant(found.ValidFrom)
		doc.ValidFrom = &at
		return line(doc)
	})
	if err != nil {
		return nil, err
	}
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}

func (h *surface) getServerSnapshot(c *web.Call) (*web.Reply, error) {
	found, err := snapshots.Snapshot[document.ResourceServer](c.Request.Context(), h.store, c.Scope, snapshots.ByRef(serverRef(c)), snapshotID(c))
	if err != nil {
		return nil, err
	}
	return h.serverReply(c, found)
}

func (h *surface) listServers(c *web.Call) (*web.Reply, error) {
	filter, err := listQuery(c)
	if err != nil {
		return nil, err
	}
	ref := setupRef(c)
	listed, err := snapshots.List[document.ResourceServer](c.Request.Context(), h.store, c.Scope, snapshots.Ref{Module: ref.Module, Setup: ref.Setup}, filter)
	if err != nil {
		return nil, err
	}
	return ids("resourceServerIds", listed)
}

// serverChange reads a written resource server.
func serverChange(c *web.Call) (snapshots.Change[document.ResourceServer], error) {
	var doc serverDoc
	var ch snapshots.Change[document.ResourceServer]
	if err := c.JSON(&doc, web.JSONOptions{Strict: true}); err != nil {
		return ch, err
	}
	if err := shortLists(map[string]int{"metadata": len(doc.Metadata), "scopes": len(doc.Scopes)}); err != nil {
		return ch, err
	}
	validFrom, faults := start(doc.ValidFrom)
	if doc.Scopes == nil {
		faults = append(faults, fault.Field{Path: "/scopes", Rule: "required", Message: "it is required, and may be empty"})
	}
	ch.ValidFrom = validFrom
	ch.Apply = func(*document.ResourceServer, *document.Setup) (*document.ResourceServer, error) {
		return doc.server(), fault.Rules(faults)
	}
	return ch, nil
}

func (h *surface) postServer(c *web.Call) (*web.Reply, error) {
	ch, err := serverChange(c)
	if err != nil {
		return nil, err
	}
	ref := setupRef(c)
	out, err := h.store.CreateResourceServer(c.Request.Context(), c.Scope, ref.Module, ref.Setup, ch)
	if err != nil {
		return nil, err
	}
	return created("/v2/modules/"+url.PathEscape(ref.Module)+"/setups/"+string(ref.Setup)+"/resource-servers/"+string(out.Entity.ID),
		http.StatusCreated, map[string]any{"resourceServerId": out.Entity.ID})
}

func (h *surface) putServer(c *web.Call) (*web.Reply, error) {
	ch, err := serverChange(c)
	if err != nil {
		return nil, err
	}
	replace, _, err := boolQuery(c, "replaceActiveState")
	if err != nil {
		return nil, err
	}
	if replace && ch.ValidFrom != nil {
		return nil, fault.At("/valid_from", "replace", "omit it: replaceActiveState replaces the active state now")
	}
	if ch.Match, err = web.Match(c); err != nil {
		return nil, err
	}
	out, err := snapshots.Edit(c.Request.Context(), h.store, c.Scope, serverRef(c), ch)
	if err != nil {
		return nil, err
	}
	return h.serverReply(c, out.Resolved)
}
