package openfinance

import (
	"bytes"
	"context"
	"net/http"

	"tenure/handlers/openfinance/scheme"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/registry"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// tokenPrefix begins registration access tokens. A client_secret is 43
// characters of base64url.
const tokenPrefix = "reg_at_"

// post registers a client.
func (h *handler) post(c *web.Call, r *registration) (*web.Reply, error) {
	ctx := c.Request.Context()
	e := edit{arrival: &r.arrival, body: r.body, statement: r.statement}
	change, next, err := h.change(ctx, e, nil)
	if err != nil {
		return nil, err
	}
	change.Token = h.newToken()
	if NeedsSecret(next.TokenEndpointAuthMethod) {
		if change.Secret, err = h.newSecret(); err != nil {
			return nil, err
		}
	}
	out, err := h.Store.CreateClient(ctx, c.Scope, snapshots.NewClient{Module: r.setup.Module, Setup: r.setup.ID, ClientID: h.Tenancy.IDs().UUID(),
		Surface: Name, Initial: r.initial, OnePerSoftware: r.statement != nil}, change)
	if fault.HasCode(err, fault.CodeIDTaken) {
		return nil, refuse(scheme.CodeUnapproved, scheme.StatementPath, "one-client", "the software already has a client here")
	}
	if err != nil {
		return nil, registry.NameLocalized(err, next.Localized)
	}
	shown := credentials{token: change.Token.Text}
	if change.Secret != nil {
		shown.secret = change.Secret.Plain()
	}
	return h.answer(c, r.profile, http.StatusCreated, out.Resolved, shown, r.statement.JWT())
}

func (h *handler) newToken() *snapshots.NewToken { return NewToken(h.Store, h.Tenancy.IDs()) }

// NewToken makes a registration access token of this surface.
func NewToken(store *snapshots.Store, ids *tenancy.IDs) *snapshots.NewToken {
	text := ids.Token(tokenPrefix)
	return store.GenerateToken(Name, text, text)
}

func (h *handler) newSecret() (*snapshots.NewSecret, error) {
	return h.Store.GenerateSecret(h.Tenancy.IDs().Token(""))
}

// put replaces what a client says about itself.
func (h *handler) put(c *web.Call, m *management) (*web.Reply, error) {
	ctx := c.Request.Context()
	b, err := h.decode(c, m.setup.ID)
	if err != nil {
		return nil, err
	}
	if err := h.checkPut(c, m, b); err != nil {
		return nil, err
	}
	statement, err := h.verifyStatement(ctx, &m.arrival, b)
	if err != nil {
		return nil, err
	}
	e := edit{arrival: &m.arrival, body: b, statement: statement}
	change, next, err := h.change(ctx, e, m.client.Content)
	if err != nil {
		return nil, err
	}
	shown := credentials{token: m.token}
	if m.profile.MayRotate && rotates(m.policy) {
		change.Token, change.TokenOnChange = h.newToken(), true
	}
	ref := m.client.Entity.Ref()
	if NeedsSecret(next.TokenEndpointAuthMethod) {
		has, err := h.Store.HasSecret(ctx, c.Scope, ref, 0)
		if err != nil {
			return nil, err
		}
		if !has {
			if change.Secret, err = h.newSecret(); err != nil {
				return nil, err
			}
		}
	}
	out, err := snapshots.Edit(ctx, h.Store, c.Scope, ref, change)
	if err != nil {
		return nil, endedMeanwhile(registry.NameLocalized(err, next.Localized))
	}
	if change.Token != nil && out.Changed { // the token of this call is no longer valid
		shown.token = change.Token.Text
		if _, c.Scope, err = h.authorizeToken(ctx, m.setup.ID, out.Entity.ClientID, shown.token); err != nil {
			return nil, endedMeanwhile(err)
		}
	}
	if change.Secret != nil {
		shown.secret = change.Secret.Plain()
	} else if shown.secret, err = h.secretOf(c, out.Resolved); err != nil {
		return nil, endedMeanwhile(err)
	}
	return h.answer(c, m.profile, http.StatusOK, out.Resolved, shown, statement.JWT())
}

// rotates reports whether a policy wants a client's PUT to renew its token.
func rotates(policy snapshots.Policy) bool {
	if policy.RotateToken != "" {
		return policy.RotateToken == snapshots.RotateAlways
	}
	return policy.RotateTokens
}

// checkPut checks the members that RFC 7592 section 2.2 forbids in the body of a
// PUT, or binds to the client.
func (h *handler) checkPut(c *web.Call, m *management, b *body) error {
	for _, name := range serverAssigned {
		if _, sent := b.sent[name]; sent {
			return badRequest("%s must not be sent", name)
		}
	}
	if b.ClientID != m.client.Entity.ClientID {
		return badRequest("client_id must be the client's own")
	}
	if _, sent := b.sent["client_secret"]; !sent {
		return nil
	}
	matches := b.Secret != ""
	if matches {
		var err error
		if matches, err = h.Store.SecretMatches(c.Request.Context(), c.Scope, m.client.Entity.Ref(), b.Secret, 0); err != nil {
			return err
		}
	}
	if !matches {
		return badRequest("client_secret must be the client's own, or not be sent")
	}
	return nil
}

// serverAssigned are the members of an answer that only the server sets (R2-3).
var serverAssigned = []string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"}

// delete ends a client and all its credentials.
func (h *handler) delete(c *web.Call, m *management) (*web.Reply, error) {
	if err := h.deleteClient(c, m.client.Entity); err != nil {
		return nil, endedMeanwhile(err)
	}
	return web.NoContent(), nil
}

// deleteByKey is delete for the organization of an API key.
func (h *handler) deleteByKey(c *web.Call) (*web.Reply, error) {
	found, _, err := h.findByKey(c, snapshots.Instant{})
	if err == nil {
		err = h.deleteClient(c, found.Entity)
	}
	if err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}

func (h *handler) deleteClient(c *web.Call, e snapshots.Entity) error {
	return snapshots.Delete[document.Client](c.Request.Context(), h.Store, c.Scope, e.Ref(), nil)
}

// edit is what a registration or an update wants.
type edit struct {
	*arrival
	body      *body
	statement *scheme.Statement // nil where the profile has none
}

// client makes the client that base becomes; base is nil for a new client.
func (e edit) client(base *document.Client) (document.Client, error) {
	req, err := toDomain(e.body, base)
	if err != nil {
		return document.Client{}, err
	}
	if len(req.Wanted.Scopes) == 0 && e.statement == nil && (base == nil || len(base.Scopes) > 0) {
		req.Wanted.Scopes = e.policy.DefaultScopes
	}
	return e.profile.Keeping(base).Client(req, e.statement)
}

// change returns the change that an edit makes to base, nil for a new client, and
// what the client becomes. The edit is checked before anything is fetched, and
// made again in the transaction, on the base of that moment. An edit that would
// not alter the answer changes nothing.
func (h *handler) change(ctx context.Context, e edit, base *document.Client) (change snapshots.Change[document.Client], next document.Client, err error) {
	if next, err = e.client(base); err != nil {
		return change, next, err
	}
	if e.profile.EncKey {
		if err := CheckEncryptionKey(ctx, h.Fetch, next.JWKSURI); err != nil {
			return change, next, err
		}
	}
	if err := checkSector(ctx, h.Fetch, &next, base); err != nil {
		return change, next, err
	}
	change.Rules, change.Level = e.policy.RegistrationRules(), document.ByItself
	change.Apply = func(base *document.Client, setup *document.Setup) (*document.Client, error) {
		next, err := e.client(base)
		if err != nil {
			return nil, err
		}
		if base != nil && e.profile.sameAnswer(base, &next, setup) {
			return base, nil
		}
		return &next, nil
	}
	return change, next, nil
}

// sameAnswer reports whether answers show two clients alike.
func (p Profile) sameAnswer(a, b *document.Client, setup *document.Setup) bool {
	one, err := p.show(a, setup).encode(a)
	other, errOther := p.show(b, setup).encode(b)
	return err == nil && errOther == nil && bytes.Equal(one, other)
}
