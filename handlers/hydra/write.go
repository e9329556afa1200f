package hydra

import (
	"context"
	"net/http"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// decode reads the client object of a body.
func decode(c *web.Call) (*ory.Client, error) {
	raw, err := c.Body()
	if err != nil {
		return nil, err
	}
	return ory.Decode(raw)
}

// post makes a client.
func (h *handler) post(c *web.Call) (*web.Reply, error) {
	ctx := c.Request.Context()
	body, err := decode(c)
	if err != nil {
		return nil, err
	}
	owner, err := c.Owner()
	if err != nil {
		return nil, err
	}
	setup, err := h.setup(c)
	if err != nil {
		return nil, err
	}
	if body.ClientID == "" {
		body.ClientID = h.ids.UUID()
	}
	edit, err := ory.NewEdit(nil, nil, ory.Replace(body))
	if err != nil {
		return nil, err
	}
	if err := fault.Rules(document.CheckClientID(body.ClientID, false)); err != nil {
		return nil, err
	}
	change, err := edit.Prepare(ctx, h.Store, h.Fetch)
	if err != nil {
		return nil, err
	}
	if change.Secret == nil && body.TokenEndpointAuthMethod != document.MethodNone {
		if change.Secret, err = h.generateSecret(); err != nil {
			return nil, err
		}
	}
	change.Token = ory.NewToken(h.Store, h.ids)
	create := func(ctx context.Context) (snapshots.Outcome[document.Client], error) {
		return h.Store.CreateClient(ctx, c.Scope, snapshots.NewClient{Module: setup.Module, Setup: setup.ID, ClientID: body.ClientID, Owner: owner, Surface: Name}, change)
	}
	if c.DryRun() {
		return rehearsed(ctx, create, body.Echo)
	}
	out, err := create(ctx)
	if err != nil {
		return nil, err
	}
	e, view := out.Entity, body.Echo(out.Resolved)
	if out.Repeated { // the request was sent before, so what was generated now is not stored
		change.Secret, change.Token = nil, &snapshots.NewToken{}
	}
	view.RegistrationAccessToken = change.Token.Text
	view.RegistrationClientURI = web.SelfURI(h.Tenancy, h.PublicURL(c), e.Module, string(e.Setup), ory.PathRegister, e.ClientID)
	reply, err := h.answer(c, http.StatusCreated, view, out.Resolved, change.Secret)
	if err == nil {
		reply.Header["Location"] = []string{location(c, e.ClientID)}
	}
	return reply, err
}

// rehearsed answers a write that is only tried: 200 with what would be stored,
// without a secret or a token, as none is made.
func rehearsed(ctx context.Context, write func(context.Context) (snapshots.Outcome[document.Client], error),
	view func(snapshots.Resolved[document.Client]) ory.Client) (*web.Reply, error) {
	out, err := snapshots.Rehearse(ctx, write)
	if err != nil {
		return nil, err
	}
	reply, err := web.JSON(http.StatusOK, view(out.Resolved))
	if err != nil {
		return nil, err
	}
	reply.ContentType, reply.NoStore = ory.ContentType, true
	return reply, nil
}

// put replaces a client.
func (h *handler) put(c *web.Call) (*web.Reply, error) {
	body, err := decode(c)
	if err != nil {
		return nil, err
	}
	found, err := h.find(c)
	if fault.Is(err, fault.NotFound) {
		if broken := body.Check(nil, nil); broken != nil {
			return nil, broken // Hydra validates before it looks for the client
		}
	}
	if err != nil {
		return nil, err
	}
	return h.edit(c, found, ory.Replace(body), (*ory.Client).Echo)
}

// patch applies a JSON Patch to a client.
func (h *handler) patch(c *web.Call) (*web.Reply, error) {
	raw, err := c.Body()
	if err != nil {
		return nil, err
	}
	found, err := h.find(c) // Hydra looks for the client before it reads the body
	if err != nil {
		return nil, err
	}
	return h.edit(c, found, patched(raw), asRead)
}

// putLifespans replaces the lifespans of a client.
func (h *handler) putLifespans(c *web.Call) (*web.Reply, error) {
	raw, err := c.Body()
	if err != nil {
		return nil, err
	}
	spans, err := ory.DecodeLifespans(raw)
	if err != nil {
		return nil, err
	}
	found, err := h.find(c)
	if err != nil {
		return nil, err
	}
	return h.edit(c, found, withLifespans(spans), asRead)
}

// asRead answers a write with what a read shows.
func asRead(_ *ory.Client, found snapshots.Resolved[document.Client]) ory.Client {
	return ory.Read(found)
}

// edit appends a snapshot to a client, even if it equals the one before: Hydra
// shows when a client was last written. view makes the answer of the body that was
// wanted and of what was stored.
func (h *handler) edit(c *web.Call, found snapshots.Resolved[document.Client], want ory.Want,
	view func(*ory.Client, snapshots.Resolved[document.Client]) ory.Client) (*web.Reply, error) {
	ctx := c.Request.Context()
	edit, err := ory.WorkOut(ctx, h.Store, c.Scope, found, want)
	if err != nil {
		return nil, err
	}
	defer edit.Done()
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	owner, err := c.Owner()
	if err != nil {
		return nil, err
	}
	if owner != "" && owner != found.Entity.Owner {
		return nil, errOwner()
	}
	if err := h.keepSecret(c, found, edit); err != nil {
		return nil, err
	}
	change, err := edit.Prepare(ctx, h.Store, h.Fetch)
	if err != nil {
		return nil, err
	}
	change.Match, change.Always = match, true
	write := func(ctx context.Context) (snapshots.Outcome[document.Client], error) {
		return snapshots.Edit(ctx, h.Store, c.Scope, found.Entity.Ref(), change)
	}
	if c.DryRun() {
		return rehearsed(ctx, write, func(found snapshots.Resolved[document.Client]) ory.Client { return view(edit.Body, found) })
	}
	out, err := write(ctx)
	if err != nil {
		return nil, err
	}
	return h.answer(c, http.StatusOK, view(edit.Body, out.Resolved), out.Resolved, change.Secret)
}

// delete ends a client.
func (h *handler) delete(c *web.Call) (*web.Reply, error) {
	found, err := h.find(c)
	if err != nil {
		return nil, err
	}
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	if err := snapshots.Delete[document.Client](c.Request.Context(), h.Store, c.Scope, found.Entity.Ref(), match); err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}
