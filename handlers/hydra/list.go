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
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

const (
	pageSize    = 100
	maxPageSize = 500
)

// listQuery is what a list asks for.
type listQuery struct {
	filters url.Values // that are set
	size    int
	after   string
	in      snapshots.Instant
}

func (h *handler) list(c *web.Call) (*web.Reply, error) {
	setup := h.setupID(c)
	p, err := h.readListQuery(c, setup)
	if err != nil {
		_, unknown := h.setup(c) // comes first
		return nil, cmp.Or(unknown, err)
	}
	found, more, err := h.Store.Page(c.Request.Context(), c.Scope, setup, snapshots.PageQuery{
		Module: c.Var("module"), After: p.after, Limit: p.size, Name: p.filter("client_name"), Owner: p.filter("owner"), In: p.in})
	if err != nil {
		return nil, err
	}
	body, err := h.joinRendered(found)
	if err != nil {
		return nil, err
	}
	path := c.Request.URL.EscapedPath()
	link := p.link(path, "first", h.cursors.seal(setup, ""))
	if more {
		link += "," + p.link(path, "next", h.cursors.seal(setup, found[len(found)-1].Entity.ClientID))
	}
	return &web.Reply{Status: http.StatusOK, Body: body, ContentType: ory.ContentType,
		Header: http.Header{"Link": {link}, "Cache-Control": {ory.CacheControl}}}, nil
}

// joinRendered joins the bytes that a read of each client answers with.
func (h *handler) joinRendered(found []snapshots.Resolved[document.Client]) ([]byte, error) {
	items, size := make([][]byte, len(found)), len("[]\n")
	for i := range found {
		reply, err := ory.Rendered(h.Store, found[i], Name, ory.Read)
		if err != nil {
			return nil, err
		}
		items[i] = reply.Body[:len(reply.Body)-1] // without the line feed
		size += len(reply.Body)
	}
	body := append(make([]byte, 0, size), '[')
	for i, item := range items {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, item...)
	}
	return append(body, "]\n"...), nil
}

func (h *handler) readListQuery(c *web.Call, setup snapshots.EntityID) (listQuery, error) {
	p := listQuery{filters: url.Values{}, size: pageSize}
	for _, name := range []string{"client_name", "owner"} {
		if value := c.Text(name); value != "" {
			p.filters.Set(name, value)
		}
	}
	if text := c.Text("page_size"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return p, badPage(err.Error())
		}
		if n > 0 {
			p.size = min(n, maxPageSize)
		}
	}
	if token := c.Text("page_token"); token != "" {
		var ok bool
		if p.after, ok = h.cursors.open(setup, token); !ok {
			return p, badPage("invalid pagination token")
		}
	}
	at, known := c.Instants()
	for name, instant := range map[string]*time.Time{"at": at, "known_at": known} { // for the links
		if instant != nil {
			p.filters.Set(name, instant.Format(time.RFC3339Nano))
		}
	}
	p.in = snapshots.InstantOf(at, known)
	return p, nil
}

func badPage(reason string) error {
	return fault.New(fault.Malformed, fault.CodeQuery, "Unable to parse pagination parameters: %s", reason)
}

func (p listQuery) filter(name string) *string {
	if !p.filters.Has(name) {
		return nil
	}
	value := p.filters.Get(name)
	return &value
}

// link is one entry of the Link header, with sorted query keys.
func (p listQuery) link(path, relation, token string) string {
	query := url.Values{"page_size": {strconv.Itoa(p.size)}, "page_token": {token}}
	for name, values := range p.filters {
		query[name] = values
	}
	return "<" + path + "?" + query.Encode() + `>; rel="` + relation + `"`
}
