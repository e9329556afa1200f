package openfinance

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// tokenPrefix begins registration access tokens. A client_secret is 43
// characters of base64url.
const tokenPrefix = "reg_at_"

// post registers a client.
func (h *surface) post(c *web.Call) (*web.Reply, error) {
	ctx, a := c.Request.Context(), c.Admitted.(*admitted)
	setup, err := snapshots.Resolve[document.Setup](ctx, h.Store, c.Scope, snapshots.ByRef(a.setup.Ref()), snapshots.Instant{})
	if err != nil {
		return nil, err
	}
	change, method, err := h.change(c, a, a.body, nil, setup.Content)
	if err != nil {
		return nil, err
	}
	change.Token = h.newToken()
	if NeedsSecret(method) {
		if change.Secret, err = h.Store.GenerateSecret(h.Tenancy.IDs().Token("")); err != nil {
			return nil, err
		}
	}
	out, err := h.Store.CreateClient(ctx, c.Scope, snapshots.NewClient{Module: a.setup.Module, Setup: a.setup.ID, ClientID: h.Tenancy.IDs().UUID(),
		Surface: Name, Initial: a.initial, OnePerSoftware: a.statement != nil}, change)
	if fault.HasCode(err, fault.CodeIDTaken) {
		return nil, unapproved("one-client", "the software has a client here already")
	}
	if err != nil {
		return nil, err
	}
	secret := ""
	if change.Secret != nil {
		secret = change.Secret.Plain()
	}
	return h.answer(c, http.StatusCreated, out.Resolved, change.Token.Text, secret, a.statement.raw())
}

func (h *surface) newToken() *snapshots.NewToken {
	text := h.Tenancy.IDs().Token(tokenPrefix)
	return h.Store.GenerateToken(Name, text, text)
}

// get shows a client: to itself with its token and secret, to an API key
// without.
func (h *surface) get(c *web.Call) (*web.Reply, error) {
	a, ok := c.Admitted.(*admitted)
	if !ok {
		at, known, err := c.Instants()
		if err != nil {
			return nil, err
		}
		found, err := h.byKey(c, snapshots.InstantOf(at, known))
		if err != nil {
			return nil, err
		}
		reply, err := h.answer(c, http.StatusOK, found, "", "", "")
		if err == nil { // who looks after the client is told which version it is
			reply.Header = web.SnapshotHeaders(string(found.ID), found.ValidFrom.Time(), found.RecordedAt.Time(), found.Entity.Owner)
		}
		return reply, err
	}
	if err := c.OnlyNow(); err != nil {
		return nil, err
	}
	secret, err := h.secretOf(c, a.client)
	if err != nil {
		return nil, err
	}
	return h.answer(c, http.StatusOK, a.client, a.token, secret, "")
}

// byKey finds the client for the organization of an API key.
func (h *surface) byKey(c *web.Call, in snapshots.Instant) (snapshots.Resolved[document.Client], error) {
	_, err := h.arrive(c)
	if err != nil && !(in.Given() && fault.HasCode(err, fault.CodeSetupUnknown)) { // a deleted setup was there then
		return snapshots.Resolved[document.Client]{}, err
	}
	name := snapshots.Anywhere(c.Var("ClientId"), "").Within(c.Var("module"), h.setupID(c))
	return snapshots.Resolve[document.Client](c.Request.Context(), h.Store, c.Scope, name, in)
}

// secretOf is the secret that a client may be shown again; empty where it has
// none, or it is not kept recoverable.
func (h *surface) secretOf(c *web.Call, found snapshots.Resolved[document.Client]) (string, error) {
	if !NeedsSecret(found.Content.TokenEndpointAuthMethod) {
		return "", nil
	}
	disclosed, err := h.Store.Disclose(c.Request.Context(), c.Scope, found.Entity, 0)
	return disclosed.Plain, err
}

// put replaces what a client says of itself.
func (h *surface) put(c *web.Call) (*web.Reply, error) {
	ctx, a := c.Request.Context(), c.Admitted.(*admitted)
	in, err := decode(c)
	if err != nil {
		return nil, err
	}
	if err := h.mayPut(c, a, in); err != nil {
		return nil, err
	}
	if a.statement, err = h.proven(c, &a.arrival, in); err != nil {
		return nil, err
	}
	change, method, err := h.change(c, a, in, a.client.Content, a.client.Setup.Content)
	if err != nil {
		return nil, err
	}
	token := a.token
	if a.profile.MayRotate && a.policy.RotateTokens {
		change.Token = h.newToken()
		token = change.Token.Text
	}
	ref := refOf(a.client.Entity)
	if NeedsSecret(method) {
		has, err := h.Store.HasSecret(ctx, c.Scope, ref, 0)
		if err != nil {
			return nil, err
		}
		if !has {
			if change.Secret, err = h.Store.GenerateSecret(h.Tenancy.IDs().Token("")); err != nil {
				return nil, err
			}
		}
	}
	out, err := snapshots.Edit(ctx, h.Store, c.Scope, ref, change)
	if err != nil {
		return nil, ended(err)
	}
	if change.Token != nil { // the one that the call came with holds no more
		if _, c.Scope, err = h.byToken(ctx, a.setup.ID, out.Entity.ClientID, token); err != nil {
			return nil, ended(err)
		}
	}
	secret := ""
	if change.Secret != nil {
		secret = change.Secret.Plain()
	} else if secret, err = h.secretOf(c, out.Resolved); err != nil {
		return nil, ended(err)
	}
	return h.answer(c, http.StatusOK, out.Resolved, token, secret, a.statement.raw())
}

// mayPut holds what RFC 7592 section 2.2 asks of the body.
func (h *surface) mayPut(c *web.Call, a *admitted, in *body) error {
	for _, name := range assigned {
		if _, sent := in.sent[name]; sent {
			return badRequest("%s must not be sent", name)
		}
	}
	if in.ClientID != a.client.Entity.ClientID {
		return badRequest("client_id must be the client's own")
	}
	if _, sent := in.sent["client_secret"]; !sent {
		return nil
	}
	matches := in.Secret != ""
	if matches {
		var err error
		if matches, err = h.Store.SecretMatches(c.Request.Context(), c.Scope, refOf(a.client.Entity), in.Secret, 0); err != nil {
			return err
		}
	}
	if !matches {
		return badRequest("client_secret must be the client's own, or not be sent")
	}
	return nil
}

// delete ends a client and all its credentials.
func (h *surface) delete(c *web.Call) (*web.Reply, error) {
	a, ok := c.Admitted.(*admitted)
	if !ok {
		found, err := h.byKey(c, snapshots.Instant{})
		if err == nil {
			err = snapshots.Delete[document.Client](c.Request.Context(), h.Store, c.Scope, refOf(found.Entity), nil)
		}
		if err != nil {
			return nil, err
		}
		return web.NoContent(), nil
	}
	if err := snapshots.Delete[document.Client](c.Request.Context(), h.Store, c.Scope, refOf(a.client.Entity), nil); err != nil {
		return nil, ended(err)
	}
	return web.NoContent(), nil
}

// ended is errToken for a client or token that ended since admission.
func ended(err error) error {
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Unauthenticated) {
		return errToken()
	}
	return err
}

func refOf(e snapshots.Entity) snapshots.Ref {
	return snapshots.Ref{Module: e.Module, Setup: e.Setup, Entity: e.ID}
}

// change is what a body makes of base, nil for a new client, and its auth
// method. It is checked before anything is fetched. A body that asks for what
// is shown already changes nothing.
func (h *surface) change(c *web.Call, a *admitted, in *body, base *document.Client, setup *document.Setup) (snapshots.Change[document.Client], string, error) {
	ctx := c.Request.Context()
	none := snapshots.Change[document.Client]{}
	make := func(base *document.Client) (document.Client, error) {
		req, err := in.request(base)
		if err != nil {
			return document.Client{}, err
		}
		return a.profile.Keeping(base).Client(req, a.statement)
	}
	next, err := make(base)
	if err != nil {
		return none, "", err
	}
	if a.profile.EncKey {
		if err := CheckEncryptionKey(ctx, h.Fetch, next.JWKSURI); err != nil {
			return none, "", err
		}
	}
	if err := checkSector(ctx, h.Fetch, &next, base); err != nil {
		return none, "", err
	}
	return snapshots.Change[document.Client]{Rules: a.policy.RegistrationRules(),
		Apply: func(base *document.Client, setup *document.Setup) (*document.Client, error) {
			next, err := make(base)
			if err != nil {
				return nil, err
			}
			if base != nil && shownAlike(base, &next, setup) {
				return base, nil
			}
			return &next, nil
		}}, next.TokenEndpointAuthMethod, nil
}

// shownAlike reports whether answers show two clients alike.
func shownAlike(a, b *document.Client, setup *document.Setup) bool {
	one, err := show(a, setup).encode(a.Localized)
	other, errOther := show(b, setup).encode(b.Localized)
	return err == nil && errOther == nil && bytes.Equal(one, other)
}

// checkSector wants a new sector_identifier_uri to list every redirect URI (OIDC
// registration section 5). Why a document cannot be had is not told.
func checkSector(ctx context.Context, get web.Fetch, next, base *document.Client) error {
	uri := next.SectorIdentifierURI
	if uri == "" || base != nil && base.SectorIdentifierURI == uri && slices.Equal(base.RedirectURIs, next.RedirectURIs) {
		return nil
	}
	raw, err := get(ctx, uri)
	var listed []string
	if err == nil {
		err = json.Unmarshal(raw, &listed)
	}
	if fault.Is(unavailable(err, CodeKeySet, ""), fault.Timeout) {
		return unavailable(err, CodeKeySet, "sector_identifier_uri was not answered")
	}
	if err != nil || slices.ContainsFunc(next.RedirectURIs, func(uri string) bool { return !slices.Contains(listed, uri) }) {
		return refuse(CodeMetadata, "/sector_identifier_uri", "sector", "sector_identifier_uri must name a JSON list of every redirect URI")
	}
	return nil
}
