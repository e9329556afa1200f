package api

import (
	"net/http"
	"slices"
	"strconv"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const (
	historyPage    = 100
	maxHistoryPage = 1000
)

// history lists what happened to a client, named by its entity id: a client_id
// may have had several.
func (s *surface) history(c *web.Call) (*web.Reply, error) {
	part, err := partOf(c)
	if err != nil {
		return nil, err
	}
	past, err := s.History(c.Request.Context(), c.Scope, snapshots.EntityID(c.Var("entity")), part)
	if err != nil {
		return nil, err
	}
	told := slices.Concat(past.Events, past.Around)
	if past.EndedWith != nil {
		told = append(told, *past.EndedWith)
	}
	keys, err := s.tenancy.ActingKeys(c.Request.Context(), c.Scope, told)
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, fromHistory(past, keys))
}

// partOf reads which part of a client's history is asked for.
func partOf(c *web.Call) (part snapshots.Part, err error) {
	if part.After, err = number(c, "after", 0, 1<<62); err != nil {
		return part, err
	}
	if part.Limit, err = pageSize(c); err != nil {
		return part, err
	}
	at, known, err := c.Instants()
	if at != nil {
		instant := history.Millis(at.UnixMilli())
		part.At = &instant
	}
	if known != nil {
		instant := history.Micros(known.UnixMicro())
		part.Known = &instant
	}
	return part, err
}

// pageSize reads limit.
func pageSize(c *web.Call) (int, error) {
	limit, err := number(c, "limit", historyPage, maxHistoryPage)
	if err == nil && limit == 0 {
		err = badNumber("limit", 1, maxHistoryPage)
	}
	return int(limit), err
}

// journal lists what happened to everything that belongs to the acting
// organization or below, or exports it.
func (s *surface) journal(c *web.Call) (*web.Reply, error) {
	q, err := toQuery(c)
	if err != nil {
		return nil, err
	}
	form, err := exportForm(c)
	if err != nil {
		return nil, err
	}
	if form != nil {
		return s.export(c, q, *form)
	}
	if q.Limit, err = pageSize(c); err != nil {
		return nil, err
	}
	page, keys, err := s.journalPage(c, q)
	if err != nil {
		return nil, err
	}
	wire := journalList{Events: fromEntries(page.Events, keys)}
	if page.More {
		wire.Next = &page.Next
	}
	return web.JSON(http.StatusOK, wire)
}

func (s *surface) journalPage(c *web.Call, q tenancy.Query) (tenancy.Page, map[string]tenancy.Key, error) {
	page, err := s.tenancy.Journal(c.Request.Context(), c.Scope, q)
	if err != nil {
		return page, nil, err
	}
	keys, err := s.tenancy.ActingKeys(c.Request.Context(), c.Scope, page.Events)
	return page, keys, err
}

// toQuery reads the filters.
func toQuery(c *web.Call) (tenancy.Query, error) {
	query, err := c.Query()
	if err != nil {
		return tenancy.Query{}, err
	}
	q := tenancy.Query{Object: query.Get("client"), Actor: query.Get("actor"), Surface: query.Get("surface"), After: -1}
	for _, kind := range query["kind"] {
		q.Kinds = append(q.Kinds, history.Kind(kind))
	}
	if id := query.Get("organization"); id != "" {
		if q.Org, err = tenancy.ParseOrgID(id); err != nil {
			return q, fault.New(fault.Malformed, fault.CodeQuery, "organization is a UUID")
		}
	}
	from, err := c.Instant("from")
	if err != nil {
		return q, err
	}
	to, err := c.Instant("to")
	if err != nil {
		return q, err
	}
	if from != nil {
		q.From = history.Micros(from.UnixMicro())
	}
	if to != nil {
		q.To = max(history.Micros(to.UnixMicro()), 1) // 0 is no end, and nothing was recorded in 1970
	}
	if query.Has("after") {
		q.After, err = number(c, "after", 0, 1<<62)
	}
	return q, err
}

// number reads a number of the query.
func number(c *web.Call, name string, without, most int64) (int64, error) {
	query, err := c.Query()
	if err != nil || !query.Has(name) {
		return without, err
	}
	n, err := strconv.ParseInt(query.Get(name), 10, 64)
	if err != nil || n < 0 || n > most {
		return 0, badNumber(name, 0, most)
	}
	return n, nil
}

func badNumber(name string, least, most int64) error {
	return fault.New(fault.Malformed, fault.CodeQuery, "%s is a whole number from %d to %d", name, least, most)
}
