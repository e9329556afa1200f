package nevismeta

import (
	"net/http"
	"slices"

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

// clientForms are the two ways a client reads.
const (
	formResolved = Name
	formRaw      = Name + "-raw"
)

// kept returns a document that is the same for every caller, from the store's cache
// of answers if it is there. The key names all that the document depends on. fill
// makes the document and returns where the client's secret goes in it.
func kept[T document.Content](s *snapshots.Store, found snapshots.Resolved[T], form string, fill func() (body []byte, gap int, err error)) (*snapshots.Rendering, error) {
	key := snapshots.RenderKey{Entity: found.Entity.ID, Snapshot: found.ID, Setup: found.Setup.ID, Owner: found.Entity.Owner, Surface: form}
	return s.Render(key, func() (*snapshots.Rendering, error) {
		body, gap, err := fill()
		if err != nil {
			return nil, err
		}
		return &snapshots.Rendering{Body: body, Gap: gap, Reply: &web.Reply{Status: http.StatusOK, Body: body,
			Header: headers(found.Version), ETag: etag(found, form, "")}}, nil
	})
}

// render answers with the document of a setup or a resource server, which has no secret.
func render[T document.Content](h *handler, c *web.Call, found snapshots.Resolved[T], view func() any) (*web.Reply, error) {
	made, err := kept(h.Store, found, formResolved, func() ([]byte, int, error) {
		body, err := web.Encode(view())
		return append(body, '\n'), 0, err
	})
	if err != nil {
		return nil, err
	}
	return web.Planned(made.Reply.(*web.Reply), c.Scope, found.NextValidFrom), nil
}

// clientReply renders a client. Only where the scope may see the secret is it
// put in, for this one answer, and logged: the one valid while the snapshot is,
// so a past snapshot shows none.
func (h *handler) clientReply(c *web.Call, found snapshots.Resolved[document.Client], form string) (*web.Reply, error) {
	made, err := keptClient(h.Store, found, form)
	if err != nil {
		return nil, err
	}
	reply := made.Reply.(*web.Reply)
	past := found.NextValidFrom != 0 && found.NextValidFrom <= h.Store.Now().Millis()
	if !past && c.Scope.Allows(tenancy.Secrets) && !found.Content.Public() {
		secret, err := h.secret(c, found, form)
		if err != nil {
			return nil, err
		}
		if secret.ID != "" {
			if reply, err = withSecret(made, found, form, secret); err != nil {
				return nil, err
			}
		}
	}
	return web.Planned(reply, c.Scope, found.NextValidFrom), nil
}

// secret is what the answer shows, logged unless there is no body to show it in.
func (h *handler) secret(c *web.Call, found snapshots.Resolved[document.Client], form string) (snapshots.Disclosed, error) {
	ctx := c.Request.Context()
	if c.Request.Method == http.MethodHead {
		return h.Store.WouldDisclose(ctx, c.Scope, found.Entity, found.ValidFrom)
	}
	if c.MayBeNotModified() {
		secret, err := h.Store.WouldDisclose(ctx, c.Scope, found.Entity, found.ValidFrom)
		if err != nil || secret.ID == "" || c.NotModified(etag(found, form, secret.ID)) {
			return secret, err
		}
	}
	secret, err := h.Store.Disclose(ctx, c.Scope, found.Entity, found.ValidFrom)
	if c.Request.Method != http.MethodGet && fault.Is(err, fault.Internal) {
		c.Report(err) // the change is made: the answer says so, without the secret that cannot be shown
		return snapshots.Disclosed{}, nil
	}
	return secret, err
}

// keptClient is the document of a client without its secret.
func keptClient(s *snapshots.Store, found snapshots.Resolved[document.Client], form string) (*snapshots.Rendering, error) {
	return kept(s, found, form, func() ([]byte, int, error) { return clientJSON(found, form) })
}

// noSecret is the value of client_secret in a document that shows none.
const noSecret = "null"

// clientJSON is a client's document without its secret, and the offset of noSecret
// in it. The key set's view comes ready from package jwk and is not encoded again.
func clientJSON(found snapshots.Resolved[document.Client], form string) (body []byte, gap int, err error) {
	head, tail := fromDomain(found.Content, found.Setup.Content, form == formResolved)
	tail.ValidFrom, tail.ClientID = instant(found.ValidFrom), found.Entity.ClientID
	first, err := web.Encode(head)
	if err != nil {
		return nil, 0, err
	}
	middle, err := web.Encode(tail.clientMiddle)
	if err != nil {
		return nil, 0, err
	}
	last, err := web.Encode(tail.clientLast)
	if err != nil {
		return nil, 0, err
	}
	keys := keysView(found.Content.JWKS)
	body = make([]byte, 0, len(first)+len(keys)+len(middle)+len(last)+64)
	body = append(body, first[:len(first)-1]...)
	body = append(body, `,"jwks":`...)
	body = append(body, keys...)
	body = append(body, ',')
	body = append(body, middle[1:len(middle)-1]...)
	body = append(body, `,"client_secret":`...)
	gap = len(body)
	body = append(body, noSecret+","...)
	body = append(body, last[1:]...)
	return append(body, '\n'), gap, nil
}

// withSecret is a kept answer that shows a secret.
func withSecret(made *snapshots.Rendering, found snapshots.Resolved[document.Client], form string, secret snapshots.Disclosed) (*web.Reply, error) {
	shown, err := web.Encode(secret.Plain)
	if err != nil {
		return nil, err
	}
	own := *made.Reply.(*web.Reply)
	own.Body = slices.Concat(made.Body[:made.Gap], shown, made.Body[made.Gap+len(noSecret):])
	own.NoStore, own.ETag = true, etag(found, form, secret.ID)
	return &own, nil
}

// clientThen is a client as it was or will be, without any secret.
func (h *handler) clientThen(c *web.Call, found snapshots.Resolved[document.Client], form string) (*web.Reply, error) {
	made, err := keptClient(h.Store, found, form)
	if err != nil {
		return nil, err
	}
	return web.Planned(made.Reply.(*web.Reply), c.Scope, found.NextValidFrom), nil
}

// dated says how long an answer about an instant may be held.
func (h *handler) dated(reply *web.Reply, in snapshots.Instant, ends ...history.Millis) *web.Reply {
	switch {
	case reply == nil:
		return nil
	case in.Given():
		return web.Then(reply, h.Store.Final(in))
	}
	return h.fresh(reply, ends...)
}

// fresh says how long an answer about now may be held.
func (h *handler) fresh(reply *web.Reply, ends ...history.Millis) *web.Reply {
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
		return h.Held.Whole(reply)
	}
	return h.Held.Until(reply, h.Store.Now().Time(), first.Time())
}
