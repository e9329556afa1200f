package slashid

import (
	"bytes"
	"net/http"
	"slices"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/history"
)

// headersOf are what every resolving answer tells beside its body.
func headersOf(v snapshots.Version[document.Client]) http.Header {
	return web.SnapshotHeaders(string(v.ID), v.ValidFrom.Time(), v.RecordedAt.Time(), v.Entity.Owner)
}

const (
	opening = `{"result":`
	closing = "}\n"
)

// rendered is an answer without last_used, and where in it that goes.
type rendered struct {
	*web.Reply
	at int
}

// object is the client object alone, with last_used where that is known.
func (r rendered) object(used history.Micros) []byte {
	whole := r.with(used)
	return whole[len(opening) : len(whole)-len(closing)]
}

// with is the answer's body with last_used in it; 0 is never.
func (r rendered) with(used history.Micros) []byte {
	if used == 0 {
		return r.Body
	}
	return slices.Concat(r.Body[:r.at], []byte(`,"last_used":"`+instant(used)+`"`), r.Body[r.at:])
}

// render answers with a client, from the store's cache of answers if it can.
func (h *surface) render(found snapshots.Resolved[document.Client]) (rendered, error) {
	key := snapshots.RenderKey{Entity: found.Entity.ID, Snapshot: found.ID, Setup: found.Setup.ID, Owner: found.Entity.Owner, Surface: Name}
	kept, err := h.Store.Render(key, func() (*snapshots.Rendering, error) {
		made, err := renderClient(found)
		if err != nil {
			return nil, err
		}
		return &snapshots.Rendering{Body: made.Body, Reply: made.Reply, Gap: made.at}, nil
	})
	if err != nil {
		return rendered{}, err
	}
	return rendered{kept.Reply.(*web.Reply), kept.Gap}, nil
}

// renderClient is pure. The owner is the object's last member, so that
// last_used goes before it.
func renderClient(found snapshots.Resolved[document.Client]) (rendered, error) {
	reply, err := answer(http.StatusOK, read(found))
	if err != nil {
		return rendered{}, err
	}
	reply.Header = headersOf(found.Version)
	return rendered{reply, bytes.LastIndex(reply.Body, []byte(`,"owner_organization_id":`))}, nil
}

// shown answers with a client as it is now.
func (h *surface) shown(c *web.Call, found snapshots.Resolved[document.Client]) (*web.Reply, error) {
	kept, err := h.render(found)
	if err != nil {
		return nil, err
	}
	used, err := h.Store.LastUsed(c.Request.Context(), c.Scope, found.Entity.ID)
	if err != nil {
		return nil, err
	}
	reply := kept.Reply
	if at := used[found.Entity.ID]; at != 0 {
		own := *reply
		own.Body = kept.with(at)
		reply = &own
	}
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}
