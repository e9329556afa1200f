package ory

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// Reply answers with a client object. If it shows a secret or a registration
// token, nobody may keep the answer.
func Reply(status int, client Client, found snapshots.Resolved[document.Client]) (*web.Reply, error) {
	raw, err := web.Encode(client)
	if err != nil {
		return nil, err
	}
	reply := ReplyOf(status, raw, found)
	reply.NoStore = client.ClientSecret != "" || client.RegistrationAccessToken != ""
	return reply, nil
}

// ReplyOf answers with a client object that is encoded already.
func ReplyOf(status int, object []byte, found snapshots.Resolved[document.Client]) *web.Reply {
	return &web.Reply{Status: status, Body: append(object, '\n'), ContentType: ContentType,
		Header: web.SnapshotHeaders(string(found.ID), found.ValidFrom.Time(), found.RecordedAt.Time(), found.Entity.Owner)}
}

// Rendered answers a read from the store's cache of rendered answers, or renders
// it. form is the surface, and says which of its answers this is if it has several.
func Rendered(s *snapshots.Store, found snapshots.Resolved[document.Client], form string,
	view func(snapshots.Resolved[document.Client]) Client) (*web.Reply, error) {
	key := snapshots.RenderKey{Entity: found.Entity.ID, Snapshot: found.ID, Setup: found.Setup.ID, Owner: found.Entity.Owner, Surface: form}
	kept, err := s.Render(key, func() (*snapshots.Rendering, error) { return Fill(view)(found) })
	if err != nil {
		return nil, err
	}
	return kept.Reply.(*web.Reply), nil
}

// Fill renders what Rendered answers with.
func Fill(view func(snapshots.Resolved[document.Client]) Client) snapshots.Fill {
	return func(found snapshots.Resolved[document.Client]) (*snapshots.Rendering, error) {
		reply, err := Reply(http.StatusOK, view(found), found)
		if err != nil {
			return nil, err
		}
		reply.Header["Cache-Control"] = []string{CacheControl}
		return &snapshots.Rendering{Body: reply.Body, Reply: reply}, nil
	}
}
