package nevismeta

import (
	"bytes"
	"encoding/json"
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// headers are what every resolving answer tells beside its body.
func headers[T document.Content](v snapshots.Version[T]) http.Header {
	return web.SnapshotHeaders(string(v.ID), v.ValidFrom.Time(), v.RecordedAt.Time(), v.Entity.Owner)
}

// etag is the tag of a version in one of its forms, with the id of the secret
// that the answer shows; empty for none.
func etag[T document.Content](found snapshots.Resolved[T], form, secret string) string {
	return web.Tag(string(found.ID), string(found.Setup.ID), string(found.Entity.Owner), form, secret)
}

// render answers with a document that everybody who may see it sees alike; it
// is kept, under a key that names all it depends on.
func render[T document.Content](s *snapshots.Store, found snapshots.Resolved[T], form string, status int,
	document func() ([]byte, error)) (*web.Reply, error) {
	key := snapshots.RenderKey{Entity: found.Entity.ID, Snapshot: found.ID, Setup: found.Setup.ID,
		Owner: found.Entity.Owner, Surface: form}
	kept, err := s.Render(key, func() (*snapshots.Rendering, error) {
		body, err := document()
		if err != nil {
			return nil, err
		}
		return &snapshots.Rendering{Body: body, Reply: &web.Reply{Status: http.StatusOK, Body: body,
			Header: headers(found.Version), ETag: etag(found, form, "")}}, nil
	})
	if err != nil {
		return nil, err
	}
	reply := kept.Reply.(*web.Reply)
	if status != http.StatusOK {
		own := *reply
		own.Status = status
		reply = &own
	}
	return reply, nil
}

// clientForms are the two ways a client reads.
const (
	formResolved = "nevismeta"
	formRaw      = "nevismeta-raw"
)

// clientReply renders a client. Only where the scope may see the secret is it
// put in, for this one answer, and logged: the one valid while the snapshot is,
// so a past snapshot shows none.
func (h *surface) clientReply(c *web.Call, found snapshots.Resolved[document.Client], form string) (*web.Reply, error) {
	reply, err := render(h.store, found, form, http.StatusOK, func() ([]byte, error) { return clientJSON(found, form) })
	if err != nil {
		return nil, err
	}
	past := found.NextValidFrom != 0 && found.NextValidFrom <= h.store.Now().Millis()
	if !past && c.Scope.Allows(tenancy.Secrets) && !found.Content.Public() {
		disclose := h.store.Disclose
		if c.Request.Method == http.MethodHead {
			disclose = h.store.WouldDisclose // there is no body to show it in
		}
		secret, err := disclose(c.Request.Context(), c.Scope, found.Entity, found.ValidFrom)
		if err != nil {
			return nil, err
		}
		if secret.ID != "" {
			if reply, err = withSecret(reply, found, form, secret); err != nil {
				return nil, err
			}
		}
	}
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}

// clientJSON is the client's document without its secret. The key set's view
// comes ready from package jwk and is not encoded again.
func clientJSON(found snapshots.Resolved[document.Client], form string) ([]byte, error) {
	head, tail := viewOf(found.Content, found.Setup.Content, form == formResolved)
	tail.ValidFrom, tail.ClientID = instant(found.ValidFrom), found.Entity.ClientID
	first, err := encode(head)
	if err != nil {
		return nil, err
	}
	last, err := encode(tail)
	if err != nil {
		return nil, err
	}
	keys := keysView(found.Content.JWKS)
	body := make([]byte, 0, len(first)+len(keys)+len(last)+16)
	body = append(body, first[:len(first)-1]...)
	body = append(body, `,"jwks":`...)
	body = append(body, keys...)
	body = append(body, ',')
	body = append(body, last[1:]...)
	return append(body, '\n'), nil
}

// secretMember is where the secret goes. Texts escape their quotes, and after
// jwks, which is free in form, the member stands once: the last one is it.
var secretMember = []byte(`,"client_secret":null,`)

func withSecret(reply *web.Reply, found snapshots.Resolved[document.Client], form string, secret snapshots.Disclosed) (*web.Reply, error) {
	shown, err := encode(secret.Plain)
	if err != nil {
		return nil, err
	}
	at := bytes.LastIndex(reply.Body, secretMember)
	if at < 0 {
		return nil, fault.New(fault.Internal, "", "the client's document has no place for its secret")
	}
	body := make([]byte, 0, len(reply.Body)+len(shown))
	body = append(body, reply.Body[:at]...)
	body = append(body, `,"client_secret":`...)
	body = append(body, shown...)
	body = append(body, reply.Body[at+len(secretMember)-1:]...)
	own := *reply
	own.Body, own.NoStore = body, true
	own.ETag = etag(found, form, secret.ID)
	return &own, nil
}

// clientThen is a client as it was or will be: without any secret.
func (h *surface) clientThen(found snapshots.Resolved[document.Client], form string, in snapshots.Instant) (*web.Reply, error) {
	reply, err := render(h.store, found, form, http.StatusOK, func() ([]byte, error) { return clientJSON(found, form) })
	return h.dated(reply, in), err
}

// dated says how long an answer about an instant may be held.
func (h *surface) dated(reply *web.Reply, in snapshots.Instant, ends ...history.Millis) *web.Reply {
	switch {
	case reply == nil:
		return nil
	case in.Given():
		return web.Then(reply, h.store.Final(in))
	}
	return h.fresh(reply, ends...)
}

// fresh says how long an answer about now may be held.
func (h *surface) fresh(reply *web.Reply, ends ...history.Millis) *web.Reply {
	if reply == nil {
		return nil
	}
	first := history.Millis(0)
	for _, end := range ends {
		if end != 0 && (first == 0 || end < first) {
			first = end
		}
	}
	if first == 0 { // nothing planned: most answers
		return h.held.Whole(reply)
	}
	return h.held.Until(reply, h.store.Now().Time(), first.Time())
}

// encode is JSON as it stands on the wire: texts are not escaped for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
