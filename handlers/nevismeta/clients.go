package nevismeta

import (
	"context"
	"net/http"
	"net/url"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

func (h *surface) getClient(c *web.Call) (*web.Reply, error) {
	form := formResolved
	resolved, given, err := boolQuery(c, "resolve")
	if err != nil {
		return nil, err
	}
	if given && !resolved {
		form = formRaw
	}
	in := snapshots.InstantOf(c.Instants())
	found, err := snapshots.Resolve[document.Client](c.Request.Context(), h.store, c.Scope, snapshots.ByRef(clientRef(c)), in)
	if err != nil {
		return nil, err
	}
	if in.Given() {
		return h.clientThen(found, form, in)
	}
	reply, err := h.clientReply(c, found, form)
	return h.fresh(reply, found.NextValidFrom, found.SetupNext), err
}

func (h *surface) getClientSnapshot(c *web.Call) (*web.Reply, error) {
	found, err := snapshots.Snapshot[document.Client](c.Request.Context(), h.store, c.Scope, snapshots.ByRef(clientRef(c)), snapshotID(c))
	if err != nil {
		return nil, err
	}
	return h.clientReply(c, found, formResolved)
}

func (h *surface) listClients(c *web.Call) (*web.Reply, error) {
	filter, err := listQuery(c)
	if err != nil {
		return nil, err
	}
	ref := setupRef(c)
	listed, err := snapshots.List[document.Client](c.Request.Context(), h.store, c.Scope, snapshots.Ref{Module: ref.Module, Setup: ref.Setup}, filter)
	if err != nil {
		return nil, err
	}
	return ids("clientIds", listed)
}

func (h *surface) clientNames(c *web.Call) (*web.Reply, error) {
	ref := setupRef(c)
	listed, err := snapshots.List[document.Client](c.Request.Context(), h.store, c.Scope, snapshots.Ref{Module: ref.Module, Setup: ref.Setup}, snapshots.Filter{Named: true})
	if err != nil {
		return nil, err
	}
	names := make(map[snapshots.EntityID]string, len(listed))
	for _, l := range listed {
		names[l.ID] = l.Name
	}
	return web.JSON(http.StatusOK, names)
}

func (h *surface) clientEntityID(c *web.Call) (*web.Reply, error) {
	clientID, err := textQuery(c, "client_id")
	if err != nil {
		return nil, err
	}
	if clientID == nil || *clientID == "" {
		return nil, badQuery("client_id", "it is required")
	}
	ref := setupRef(c)
	e, state, err := h.store.Find(c.Request.Context(), c.Scope, snapshots.ByClientID(ref.Module, ref.Setup, *clientID))
	if err == nil && state == snapshots.Deleted {
		err = fault.New(fault.NotFound, fault.CodeClientUnknown, "there is no such client")
	}
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, map[string]any{"clientId": e.ID})
}

func (h *surface) deleteClient(c *web.Call) (*web.Reply, error) {
	return remove[document.Client](h, clientRef)(c)
}

func (h *surface) postClient(c *web.Call) (*web.Reply, error) {
	body, err := written(c)
	if err != nil {
		return nil, err
	}
	out, secret, err := h.create(c, body)
	if err != nil {
		return nil, err
	}
	answer := createdClient{EntityID: string(out.Entity.ID), ClientID: out.Entity.ClientID}
	if secret != nil {
		answer.ClientSecret = secret.Plain()
	}
	return h.createdClient(out, answer)
}

// written reads the body of a client's POST or PUT.
func written(c *web.Call) (*clientBody, error) {
	body := &clientBody{}
	if err := c.JSON(body, web.JSONOptions{Strict: true}); err != nil {
		return nil, err
	}
	return body, body.prepare()
}

func (h *surface) createdClient(out snapshots.Outcome[document.Client], answer any) (*web.Reply, error) {
	at := "/v2/modules/" + url.PathEscape(out.Entity.Module) + "/setups/" + string(out.Entity.Setup) + "/clients/" + string(out.Entity.ID)
	reply, err := created(at, http.StatusCreated, answer)
	if err != nil {
		return nil, err
	}
	for name, values := range headers(out.Version) {
		reply.Header[name] = values
	}
	return reply, nil
}

// create registers a client from a written body.
func (h *surface) create(c *web.Call, body *clientBody) (snapshots.Outcome[document.Client], *snapshots.NewSecret, error) {
	var none snapshots.Outcome[document.Client]
	validFrom, faults := start(body.ValidFrom)
	ref := setupRef(c)
	wanted := snapshots.NewClient{Module: ref.Module, Setup: ref.Setup, ClientID: h.ids.Hex(), Surface: "nevismeta"}
	if body.ClientID != nil {
		wanted.ClientID = *body.ClientID
		faults = append(faults, document.CheckClientID(wanted.ClientID, true)...)
	}
	var err error
	if wanted.Owner, err = c.Owner(); err != nil {
		return none, nil, err
	}
	secret, secretFaults, err := h.firstSecret(c.Request.Context(), body)
	if err != nil {
		return none, nil, err
	}
	faults = append(faults, secretFaults...)
	out, err := h.store.CreateClient(c.Request.Context(), c.Scope, wanted, snapshots.Change[document.Client]{
		ValidFrom: validFrom, Apply: applying(body, faults), Rules: clientRules(), DialectChecksScopes: true, Secret: secret})
	if out.Repeated {
		secret = nil // shown once only
	}
	return out, secret, err
}

// applying is body's conversion with the faults that were found before.
func applying(body *clientBody, before []fault.Field) func(*document.Client, *document.Setup) (*document.Client, error) {
	return func(base *document.Client, setup *document.Setup) (*document.Client, error) {
		next, faults := body.apply(base, setup)
		return next, fault.Rules(append(faults[:len(faults):len(faults)], before...))
	}
}

// firstSecret is what a new client authenticates with: the secret written, a
// generated one of 32 hex, or none for a public client and for one that proves
// itself with a key.
func (h *surface) firstSecret(ctx context.Context, body *clientBody) (*snapshots.NewSecret, []fault.Field, error) {
	var probe document.Client
	body.applyMethod(&probe, keeper{})
	if body.ClientSecret != nil {
		if probe.Public() {
			return nil, errPublicSecret(), nil
		}
		if faults := checkSecret(*body.ClientSecret); len(faults) > 0 {
			return nil, faults, nil
		}
		secret, err := h.store.ChosenSecret(ctx, *body.ClientSecret)
		return secret, nil, err
	}
	if !needsSecret(probe.TokenEndpointAuthMethod) {
		return nil, nil, nil
	}
	secret, err := h.store.GenerateSecret(h.ids.Hex())
	return secret, nil, err
}

func errPublicSecret() []fault.Field {
	return []fault.Field{{Path: "/client_secret", Rule: "public-secret", Message: "a public client has no secret"}}
}

func needsSecret(method string) bool {
	return method == methodBasic || method == "client_secret_post" || method == "client_secret_jwt"
}

func (h *surface) putClient(c *web.Call) (*web.Reply, error) {
	body, err := written(c)
	if err != nil {
		return nil, err
	}
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	validFrom, faults := start(body.ValidFrom)
	ref := clientRef(c)
	if active, err := snapshots.Resolve[document.Client](c.Request.Context(), h.store, c.Scope, snapshots.ByRef(ref), snapshots.Instant{}); err == nil {
		body.shows(active.Content.JWKS) // before the transaction, in which it costs everybody's time
	}
	fixed, err := h.keepsIdentity(c, ref, body)
	if err != nil {
		return nil, err
	}
	faults = append(faults, fixed...)
	secret, secretFaults, err := h.nextSecret(c.Request.Context(), c.Scope, ref, body, validFrom)
	if err != nil {
		return nil, err
	}
	faults = append(faults, secretFaults...)
	out, err := snapshots.Edit(c.Request.Context(), h.store, c.Scope, ref, snapshots.Change[document.Client]{ValidFrom: validFrom,
		Match: match, Apply: applying(body, faults), Rules: clientRules(), DialectChecksScopes: true, Secret: secret})
	if err != nil {
		return nil, err
	}
	return h.clientReply(c, out.Resolved, formResolved)
}

// keepsIdentity refuses to change what no edit changes: the client_id and the
// owner organization.
func (h *surface) keepsIdentity(c *web.Call, ref snapshots.Ref, body *clientBody) ([]fault.Field, error) {
	asked, err := c.Owner()
	if err != nil || body.ClientID == nil && asked == "" {
		return nil, err
	}
	e, _, err := h.store.Find(c.Request.Context(), c.Scope, snapshots.ByRef(ref))
	if err != nil {
		return nil, err
	}
	var faults []fault.Field
	if body.ClientID != nil && *body.ClientID != e.ClientID {
		faults = append(faults, fault.Field{Path: "/client_id", Rule: "immutable", Message: "the client_id of a client cannot be changed"})
	}
	if asked != "" && asked != e.Owner {
		return nil, fault.New(fault.Malformed, "", "Tenure-Owner is not the client's owner, and an edit does not change that")
	}
	return faults, nil
}

// nextSecret is the secret that an edit brings: the one written if it is not
// the present one, a generated one for a client that starts to need one, or nil.
func (h *surface) nextSecret(ctx context.Context, scope tenancy.Scope, ref snapshots.Ref, body *clientBody,
	validFrom *history.Millis) (*snapshots.NewSecret, []fault.Field, error) {
	at := h.store.Now().Millis()
	if validFrom != nil {
		at = max(at, *validFrom)
	}
	if body.ClientSecret == nil {
		starts, err := h.startsToNeed(ctx, scope, ref, body, at)
		if !starts || err != nil {
			return nil, nil, err
		}
		secret, err := h.store.GenerateSecret(h.ids.Hex())
		return secret, nil, err
	}
	same, err := h.store.SecretMatches(ctx, scope, ref, *body.ClientSecret, at)
	if same || err != nil {
		return nil, nil, err
	}
	return h.firstSecret(ctx, body)
}

// startsToNeed reports whether the edit makes a client that has no secret
// authenticate with one. A client that did so before keeps what it has, be it
// none: another system may have registered it that way, or it is only planned
// and its secret with it.
func (h *surface) startsToNeed(ctx context.Context, scope tenancy.Scope, ref snapshots.Ref, body *clientBody,
	at history.Millis) (bool, error) {
	var probe document.Client
	body.applyMethod(&probe, keeper{})
	if !needsSecret(probe.TokenEndpointAuthMethod) {
		return false, nil
	}
	if has, err := h.store.HasSecret(ctx, scope, ref, at); has || err != nil {
		return false, err
	}
	base, err := snapshots.Snapshots[document.Client](ctx, h.store, scope, ref, &at, false)
	if err != nil || len(base) == 0 {
		return true, err
	}
	found, err := snapshots.Snapshot[document.Client](ctx, h.store, scope, snapshots.ByRef(ref), base[0])
	if err != nil {
		return false, err
	}
	method := found.Content.TokenEndpointAuthMethod
	return method != "" && !needsSecret(method), nil
}
