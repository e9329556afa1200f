package node

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/rs/zerolog"
)

// ServeAlone is Serve of what needs no installation.
func ServeAlone(ctx context.Context, log zerolog.Logger, endpoints ...Endpoint) error {
	failed := make(chan error, len(endpoints))
	servers := make([]*http.Server, len(endpoints))
	for i, e := range endpoints {
		server := &http.Server{Handler: e.Handler, ReadHeaderTimeout: headerTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
			MaxHeaderBytes: maxHeader, TLSConfig: e.TLS, ErrorLog: serverLog(log)}
		servers[i] = server
		go func() {
			if e.TLS != nil {
				failed <- server.ServeTLS(e, "", "")
				return
			}
			failed <- server.Serve(e)
		}()
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	var stopped sync.WaitGroup
	ends := make([]error, len(servers))
	for i, server := range servers {
		stopped.Go(func() { ends[i] = server.Shutdown(stopping) })
	}
	stopped.Wait()
	return errors.Join(append(ends, err)...)
}
