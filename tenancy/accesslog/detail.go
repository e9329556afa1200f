package accesslog

import (
	"encoding/json"
	"time"

	"tenure/tenancy/history"
)

// detail is what an event says beside its envelope, as docs/api/v1.md has it.
type detail struct {
	Count     int64     `json:"count"`
	Since     string    `json:"since"`
	Until     string    `json:"until"`
	Addresses []string  `json:"addresses,omitempty"`
	Requests  []request `json:"requests,omitempty"`
	Others    bool      `json:"others,omitempty"` // of several callers, which were too many
}

type request struct {
	Method string `json:"method"`
	Route  string `json:"route"`
	Path   string `json:"path,omitempty"`
	Status int    `json:"status"`
	Code   string `json:"code,omitempty"`
	Count  int64  `json:"count"`
}

// detail writes what was counted; of others only how often and when.
func (c *counted) detail(others bool) ([]byte, error) {
	text := func(at history.Micros) string { return at.Time().Format(time.RFC3339Nano) }
	d := detail{Count: c.n, Since: text(c.since), Until: text(c.until), Others: others}
	if !others {
		d.Addresses = c.addresses
		for _, r := range c.requests {
			d.Requests = append(d.Requests, request{r.Method, r.Route, r.Path, r.Status, r.Code, r.count})
		}
	}
	return json.Marshal(d)
}
