package node

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// ServeAlone is Serve of what needs no installation.
func ServeAlone(ctx context.Context, log zerolog.Logger, endpoints ...Endpoint) error {
	return serve(ctx, log, 0, endpoints)
}

// serve answers on the endpoints until ctx ends. Then it takes no more connections, and those
// that were just made have a moment to send their request: Shutdown would close them.
func serve(ctx context.Context, log zerolog.Logger, moment time.Duration, endpoints []Endpoint) error {
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
	ends := make([]error, len(servers))
	if moment > 0 {
		for i, e := range endpoints {
			ends[i] = notClosed(e.Close())
		}
		time.Sleep(moment)
	}
	stopping, cancel := context.WithTimeout(context.Background(), finishTime)
	defer cancel()
	var stopped sync.WaitGroup
	for i, server := range servers {
		stopped.Go(func() { ends[i] = errors.Join(ends[i], notClosed(server.Shutdown(stopping))) })
	}
	stopped.Wait()
	return errors.Join(append(ends, err)...)
}

// notClosed passes over the error of closing what is closed.
func notClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
