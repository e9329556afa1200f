package register

import (
	"crypto/sha256"
	"strings"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// admitted is what admission found out for the handler.
type admitted struct {
	setup   snapshots.Entity
	policy  snapshots.Policy
	client  snapshots.Resolved[document.Client] // that manages itself
	initial string                              // id of the initial access token, of one that registers
}

// setupOf is the setup that the path names, or the root's default one.
func (h *handler) setupOf(c *web.Call) snapshots.EntityID {
	if id := c.Var("setupId"); id != "" {
		return snapshots.EntityID(id)
	}
	return snapshots.EntityID(h.Tenancy.DefaultSetup(h.Tenancy.Root()))
}

// inModule refuses a setup that is not in the module that the path names.
func inModule(c *web.Call, setup snapshots.Entity) error {
	if module := c.Var("module"); module != "" && module != setup.Module {
		return errOff()
	}
	return nil
}

// errOff is the answer for every setup into which nobody may register, be it
// there or not.
func errOff() error { return fault.New(fault.NotFound, snapshots.CodeRegistrationOff, offSentence) }

// hideSetup is how a registration is told what says that there is no such setup, no
// registration, or no token any more.
func hideSetup(err error) error {
	switch fault.Of(err).Kind {
	case fault.NotFound, fault.Forbidden:
		return errOff()
	case fault.Unauthenticated:
		return errCredentials()
	}
	return err
}

// errCredentials is the one answer for whatever does not hold: an unknown
// client, a wrong or missing credential, another client's.
func errCredentials() error { return fault.New(fault.Unauthenticated, "", ory.BadCredentials) }

// hideClient is errCredentials for what would tell whether a client is there.
func hideClient(err error) error {
	switch fault.Of(err).Kind {
	case fault.NotFound, fault.Unauthenticated, fault.Forbidden:
		return errCredentials()
	}
	return err
}

// admitNew lets a caller register: anybody where the setup's policy is open,
// within the limits, else who has an initial access token.
func (h *handler) admitNew(c *web.Call) (tenancy.Scope, error) {
	ctx, address := c.Request.Context(), c.Address()
	token := credentialsOf(c, "").token
	r, err := h.Store.Register(ctx, snapshots.Registrant{Setup: h.setupOf(c), Surface: Name, Address: address, Token: token})
	if fault.Is(err, fault.Unauthenticated) {
		return tenancy.Scope{}, h.refuse(token != "", address, guessKey(&admitted{}, address, ""))
	}
	if err != nil {
		return tenancy.Scope{}, hideSetup(err)
	}
	if err := inModule(c, r.Setup); err != nil {
		return tenancy.Scope{}, err
	}
	if r.Policy.Registration == snapshots.RegistrationOpen {
		if err := h.addresses.Take(address); err != nil {
			return tenancy.Scope{}, err
		}
		if err := h.setups.Take(string(r.Setup.ID)); err != nil {
			return tenancy.Scope{}, err
		}
	}
	c.Admitted = &admitted{setup: r.Setup, policy: r.Policy, initial: r.Initial}
	scope, err := h.Tenancy.AuthorizeGrant(r.Grant, "")
	if err != nil {
		return scope, hideSetup(err)
	}
	return scope, nil
}

// admitClient lets a client manage itself, with its registration token or, for
// reading, with its own credentials.
func (h *handler) admitClient(c *web.Call) (tenancy.Scope, error) {
	setup, policy, err := h.Store.Registering(c.Request.Context(), h.setupOf(c), false)
	if err == nil {
		err = inModule(c, setup)
	}
	if err != nil {
		return tenancy.Scope{}, hideSetup(err)
	}
	a := &admitted{setup: setup, policy: policy}
	c.Admitted = a
	id := c.Var("id")
	presented := credentialsOf(c, id)
	switch {
	case presented.token != "":
		return h.byToken(c, a, id, presented.token)
	case presented.method != "" && isRead(c):
		return h.bySecret(c, a, id, presented)
	}
	return tenancy.Scope{}, errCredentials()
}

// byToken always looks whether the token holds before it counts a failure, so
// that nobody can lock out the one who has it: 256 random bits are not guessed.
func (h *handler) byToken(c *web.Call, a *admitted, id, token string) (tenancy.Scope, error) {
	e, valid, err := h.Store.VerifyToken(c.Request.Context(), a.setup.ID, id, ory.TokenSurface, ory.SignificantToken(token))
	if fault.Is(err, fault.Unauthenticated) {
		return tenancy.Scope{}, h.refuse(true, c.Address(), guessKey(a, c.Address(), id))
	}
	if err != nil {
		return tenancy.Scope{}, err
	}
	grant := grantOf(e, tenancy.Resolve|tenancy.WriteClients)
	grant.Valid = valid
	return h.authorize(c, a, grant)
}

// bySecret counts before it looks, because secrets may be guessed and are
// costly to compare; what holds is taken back.
func (h *handler) bySecret(c *web.Call, a *admitted, id string, presented credentials) (tenancy.Scope, error) {
	address, client := c.Address(), guessKey(a, c.Address(), id)
	if err := h.refuse(true, address, client); !fault.Is(err, fault.Unauthenticated) {
		return tenancy.Scope{}, err
	}
	for _, p := range presented.secrets {
		if p.id != id {
			p.id = "" // no client has it, and the work is the same
		}
		v, err := h.Store.VerifySecret(c.Request.Context(), a.setup.ID, p.id, presented.method, p.secret)
		if fault.Is(err, fault.Unauthenticated) {
			continue
		}
		if err != nil {
			return tenancy.Scope{}, err
		}
		h.guesses.Give(client)
		h.guessers.Give(address)
		h.renewImported(c, v, p.secret)
		return h.authorize(c, a, grantOf(v.Entity, tenancy.Resolve))
	}
	return tenancy.Scope{}, errCredentials()
}

// renewImported replaces an imported hash. The caller came to read and is answered
// whether it succeeds or not: the next use tries again.
func (h *handler) renewImported(c *web.Call, v snapshots.Verified, secret string) {
	if !v.Imported() {
		return
	}
	scope, err := h.Tenancy.AuthorizeGrant(grantOf(v.Entity, tenancy.Resolve|tenancy.WriteClients), "")
	if err == nil {
		_ = h.Store.RenewSecret(c.Request.Context(), scope, v, secret)
	}
}

func grantOf(e snapshots.Entity, allowed tenancy.Permission) tenancy.Grant {
	return tenancy.Grant{Client: string(e.ID), Setup: string(e.Setup), Owner: e.Owner, Actor: "client:" + string(e.ID),
		Allowed: allowed, Surface: Name}
}

// authorize makes the scope of a client that proved who it is. One that is only
// planned is not there yet, whatever it presents.
func (h *handler) authorize(c *web.Call, a *admitted, g tenancy.Grant) (tenancy.Scope, error) {
	scope, err := h.Tenancy.AuthorizeGrant(g, "")
	if err != nil {
		return scope, hideClient(err)
	}
	a.client, err = snapshots.Resolve[document.Client](c.Request.Context(), h.Store, scope,
		snapshots.ByRef(snapshots.Ref{Module: a.setup.Module, Setup: a.setup.ID, Entity: snapshots.EntityID(g.Client)}), snapshots.Instant{})
	if err != nil {
		return tenancy.Scope{}, hideClient(err)
	}
	return scope, nil
}

// refuse is the answer to credentials that do not hold. Those that were a
// guess are counted first, for the client from this address and for the
// address over all clients: Throttled where there were too many.
func (h *handler) refuse(guess bool, address, client string) error {
	if guess {
		if err := h.guesses.Take(client); err != nil {
			return err
		}
		if err := h.guessers.Take(address); err != nil {
			return err
		}
	}
	return errCredentials()
}

// guessKey is the key under which guesses at one client from one address are
// counted, of a length that the caller does not choose.
func guessKey(a *admitted, address, id string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(a.setup.ID), address, id}, "\x00")))
	return string(sum[:])
}
