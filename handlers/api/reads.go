package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/readlog"
	"tenure/tenancy/history"
)

// reads lists who was first shown which version of a client, where the server
// keeps that.
func (h *handler) reads(c *web.Call) (*web.Reply, error) {
	after, err := toRead(c)
	if err != nil {
		return nil, err
	}
	page, err := h.Snapshots.Reads(c.Request.Context(), c.Scope, snapshots.EntityID(c.Var("entity")), after, pageSize(c))
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(page.Reads))
	for i, r := range page.Reads {
		ids[i] = r.KeyID
	}
	keys, err := h.Tenancy.KeysByID(c.Request.Context(), c.Scope, ids)
	if err != nil {
		return nil, err
	}
	wire := readList{Reads: make([]read, len(page.Reads))}
	for i, r := range page.Reads {
		wire.Reads[i] = read{fromActing(r.KeyID, keys), r.Snapshot, r.FirstAt.Time().Format(instant)}
	}
	if page.More {
		last := page.Reads[len(page.Reads)-1]
		wire.Next = orNull(fmt.Sprintf("%d.%s.%s", last.FirstAt, last.KeyID, last.Snapshot))
	}
	return web.JSON(http.StatusOK, wire)
}

// toRead reads after: the read that the page follows, as next says it.
func toRead(c *web.Call) (*readlog.Read, error) {
	after := c.Text("after")
	if after == "" {
		return nil, nil
	}
	parts := strings.Split(after, ".")
	if len(parts) == 3 && isHex(parts[1]) && isHex(parts[2]) {
		if at, err := strconv.ParseInt(parts[0], 10, 64); err == nil {
			return &readlog.Read{KeyID: parts[1], Snapshot: parts[2], FirstAt: history.Micros(at)}, nil
		}
	}
	return nil, badParameter("after", "after must be the next of the page before")
}
