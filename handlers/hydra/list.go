package hydra

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

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

// page is what a list asks for.
type page struct {
	filters url.Values // that are set
	size    int
	after   string
	in      snapshots.Instant
}

func (h *surface) list(c *web.Call) (*web.Reply, error) {
	setup := h.setupID(c)
	p, err := h.page(c, setup)
	if err != nil {
		_, unknown := h.setup(c) // comes first
		return nil, cmp.Or(unknown, err)
	}
	found, more, err := h.Store.Page(c.Request.Context(), c.Scope, setup, snapshots.PageQuery{
		Module: c.Var("module"), After: p.after, Limit: p.size, Name: p.filter("client_name"), Owner: p.filter("owner"), In: p.in})
	if err != nil {
		return nil, err
	}
	body, err := h.array(found)
	if err != nil {
		return nil, err
	}
	path := c.Request.URL.EscapedPath()
	link := p.link(path, "first", h.cursors.seal(setup, ""))
	if more {
		link += "," + p.link(path, "next", h.cursors.seal(setup, found[len(found)-1].Entity.ClientID))
	}
	return ory.Heading(c, &web.Reply{Status: http.StatusOK, Body: body, ContentType: ory.ContentType,
		Header: http.Header{"Link": {link}, "Cache-Control": {ory.CacheControl}}}), nil
}

// array joins the bytes that a read of each client answers with.
func (h *surface) array(found []snapshots.Resolved[document.Client]) ([]byte, error) {
	items, size := make([][]byte, len(found)), len("[]\n")
	for i := range found {
		reply, err := ory.Kept(h.Store, found[i], Name, ory.Read)
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

func (h *surface) page(c *web.Call, setup snapshots.EntityID) (page, error) {
	p := page{filters: url.Values{}, size: pageSize}
	query, err := c.Query()
	if err != nil {
		return p, err
	}
	for _, name := range []string{"client_name", "owner"} {
		if value := query.Get(name); value != "" {
			p.filters.Set(name, value)
		}
	}
	if text := query.Get("page_size"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return p, badPage(err.Error())
		}
		if n > 0 {
			p.size = min(n, maxPageSize)
		}
	}
	if token := query.Get("page_token"); token != "" {
		var ok bool
		if p.after, ok = h.cursors.open(setup, token); !ok {
			return p, badPage("invalid pagination token")
		}
	}
	for _, name := range []string{"at", "known_at"} { // for the links
		if values := query[name]; len(values) > 0 {
			p.filters[name] = values
		}
	}
	p.in, err = instants(c)
	return p, err
}

func badPage(reason string) error {
	return fault.New(fault.Malformed, fault.CodeQuery, "Unable to parse pagination parameters: %s", reason)
}

func (p page) filter(name string) *string {
	if !p.filters.Has(name) {
		return nil
	}
	value := p.filters.Get(name)
	return &value
}

// link is one entry of the Link header, with sorted query keys.
func (p page) link(path, relation, token string) string {
	query := url.Values{"page_size": {strconv.Itoa(p.size)}, "page_token": {token}}
	for name, values := range p.filters {
		query[name] = values
	}
	return "<" + path + "?" + query.Encode() + `>; rel="` + relation + `"`
}
