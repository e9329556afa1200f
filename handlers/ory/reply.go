package ory

import (
	"bytes"
	"encoding/json"
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// Headers are what every resolving answer tells beside its body.
func Headers(v snapshots.Version[document.Client]) http.Header {
	return web.SnapshotHeaders(string(v.ID), v.ValidFrom.Time(), v.RecordedAt.Time(), v.Entity.Owner)
}

// Reply answers with a client as it is given; one that bears a secret or a
// token is for nobody to keep.
func Reply(status int, client Client, found snapshots.Resolved[document.Client]) (*web.Reply, error) {
	body, err := Encode(client)
	if err != nil {
		return nil, err
	}
	return &web.Reply{Status: status, Header: Headers(found.Version), Body: append(body, '\n'), ContentType: ContentType,
		NoStore: client.ClientSecret != "" || client.RegistrationAccessToken != ""}, nil
}

// Rendered answers a read from the store's cache of rendered answers; form names
// what else than the client makes the answer, and view what is shown of it.
func Rendered(s *snapshots.Store, found snapshots.Resolved[document.Client], form string,
	view func(snapshots.Resolved[document.Client]) Client) (*web.Reply, error) {
	key := snapshots.RenderKey{Entity: found.Entity.ID, Snapshot: found.ID, Setup: found.Setup.ID, Owner: found.Entity.Owner, Surface: form}
	kept, err := s.Render(key, func() (*snapshots.Rendering, error) {
		reply, err := Reply(http.StatusOK, view(found), found)
		if err != nil {
			return nil, err
		}
		reply.Header["Cache-Control"] = []string{CacheControl}
		return &snapshots.Rendering{Body: reply.Body, Reply: reply}, nil
	})
	if err != nil {
		return nil, err
	}
	return kept.Reply.(*web.Reply), nil
}

// Encode is JSON as it stands on the wire, without a line feed.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
