package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// What /readyz can say of a check that fails.
const (
	WordDraining      = "draining"
	WordUnreachable   = "database-unreachable"
	WordWritesHang    = "writes-hang"
	WordFeedOld       = "feed-old"
	WordStale         = "stale" // some reads go on from memory
	WordClockAhead    = "clock-ahead"
	WordClockBehind   = "clock-behind"
	WordLogClockAhead = "log-clock-ahead"
	WordLogRolledBack = history.CodeRolledBack
	WordNotWritable   = "not-writable"
)

// Words are all of them. docs/operations.md says of each what to do.
var Words = []string{WordDraining, WordUnreachable, WordWritesHang, WordFeedOld, WordStale, WordClockAhead, WordClockBehind, WordLogClockAhead, WordLogRolledBack, WordNotWritable}

// Check is how one of the things that a node depends on fares.
type Check struct {
	Name    string // node, database, feed, clock, log, disk
	Word    string // what is wrong, for a machine; empty for nothing
	Reason  string // the same in a sentence; no inner error
	Reads   bool   // reads depend on it, too
	Stale   bool   // but some go on from memory all the same (web.Config.Stale)
	Figures map[string]int64
}

// failed are the checks that fail: all, or those without which nothing is read.
func failed(checks []Check, reads bool) (some []Check) {
	for _, c := range checks {
		if c.Word != "" && (!reads || c.Reads && !c.Stale) {
			some = append(some, c)
		}
	}
	return some
}

func (s Stores) checks(ctx context.Context) []Check {
	if s.Health == nil {
		return nil
	}
	return s.Health(ctx)
}

// ready is nil where every check holds, else the fault of the first that does not.
func (s Stores) ready(ctx context.Context) error {
	for _, c := range failed(s.checks(ctx), false) {
		return fault.Wrap(errors.New(c.Name), fault.Unavailable, c.Word, "%s", c.Reason)
	}
	return nil
}

// readiness answers with every check by its name.
func (s Stores) readiness(c *web.Call) (*web.Reply, error) {
	checks := s.checks(c.Request.Context())
	status, body := http.StatusOK, map[string]any{"status": "ready"}
	if bad := failed(checks, c.Text("for") == "reads"); len(bad) > 0 {
		status, body["status"], body["reason"] = http.StatusServiceUnavailable, bad[0].Word, bad[0].Reason
	} else if i := slices.IndexFunc(checks, func(c Check) bool { return c.Word == WordStale }); i >= 0 {
		body["status"], body["reason"] = WordStale, checks[i].Reason
	}
	each := make(map[string]any, len(checks))
	for _, check := range checks {
		one := map[string]any{"status": "ok"}
		if check.Word != "" {
			one["status"], one["reason"] = check.Word, check.Reason
		}
		for name, figure := range check.Figures {
			one[name] = figure
		}
		each[check.Name] = one
	}
	body["checks"] = each
	return web.JSON(status, body)
}

// operations are the endpoints for whoever runs the program; they need no
// credential and show no tenant.
func operations(s Stores) web.Surface {
	alive := func(*web.Call) (*web.Reply, error) {
		return web.JSON(http.StatusOK, map[string]string{"status": "alive"})
	}
	return web.Surface{
		Name:   "operations",
		Always: true,
		Routes: []web.Route{
			{Method: http.MethodGet, Pattern: "/healthz", Open: true, Object: web.ObjectNone, Handle: alive},
			{Method: http.MethodGet, Pattern: "/livez", Open: true, Object: web.ObjectNone, Handle: alive},
			{Method: http.MethodGet, Pattern: "/readyz", Open: true, Object: web.ObjectNone, Query: []web.Param{web.Word("for", "reads", "writes")},
				Handle: s.readiness},
		},
		Error: func(_ *web.Call, f *fault.Fault) *web.Reply {
			status := http.StatusServiceUnavailable
			switch {
			case f.Code == web.CodeMethod:
				status = http.StatusMethodNotAllowed
			case f.Kind == fault.NotFound:
				status = http.StatusNotFound
			case f.Kind == fault.Malformed:
				status = http.StatusBadRequest
			}
			reply, err := web.JSON(status, map[string]string{"status": http.StatusText(status)})
			if err != nil {
				return nil
			}
			return reply
		},
	}
}
