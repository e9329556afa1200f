package openfinance

import (
	"cmp"
	"context"
	"crypto/sha256"
	"strings"

	"tenure/handlers/openfinance/scheme"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// arrival is what is known of a call before its own credential is checked.
type arrival struct {
	setup       snapshots.Entity
	policy      snapshots.Policy
	profile     Profile
	off         error // why nobody may register in the setup; nil if somebody may
	holder      scheme.Holder
	certificate error // why there is no holder although the profile needs one
}

// registration is a POST that was let in.
type registration struct {
	arrival
	body      *body
	statement *scheme.Statement // nil where the profile has none
	initial   string            // id of the initial access token; empty for none
}

// management is a call of a client that was let in by its own token.
type management struct {
	arrival
	client snapshots.Resolved[document.Client]
	token  string // as presented
}

// setupID names the setup that a call is about: the path's, or the root's default
// one.
func (h *handler) setupID(c *web.Call) snapshots.EntityID {
	return snapshots.EntityID(cmp.Or(c.Var("setupId"), h.Tenancy.DefaultSetup(h.Tenancy.Root())))
}

// arrive finds setup and profile, and counts the call against the limit of its
// caller: the API key, the certificate if its chain is valid, else the address.
func (h *handler) arrive(c *web.Call) (arrival, error) {
	var a arrival
	var err error
	id := h.setupID(c)
	a.setup, a.policy, err = h.Store.Registering(c.Request.Context(), id, snapshots.DoorReg)
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
	a.profile = h.profiles[a.policy.OpenFinanceProfile]
	if err != nil {
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
		_, err = scheme.ReadHeaders(c.Request.Header, func() string { return c.Correlation }, true)
		return a, err
	}
	return a, nil
}

// identify finds the holder of the certificate that the caller presented, and
// returns the name under which the caller's calls are counted.
func (h *handler) identify(c *web.Call, a *arrival) (string, error) {
	if h.Scheme.Trust == nil {
		a.certificate = unconfigured("this server has no authorities to verify client certificates with: start it with --client-ca")
		return c.Address(), nil
	}
	certs, err := scheme.Presented(c.Request, h.Scheme.Proxy)
	if err == nil {
		a.holder, err = h.accepted.Verify(h.Scheme.Trust, certs, h.Store.Now().Time())
	}
	if err == nil {
		sum := sha256.Sum256(certs[0].Raw)
		return string(sum[:]), nil
	}
	if !fault.HasCode(err, scheme.CodeCertificate) {
		return "", err
	}
	a.certificate = err
	return c.Address(), nil
}

// admitNew lets a caller register: with the scheme's certificate and statement
// where the profile has them, and as the setup's policy says.
func (h *handler) admitNew(c *web.Call) (*registration, tenancy.Scope, error) {
	none := tenancy.Scope{}
	arrived, err := h.arrive(c)
	if err != nil {
		return nil, none, err
	}
	r := &registration{arrival: arrived}
	switch {
	case r.off != nil:
		return nil, none, r.off
	case r.certificate != nil:
		return nil, none, scheme.Unapproved(r.certificate)
	}
	registered, err := h.Store.Register(c.Request.Context(), snapshots.Registrant{Setup: r.setup.ID, Surface: Name, Address: c.Address(),
		Door: snapshots.DoorReg, Token: func() string {
			token, _ := web.Bearer(c.Request.Header)
			return token
		}})
	if err != nil {
		return nil, none, err
	}
	r.initial = registered.Initial
	if r.body, err = h.decode(c, r.setup.ID); err != nil {
		return nil, none, err
	}
	if r.statement, err = h.verifyStatement(c.Request.Context(), &r.arrival, r.body); err != nil {
		return nil, none, err
	}
	grant := registered.Grant
	if s := r.statement; s != nil {
		grant.Actor = "participant:" + s.OrgID
		grant.Participant = &tenancy.Participant{Code: s.OrgID, Name: cmp.Or(s.OrgName, s.OrgID),
			ID: tenancy.OrgID(h.Tenancy.IDs().UUID())}
	}
	scope, err := h.Tenancy.AuthorizeGrant(grant, "")
	return r, scope, err
}

// verifyStatement verifies the body's software statement, and that statement and
// certificate belong together. It returns nil where the profile has none.
func (h *handler) verifyStatement(ctx context.Context, a *arrival, b *body) (*scheme.Statement, error) {
	if !a.profile.Statement {
		return nil, nil
	}
	if h.Scheme.Statements == nil {
		return nil, unconfigured("this server has no directory to verify software statements with: start it with --directory-keys")
	}
	s, err := h.Scheme.Statements.Verify(ctx, b.Statement, h.Store.Now().Time())
	if err != nil {
		return nil, err
	}
	return s, scheme.CheckHolder(s, a.holder)
}

// errToken answers every missing or invalid token, and every request about an
// unknown client, so that the two cannot be told apart.
func errToken() error {
	return fault.New(fault.Unauthenticated, "", "the registration access token is missing or not valid for this client")
}

// admitClient lets a client manage itself by its registration access token,
// and by a certificate of its own where the profile has them.
func (h *handler) admitClient(c *web.Call) (*management, tenancy.Scope, error) {
	none := tenancy.Scope{}
	arrived, err := h.arrive(c)
	if fault.Is(err, fault.NotFound) {
		return nil, none, errToken()
	}
	if err != nil {
		return nil, none, err
	}
	m := &management{arrival: arrived}
	if m.token, err = web.Bearer(c.Request.Header); err == nil && (m.token == "" || strings.HasPrefix(m.token, tenancy.KeyPrefix)) {
		err = errToken() // a valid API key never gets here
	}
	if err == nil {
		err = m.certificate
	}
	if err != nil {
		return nil, none, err
	}
	ctx := c.Request.Context()
	e, scope, err := h.authorizeToken(ctx, m.setup.ID, c.Var("ClientId"), m.token)
	if err != nil {
		return nil, none, concealClient(err)
	}
	if m.off != nil {
		return nil, none, fault.New(fault.Forbidden, snapshots.CodeRegistrationOff, "clients of this setup may not manage themselves")
	}
	if m.client, err = snapshots.Resolve[document.Client](ctx, h.Store, scope, snapshots.ByRef(e.Ref()), snapshots.Instant{}); err != nil {
		return nil, none, concealClient(err)
	}
	if m.profile.MutualTLS && !m.holder.Holds(m.client.Content.SoftwareID, m.client.Content.OrganisationID) {
		return nil, none, fault.New(fault.Unauthenticated, scheme.CodeCertificate, "the client certificate does not belong to this client")
	}
	return m, scope, nil
}

// authorizeToken makes the scope of the client that a token belongs to.
func (h *handler) authorizeToken(ctx context.Context, setup snapshots.EntityID, clientID, token string) (snapshots.Entity, tenancy.Scope, error) {
	e, valid, err := h.Store.VerifyToken(ctx, setup, clientID, Name, token)
	if err != nil {
		return e, tenancy.Scope{}, err
	}
	scope, err := h.Tenancy.AuthorizeGrant(tenancy.Grant{Client: string(e.ID), Setup: string(e.Setup), Owner: e.Owner, Actor: "client:" + string(e.ID),
		Allowed: tenancy.Resolve | tenancy.WriteClients | tenancy.Secrets, Surface: Name, Valid: valid}, "")
	return e, scope, err
}

// concealClient turns faults that would reveal whether a client exists into
// errToken.
func concealClient(err error) error {
	if fault.Is(err, fault.Forbidden) {
		return errToken()
	}
	return endedMeanwhile(err)
}

// endedMeanwhile turns faults about a client or token that no longer exists,
// after the call was admitted, into errToken.
func endedMeanwhile(err error) error {
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Unauthenticated) {
		return errToken()
	}
	return err
}
