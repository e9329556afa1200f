package register

import (
	"net/http"
	"net/url"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// decode reads the client object of a body, whose bytes count for the setup.
func (h *handler) decode(c *web.Call, setup snapshots.EntityID) (*ory.Client, error) {
	body, err := c.Body()
	if err != nil {
		return nil, err
	}
	if err := h.bytes.TakeN(string(setup), len(body)); err != nil {
		return nil, err
	}
	in, err := ory.Decode(body)
	if err != nil && c.Route.Method == http.MethodPut {
		err = fault.Wrap(err, fault.Malformed, "", decodeSentence)
	}
	if err != nil {
		return nil, err
	}
	in.Registered, err = ory.Members(body)
	return in, err
}

// post registers a client.
func (h *handler) post(c *web.Call, r *registration) (*web.Reply, error) {
	ctx := c.Request.Context()
	in, err := h.decode(c, r.setup.ID)
	if err != nil {
		return nil, err
	}
	if err := forbidden(in, nil); err != nil {
		return nil, err
	}
	edit, err := ory.NewEdit(nil, nil, toDomain(in, r.policy))
	if err != nil {
		return nil, err
	}
	edit.Level, edit.Allowed = document.ByItself, r.policy.Allow
	if err := edit.Check(); err != nil { // here, so that nobody's invalid bodies keep the committer busy
		return nil, edit.Name(err)
	}
	change, err := h.change(c, edit, r.policy)
	if err != nil {
		return nil, err
	}
	if in.TokenEndpointAuthMethod != document.MethodNone {
		if change.Secret, err = h.generateSecret(); err != nil {
			return nil, err
		}
	}
	out, err := h.Store.CreateClient(ctx, c.Scope, snapshots.NewClient{Module: r.setup.Module, Setup: r.setup.ID,
		ClientID: h.Tenancy.IDs().UUID(), Surface: Name, Initial: r.initial}, change)
	if err != nil {
		return nil, hideSetup(edit.Name(err))
	}
	reply, err := h.answerWrite(c, http.StatusCreated, out.Resolved, change)
	if err != nil {
		return nil, err
	}
	reply.Header["Location"] = []string{"admin/clients/" + url.PathEscape(out.Entity.ClientID)}
	return reply, nil
}

// put replaces what a client may say of itself, and its registration token unless the
// policy says otherwise.
func (h *handler) put(c *web.Call, m *management) (*web.Reply, error) {
	if err := h.writes.Take(string(m.client.Entity.ID)); err != nil {
		return nil, err
	}
	in, err := h.decode(c, m.client.Entity.Setup)
	if err != nil {
		return nil, err
	}
	edit, err := ory.WorkOut(c.Request.Context(), h.Store, c.Scope, m.client, toDomain(in, m.policy))
	if err != nil {
		return nil, err
	}
	defer edit.Done()
	edit.Level, edit.Allowed = document.ByItself, m.policy.Allow
	if err := forbidden(in, edit.Shown); err != nil {
		return nil, err
	}
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	change, err := h.change(c, edit, m.policy)
	if err != nil {
		return nil, err
	}
	change.Match, change.TokenOnChange = match, true
	if m.policy.RotateToken == snapshots.RotateNever {
		change.Token = nil
	}
	if change.Secret, err = h.firstSecret(c, m, edit); err != nil {
		return nil, err
	}
	out, err := snapshots.Edit(c.Request.Context(), h.Store, c.Scope, m.client.Entity.Ref(), change)
	if err != nil {
		return nil, hideClient(edit.Name(err))
	}
	if !out.Changed || change.Token == nil { // then the token is not new either
		change.Token = &snapshots.NewToken{Text: credentialsOf(c, m.client.Entity.ClientID).token}
	}
	return h.answerWrite(c, http.StatusOK, out.Resolved, change)
}

// delete ends a client and all its credentials.
func (h *handler) delete(c *web.Call, m *management) (*web.Reply, error) {
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	if err := snapshots.Delete[document.Client](c.Request.Context(), h.Store, c.Scope, m.client.Entity.Ref(), match); err != nil {
		return nil, hideClient(err)
	}
	return web.NoContent(), nil
}

// change is the change that an edit makes, under the setup's policy. It brings a new
// registration token.
func (h *handler) change(c *web.Call, edit *ory.Edit, policy snapshots.Policy) (snapshots.Change[document.Client], error) {
	change, err := edit.Prepare(c.Request.Context(), h.Store, h.Fetch)
	if err != nil {
		return change, edit.Name(err)
	}
	change.Rules = append(change.Rules, policy.RegistrationRules()...)
	change.Token = ory.NewToken(h.Store, h.Tenancy.IDs())
	return change, nil
}

// firstSecret makes a secret for a client that begins to authenticate with one and
// has none.
func (h *handler) firstSecret(c *web.Call, m *management, edit *ory.Edit) (*snapshots.NewSecret, error) {
	method := edit.Body.TokenEndpointAuthMethod
	if method == "" {
		method = methodBasic
	}
	if !ory.TakesSecret(method) || ory.TakesSecret(edit.Shown.TokenEndpointAuthMethod) {
		return nil, nil
	}
	has, err := h.Store.HasSecret(c.Request.Context(), c.Scope, m.client.Entity.Ref(), 0)
	if has || err != nil {
		return nil, err
	}
	return h.generateSecret()
}

func (h *handler) generateSecret() (*snapshots.NewSecret, error) {
	plain, err := ory.NewSecret(h.Tenancy.IDs())
	if err != nil {
		return nil, err
	}
	return h.Store.GenerateSecret(plain)
}

// answerWrite shows the client as stored, with its new token and secret, this once.
func (h *handler) answerWrite(c *web.Call, status int, found snapshots.Resolved[document.Client],
	change snapshots.Change[document.Client]) (*web.Reply, error) {
	view := fromDomain(found)
	view.RegistrationAccessToken = change.Token.Text
	if change.Secret != nil {
		view.ClientSecret = change.Secret.Plain()
	}
	return h.answer(c, status, view, found)
}
