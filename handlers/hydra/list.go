package hydra

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
)

const (
	pageSize    = 100
	maxPageSize = 500
)

// list shows a page of the setup's clients that the acting organization may see.
func (h *handler) list(c *web.Call) (*web.Reply, error) {
	module, setup := h.mount(c)
	q, err := h.readListQuery(c, setup)
	if err != nil {
		_, unknown := h.setup(c) // an unknown setup comes first
		return nil, cmp.Or(unknown, err)
	}
	found, more, err := h.Store.Elements(c.Request.Context(), c.Scope, setup, snapshots.PageQuery{Module: module,
		After: q.after, Limit: q.size, Name: q.filter("client_name"), Owner: q.filter("owner"), In: q.in}, ory.ListForm(Name))
	if err != nil {
		return nil, err
	}
	for _, one := range found {
		c.Show(string(one.Snapshot))
	}
	path := c.Request.URL.EscapedPath()
	link := q.link(path, "first", h.cursors.seal(setup, ""))
	if more {
		link += "," + q.link(path, "next", h.cursors.seal(setup, found[len(found)-1].ClientID))
	}
	return &web.Reply{Status: http.StatusOK, Body: join(found), ContentType: ory.ContentType,
		Header: http.Header{"Link": {link}, "Cache-Control": {ory.CacheControl}}}, nil
}

// join makes a list of the bodies that a read of each client answers with.
func join(found []snapshots.Element) []byte {
	items := make([][]byte, len(found))
	for i, one := range found {
		items[i] = one.Body[:len(one.Body)-1] // without the line feed
	}
	return web.Splice([]byte("["), items, []byte("]\n"))
}

// readListQuery reads the parameters as leniently as Hydra does.
func (h *handler) readListQuery(c *web.Call, setup snapshots.EntityID) (listQuery, error) {
	q := listQuery{filters: map[string]string{}, size: pageSize}
	for _, name := range []string{"client_name", "owner"} {
		if value := c.Text(name); value != "" {
			q.filters[name] = value
		}
	}
	if text := c.Text("page_size"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return q, errPage(err.Error())
		}
		if n > 0 {
			q.size = min(n, maxPageSize)
		}
	}
	if token := c.Text("page_token"); token != "" {
		var ok bool
		if q.after, ok = h.cursors.open(setup, token); !ok {
			return q, errPage("invalid pagination token")
		}
	}
	at, known := c.Instants()
	for name, instant := range map[string]*time.Time{"at": at, "known_at": known} { // for the links
		if instant != nil {
			q.filters[name] = instant.Format(time.RFC3339Nano)
		}
	}
	q.in = snapshots.InstantOf(at, known)
	return q, nil
}

// filter is the value of a filter; nil if it is not given.
func (q listQuery) filter(name string) *string {
	if value, given := q.filters[name]; given {
		return &value
	}
	return nil
}

// link is one entry of the Link header, with sorted query keys.
func (q listQuery) link(path, relation, token string) string {
	query := url.Values{"page_size": {strconv.Itoa(q.size)}, "page_token": {token}}
	for name, value := range q.filters {
		query.Set(name, value)
	}
	return "<" + path + "?" + query.Encode() + `>; rel="` + relation + `"`
}
