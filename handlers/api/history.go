package api

import (
	"net/http"
	"slices"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/inheriting"
	"tenure/tenancy"
	"tenure/tenancy/history"
)

const (
	historyPage    = 100
	maxHistoryPage = 1000
)

// history lists what happened to an object, named by its entity id: a client_id
// may have had several.
func (h objects[T]) history(c *web.Call) (*web.Reply, error) {
	past, err := h.past(c)
	if err != nil {
		return nil, err
	}
	told := slices.Concat(past.Events, past.Around, past.Entries())
	if past.EndedWith != nil {
		told = append(told, *past.EndedWith)
	}
	keys, err := h.Tenancy.ActingKeys(c.Request.Context(), c.Scope, told)
	if err != nil {
		return nil, err
	}
	details, err := h.Tenancy.Details(c.Request.Context(), c.Scope, told)
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, fromHistory(past, extras{keys, details, past.Members()}))
}

// past reads a part of an object's history, of a client with what its setup changed.
func (h objects[T]) past(c *web.Call) (inheriting.Past, error) {
	part := partOf(c)
	if h.kind == snapshots.KindClient {
		return h.inheriting().History(c.Request.Context(), c.Scope, entityID(c), part)
	}
	part.Kind = h.kind
	past, err := h.Snapshots.History(c.Request.Context(), c.Scope, entityID(c), part)
	if !c.Scope.Covers(past.Entity.Owner) { // who owns a client in a setup sees its snapshots, and not its policy and tokens
		past.Events = slices.DeleteFunc(past.Events, func(e history.Entry) bool { return e.Content == "" })
	}
	return inheriting.Past{Past: past}, err
}

// partOf reads which part of an object's history is asked for.
func partOf(c *web.Call) snapshots.Part {
	in := snapshots.InstantOf(c.Instants())
	return snapshots.Part{After: c.Int("after", 0), Limit: pageSize(c), At: in.At, Known: in.Known}
}

// pageSize reads limit.
func pageSize(c *web.Call) int { return int(c.Int("limit", historyPage)) }

// journal lists what happened to everything that belongs to the acting
// organization or below, or exports it.
func (h *handler) journal(c *web.Call) (*web.Reply, error) {
	q := toQuery(c)
	if form := exportForm(c); form != nil {
		return h.export(c, q, *form)
	}
	q.Limit = pageSize(c)
	page, more, err := h.journalPage(c, q)
	if err != nil {
		return nil, err
	}
	wire := journalList{Events: fromEntries(page.Events, more)}
	if page.More {
		wire.Next = &page.Next
	}
	return web.JSON(http.StatusOK, wire)
}

func (h *handler) journalPage(c *web.Call, q tenancy.Query) (tenancy.Page, extras, error) {
	page, err := h.inheriting().Journal(c.Request.Context(), c.Scope, q)
	if err != nil {
		return page.Page, extras{}, err
	}
	keys, err := h.Tenancy.ActingKeys(c.Request.Context(), c.Scope, page.Events)
	return page.Page, extras{keys, page.Details, page.Members}, err
}

// toQuery reads the filters.
func toQuery(c *web.Call) tenancy.Query {
	q := tenancy.Query{Object: c.Text("client"), Actor: c.Text("actor"), Surface: c.Text("surface"), Org: organizationOf(c),
		From: micros(c.Instant("from")), To: micros(c.Instant("to")), Newest: c.Text("order") == "desc", Access: c.Flag("access"), After: c.Int("after", -1)}
	if _, known := c.Instants(); known != nil && (q.To == 0 || micros(known) < q.To) {
		q.To = micros(known) + 1
	}
	for _, kind := range c.Texts("kind") {
		q.Kinds = append(q.Kinds, history.SameKinds(history.Kind(kind))...)
	}
	return q
}

// organizationOf is the organization that the query names; empty for none. Its
// form was checked.
func organizationOf(c *web.Call) tenancy.OrgID {
	id, _ := tenancy.ParseOrgID(c.Text("organization"))
	return id
}

// micros is 0 without an instant; 1970 itself counts as its first microsecond.
func micros(at *time.Time) history.Micros {
	if at == nil {
		return 0
	}
	return max(history.Micros(at.UnixMicro()), 1)
}

// maxKinds bounds how many kinds a filter names.
const maxKinds = 100

// kinds are what kind can be.
func kinds() []string {
	var words []string
	for _, k := range history.Kinds() {
		words = append(words, string(k))
	}
	return words
}
