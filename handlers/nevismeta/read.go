package nevismeta

import (
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

func (h *handler) getClient(c *web.Call) (*web.Reply, error) {
	form := formResolved
	resolved, given, err := boolQuery(c, "resolve")
	if err != nil {
		return nil, err
	}
	if given && !resolved {
		form = formRaw
	}
	in := snapshots.InstantOf(c.Instants())
	found, err := snapshots.Resolve[document.Client](c.Request.Context(), h.Store, c.Scope, snapshots.ByRef(clientRef(c)), in)
	if err != nil {
		return nil, err
	}
	if in.Given() {
		reply, err := h.clientThen(c, found, form)
		return h.dated(reply, in), err
	}
	reply, err := h.clientReply(c, found, form)
	return h.fresh(reply, found.NextValidFrom, found.SetupNext), err
}

func (h *handler) getClientSnapshot(c *web.Call) (*web.Reply, error) {
	found, err := snapshots.Snapshot[document.Client](c.Request.Context(), h.Store, c.Scope, snapshots.ByRef(clientRef(c)), snapshotID(c))
	if err != nil {
		return nil, err
	}
	return h.clientReply(c, found, formResolved)
}

func (h *handler) getSetup(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	found, err := snapshots.Resolve[document.Setup](c.Request.Context(), h.Store, c.Scope, snapshots.ByRef(setupRef(c)), in)
	if err != nil {
		return nil, err
	}
	reply, err := h.setupReply(c, found)
	return h.dated(reply, in, found.NextValidFrom), err
}

func (h *handler) getSetupSnapshot(c *web.Call) (*web.Reply, error) {
	found, err := snapshots.Snapshot[document.Setup](c.Request.Context(), h.Store, c.Scope, snapshots.ByRef(setupRef(c)), snapshotID(c))
	if err != nil {
		return nil, err
	}
	return h.setupReply(c, found)
}

func (h *handler) setupReply(c *web.Call, found snapshots.Resolved[document.Setup]) (*web.Reply, error) {
	return render(h, c, found, func() any {
		doc, at := fromSetup(found.Content), instant(found.ValidFrom)
		doc.ValidFrom = &at
		return doc
	})
}

func (h *handler) getServer(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	found, err := snapshots.Resolve[document.ResourceServer](c.Request.Context(), h.Store, c.Scope, snapshots.ByRef(serverRef(c)), in)
	if err != nil {
		return nil, err
	}
	reply, err := h.serverReply(c, found)
	return h.dated(reply, in, found.NextValidFrom, found.SetupNext), err
}

func (h *handler) getServerSnapshot(c *web.Call) (*web.Reply, error) {
	found, err := snapshots.Snapshot[document.ResourceServer](c.Request.Context(), h.Store, c.Scope, snapshots.ByRef(serverRef(c)), snapshotID(c))
	if err != nil {
		return nil, err
	}
	return h.serverReply(c, found)
}

func (h *handler) serverReply(c *web.Call, found snapshots.Resolved[document.ResourceServer]) (*web.Reply, error) {
	return render(h, c, found, func() any {
		doc, at := fromServer(found.Content), instant(found.ValidFrom)
		doc.ValidFrom = &at
		return doc
	})
}
