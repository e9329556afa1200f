package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"tenure/snapshots/document/uri"
)

const (
	fetchTime  = 3 * time.Second
	fetchBytes = 64 << 10
)

// Fetch reads the document at an https URL that a request brought.
type Fetch func(ctx context.Context, uri string) ([]byte, error)

// GuardedFetch fetches over https from public addresses only: no redirect, no
// proxy, 3 s, 64 KiB. allow, if not nil, replaces the test of an address, and
// transport the system's trust; both are for tests. Its errors are for the
// log: told to a caller, they would say what answers inside the network.
func GuardedFetch(allow func(netip.Addr) bool, transport *http.Transport) Fetch {
	if allow == nil {
		allow = uri.Public
	}
	if transport == nil {
		transport = &http.Transport{}
	}
	dialer := &net.Dialer{Timeout: fetchTime, Control: func(_, address string, _ syscall.RawConn) error {
		target, err := netip.ParseAddrPort(address)
		if err != nil || !allow(target.Addr().Unmap().WithZone("")) {
			return errors.New("the address is not public")
		}
		return nil
	}}
	transport.Proxy, transport.DialContext, transport.DisableKeepAlives = nil, dialer.DialContext, true
	transport.TLSHandshakeTimeout, transport.MaxResponseHeaderBytes = fetchTime, fetchBytes
	client := &http.Client{Transport: transport, Timeout: fetchTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(ctx context.Context, uri string) ([]byte, error) { return fetch(ctx, client, uri) }
}

func fetch(ctx context.Context, client *http.Client, uri string) ([]byte, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errNoHTTPS
	}
	return GetDocument(ctx, client, uri, fetchBytes)
}

var errNoHTTPS = errors.New("not an https URL")

// GetDocument reads what a URL answers with status 200, at most limit bytes.
// Where the client may go is the client's to say.
func GetDocument(ctx context.Context, client *http.Client, uri string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, err
	}
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(req.Header)) // nothing, where nothing is traced
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", res.StatusCode)
	}
	return ReadBounded(res.Body, limit)
}

// ReadBounded reads all of r, which may have at most limit bytes.
func ReadBounded(r io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return raw, err
}
