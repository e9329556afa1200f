package api

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// objects answers the routes that clients, setups and resource servers have in common,
// for one of the three.
type objects[T document.Content] struct {
	*handler
	kind snapshots.Kind
}

// entityID is the object that the path names.
func entityID(c *web.Call) snapshots.EntityID {
	return snapshots.EntityID(cmp.Or(c.Var("entity"), c.Var("setup")))
}

// audits is an error for callers who may not see the object's past.
func (h objects[T]) audits(c *web.Call) error {
	_, err := h.Snapshots.Audited(c.Request.Context(), c.Scope, h.kind, entityID(c))
	return err
}

// ref names the object for a change, which asks again whether the caller may make it.
func (h objects[T]) ref(c *web.Call) (snapshots.Ref, error) {
	var e snapshots.Entity
	var err error
	if h.kind == snapshots.KindClient {
		e, _, err = h.Snapshots.Find(c.Request.Context(), c.Scope, snapshots.ByEntity(entityID(c)))
	} else {
		e, err = h.Snapshots.Audited(c.Request.Context(), c.Scope, h.kind, entityID(c))
		if fault.Is(err, fault.Forbidden) {
			err = fault.New(fault.Forbidden, "", "only the organization that owns the setup, or one above it, may change it")
		}
	}
	return e.Ref(), err
}

// get resolves an object by its id, now or at an instant.
func (h objects[T]) get(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	found, err := snapshots.Resolve[T](c.Request.Context(), h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), in)
	if err != nil {
		return nil, err
	}
	scope, err := h.sight(c, found.Entity)
	if err != nil {
		return nil, err
	}
	object, err := h.object(c, scope, found, in)
	if err != nil {
		return nil, err
	}
	reply := &web.Reply{Status: http.StatusOK, Body: append(object, '\n')}
	reply.ETag = tag(found, reply.Body)
	reply.Header = web.SnapshotHeaders(string(found.ID), found.ValidFrom.Time(), found.RecordedAt.Time(), found.Entity.Owner)
	return h.dated(web.Planned(reply, scope, found.NextValidFrom), in, found.NextValidFrom, found.SetupNext), nil
}

// sight is the scope by which an object is shown. Those who may only use a setup or its
// resource servers do not see when the next snapshot takes effect.
func (h objects[T]) sight(c *web.Call, e snapshots.Entity) (tenancy.Scope, error) {
	if c.Scope.CoversObject(string(e.ID), e.Owner) {
		return c.Scope, nil
	}
	if !c.Scope.Allows(tenancy.History | tenancy.Plans) {
		return tenancy.Scope{}, nil
	}
	err := h.audits(c)
	if fault.Is(err, fault.Forbidden) {
		return tenancy.Scope{}, nil
	}
	return c.Scope, err
}

// object shows an object, with the next snapshot where that is asked for.
func (h objects[T]) object(c *web.Call, scope tenancy.Scope, found snapshots.Resolved[T], in snapshots.Instant) ([]byte, error) {
	if c.Text("include") == "" {
		key := snapshots.RenderKey{Entity: found.Entity.ID, Snapshot: found.ID, Setup: found.Setup.ID, Owner: found.Entity.Owner, Surface: formAPI}
		kept, err := h.Snapshots.Render(key, func() (*snapshots.Rendering, error) { return fill(found) })
		if err != nil {
			return nil, err
		}
		return seen(scope, kept, found.Until()), nil
	}
	next, err := h.next(c, found, in)
	if err != nil {
		return nil, err
	}
	wire, err := fromObject(scope, found, next)
	if err != nil {
		return nil, err
	}
	return web.Encode(wire)
}

// next is the snapshot that follows, nil for none, so that a caller can switch at the
// instant by itself.
func (h objects[T]) next(c *web.Call, found snapshots.Resolved[T], in snapshots.Instant) (any, error) {
	if err := c.Scope.Check(tenancy.Plans); err != nil || found.NextValidFrom == 0 {
		return nil, err
	}
	in.At = &found.NextValidFrom
	next, err := snapshots.Resolve[T](c.Request.Context(), h.Snapshots, c.Scope, snapshots.ByEntity(found.Entity.ID), in)
	if fault.Is(err, fault.Gone) {
		return nil, nil // by then it is deleted
	}
	if err != nil {
		return nil, err
	}
	c.Show(string(next.ID))
	return fromObject(c.Scope, next, nil)
}

// tag is the entity tag of an object's answer. The body also depends on what is
// planned and on who may see that, so its form is a digest of it.
func tag[T document.Content](found snapshots.Resolved[T], body []byte) string {
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

// series lists an object's snapshots without their content, past, in force and planned.
func (h objects[T]) series(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	all, err := snapshots.Series[T](c.Request.Context(), h.Snapshots, c.Scope, entityID(c), in)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(v snapshots.Version[T]) bool { return v.Tombstone })
	if after := c.Text("after"); after != "" {
		at := slices.IndexFunc(all, func(v snapshots.Version[T]) bool { return string(v.ID) == after })
		if at < 0 {
			return nil, badParameter("after", "after must be the next of the page before")
		}
		all = all[at+1:]
	}
	list := snapshotList{Snapshots: []snapshot{}}
	if size := pageSize(c); len(all) > size {
		all = all[:size]
		list.Next = orNull(string(all[size-1].ID))
	}
	for _, v := range all {
		list.Snapshots = append(list.Snapshots, fromVersion(v))
	}
	return h.listed(list, in)
}

// snapshot shows one snapshot of an object, past, in force or planned.
func (h objects[T]) snapshot(c *web.Call) (*web.Reply, error) {
	found, err := snapshots.Snapshot[T](c.Request.Context(), h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), snapshots.SnapshotID(c.Var("snapshot")))
	if err != nil {
		return nil, err
	}
	wire, err := fromObject(c.Scope, found, nil)
	if err != nil {
		return nil, err
	}
	c.Show(string(found.ID))
	return web.JSON(http.StatusOK, wire)
}
