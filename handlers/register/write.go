package register

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// post registers a client.
func (h *handler) post(c *web.Call) (*web.Reply, error) {
	ctx, a := c.Request.Context(), c.Admitted.(*admitted)
	in, err := decode(c)
	if err != nil {
		return nil, err
	}
	if err := forbidden(in, nil); err != nil {
		return nil, err
	}
	setup, err := snapshots.Resolve[document.Setup](ctx, h.Store, c.Scope, snapshots.ByRef(a.setup.Ref()), snapshots.Instant{})
	if err != nil {
		return nil, hideSetup(err)
	}
	change, err := h.change(c, in, nil, setup.Content)
	if err != nil {
		return nil, err
	}
	if in.TokenEndpointAuthMethod != document.MethodNone {
		if change.Secret, err = h.newSecret(); err != nil {
			return nil, err
		}
	}
	out, err := h.Store.CreateClient(ctx, c.Scope, snapshots.NewClient{Module: a.setup.Module, Setup: a.setup.ID,
		ClientID: h.Tenancy.IDs().UUID(), Surface: Name, Initial: a.initial}, change)
	if err != nil {
		return nil, hideSetup(err)
	}
	reply, err := h.answerWrite(c, http.StatusCreated, in, out.Resolved, change)
	if err != nil {
		return nil, err
	}
	reply.Header["Location"] = []string{"admin/clients/" + url.PathEscape(out.Entity.ClientID)}
	return reply, nil
}

// get shows a client to itself.
func (h *handler) get(c *web.Call) (*web.Reply, error) {
	found := c.Admitted.(*admitted).client
	view := ory.Read(found)
	view.Metadata = nil
	view.RegistrationClientURI = h.registrationURI(c, found.Entity)
	reply, err := answer(http.StatusOK, view, found)
	if err != nil {
		return nil, err
	}
	reply.Header["Cache-Control"] = []string{ory.CacheControl}
	return reply, nil
}

// put replaces what a client may say of itself, and its registration token.
func (h *handler) put(c *web.Call) (*web.Reply, error) {
	found := c.Admitted.(*admitted).client
	in, err := decode(c)
	if err != nil {
		return nil, err
	}
	shown := ory.FromDomain(found.Content, found.Setup.Content)
	if err := forbidden(in, &shown); err != nil {
		return nil, err
	}
	change, err := h.change(c, in, found.Content, found.Setup.Content)
	if err != nil {
		return nil, err
	}
	if change.Match, err = web.Match(c); err != nil {
		return nil, err
	}
	if change.Secret, err = h.firstSecret(c, in, &shown); err != nil {
		return nil, err
	}
	out, err := snapshots.Edit(c.Request.Context(), h.Store, c.Scope, refOf(c), change)
	if err != nil {
		return nil, hideClient(err)
	}
	return h.answerWrite(c, http.StatusOK, in, out.Resolved, change)
}

// delete ends a client and all its credentials.
func (h *handler) delete(c *web.Call) (*web.Reply, error) {
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	if err := snapshots.Delete[document.Client](c.Request.Context(), h.Store, c.Scope, refOf(c), match); err != nil {
		return nil, hideClient(err)
	}
	return web.NoContent(), nil
}

func refOf(c *web.Call) snapshots.Ref {
	e := c.Admitted.(*admitted).client.Entity
	return snapshots.Ref{Module: e.Module, Setup: e.Setup, Entity: e.ID}
}

func decode(c *web.Call) (*ory.Client, error) {
	body, err := c.Body()
	if err != nil {
		return nil, err
	}
	in, err := ory.Decode(body)
	if err != nil && c.Route.Method == http.MethodPut {
		err = fault.Wrap(err, fault.Malformed, "", decodeSentence)
	}
	return in, err
}

// change is what a written client makes of base, nil for a new one, checked
// before anything is fetched or hashed. It brings a new registration token.
func (h *handler) change(c *web.Call, in *ory.Client, base *document.Client, setup *document.Setup) (snapshots.Change[document.Client], error) {
	policy := c.Admitted.(*admitted).policy
	wanted := keepAdministrators(in, policy, base, setup)
	if err := wanted.Check(base, setup); err != nil {
		return snapshots.Change[document.Client]{}, err
	}
	sector := wanted.Sector(c.Request.Context(), h.Fetch, base)
	return snapshots.Change[document.Client]{Rules: rules(policy, sector), Token: ory.NewToken(h.Store, h.Tenancy.IDs()),
		Apply: func(base *document.Client, setup *document.Setup) (*document.Client, error) {
			next, faults := keepAdministrators(in, policy, base, setup).ToDomain(base, setup)
			return next, fault.Rules(faults)
		}}, nil
}

// firstSecret is for a client that begins to authenticate with a secret and has
// none.
func (h *handler) firstSecret(c *web.Call, in, shown *ory.Client) (*snapshots.NewSecret, error) {
	if !ory.TakesSecret(cmp.Or(in.TokenEndpointAuthMethod, methodBasic)) || ory.TakesSecret(shown.TokenEndpointAuthMethod) {
		return nil, nil
	}
	has, err := h.Store.HasSecret(c.Request.Context(), c.Scope, refOf(c), 0)
	if has || err != nil {
		return nil, err
	}
	return h.newSecret()
}

func (h *handler) newSecret() (*snapshots.NewSecret, error) {
	plain, err := ory.NewSecret(h.Tenancy.IDs())
	if err != nil {
		return nil, err
	}
	return h.Store.GenerateSecret(plain)
}

// answerWrite answers a write: the client as stored, with what is shown once.
func (h *handler) answerWrite(c *web.Call, status int, in *ory.Client, found snapshots.Resolved[document.Client],
	change snapshots.Change[document.Client]) (*web.Reply, error) {
	view := in.Echo(found)
	view.Metadata = json.RawMessage("{}") // an administrator's is not shown
	view.RegistrationAccessToken = change.Token.Text
	view.RegistrationClientURI = h.registrationURI(c, found.Entity)
	if change.Secret != nil {
		view.ClientSecret = change.Secret.Plain()
	}
	return answer(status, view, found)
}

// answer leaves out which organization owns the client: that is none of what
// a client knows of itself.
func answer(status int, view ory.Client, found snapshots.Resolved[document.Client]) (*web.Reply, error) {
	reply, err := ory.Reply(status, view, found)
	if err == nil {
		delete(reply.Header, "Tenure-Owner")
	}
	return reply, err
}

// registrationURI is a client's registration_client_uri.
func (h *handler) registrationURI(c *web.Call, e snapshots.Entity) string {
	return ory.RegistrationURI(h.PublicURL(c), e, h.Tenancy.DefaultSetup(h.Tenancy.Root()))
}
