package main

import (
	"context"
	"errors"
	"net"

	"github.com/rs/zerolog"

	"tenure"
	"tenure/cmd/tenure/node"
	"tenure/cmd/tenure/ops"
	"tenure/cmd/tenure/tracing"
)

// observing is what is open for whoever runs the program.
type observing struct {
	*tracing.Tracing
	settings observed
	listener net.Listener // nil for none
	metrics  *ops.Metrics // nil without a listener
}

// open opens the listener of metrics and begins to send traces.
func (o observed) open(ctx context.Context, log zerolog.Logger) (*observing, error) {
	l, err := o.ops.Open()
	if err != nil {
		return nil, err
	}
	on := &observing{settings: o, listener: l}
	if l != nil {
		on.metrics = ops.NewMetrics()
	}
	if on.Tracing, err = tracing.Open(ctx, o.traces, node.Version(), log); err != nil {
		return nil, errors.Join(err, on.close())
	}
	return on, nil
}

// close closes both. It may be called again.
func (on *observing) close() error {
	var errs []error
	if on.listener != nil {
		if err := on.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if on.Tracing != nil {
		on.Tracing.Close()
	}
	return errors.Join(errs...)
}

// configure makes a node tell what it does.
func (on *observing) configure(cfg *node.Config) {
	cfg.Tracer = on.Tracer
	if on.metrics != nil {
		cfg.Observe = on.metrics.Observe
	}
}

// addEndpoint adds the listener of metrics to the endpoints, if there is one.
func (on *observing) addEndpoint(endpoints []node.Endpoint, n *node.Node, described *node.Info) []node.Endpoint {
	if on.listener == nil {
		return endpoints
	}
	on.metrics.Follow(n, node.Version(), tenure.SchemaVersion)
	described.OpsURL = node.Address(on.listener, nil)
	return append(endpoints, node.Endpoint{Listener: on.listener, Handler: on.settings.ops.Handler(on.metrics, n.Operations())})
}
