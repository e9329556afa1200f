package register

import (
	"net/http"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// memberURI is the member of an answer that differs from one caller's address to another.
const memberURI = "registration_client_uri"

// kept is an answer without memberURI, and the members that it goes between.
type kept struct {
	web.Reply
	*web.Parted
}

// get shows a client to itself.
func (h *handler) get(c *web.Call, m *management) (*web.Reply, error) {
	found := m.client
	key := snapshots.RenderKey{Entity: found.Entity.ID, Snapshot: found.ID, Setup: found.Setup.ID, Owner: found.Entity.Owner, Surface: Name}
	made, err := h.Store.Render(key, func() (*snapshots.Rendering, error) {
		reply, err := h.answer(c, http.StatusOK, fromDomain(found), found)
		if err != nil {
			return nil, err
		}
		parted, err := web.Part(reply.Body, memberURI)
		if err != nil {
			return nil, err
		}
		reply.Header["Cache-Control"], reply.Body = []string{ory.CacheControl}, nil
		return &snapshots.Rendering{Body: parted.Rest, Reply: kept{*reply, parted}}, nil
	})
	if err != nil {
		return nil, err
	}
	shown := made.Reply.(kept)
	shown.Body, err = shown.With(h.registrationURI(c, found.Entity))
	return &shown.Reply, err
}

// registrationURI is a client's registration_client_uri.
func (h *handler) registrationURI(c *web.Call, e snapshots.Entity) string {
	return web.SelfURI(h.Tenancy, h.PublicURL(c), e.Module, string(e.Setup), ory.PathRegister, e.ClientID)
}

// answer shows a client object with its registration_client_uri. It leaves out which
// organization owns the client, which is not for the client to know.
func (h *handler) answer(c *web.Call, status int, view ory.Client, found snapshots.Resolved[document.Client]) (*web.Reply, error) {
	view.RegistrationClientURI = h.registrationURI(c, found.Entity)
	raw, err := encode(view, found)
	if err != nil {
		return nil, err
	}
	reply := ory.ReplyOf(status, raw, found)
	reply.NoStore = view.ClientSecret != "" || view.RegistrationAccessToken != ""
	delete(reply.Header, "Tenure-Owner")
	return reply, nil
}
