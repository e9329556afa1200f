package hydra

import (
	"time"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// longestOverlap is ten years, the most that a lifetime may be elsewhere.
const longestOverlap = 10 * 365 * 24 * time.Hour

// findRotatable finds a client that authenticates with a secret.
func (h *handler) findRotatable(c *web.Call) (snapshots.Resolved[document.Client], error) {
	found, err := h.find(c)
	if err != nil {
		return found, err
	}
	if method := ory.FromDomain(found.Content, found.Setup.Content).TokenEndpointAuthMethod; !ory.TakesSecret(method) {
		return found, ory.BadRequest("The client is configured to use the '%s' authentication method, which does not support client secret rotation.", method)
	}
	return found, nil
}

func (h *handler) rotate(c *web.Call) (*web.Reply, error) {
	found, err := h.findRotatable(c)
	if err != nil {
		return nil, err
	}
	ends, err := h.overlapEnd(c)
	if err != nil {
		return nil, err
	}
	secret, err := h.generatedSecret()
	if err != nil {
		return nil, err
	}
	if found, err = h.Store.RotateSecret(c.Request.Context(), c.Scope, ref(found.Entity), secret, ends); err != nil {
		return nil, err
	}
	return h.answer(c, ory.Read(found), found, secret)
}

// overlapEnd is when the secrets before the new one end; 0 if they do not by
// themselves.
func (h *handler) overlapEnd(c *web.Call) (history.Millis, error) {
	overlap := c.TextOrNil("overlap")
	if overlap == nil {
		return 0, nil
	}
	span, err := time.ParseDuration(*overlap)
	if err != nil || span < 0 || span > longestOverlap {
		return 0, fault.New(fault.Malformed, fault.CodeQuery, "Unable to parse the overlap: it is a duration such as 24h, ten years at most.")
	}
	return h.Store.Now().Millis() + history.Millis(span.Milliseconds()), nil
}

func (h *handler) endRotated(c *web.Call) (*web.Reply, error) {
	found, err := h.findRotatable(c)
	if err != nil {
		return nil, err
	}
	if found, err = h.Store.EndRotated(c.Request.Context(), c.Scope, ref(found.Entity)); err != nil {
		return nil, err
	}
	return h.answer(c, ory.Read(found), found, nil)
}
