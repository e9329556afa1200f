package hydra

import (
	"net/http"
	"time"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/history"
)

// longestOverlap is ten years, as for lifetimes elsewhere.
const longestOverlap = 10 * 365 * 24 * time.Hour

// generateSecret makes a client secret in Hydra's form.
func (h *handler) generateSecret() (*snapshots.NewSecret, error) {
	text, err := ory.NewSecret(h.ids)
	if err != nil {
		return nil, err
	}
	return h.Store.GenerateSecret(text)
}

// keepSecret takes a secret out of an edit that would be refused as new, and is
// the client's own: what was stored before stays acceptable.
func (h *handler) keepSecret(c *web.Call, found snapshots.Resolved[document.Client], edit *ory.Edit) error {
	secret := edit.Body.ClientSecret
	if secret == "" || len(ory.CheckSecret(secret)) == 0 {
		return nil
	}
	same, err := h.Store.SecretMatches(c.Request.Context(), c.Scope, found.Entity.Ref(), secret, 0)
	if same {
		edit.Body.ClientSecret = ""
	}
	return err
}

// findRotatable finds a client that authenticates with a secret.
func (h *handler) findRotatable(c *web.Call) (snapshots.Resolved[document.Client], error) {
	found, err := h.find(c)
	if err != nil {
		return found, err
	}
	if method := ory.AuthMethod(found.Content); !ory.TakesSecret(method) {
		return found, errNoSecret(method)
	}
	return found, nil
}

// rotate adds a generated secret. The ones before it go on for the overlap, or
// until endRotated.
func (h *handler) rotate(c *web.Call) (*web.Reply, error) {
	found, err := h.findRotatable(c)
	if err != nil {
		return nil, err
	}
	ends, err := h.overlapEnd(c)
	if err != nil {
		return nil, err
	}
	secret, err := h.generateSecret()
	if err != nil {
		return nil, err
	}
	out, err := h.Store.RotateSecret(c.Request.Context(), c.Scope, found.Entity.Ref(), secret, ends)
	if err != nil {
		return nil, err
	}
	if out.Repeated { // the secret of the first answer is the one that was stored
		secret = nil
	}
	return h.answer(c, http.StatusOK, ory.Read(out.Resolved), out.Resolved, secret)
}

// overlapEnd is the instant at which the older secrets end; 0 if they do not end by
// themselves.
func (h *handler) overlapEnd(c *web.Call) (history.Millis, error) {
	overlap := c.TextOrNil("overlap")
	if overlap == nil {
		return 0, nil
	}
	span, err := time.ParseDuration(*overlap)
	if err != nil || span < 0 || span > longestOverlap {
		return 0, errOverlap()
	}
	return h.Store.Now().Millis() + history.Millis(span.Milliseconds()), nil
}

// endRotated ends every secret but the newest.
func (h *handler) endRotated(c *web.Call) (*web.Reply, error) {
	found, err := h.findRotatable(c)
	if err != nil {
		return nil, err
	}
	if found, err = h.Store.EndRotated(c.Request.Context(), c.Scope, found.Entity.Ref()); err != nil {
		return nil, err
	}
	return h.answer(c, http.StatusOK, ory.Read(found), found, nil)
}
