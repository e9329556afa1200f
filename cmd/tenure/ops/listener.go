package ops

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
)

// Listener configures the listener.
type Listener struct {
	Address     string // host:port; empty for no listener
	AllowRemote bool   // an address that other machines can reach
	Profiles    bool   // serve /debug/pprof/
}

// Open opens the listener; nil if none is configured.
func (l Listener) Open() (net.Listener, error) {
	if l.Address == "" {
		if l.Profiles {
			return nil, exit.With(exit.Usage, errors.New("--pprof needs --ops-listen"))
		}
		return nil, nil
	}
	if _, _, err := net.SplitHostPort(l.Address); err != nil {
		return nil, exit.With(exit.Usage, fmt.Errorf("--ops-listen %s is not an address such as 127.0.0.1:9090", l.Address))
	}
	if !l.AllowRemote && !node.IsLoopback(l.Address) {
		return nil, exit.With(exit.Usage, errors.New("--ops-listen must be a loopback address, because it asks nobody who they are, unless --ops-allow-remote is given"))
	}
	return node.Listen(l.Address)
}

// Handler serves metrics, what load balancers ask for, and profiles if they are wanted.
// The command line is not shown: it may name a database with its password.
func (l Listener) Handler(m *Metrics, operations http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.Handle("/", operations)
	if l.Profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
		mux.Handle("GET /debug/pprof/cmdline", http.NotFoundHandler())
	}
	return mux
}
