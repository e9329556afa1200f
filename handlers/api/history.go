package api

import (
	"net/http"
	"strconv"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy/fault"
)

const (
	historyPage    = 100
	maxHistoryPage = 1000
)

// history lists what happened to a client, named by its entity id: a client_id
// may have had several.
func (s *surface) history(c *web.Call) (*web.Reply, error) {
	after, err := number(c, "after", 0, 1<<62)
	if err != nil {
		return nil, err
	}
	limit, err := number(c, "limit", historyPage, maxHistoryPage)
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		return nil, badNumber("limit", 1, maxHistoryPage)
	}
	past, err := s.History(c.Request.Context(), c.Scope, snapshots.EntityID(c.Var("entity")), after, int(limit))
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, fromHistory(past))
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
