package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const (
	clientPage    = 100
	maxClientPage = 500

	formAPI = "api" // of what is kept of clients
)

func entityID(c *web.Call) snapshots.EntityID { return snapshots.EntityID(c.Var("entity")) }

// client resolves a client by its entity id, now or at an instant.
func (h *handler) client(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	found, err := snapshots.Resolve[document.Client](c.Request.Context(), h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), in)
	if err != nil {
		return nil, err
	}
	object, err := h.object(c, found, in)
	if err != nil {
		return nil, err
	}
	reply := &web.Reply{Status: http.StatusOK, Body: append(object, '\n')}
	reply.ETag = tag(found, reply.Body)
	reply.Header = web.SnapshotHeaders(string(found.ID), found.ValidFrom.Time(), found.RecordedAt.Time(), found.Entity.Owner)
	return h.dated(web.Planned(reply, c.Scope, found.NextValidFrom), in, found.NextValidFrom, found.SetupNext), nil
}

// object shows a client, with the next snapshot where that is asked for.
func (h *handler) object(c *web.Call, found snapshots.Resolved[document.Client], in snapshots.Instant) ([]byte, error) {
	if c.Text("include") == "" {
		key := snapshots.RenderKey{Entity: found.Entity.ID, Snapshot: found.ID, Setup: found.Setup.ID, Owner: found.Entity.Owner, Surface: formAPI}
		kept, err := h.Snapshots.Render(key, func() (*snapshots.Rendering, error) { return fill(found) })
		if err != nil {
			return nil, err
		}
		return seen(c.Scope, kept, found.Until()), nil
	}
	wire, err := fromClient(c.Scope, found)
	if err == nil {
		err = h.include(c, &wire, found, in)
	}
	if err != nil {
		return nil, err
	}
	return web.Encode(wire)
}

// include adds the next snapshot where it is asked for, so that a caller can
// switch at the instant by itself.
func (h *handler) include(c *web.Call, wire *client, found snapshots.Resolved[document.Client], in snapshots.Instant) error {
	if c.Text("include") == "" {
		return nil
	}
	if err := c.Scope.Check(tenancy.Plans); err != nil || found.NextValidFrom == 0 {
		return err
	}
	in.At = &found.NextValidFrom
	next, err := snapshots.Resolve[document.Client](c.Request.Context(), h.Snapshots, c.Scope, snapshots.ByEntity(found.Entity.ID), in)
	if fault.Is(err, fault.Gone) {
		return nil // by then it is deleted
	}
	if err != nil {
		return err
	}
	c.Show(string(next.ID))
	then, err := fromClient(c.Scope, next)
	wire.Next = &then
	return err
}

// tag is the entity tag of a client's answer. The body also depends on what is
// planned and on who may see that, so its form is a digest of it.
func tag(found snapshots.Resolved[document.Client], body []byte) string {
	sum := sha256.Sum256(body)
	return web.Tag(string(found.ID), string(found.Setup.ID), string(found.Entity.Owner), "api-"+hex.EncodeToString(sum[:8]), "")
}

// dated says how long an answer about an instant may be held.
func (h *handler) dated(reply *web.Reply, in snapshots.Instant, ends ...history.Millis) *web.Reply {
	if in.Given() {
		return web.Then(reply, h.Snapshots.Final(in))
	}
	until := make([]time.Time, 0, len(ends))
	for _, end := range ends {
		if end != 0 {
			until = append(until, end.Time())
		}
	}
	return h.Held.Until(reply, h.Snapshots.Now().Time(), until...)
}

// clients lists the clients of a setup, the acting organization's default one
// if none is named, now or at an instant.
func (h *handler) clients(c *web.Call) (*web.Reply, error) {
	q := snapshots.PageQuery{After: c.Text("after"), Limit: int(c.Int("limit", clientPage)), Name: c.TextOrNil("name"), Owner: c.TextOrNil("owner"),
		In: snapshots.InstantOf(c.Instants()), Next: c.Scope.Allows(tenancy.Plans)}
	setup := snapshots.EntityID(c.Text("setup"))
	if setup == "" {
		setup = snapshots.EntityID(h.Tenancy.DefaultSetup(c.Scope.Acting()))
	}
	found, more, err := h.Snapshots.Elements(c.Request.Context(), c.Scope, setup, q, snapshots.Form{Name: formAPI, Fill: fill})
	if err != nil {
		return nil, err
	}
	objects, list := make([][]byte, len(found)), clientList{Clients: []client{}}
	for i, one := range found {
		objects[i] = seen(c.Scope, one.Rendering, one.Until)
		c.Show(string(one.Snapshot))
	}
	if more {
		list.Next = &found[len(found)-1].ClientID
	}
	reply, err := h.listed(list, q.In)
	if err == nil {
		const begin = `{"clients":[`
		reply.Body = web.Splice(reply.Body[:len(begin)], objects, reply.Body[len(begin):])
	}
	return reply, err
}

// snapshot shows one snapshot of a client, past, in force or planned.
func (h *handler) snapshot(c *web.Call) (*web.Reply, error) {
	found, err := snapshots.Snapshot[document.Client](c.Request.Context(), h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), snapshots.SnapshotID(c.Var("snapshot")))
	if err != nil {
		return nil, err
	}
	wire, err := fromClient(c.Scope, found)
	if err != nil {
		return nil, err
	}
	c.Show(string(found.ID))
	return web.JSON(http.StatusOK, wire)
}
