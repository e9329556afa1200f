package register

import (
	"net/http"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// get shows a client to itself.
func (h *handler) get(c *web.Call, m *management) (*web.Reply, error) {
	reply, err := h.answer(c, http.StatusOK, fromDomain(m.client), m.client)
	if err != nil {
		return nil, err
	}
	reply.Header["Cache-Control"] = []string{ory.CacheControl}
	return reply, nil
}

// answer shows a client object with its registration_client_uri. It leaves out which
// organization owns the client, which is not for the client to know.
func (h *handler) answer(c *web.Call, status int, view ory.Client, found snapshots.Resolved[document.Client]) (*web.Reply, error) {
	e := found.Entity
	view.RegistrationClientURI = web.SelfURI(h.Tenancy, h.PublicURL(c), e.Module, string(e.Setup), ory.PathRegister, e.ClientID)
	raw, err := encode(view, found)
	if err != nil {
		return nil, err
	}
	reply := ory.ReplyOf(status, raw, found)
	reply.NoStore = view.ClientSecret != "" || view.RegistrationAccessToken != ""
	delete(reply.Header, "Tenure-Owner")
	return reply, nil
}
