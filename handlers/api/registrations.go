package api

import (
	"context"
	"fmt"
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Registration makes a registration access token for a client, in the form of the API
// at which it manages itself, and says by which address it does.
type Registration func(c *web.Call, e snapshots.Entity) (token *snapshots.NewToken, uri string)

// registrationToken gives a client a new registration access token. The one before
// ends.
func (h *handler) registrationToken(c *web.Call) (*web.Reply, error) {
	ctx := c.Request.Context()
	e, state, err := h.Snapshots.Find(ctx, c.Scope, snapshots.ByEntity(entityID(c)))
	if err == nil && state == snapshots.Deleted {
		err = fault.New(fault.NotFound, fault.CodeClientUnknown, "there is no such client")
	}
	if err != nil {
		return nil, err
	}
	token, uri := h.Registration(c, e)
	out, err := snapshots.Edit(ctx, h.Snapshots, c.Scope, e.Ref(), snapshots.Change[document.Client]{Token: token,
		Apply: func(base *document.Client, _ *document.Setup) (*document.Client, error) {
			if base == nil {
				return nil, fault.New(fault.NotFound, fault.CodeClientUnknown, "the client is only planned")
			}
			return base, nil
		}})
	if err != nil {
		return nil, err
	}
	made := registrationToken{EntityID: string(e.ID), ClientID: e.ClientID, ClientURI: uri}
	if !out.Repeated {
		made.Token = token.Text
	}
	reply, err := web.JSON(http.StatusCreated, made)
	if err != nil {
		return nil, err
	}
	reply.NoStore = true
	return reply, nil
}

// selfQuery asks for clients of a setup that registered themselves.
func (h *handler) selfQuery(c *web.Call) snapshots.PageQuery {
	q := snapshots.PageQuery{Itself: true, Unused: c.Flag("unused"), Limit: maxClientPage}
	if before := c.Instant("registered_before"); before != nil {
		q.Before = history.Micros(before.UnixMicro())
	}
	return q
}

// registrations lists the clients of a setup that registered themselves.
func (h *handler) registrations(c *web.Call) (*web.Reply, error) {
	ctx, setup, q := c.Request.Context(), setupID(c), h.selfQuery(c)
	q.After, q.Limit = c.Text("after"), int(c.Int("limit", clientPage))
	found, more, err := h.Snapshots.Page(ctx, c.Scope, setup, q)
	if err != nil {
		return nil, err
	}
	ids := make([]snapshots.EntityID, len(found))
	for i, f := range found {
		ids[i] = f.Entity.ID
	}
	used, err := h.Snapshots.LastUsed(ctx, c.Scope, ids...)
	if err != nil {
		return nil, err
	}
	_, rules, err := h.Snapshots.Registering(ctx, setup, snapshots.DoorOAuth2)
	if err != nil && !fault.HasCode(err, snapshots.CodeRegistrationOff) {
		return nil, err
	}
	list := selfRegisteredList{Clients: make([]selfRegistered, len(found))}
	for i, f := range found {
		e := f.Entity
		row := selfRegistered{EntityID: string(e.ID), ClientID: e.ClientID, Name: f.Content.ClientName, Owner: string(e.Owner), Surface: e.Surface,
			RegisteredAt: e.RecordedAt.Time().Format(instant)}
		if at := used[i]; at != 0 {
			row.LastUsed = fromInstant(at)
		} else if rules.UnusedTTL != 0 {
			row.EndsAt = fromInstant(e.RecordedAt + history.Micros(rules.UnusedTTL)*1e6)
		}
		list.Clients[i] = row
	}
	if more {
		list.Next = &found[len(found)-1].Entity.ClientID
	}
	return h.listed(list, snapshots.Instant{})
}

// maxRemoved is how many clients one request removes.
const maxRemoved = 10_000

// removeRegistrations deletes the clients that registrations lists. Each is deleted by
// itself; the caller says how many there are.
func (h *handler) removeRegistrations(c *web.Call) (*web.Reply, error) {
	if err := c.TakePlace(); err != nil {
		return nil, err
	}
	ctx := c.Request.Context()
	refs, err := h.registered(ctx, c)
	if err != nil {
		return nil, err
	}
	said := c.Int("clients", -1)
	asks := c.DryRun() && said < 0 // which clients there are
	if said != int64(len(refs)) && len(refs) > 0 && !asks {
		return nil, fault.New(fault.Conflict, "clients", "%d clients would be deleted; say clients=%d to delete them", len(refs), len(refs))
	}
	if c.DryRun() {
		return h.rehearseRemoval(ctx, c.Scope, refs)
	}
	var out removed
	for _, ref := range refs {
		err := snapshots.Delete[document.Client](ctx, h.Snapshots, c.Scope, ref, nil)
		if fault.Is(err, fault.NotFound) {
			continue // somebody else did
		}
		if err != nil {
			return nil, fmt.Errorf("after %d of %d clients: %w", out.Deleted, len(refs), err)
		}
		out.Deleted++
	}
	return web.JSON(http.StatusOK, out)
}

// registered are all clients that the query names.
func (h *handler) registered(ctx context.Context, c *web.Call) ([]snapshots.Ref, error) {
	q := h.selfQuery(c)
	var refs []snapshots.Ref
	for more := true; more; {
		var found []snapshots.Resolved[document.Client]
		var err error
		if found, more, err = h.Snapshots.Page(ctx, c.Scope, setupID(c), q); err != nil {
			return nil, err
		}
		for _, f := range found {
			refs, q.After = append(refs, f.Entity.Ref()), f.Entity.ClientID
		}
		if len(refs) > maxRemoved {
			return nil, fault.New(fault.Conflict, "clients", "more than %d clients would be deleted; name fewer with registered_before", maxRemoved)
		}
	}
	return refs, nil
}

// rehearseRemoval tells the events that the removal would record.
func (h *handler) rehearseRemoval(ctx context.Context, scope tenancy.Scope, refs []snapshots.Ref) (*web.Reply, error) {
	var all []history.Event
	for _, ref := range refs {
		err := snapshots.Delete[document.Client](db.Rehearsing(ctx), h.Snapshots, scope, ref, nil)
		events, ok := history.Rehearsed(err)
		if !ok && err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	return web.JSON(http.StatusOK, fromEvents(all))
}
