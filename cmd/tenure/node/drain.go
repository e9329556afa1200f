package node

import (
	"context"
	"net/http"
	"time"

	"tenure/handlers"
)

// serveDraining is serve until ctx ends, the context that drain makes.
func (n *Node) serveDraining(ctx context.Context, endpoints []Endpoint) error {
	var moment time.Duration
	if n.drainTime > 0 {
		moment = openedTime
	}
	for i := range endpoints {
		endpoints[i].Handler = n.partings(endpoints[i].Handler)
	}
	return serve(ctx, n.programLog, moment, endpoints)
}

// openedTime is how long a connection that was made just before the end may take to
// send its request.
const openedTime = 250 * time.Millisecond

// drain is a context that ends later than ctx, by the node's drain time, so that load
// balancers see from /readyz that the node will go before it does.
func (n *Node) drain(ctx context.Context) (context.Context, context.CancelFunc) {
	serving, end := context.WithCancel(context.Background())
	go func() {
		select {
		case <-ctx.Done():
		case <-serving.Done():
			return
		}
		n.draining.Store(true)
		n.programLog.Info().Dur("drain_ms", n.drainTime).Msg("stopping")
		select {
		case <-time.After(n.drainTime):
		case <-serving.Done():
		}
		end()
	}()
	return serving, end
}

// stopping says whether the node is about to stop.
func (n *Node) stopping() handlers.Check {
	c := handlers.Check{Name: "node", Reads: true}
	if n.draining.Load() {
		c.Word, c.Reason = handlers.WordDraining, "the node is about to stop"
	}
	return c
}

// partings tells callers to use another connection next, once the node drains: one that
// is closed while it is idle may be closed just when its caller sends.
func (n *Node) partings(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.draining.Load() {
			w.Header()["Connection"] = []string{"close"}
		}
		h.ServeHTTP(w, r)
	})
}
