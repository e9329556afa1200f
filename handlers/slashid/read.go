package slashid

import (
	"net/http"
	"slices"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// find resolves the client that the path names, and asks then whether the role
// allows what the route does: so a caller learns 404, 403 for a client that is
// not below it, and 403 for its role, in this order.
func (h *handler) find(c *web.Call) (snapshots.Resolved[document.Client], error) {
	return h.findAsOf(c, snapshots.Instant{})
}

// findAsOf is find at an instant.
func (h *handler) findAsOf(c *web.Call, in snapshots.Instant) (snapshots.Resolved[document.Client], error) {
	var none snapshots.Resolved[document.Client]
	id := c.Var("oauth_client_id")
	if !document.ReadableClientID(id) {
		return none, fault.New(fault.Malformed, "", "invalid oauth_client_id")
	}
	preferred := snapshots.EntityID(h.Tenancy.DefaultSetup(c.Scope.Acting()))
	name := snapshots.Anywhere(id, preferred).Within(c.Var("module"), snapshots.EntityID(c.Var("setupId")))
	found, err := snapshots.Resolve[document.Client](c.Request.Context(), h.Store, c.Scope, name, in)
	if fault.HasCode(err, fault.CodeClientUnknown) {
		return none, fault.New(fault.NotFound, fault.CodeClientUnknown, "could not find the OAuth2 client %s", id)
	}
	if fault.HasCode(err, fault.CodeSetupUnknown) {
		return none, errSetup()
	}
	if err != nil {
		return none, err
	}
	return found, c.Scope.Check(c.Route.Permission)
}

// getClient shows a client. At another instant it shows no last use, which is
// known only for now.
func (h *handler) getClient(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	found, err := h.findAsOf(c, in)
	if err != nil {
		return nil, err
	}
	if in.Given() {
		kept, err := h.render(found)
		if err != nil {
			return nil, err
		}
		return web.Then(web.Planned(kept.Reply, c.Scope, found.NextValidFrom), h.Store.Final(in)), nil
	}
	reply, err := h.answer(c, found)
	if err != nil {
		return nil, err
	}
	return h.Held.Until(reply, h.Store.Now().Time(), timeOf(found.NextValidFrom), timeOf(found.SetupNext)), nil
}

// timeOf is the zero time for no instant.
func timeOf(at history.Millis) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return at.Time()
}

// etag is the tag of a version in one of its forms.
func etag(found snapshots.Resolved[document.Client], form string) string {
	return web.Tag(string(found.ID), string(found.Setup.ID), string(found.Entity.Owner), form, "")
}

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
func (h *handler) render(found snapshots.Resolved[document.Client]) (rendered, error) {
	key := snapshots.RenderKey{Entity: found.Entity.ID, Snapshot: found.ID, Setup: found.Setup.ID, Owner: found.Entity.Owner, Surface: Name}
	kept, err := h.Store.Render(key, func() (*snapshots.Rendering, error) { return fill(found) })
	if err != nil {
		return rendered{}, err
	}
	return rendered{kept.Reply.(*web.Reply), kept.Gap}, nil
}

// fill renders a client; the cache keeps the result.
func fill(found snapshots.Resolved[document.Client]) (*snapshots.Rendering, error) {
	made, err := renderClient(found)
	if err != nil {
		return nil, err
	}
	return &snapshots.Rendering{Body: made.Body, Reply: made.Reply, Gap: made.at}, nil
}

// renderClient is pure. The owner is the object's last member, so that
// last_used goes before it.
func renderClient(found snapshots.Resolved[document.Client]) (rendered, error) {
	view := read(found)
	reply, err := success(http.StatusOK, view)
	if err != nil {
		return rendered{}, err
	}
	owner, err := web.Encode(view.Owner)
	if err != nil {
		return rendered{}, err
	}
	reply.Header, reply.ETag = headersOf(found.Version), etag(found, Name)
	return rendered{reply, len(reply.Body) - len(`,"owner_organization_id":`) - len(owner) - len(`}`+closing)}, nil
}

// answer shows a client as it is now.
func (h *handler) answer(c *web.Call, found snapshots.Resolved[document.Client]) (*web.Reply, error) {
	kept, err := h.render(found)
	if err != nil {
		return nil, err
	}
	used, err := h.Store.LastUsed(c.Request.Context(), c.Scope, found.Entity.ID)
	if err != nil {
		return nil, err
	}
	reply := kept.Reply
	if at := used[0]; at != 0 {
		own := *reply
		own.Body = kept.with(at)
		reply = &own
	}
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}
