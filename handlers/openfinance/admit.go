package openfinance

import (
	"cmp"
	"context"
	"crypto/sha256"
	"strings"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// arrival is what is known of a call before its own credential is looked at.
type arrival struct {
	setup       snapshots.Entity
	policy      snapshots.Policy
	profile     Profile
	off         error // registration is off for the setup
	holder      Holder
	certificate error // why there is no holder where the profile needs one
}

// admitted is what admission found out for the handler.
type admitted struct {
	arrival
	// Of a registration:
	body      *body
	statement *Statement
	initial   string // id of the initial access token
	// Of management:
	client snapshots.Resolved[document.Client]
	token  string // as presented
}

// setupID names the setup that a call is about: the path's, else the root's
// default.
func (h *surface) setupID(c *web.Call) snapshots.EntityID {
	return snapshots.EntityID(cmp.Or(c.Var("setupId"), h.Tenancy.DefaultSetup(h.Tenancy.Root())))
}

// arrive finds setup and profile, and counts the call for whoever makes it: the
// API key, the certificate once its chain is verified, else the address.
func (h *surface) arrive(c *web.Call) (arrival, error) {
	var a arrival
	var err error
	id := h.setupID(c)
	a.setup, a.policy, err = h.Store.Registering(c.Request.Context(), id, true)
	caller := c.Address()
	if c.Principal.KeyID != "" {
		caller = "key " + c.Principal.KeyID
	}
	known := err == nil || fault.HasCode(err, snapshots.CodeRegistrationOff)
	if module := c.Var("module"); known && module != "" && module != a.setup.Module {
		known, err = false, fault.New(fault.NotFound, fault.CodeSetupUnknown, "there is no such setup")
	}
	if !known {
		if limit := h.callers.Take(caller); limit != nil {
			return a, limit
		}
		return a, err
	}
	a.profile, _ = ProfileOf(a.policy.OpenFinanceProfile)
	if err != nil || !a.policy.Registers(a.profile.Statement) {
		a.off = fault.New(fault.NotFound, snapshots.CodeRegistrationOff, "registration is off for this setup")
	}
	if a.profile.MutualTLS && c.Principal.KeyID == "" {
		if caller, err = h.identify(c, &a); err != nil {
			return a, err
		}
	}
	if err := h.callers.Take(caller); err != nil {
		return a, err
	}
	if err := h.setups.Take(string(id)); err != nil {
		return a, err
	}
	if a.policy.StrictHeaders {
		_, err = ReadHeaders(c.Request.Header, func() string { return c.Correlation }, true)
		return a, err
	}
	return a, nil
}

// identify reads who holds the certificate that the caller presented, and under
// which name its calls are counted.
func (h *surface) identify(c *web.Call, a *arrival) (string, error) {
	if h.Scheme.Trust == nil {
		a.certificate = fault.New(fault.Upstream, "", "this server knows no authority for client certificates")
		return c.Address(), nil
	}
	certs, err := Presented(c.Request, h.Scheme.Proxy)
	if err == nil {
		a.holder, err = h.Scheme.Trust.Verify(certs, h.Store.Now().Time())
	}
	if err == nil {
		sum := sha256.Sum256(certs[0].Raw)
		return string(sum[:]), nil
	}
	if !fault.HasCode(err, CodeCertificate) {
		return "", err
	}
	a.certificate = err
	return c.Address(), nil
}

// admitNew lets a caller register: with the scheme's certificate and statement
// where the profile has them, and as the setup's policy says.
func (h *surface) admitNew(c *web.Call) (tenancy.Scope, error) {
	arrived, err := h.arrive(c)
	if err != nil {
		return tenancy.Scope{}, err
	}
	a := &admitted{arrival: arrived}
	c.Admitted = a
	switch {
	case a.off != nil:
		return tenancy.Scope{}, a.off
	case a.certificate != nil:
		return tenancy.Scope{}, Unapproved(a.certificate)
	}
	if a.body, err = decode(c); err != nil {
		return tenancy.Scope{}, err
	}
	if a.statement, err = h.proven(c, &a.arrival, a.body); err != nil {
		return tenancy.Scope{}, err
	}
	token, _ := bearer(c)
	r, err := h.Store.Register(c.Request.Context(), snapshots.Registrant{Setup: a.setup.ID, Surface: Name, Address: c.Address(),
		Token: token, Statement: a.statement != nil})
	if err != nil {
		return tenancy.Scope{}, err
	}
	a.initial = r.Initial
	if s := a.statement; s != nil {
		r.Grant.Actor = "participant:" + s.OrgID
		r.Grant.Participant = &tenancy.Participant{Code: s.OrgID, Name: cmp.Or(s.OrgName, s.OrgID),
			ID: tenancy.OrgID(h.Tenancy.IDs().UUID())}
	}
	return h.Tenancy.AuthorizeGrant(r.Grant, "")
}

// proven verifies the body's software statement, and that it is the
// certificate's; nil where the profile has none.
func (h *surface) proven(c *web.Call, a *arrival, b *body) (*Statement, error) {
	if !a.profile.Statement {
		return nil, nil
	}
	if h.Scheme.Statements == nil {
		return nil, fault.New(fault.Upstream, CodeDirectory, "this server knows no directory of software statements")
	}
	s, err := h.Scheme.Statements.Verify(c.Request.Context(), b.Statement, h.Store.Now().Time())
	if err != nil {
		return nil, err
	}
	return s, CheckHolder(s, a.holder)
}

// errToken is the one answer to every token that does not hold, to none at all,
// and to whatever is said of a client that is not there.
func errToken() error {
	return fault.New(fault.Unauthenticated, "", "the registration access token is missing or does not hold for this client")
}

// admitClient lets a client manage itself by its registration access token,
// and by a certificate of its own where the profile has them.
func (h *surface) admitClient(c *web.Call) (tenancy.Scope, error) {
	arrived, err := h.arrive(c)
	if fault.Is(err, fault.NotFound) {
		return tenancy.Scope{}, errToken()
	}
	if err != nil {
		return tenancy.Scope{}, err
	}
	a := &admitted{arrival: arrived}
	c.Admitted = a
	if a.token, err = bearer(c); err == nil && (a.token == "" || strings.HasPrefix(a.token, tenancy.KeyPrefix)) {
		err = errToken() // an API key that held did not get here
	}
	if err == nil {
		err = a.certificate
	}
	if err != nil {
		return tenancy.Scope{}, err
	}
	ctx := c.Request.Context()
	e, scope, err := h.byToken(ctx, a.setup.ID, c.Var("ClientId"), a.token)
	if err != nil {
		return tenancy.Scope{}, hidden(err)
	}
	if a.off != nil {
		return tenancy.Scope{}, fault.New(fault.Forbidden, snapshots.CodeRegistrationOff, "clients of this setup may not manage themselves")
	}
	if a.client, err = snapshots.Resolve[document.Client](ctx, h.Store, scope, snapshots.ByRef(e.Ref()), snapshots.Instant{}); err != nil {
		return tenancy.Scope{}, hidden(err)
	}
	if a.profile.MutualTLS && !a.holder.Holds(a.client.Content.SoftwareID, a.client.Content.OrganisationID) {
		return tenancy.Scope{}, fault.New(fault.Unauthenticated, CodeCertificate, "the client certificate is not this client's")
	}
	return scope, nil
}

// byToken makes the scope of the client that a token is of.
func (h *surface) byToken(ctx context.Context, setup snapshots.EntityID, clientID, token string) (snapshots.Entity, tenancy.Scope, error) {
	e, valid, err := h.Store.VerifyToken(ctx, setup, clientID, Name, token)
	if err != nil {
		return e, tenancy.Scope{}, err
	}
	scope, err := h.Tenancy.AuthorizeGrant(tenancy.Grant{Client: string(e.ID), Setup: string(e.Setup), Owner: e.Owner, Actor: "client:" + string(e.ID),
		Allowed: tenancy.Resolve | tenancy.WriteClients | tenancy.Secrets, Surface: Name, Valid: valid}, "")
	return e, scope, err
}

// hidden is errToken for what would tell whether a client is there.
func hidden(err error) error {
	switch fault.Of(err).Kind {
	case fault.NotFound, fault.Unauthenticated, fault.Forbidden:
		return errToken()
	}
	return err
}

// bearer is the one way to present a token (RFC 6750 section 2.1); empty for
// none.
func bearer(c *web.Call) (string, error) {
	header, err := web.Once(c.Request.Header, "Authorization")
	if err != nil {
		return "", err
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", nil
	}
	return strings.TrimLeft(token, " "), nil
}
