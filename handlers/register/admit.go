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

// admitNew lets a caller register: anybody if the setup's policy is open, within the
// limits, else whoever has an initial access token.
func (h *handler) admitNew(c *web.Call) (*registration, tenancy.Scope, error) {
	none, address := tenancy.Scope{}, c.Address()
	presented := ""
	// The token may be in the body, which is read only if the policy lets the caller register.
	token := func() string {
		presented = credentialsOf(c, "").token
		return presented
	}
	module, id := c.Mount(h.Tenancy)
	r, err := h.Store.Register(c.Request.Context(), snapshots.Registrant{Setup: snapshots.EntityID(id), Surface: Name, Address: address,
		Door: snapshots.DoorOAuth2, Token: token})
	if fault.Is(err, fault.Unauthenticated) {
		return nil, none, h.refuse(presented != "", address, guessKey("", address, ""))
	}
	if err != nil {
		return nil, none, hideSetup(err)
	}
	if module != "" && module != r.Setup.Module {
		return nil, none, errOff()
	}
	if r.Policy.Registration == snapshots.RegistrationOpen {
		if err := h.addresses.Take(address); err != nil {
			return nil, none, err
		}
		if err := h.setups.Take(id); err != nil {
			return nil, none, err
		}
	}
	scope, err := h.Tenancy.AuthorizeGrant(r.Grant, "")
	if err != nil {
		return nil, none, hideSetup(err)
	}
	return &registration{setup: r.Setup, policy: r.Policy, initial: r.Initial}, scope, nil
}

// admitClient lets a client manage itself by its registration token or, for reading,
// by its own credentials.
func (h *handler) admitClient(c *web.Call) (*management, tenancy.Scope, error) {
	module, id := c.Mount(h.Tenancy)
	setup, policy, err := h.Store.Registering(c.Request.Context(), snapshots.EntityID(id), snapshots.DoorOAuth2)
	if err == nil && module != "" && module != setup.Module {
		err = errOff()
	}
	if err != nil {
		return nil, tenancy.Scope{}, hideSetup(err)
	}
	grant, err := h.authenticate(c, setup.ID, c.Var("id"))
	if err != nil {
		return nil, tenancy.Scope{}, err
	}
	scope, err := h.Tenancy.AuthorizeGrant(grant, "")
	if err != nil {
		return nil, tenancy.Scope{}, hideClient(err)
	}
	// A client that is only planned does not exist here yet, whatever it presents.
	own := snapshots.ByRef(snapshots.Ref{Module: setup.Module, Setup: setup.ID, Entity: snapshots.EntityID(grant.Client)})
	found, err := snapshots.Resolve[document.Client](c.Request.Context(), h.Store, scope, own, snapshots.Instant{})
	if err != nil {
		return nil, tenancy.Scope{}, hideClient(err)
	}
	return &management{policy: policy, client: found}, scope, nil
}

// authenticate finds out what the credentials of a request allow the client to do.
func (h *handler) authenticate(c *web.Call, setup snapshots.EntityID, id string) (tenancy.Grant, error) {
	presented := credentialsOf(c, id)
	switch {
	case presented.token != "":
		return h.byToken(c, setup, id, presented.token)
	case presented.method != "" && isRead(c):
		return h.bySecret(c, setup, id, presented)
	}
	return tenancy.Grant{}, errCredentials()
}

// byToken looks the token up before it counts a failure, so that nobody can lock
// out its owner: 256 random bits are not guessed.
func (h *handler) byToken(c *web.Call, setup snapshots.EntityID, id, token string) (tenancy.Grant, error) {
	e, valid, err := h.Store.VerifyToken(c.Request.Context(), setup, id, ory.TokenSurface, ory.SignificantToken(token))
	if fault.Is(err, fault.Unauthenticated) {
		return tenancy.Grant{}, h.refuse(true, c.Address(), guessKey(setup, c.Address(), id))
	}
	if err != nil {
		return tenancy.Grant{}, err
	}
	grant := grantOf(e, tenancy.Resolve|tenancy.WriteClients)
	grant.Valid = valid
	return grant, nil
}

// bySecret counts before it compares, because secrets may be guessed and are costly
// to compare. A right secret is taken out of the count again.
func (h *handler) bySecret(c *web.Call, setup snapshots.EntityID, id string, presented credentials) (tenancy.Grant, error) {
	address, client := c.Address(), guessKey(setup, c.Address(), id)
	if err := h.refuse(true, address, client); !fault.Is(err, fault.Unauthenticated) {
		return tenancy.Grant{}, err
	}
	for _, p := range presented.secrets {
		if p.id != id {
			p.id = "" // no client has it, and the work is the same
		}
		v, err := h.Store.VerifySecret(c.Request.Context(), setup, p.id, presented.method, p.secret)
		if fault.Is(err, fault.Unauthenticated) {
			continue
		}
		if err != nil {
			return tenancy.Grant{}, err
		}
		h.guesses.Give(client)
		h.guessers.Give(address)
		h.renewImported(c, v, p.secret)
		return grantOf(v.Entity, tenancy.Resolve), nil
	}
	return tenancy.Grant{}, errCredentials()
}

// renewImported replaces an imported hash by one of our own. The caller came to read
// and is answered even if that fails: the next use tries again.
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

// refuse answers invalid credentials. If they were a guess it is counted first, for
// the client from this address and for the address over all clients: Throttled if
// there were too many.
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
// counted. Its length does not depend on the caller.
func guessKey(setup snapshots.EntityID, address, id string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(setup), address, id}, "\x00")))
	return string(sum[:])
}
