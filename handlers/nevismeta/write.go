package nevismeta

import (
	"context"
	"net/http"
	"net/url"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

func (h *handler) postClient(c *web.Call) (*web.Reply, error) {
	body, err := written(c)
	if err != nil {
		return nil, err
	}
	write, secret, err := h.creating(c, body)
	if err != nil {
		return nil, err
	}
	if c.DryRun() {
		return tried(h, c, nil, addsSecret(secret), write)
	}
	out, err := write(c.Request.Context())
	if err != nil {
		return nil, err
	}
	answer := createdClient{EntityID: string(out.Entity.ID), ClientID: out.Entity.ClientID}
	if secret != nil && !out.Repeated { // it is shown once only
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

func (h *handler) createdClient(out snapshots.Outcome[document.Client], answer any) (*web.Reply, error) {
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

// clientWrite makes or edits a client, in the context of a rehearsal or for good.
type clientWrite = func(context.Context) (snapshots.Outcome[document.Client], error)

// creating is the registration of a client from a written body, with the secret
// that it gets; nil for none.
func (h *handler) creating(c *web.Call, body *clientBody) (clientWrite, *snapshots.NewSecret, error) {
	validFrom, faults := start(body.ValidFrom)
	ref := setupRef(c)
	wanted := snapshots.NewClient{Module: ref.Module, Setup: ref.Setup, ClientID: h.ids.Hex(), Surface: Name}
	if body.ClientID != nil {
		wanted.ClientID = *body.ClientID
		faults = append(faults, document.CheckClientID(wanted.ClientID, true)...)
	}
	var err error
	if wanted.Owner, err = c.Owner(); err != nil {
		return nil, nil, err
	}
	secret, secretFaults, err := h.firstSecret(c.Request.Context(), body)
	if err != nil {
		return nil, nil, err
	}
	faults = append(faults, secretFaults...)
	return func(ctx context.Context) (snapshots.Outcome[document.Client], error) {
		return h.Store.CreateClient(ctx, c.Scope, wanted, snapshots.Change[document.Client]{
			ValidFrom: validFrom, Apply: applying(body, faults), Rules: clientRules(), DialectChecksScopes: true, Secret: secret})
	}, secret, nil
}

// applying is body's conversion with the faults that were found before.
func applying(body *clientBody, before []fault.Field) func(*document.Client, *document.Setup) (*document.Client, error) {
	return func(base *document.Client, setup *document.Setup) (*document.Client, error) {
		next, faults := body.toDomain(base, setup)
		return next, fault.Rules(append(faults[:len(faults):len(faults)], before...))
	}
}

func (h *handler) putClient(c *web.Call) (*web.Reply, error) {
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
	if active, err := snapshots.Resolve[document.Client](c.Request.Context(), h.Store, c.Scope, snapshots.ByRef(ref), snapshots.Instant{}); err == nil {
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
	write := func(ctx context.Context) (snapshots.Outcome[document.Client], error) {
		return snapshots.Edit(ctx, h.Store, c.Scope, ref, snapshots.Change[document.Client]{ValidFrom: validFrom,
			Match: match, Apply: applying(body, faults), Rules: clientRules(), DialectChecksScopes: true, Secret: secret})
	}
	if c.DryRun() {
		changed, err := h.secretChangeOf(c, ref, secret)
		if err != nil {
			return nil, err
		}
		return tried(h, c, &ref, changed, write)
	}
	out, err := write(c.Request.Context())
	if err != nil {
		return nil, err
	}
	return h.clientReply(c, out.Resolved, formResolved)
}

// keepsIdentity refuses to change what no edit changes: the client_id and the
// owner organization.
func (h *handler) keepsIdentity(c *web.Call, ref snapshots.Ref, body *clientBody) ([]fault.Field, error) {
	asked, err := c.Owner()
	if err != nil || body.ClientID == nil && asked == "" {
		return nil, err
	}
	e, _, err := h.Store.Find(c.Request.Context(), c.Scope, snapshots.ByRef(ref))
	if err != nil {
		return nil, err
	}
	var faults []fault.Field
	if body.ClientID != nil && *body.ClientID != e.ClientID {
		faults = append(faults, fault.Field{Path: "/client_id", Rule: "immutable", Message: "the client_id of a client cannot be changed"})
	}
	if asked != "" && asked != e.Owner {
		return nil, fault.New(fault.Malformed, "", "Tenure-Owner is not the client's owner, and an edit cannot change the owner")
	}
	return faults, nil
}

// deleteClient ends a client.
func (h *handler) deleteClient(c *web.Call) (*web.Reply, error) {
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	return removed(c, func(ctx context.Context) error {
		return snapshots.Delete[document.Client](ctx, h.Store, c.Scope, clientRef(c), match)
	})
}

// removed answers a deletion.
func removed(c *web.Call, remove func(context.Context) error) (*web.Reply, error) {
	if c.DryRun() {
		return triedDeletion(c, remove)
	}
	if err := remove(c.Request.Context()); err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}

// withdraw takes a planned snapshot back.
func withdraw[T document.Content](h *handler, ref func(*web.Call) snapshots.Ref) func(*web.Call) (*web.Reply, error) {
	return func(c *web.Call) (*web.Reply, error) {
		if err := snapshots.Withdraw[T](c.Request.Context(), h.Store, c.Scope, ref(c), snapshotID(c)); err != nil {
			return nil, err
		}
		return web.NoContent(), nil
	}
}

// start reads valid_from; nil means now.
func start(s *string) (*history.Millis, []fault.Field) {
	if s == nil {
		return nil, nil
	}
	m, ok := parseInstant(*s)
	if !ok {
		return nil, []fault.Field{{Path: "/valid_from", Rule: "date-time",
			Message: "must be a date-time with an offset such as 2024-07-29T15:51:28.071Z"}}
	}
	return &m, nil
}

// created is the answer of a POST: the new thing's place, and never kept.
func created(location string, status int, body any) (*web.Reply, error) {
	reply, err := web.JSON(status, body)
	if err != nil {
		return nil, err
	}
	reply.Header, reply.NoStore = http.Header{"Location": {location}}, true
	return reply, nil
}
