package openfinance

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// get shows a client to itself, with its token and secret.
func (h *handler) get(c *web.Call, m *management) (*web.Reply, error) {
	if err := c.OnlyNow(); err != nil {
		return nil, err
	}
	secret, err := h.secretOf(c, m.client)
	if err != nil {
		return nil, err
	}
	return h.read(c, m.profile, m.client, credentials{token: m.token, secret: secret})
}

// getByKey shows a client to the organization of an API key, without token and
// secret, and says which version it is.
func (h *handler) getByKey(c *web.Call) (*web.Reply, error) {
	found, profile, err := h.findByKey(c, snapshots.InstantOf(c.Instants()))
	if err != nil {
		return nil, err
	}
	reply, err := h.read(c, profile, found, credentials{})
	if err != nil {
		return nil, err
	}
	reply.Header = web.SnapshotHeaders(string(found.ID), found.ValidFrom.Time(), found.RecordedAt.Time(), found.Entity.Owner)
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}

// findByKey finds the client that the path names, for the organization of an API
// key, and the profile of its setup.
func (h *handler) findByKey(c *web.Call, in snapshots.Instant) (snapshots.Resolved[document.Client], Profile, error) {
	a, err := h.arrive(c)
	if err != nil && !(in.Given() && fault.HasCode(err, fault.CodeSetupUnknown)) { // a deleted setup was there then
		return snapshots.Resolved[document.Client]{}, a.profile, err
	}
	name := snapshots.Registered(c.Var("module"), h.setupID(c), c.Var("ClientId"))
	found, err := snapshots.Resolve[document.Client](c.Request.Context(), h.Store, c.Scope, name, in)
	return found, a.profile, err
}

// secretOf returns the secret that a client may be shown again. It is empty if
// the client has none, or if secrets are not kept recoverable.
func (h *handler) secretOf(c *web.Call, found snapshots.Resolved[document.Client]) (string, error) {
	if !NeedsSecret(found.Content.TokenEndpointAuthMethod) {
		return "", nil
	}
	disclose := h.Store.Disclose
	if c.Request.Method == http.MethodHead {
		disclose = h.Store.WouldDisclose // there is no body to show it in
	}
	disclosed, err := disclose(c.Request.Context(), c.Scope, found.Entity, 0)
	return disclosed.Plain, err
}

// credentials are those that an answer shows; empty ones are not shown.
type credentials struct{ token, secret string }

// read shows a client that is stored, from the store's cache of answers if it is there.
func (h *handler) read(c *web.Call, p Profile, found snapshots.Resolved[document.Client], shown credentials) (*web.Reply, error) {
	key := snapshots.RenderKey{Entity: found.Entity.ID, Snapshot: found.ID, Setup: found.Setup.ID, Owner: found.Entity.Owner, Surface: Name + "-" + p.Name}
	made, err := h.Store.Render(key, func() (*snapshots.Rendering, error) {
		const some = "-" // taken out again
		reply, err := h.answer(c, p, http.StatusOK, found, credentials{some, some}, "")
		if err != nil {
			return nil, err
		}
		parted, err := web.Part(reply.Body, "registration_client_uri", "registration_access_token", "client_secret")
		if err != nil {
			return nil, err
		}
		return &snapshots.Rendering{Body: parted.Rest, Reply: parted}, nil
	})
	if err != nil {
		return nil, err
	}
	body, err := made.Reply.(*web.Parted).With(h.registrationURI(c, found.Entity), shown.token, shown.secret)
	return &web.Reply{Status: http.StatusOK, Body: body}, err
}

// answer shows a client. statement is the software statement that the write
// brought, empty for none.
func (h *handler) answer(c *web.Call, p Profile, status int, found snapshots.Resolved[document.Client], shown credentials, statement string) (*web.Reply, error) {
	view := p.show(found.Content, found.Setup.Content)
	view.ClientID, *view.IssuedAt = found.Entity.ClientID, found.Entity.RecordedAt.Time().Unix()
	view.RegistrationURI, view.RegistrationToken = h.registrationURI(c, found.Entity), shown.token
	view.Secret, view.Statement = shown.secret, statement
	if NeedsSecret(view.TokenAuthMethod) {
		view.SecretExpiresAt = new(int64)
	}
	raw, err := view.encode(found.Content)
	if err != nil {
		return nil, err
	}
	return &web.Reply{Status: status, Body: raw}, nil
}

// registrationURI is a client's registration_client_uri.
func (h *handler) registrationURI(c *web.Call, e snapshots.Entity) string {
	return web.SelfURI(h.Tenancy, h.PublicURL(c), e.Module, string(e.Setup), PathReg, e.ClientID)
}
