package slashid

import (
	"math"
	"net/http"
	"strconv"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy/fault"
)

// maxPage is how many clients an answer holds at most, and without a limit.
const maxPage = 1000

func (h *surface) listClients(c *web.Call) (*web.Reply, error) {
	q, err := page(c)
	if err != nil {
		return nil, err
	}
	q.Module, q.Setup = c.Var("module"), snapshots.EntityID(c.Var("setupId"))
	found, total, err := h.Store.Owned(c.Request.Context(), c.Scope, q)
	if fault.HasCode(err, fault.CodeSetupUnknown) {
		err = errSetup()
	}
	if err != nil {
		return nil, err
	}
	ids := make([]snapshots.EntityID, len(found))
	for i := range found {
		ids[i] = found[i].Entity.ID
	}
	used, err := h.Store.LastUsed(c.Request.Context(), c.Scope, ids...)
	if err != nil {
		return nil, err
	}
	objects := make([]raw, len(found))
	for i := range found {
		kept, err := h.render(found[i])
		if err != nil {
			return nil, err
		}
		objects[i] = kept.object(used[found[i].Entity.ID])
	}
	return web.JSON(http.StatusOK, success{Meta: &meta{pagination{q.Limit, q.Offset, total}}, Result: objects})
}

// page reads what of a list is asked for; parameters it does not know are
// ignored.
func page(c *web.Call) (q snapshots.OwnedQuery, err error) {
	if q.Limit, err = number(c, "limit", maxPage, 1, maxPage); err != nil {
		return q, err
	}
	if q.Offset, err = number(c, "offset", 0, 0, math.MaxInt32); err != nil {
		return q, err
	}
	if q.Descendants, err = flag(c, "descendants"); err == nil {
		q.In, err = instants(c)
	}
	return q, err
}

// number is a query parameter that is a whole number, def if it is not there.
func number(c *web.Call, name string, def, least, most int) (int, error) {
	text, err := once(c, name)
	if err != nil || text == nil {
		return def, err
	}
	n, err := strconv.Atoi(*text)
	if err != nil || n < least || n > most {
		return def, badQuery("%s is a whole number from %d to %d", name, least, most)
	}
	return n, nil
}

func badQuery(format string, args ...any) error {
	return fault.New(fault.Malformed, fault.CodeQuery, format, args...)
}

// once is a query parameter that may be given once; nil if it is not there.
func once(c *web.Call, name string) (*string, error) {
	query, err := c.Query()
	if err != nil {
		return nil, err
	}
	switch values := query[name]; len(values) {
	case 0:
		return nil, nil
	case 1:
		return &values[0], nil
	}
	return nil, badQuery("%s may be given once", name)
}

// flag is a query parameter that is true or false; false if it is not there.
func flag(c *web.Call, name string) (bool, error) {
	text, err := once(c, name)
	if err != nil || text == nil {
		return false, err
	}
	if *text != "true" && *text != "false" {
		return false, badQuery("%s is true or false", name)
	}
	return *text == "true", nil
}
