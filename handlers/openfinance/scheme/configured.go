package scheme

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"tenure/handlers/web"
)

const (
	configuredTime  = 3 * time.Second
	configuredBytes = 256 << 10
)

// FetchConfigured makes a Fetch for documents that the operator configured: the
// path of a file, an https URL, or an http URL of a loopback address or
// localhost. It must not be used for URLs of requests, as it does not guard the
// address. It waits 3 s and reads 256 KiB at most, and follows no proxy and no
// redirect. transport is for tests; nil is the default.
func FetchConfigured(transport *http.Transport) web.Fetch {
	if transport == nil {
		transport = &http.Transport{}
	}
	transport.Proxy, transport.DisableKeepAlives = nil, true
	transport.TLSHandshakeTimeout, transport.MaxResponseHeaderBytes = configuredTime, configuredBytes
	transport.DialContext = (&net.Dialer{Timeout: configuredTime}).DialContext
	client := &http.Client{Transport: transport, Timeout: configuredTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(ctx context.Context, location string) ([]byte, error) {
		if !strings.Contains(location, "://") {
			return readConfigured(location)
		}
		return getConfigured(ctx, client, location)
	}
}

func readConfigured(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return web.ReadBounded(file, configuredBytes)
}

func getConfigured(ctx context.Context, client *http.Client, location string) ([]byte, error) {
	u, err := url.Parse(location)
	if err != nil {
		return nil, err
	}
	if u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, errors.New("it must be a file, an https URL, or an http URL of this machine")
	}
	return web.GetDocument(ctx, client, location, configuredBytes)
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}
