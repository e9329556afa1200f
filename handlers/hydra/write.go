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

// transform makes a client's new document of the one that a write finds.
type transform func(base *document.Client, setup *document.Setup) (*document.Client, error)

// applying replaces what the body carries.
func applying(body *ory.Client) transform {
	return func(base *document.Client, setup *document.Setup) (*document.Client, error) {
		next, faults := body.ToDomain(base, setup)
		return next, fault.Rules(faults)
	}
}

func decodeBody(c *web.Call) (*ory.Client, error) {
	raw, err := c.Body()
	if err != nil {
		return nil, err
	}
	return ory.Decode(raw)
}

func (h *handler) post(c *web.Call) (*web.Reply, error) {
	body, err := decodeBody(c)
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
	if err := body.Check(nil, nil); err != nil {
		return nil, err
	}
	if err := fault.Rules(document.CheckClientID(body.ClientID, false)); err != nil {
		return nil, err
	}
	sector := body.Sector(c.Request.Context(), h.Fetch, nil)
	secret, err := h.firstSecret(c.Request.Context(), body)
	if err != nil {
		return nil, err
	}
	token := ory.NewToken(h.Store, h.ids)
	wanted := snapshots.NewClient{Module: setup.Module, Setup: setup.ID, ClientID: body.ClientID, Owner: owner, Surface: Name}
	out, err := h.Store.CreateClient(c.Request.Context(), c.Scope, wanted, snapshots.Change[document.Client]{
		Apply: applying(body), Rules: append(ory.Rules(), sector.Rule()), Secret: secret, Token: token})
	if err != nil {
		return nil, err
	}
	view := body.Echo(out.Resolved)
	showSecret(&view, secret)
	view.RegistrationAccessToken = token.Text
	view.RegistrationClientURI = ory.RegistrationURI(h.PublicURL(c), out.Entity, h.Tenancy.DefaultSetup(h.Tenancy.Root()))
	reply, err := ory.Reply(http.StatusCreated, view, out.Resolved)
	if err != nil {
		return nil, err
	}
	nameSecret(reply, view, secret)
	reply.Header["Location"] = []string{c.Request.URL.EscapedPath() + "/" + escapeTwice(out.Entity.ClientID)}
	return web.Planned(reply, c.Scope, out.NextValidFrom), nil
}

// firstSecret is the one chosen, else a generated one, but none for a client
// that would never be told it.
func (h *handler) firstSecret(ctx context.Context, body *ory.Client) (*snapshots.NewSecret, error) {
	if body.ClientSecret == "" && body.TokenEndpointAuthMethod != document.MethodNone {
		return h.generatedSecret()
	}
	return h.chosenSecret(ctx, body.ClientSecret)
}

func (h *handler) generatedSecret() (*snapshots.NewSecret, error) {
	text, err := ory.NewSecret(h.ids)
	if err != nil {
		return nil, err
	}
	return h.Store.GenerateSecret(text)
}

// chosenSecret is a secret that the caller wrote; nil if there is none.
func (h *handler) chosenSecret(ctx context.Context, text string) (*snapshots.NewSecret, error) {
	if text == "" {
		return nil, nil
	}
	return h.Store.ChosenSecret(ctx, text)
}

func (h *handler) put(c *web.Call) (*web.Reply, error) {
	body, err := decodeBody(c)
	if err != nil {
		return nil, err
	}
	found, err := h.find(c)
	if fault.Is(err, fault.NotFound) {
		if broken := body.Check(nil, nil); broken != nil {
			return nil, broken // Hydra validates before it looks
		}
	}
	if err != nil {
		return nil, err
	}
	out, secret, err := h.edit(c, found, body, applying(body))
	if err != nil {
		return nil, err
	}
	return h.answer(c, body.Echo(out.Resolved), out.Resolved, secret)
}

// edit appends what change makes; body is what it comes to on the present
// base, by which secret and sector are made ready.
func (h *handler) edit(c *web.Call, found snapshots.Resolved[document.Client], body *ory.Client, change transform) (
	snapshots.Outcome[document.Client], *snapshots.NewSecret, error) {
	var none snapshots.Outcome[document.Client]
	if err := body.Check(found.Content, found.Setup.Content); err != nil {
		return none, nil, err
	}
	match, err := web.Match(c)
	if err != nil {
		return none, nil, err
	}
	owner, err := c.Owner()
	if err != nil {
		return none, nil, err
	}
	if owner != "" && owner != found.Entity.Owner {
		return none, nil, ory.BadRequest("Tenure-Owner is not the client's owner, and an edit does not change that")
	}
	sector := body.Sector(c.Request.Context(), h.Fetch, found.Content)
	secret, err := h.chosenSecret(c.Request.Context(), body.ClientSecret)
	if err != nil {
		return none, nil, err
	}
	out, err := snapshots.Edit(c.Request.Context(), h.Store, c.Scope, ref(found.Entity), snapshots.Change[document.Client]{
		Apply: unlessPlanned(change), Rules: append(ory.Rules(), sector.Rule()), Secret: secret, Match: match, Always: true})
	return out, secret, err
}

// unlessPlanned refuses to change what is only planned.
func unlessPlanned(change transform) transform {
	return func(base *document.Client, setup *document.Setup) (*document.Client, error) {
		if base == nil {
			return nil, fault.New(fault.NotFound, fault.CodeClientUnknown, "there is no such client")
		}
		return change(base, setup)
	}
}

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
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	out, err := snapshots.Edit(c.Request.Context(), h.Store, c.Scope, ref(found.Entity), snapshots.Change[document.Client]{
		Match: match, Always: true, Apply: unlessPlanned(func(base *document.Client, _ *document.Setup) (*document.Client, error) {
			next := document.Clone(base)
			spans.ToDomain(next)
			return next, nil
		})})
	if err != nil {
		return nil, err
	}
	return h.answer(c, ory.Read(out.Resolved), out.Resolved, nil)
}

func (h *handler) delete(c *web.Call) (*web.Reply, error) {
	found, err := h.find(c)
	if err != nil {
		return nil, err
	}
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	if err := snapshots.Delete[document.Client](c.Request.Context(), h.Store, c.Scope, ref(found.Entity), match); err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}
