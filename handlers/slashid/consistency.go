package slashid

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

// The headers that say where a write must be visible before it is answered.
const (
	headerConsistency = "Slashid-Required-Consistency"         // local_region or all_regions
	headerTimeout     = "Slashid-Required-Consistency-Timeout" // seconds
)

const (
	defaultWait = 30  // seconds
	longestWait = 120 // seconds
)

// wait reads how long an answer may wait until the write is visible everywhere;
// 0 if it need not wait.
func wait(h http.Header) (time.Duration, error) {
	level, err := web.Once(h, headerConsistency)
	if err != nil {
		return 0, err
	}
	everywhere := level == "all_regions"
	if !everywhere && level != "local_region" && len(h[headerConsistency]) > 0 {
		return 0, fault.New(fault.Malformed, "", "the header SlashID-Required-Consistency must be local_region or all_regions")
	}
	text, err := web.Once(h, headerTimeout)
	if err != nil {
		return 0, err
	}
	seconds := defaultWait
	if len(h[headerTimeout]) > 0 {
		if seconds, err = strconv.Atoi(text); err != nil || seconds < 1 || seconds > longestWait {
			return 0, fault.New(fault.Malformed, "", "the header SlashID-Required-Consistency-Timeout must be a whole number of seconds from 1 to %d", longestWait)
		}
	}
	if !everywhere {
		return 0, nil
	}
	return time.Duration(seconds) * time.Second, nil
}

// writes wraps the handler of a write. It checks the headers before the write;
// if they ask for it, the answer waits until every node shows the write.
func (h *handler) writes(handle func(*web.Call) (*web.Reply, error)) func(*web.Call) (*web.Reply, error) {
	return func(c *web.Call) (*web.Reply, error) {
		span, err := wait(c.Request.Header)
		if err != nil {
			return nil, err
		}
		reply, err := handle(c)
		if err != nil || span == 0 || h.Await == nil {
			return reply, err
		}
		ctx, cancel := c.Longer(span)
		defer cancel()
		err = h.Await(ctx)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return nil, fault.Wrap(err, fault.Timeout, codeConsistency, "the change was made but did not reach all regions in time")
		}
		return reply, err
	}
}
