package web

import (
	"fmt"
	"net/http"
	"strings"

	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/text"
)

// admit makes the call's Scope from its headers.
func (h *handler) admit(c *Call) error {
	key, asked, err := c.credentials()
	if err != nil {
		return err
	}
	c.presented = key
	if c.Principal, err = h.Tenancy.Authenticate(key); err != nil {
		return err
	}
	if err := h.Rates.take(c.Principal, c.Request.Method); err != nil {
		return err
	}
	c.acting = c.Principal.Org
	if asked != "" {
		c.acting = asked
	}
	reason, err := reason(c.Request.Header)
	if err != nil {
		return err
	}
	need := c.Route.Permission
	if c.Route.LookFirst {
		need = tenancy.Resolve
	}
	c.Scope, err = h.Tenancy.Authorize(c.Principal, c.acting, need, c.surface.Name, reason)
	if err != nil || c.Request.Method != http.MethodPost && !c.Route.Once {
		return err
	}
	return c.takeOnce(key)
}

// credentials are the API key of a call, and the organization that it asks to act for.
func (c *Call) credentials() (key string, acting tenancy.OrgID, err error) {
	if read := c.surface.Credentials; read != nil {
		return read(c.Request.Header)
	}
	return bearerAndOrg(c.Request.Header)
}

// bearerAndOrg is how a request says who it is, and for whom it acts, where a
// surface says nothing else.
func bearerAndOrg(h http.Header) (key string, acting tenancy.OrgID, err error) {
	if key, err = Bearer(h); err != nil {
		return "", "", err
	}
	asked, err := Once(h, "Tenure-Org")
	if err != nil || asked == "" {
		return key, "", err
	}
	if acting, err = tenancy.ParseOrgID(asked); err != nil {
		return "", "", fault.New(fault.Malformed, "", "Tenure-Org must be a UUID")
	}
	return key, acting, nil
}

// takeOnce marks a request with an Idempotency-Key, so that sending it again
// makes nothing more.
func (c *Call) takeOnce(credential string) error {
	value, err := Once(c.Request.Header, "Idempotency-Key")
	if err != nil || value == "" {
		return err
	}
	body, err := c.Body()
	if err != nil {
		return err
	}
	c.once, err = tenancy.NewOnce(value, c.Route.Method+" "+c.Route.Pattern, credential,
		[]byte(c.Request.URL.RequestURI()), []byte(c.acting), []byte(c.Request.Header.Get("Tenure-Owner")), body)
	if err == nil {
		c.Scope = c.Scope.Once(c.once)
	}
	return err
}

// Bearer is the token of the Authorization header; empty if there is none or it
// has another scheme, which authenticates nobody.
func Bearer(h http.Header) (string, error) {
	value, err := Once(h, "Authorization")
	if err != nil {
		return "", err
	}
	const scheme = "Bearer "
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", nil
	}
	return strings.TrimLeft(value[len(scheme):], " "), nil
}

// bearsKey reports whether what is presented has an API key's form.
func bearsKey(h http.Header) bool {
	key, err := Bearer(h)
	return err == nil && strings.HasPrefix(key, tenancy.KeyPrefix)
}

// Once is the value of a header that must not be repeated, by its canonical name:
// two readers of a request could otherwise take different values. Empty without it.
func Once(h http.Header, name string) (string, error) {
	switch values := h[name]; len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", fault.New(fault.Malformed, "", "header %s must not be repeated", name)
}

const headerOwner = "Tenure-Owner"

// refuseOwner refuses the header Tenure-Owner where the route would pass over it: what
// it writes would belong to somebody else than the caller thinks. Open routes write
// nothing and are for probes, which send what they like.
func (c *Call) refuseOwner() error {
	if c.Route.TakesOwner || c.Route.Open || len(c.Request.Header[headerOwner]) == 0 {
		return nil
	}
	return fault.New(fault.Malformed, "", "this route takes no "+headerOwner)
}

// Owner is the organization that the header Tenure-Owner names; empty without
// one. A route that asks says so (Route.TakesOwner).
func (c *Call) Owner() (tenancy.OrgID, error) {
	asked, err := Once(c.Request.Header, headerOwner)
	if err != nil || asked == "" && len(c.Request.Header[headerOwner]) == 0 {
		return "", err
	}
	owner, err := tenancy.ParseOrgID(asked)
	if err != nil {
		return "", fault.New(fault.Malformed, "", "Tenure-Owner must be one UUID")
	}
	return owner, nil
}

// reason is why the caller makes a change, for history.
func reason(h http.Header) (string, error) {
	value, err := Once(h, "Tenure-Reason")
	if err == nil && value != "" && !text.IsReason(value) {
		err = fault.New(fault.Malformed, "", "Tenure-Reason must be printable UTF-8 of at most %d bytes, with at least %d letters", text.MaxReason, text.MinReason)
	}
	return value, err
}

// Because takes the reason that a body gives, nil for none, for what the call
// changes. Malformed where the header gives another.
func (c *Call) Because(reason *string) error {
	if reason == nil || *reason == "" {
		return nil
	}
	message := ""
	if before := c.Scope.Reason(); !text.IsReason(*reason) {
		message = fmt.Sprintf("the reason must be printable UTF-8 of at most %d bytes, with at least %d letters", text.MaxReason, text.MinReason)
	} else if before != "" && before != *reason {
		message = "the reason is another one than that of the header Tenure-Reason"
	}
	if message != "" {
		f := fault.New(fault.Malformed, "", "%s", message)
		f.Fields = []fault.Field{{Path: "/reason", Rule: "reason", Message: message}}
		return f
	}
	c.Scope = c.Scope.Because(*reason)
	return nil
}
