package slashid

import (
	"net/http"
	"time"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// longestOverlap is ten years, the most that a lifetime may be elsewhere.
const longestOverlap = maxSeconds * time.Second

func (h *handler) putSecret(c *web.Call) (*web.Reply, error) {
	found, err := h.find(c)
	if err != nil {
		return nil, err
	}
	ends, err := h.ends(c)
	if err != nil {
		return nil, err
	}
	switch found.Content.TokenEndpointAuthMethod {
	case "", "client_secret_basic", "client_secret_post", "client_secret_jwt":
	case "none":
		return nil, fault.New(fault.Invalid, "", "a public client has no secret")
	default:
		return nil, fault.New(fault.Invalid, "", "the client does not authenticate by a secret")
	}
	secret, err := h.Store.GenerateSecret(h.ids.Token(""))
	if err != nil {
		return nil, err
	}
	out, err := h.Store.RotateSecret(c.Request.Context(), c.Scope, found.Entity.Ref(), secret, ends)
	if err != nil {
		return nil, err
	}
	var shown newSecret
	if !out.Repeated {
		shown.ClientSecret = secret.Plain()
	}
	reply, err := success(http.StatusOK, shown)
	if err != nil {
		return nil, err
	}
	reply.Header, reply.NoStore = headersOf(out.Version), true
	if !out.Repeated {
		reply.Header["Tenure-Secret-Id"] = []string{secret.ID}
	}
	return reply, nil
}

// ends is when the secrets before the new one end: now, or after the overlap.
func (h *handler) ends(c *web.Call) (history.Millis, error) {
	now := h.Store.Now().Millis()
	text := c.TextOrNil("overlap")
	if text == nil {
		return now, nil
	}
	span, err := time.ParseDuration(*text)
	if err != nil || span < 0 || span > longestOverlap {
		return 0, badQuery("overlap must be a duration such as 24h, at most ten years")
	}
	return now + history.Millis(span.Milliseconds()), nil
}
