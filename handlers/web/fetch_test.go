package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"tenure/handlers/web"
)

func TestPublicAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "100.63.255.255": true, "172.32.0.1": true, "2606:4700::1111": true, "2a00:1450::1": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "127.0.0.1": false, "127.255.255.254": false, "100.64.0.1": false,
		"169.254.169.254": false, "172.16.0.1": false, "192.168.1.1": false, "192.0.0.8": false, "192.0.2.1": false, "198.18.0.1": false,
		"198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"192.88.99.1": false, "::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:8.8.8.8": true,
		"::127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2001::1": false, "2001:db8::1": false,
		"fc00::1": false, "fd12::1": false, "fe80::1": false, "fec0::1": false, "ff02::1": false, "100::1": false, "3fff::1": false, "5f00::1": false,
	} {
		if got := web.IsPublic(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

// fetched serves documents over TLS that a fetch trusts.
func fetched(t *testing.T, handle http.HandlerFunc) (*httptest.Server, web.Fetch) {
	s := httptest.NewTLSServer(handle)
	t.Cleanup(s.Close)
	loopback := func(a netip.Addr) bool { return a.IsLoopback() }
	return s, web.GuardedFetch(loopback, s.Client().Transport.(*http.Transport).Clone())
}

func TestFetch(t *testing.T) {
	const list = `["https://a.example/cb", "https://b.example/cb"]`
	var s *httptest.Server
	s, fetch := fetched(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/list":
			fmt.Fprint(w, list)
		case "/redirect":
			http.Redirect(w, r, "/list", http.StatusFound)
		case "/long":
			fmt.Fprint(w, `["`+strings.Repeat("x", 64<<10)+`"]`)
		case "/error":
			http.Error(w, list, http.StatusBadGateway)
		case "/header":
			w.Header().Set("X-Long", strings.Repeat("x", 100<<10))
			fmt.Fprint(w, list)
		}
	})
	got, err := fetch(context.Background(), s.URL+"/list")
	if err != nil || string(got) != list {
		t.Errorf("%s, %v", got, err)
	}
	plain := "http" + strings.TrimPrefix(s.URL, "https")
	for _, uri := range []string{s.URL + "/redirect", s.URL + "/long", s.URL + "/error", s.URL + "/header",
		plain + "/list", strings.Replace(s.URL, "://", "://u:p@", 1) + "/list", "https://", "file:///etc/hosts", "%"} {
		if got, err := fetch(context.Background(), uri); err == nil {
			t.Errorf("%s gives %s", uri, got)
		}
	}
}

// TestFetchRefusesTheLocalNetwork: nothing is asked, by name or by number.
func TestFetchRefusesTheLocalNetwork(t *testing.T) {
	asked := false
	s, _ := fetched(t, func(http.ResponseWriter, *http.Request) { asked = true })
	fetch := web.GuardedFetch(nil, s.Client().Transport.(*http.Transport).Clone())
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "https://"), ":")
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"} {
		if _, err := fetch(context.Background(), "https://"+host+":"+port+"/"); err == nil {
			t.Errorf("%s is asked", host)
		}
	}
	if asked {
		t.Error("the server was asked")
	}
}

func TestFetchGivesUp(t *testing.T) {
	// The server never answers before the test ends: one that looks for the
	// client's going could still answer between the TLS alert and the close.
	stop := make(chan struct{})
	s, fetch := fetched(t, func(http.ResponseWriter, *http.Request) { <-stop })
	defer close(stop)
	start := time.Now()
	if _, err := fetch(context.Background(), s.URL); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}

// TestFetchNamesItsTrace: what is fetched for a request that is traced says of which trace
// it is; nothing else does.
func TestFetchNamesItsTrace(t *testing.T) {
	var names []string
	s, fetch := fetched(t, func(_ http.ResponseWriter, r *http.Request) { names = append(names, r.Header.Get("Traceparent")) })
	of := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	for _, ctx := range []context.Context{context.Background(), trace.ContextWithSpanContext(context.Background(), of)} {
		if _, err := fetch(ctx, s.URL+"/"); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"", "00-01000000000000000000000000000000-0200000000000000-01"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}
