package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
)

// TestAddressBehindProxies: the proxies are 10.0.0.0/8, 192.0.2.7 and 2001:db8:aaaa::/48.
func TestAddressBehindProxies(t *testing.T) {
	f := newFixture(t)
	proxies, err := web.ParseProxies([]string{"10.0.0.0/8", " 192.0.2.7", "2001:db8:aaaa::/48"})
	if err != nil {
		t.Fatal(err)
	}
	handler := func(p web.Proxies) http.Handler {
		return web.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop(), Proxies: p},
			[]web.Surface{surface("s", route("GET", "/v1/x", func(c *web.Call) (*web.Reply, error) { return text(c.Address()) }))})
	}
	trusting, wary := handler(proxies), handler(web.Proxies{})
	const (
		fwd = "Forwarded: "
		xff = "X-Forwarded-For: "
	)
	for _, row := range []struct {
		peer    string
		headers []string
		want    string
	}{
		{"203.0.113.9:4711", nil, "203.0.113.9"},
		{"[2001:db8:1:2:3::4]:4711", nil, "2001:db8:1:2::/64"},
		{"[::ffff:203.0.113.9]:1", nil, "203.0.113.9"},
		{"[fe80::1%eth0]:1", nil, "fe80::/64"},
		{"@", []string{xff + "198.51.100.1"}, "unknown"}, // a unix socket
		// Nobody but a proxy is believed.
		{"203.0.113.9:1", []string{xff + "198.51.100.1"}, "203.0.113.9"},
		{"203.0.113.9:1", []string{fwd + "for=198.51.100.1"}, "203.0.113.9"},
		{"192.0.2.8:1", []string{xff + "198.51.100.1"}, "192.0.2.8"},
		{"[2001:db8:aaab::1]:1", []string{xff + "198.51.100.1"}, "2001:db8:aaab::/64"},
		// One proxy.
		{"10.1.2.3:1", nil, "10.1.2.3"},
		{"10.1.2.3:1", []string{xff + "198.51.100.1"}, "198.51.100.1"},
		{"192.0.2.7:1", []string{xff + "198.51.100.1"}, "198.51.100.1"},
		{"[2001:db8:aaaa::1]:1", []string{xff + "198.51.100.1"}, "198.51.100.1"},
		{"[::ffff:10.1.2.3]:1", []string{xff + "198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{fwd + "for=198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{fwd + `For="198.51.100.1"`}, "198.51.100.1"},
		{"10.1.2.3:1", []string{fwd + `proto=https;by=10.1.2.3;for="198.51.100.1:4711";host="a,b;c"`}, "198.51.100.1"},
		{"10.1.2.3:1", []string{fwd + "for=198.51.100.1 ; proto=http"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{fwd + `for="198.51.100.1:_hidden"`}, "198.51.100.1"},
		{"10.1.2.3:1", []string{fwd + `for="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::/64"},
		{"10.1.2.3:1", []string{fwd + `for="[2001:db8:cafe::17]"`}, "2001:db8:cafe::/64"},
		{"10.1.2.3:1", []string{fwd + `for="[::ffff:198.51.100.1]:1"`}, "198.51.100.1"},
		{"10.1.2.3:1", []string{xff + "2001:db8:cafe::17"}, "2001:db8:cafe::/64"},
		{"10.1.2.3:1", []string{xff + "[2001:db8:cafe::17]:4711"}, "2001:db8:cafe::/64"},
		{"10.1.2.3:1", []string{xff + "198.51.100.1:4711"}, "198.51.100.1"},
		// From right to left, over proxies, to the first that is none.
		{"10.1.2.3:1", []string{xff + "1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{xff + "1.1.1.1, 198.51.100.1, 10.9.9.9,192.0.2.7"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{fwd + `for=1.1.1.1, for=198.51.100.1;proto=https , for="[2001:db8:aaaa::2]:99"`}, "198.51.100.1"},
		{"10.1.2.3:1", []string{xff + "10.9.9.9, 10.8.8.8"}, "10.9.9.9"}, // proxies only: the first of them
		// Several headers are one list.
		{"10.1.2.3:1", []string{xff + "1.1.1.1", xff + "198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{xff + "198.51.100.1", xff + "10.9.9.9"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{fwd + "for=1.1.1.1", fwd + "for=198.51.100.1", fwd + "for=10.9.9.9, for=192.0.2.7"}, "198.51.100.1"},
		// What hides an address or cannot be read ends at the proxy that says so.
		{"10.1.2.3:1", []string{fwd + "for=unknown"}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + "for=_hidden"}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + "for=198.51.100.1, for=_SEVKISEK, for=10.9.9.9"}, "10.9.9.9"},
		{"10.1.2.3:1", []string{fwd + "proto=https"}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + "for=198.51.100.1;for=198.51.100.2"}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + "for"}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + "for="}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + `for="198.51.100.1`}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + `for="198.51.100.1\"`}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + `for="[2001:db8::1"`}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + `for="[2001:db8::1]x"`}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + `for="[198.51.100.1]"`}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + `for="198.51.100.1:999999"`}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + `for="198.51.100.1:"`}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + `for="[fe80::1%eth0]"`}, "10.1.2.3"},
		{"10.1.2.3:1", []string{fwd + "for=198.51.100.1, "}, "10.1.2.3"},
		{"10.1.2.3:1", []string{xff + "unknown"}, "10.1.2.3"},
		{"10.1.2.3:1", []string{xff + ""}, "10.1.2.3"},
		{"10.1.2.3:1", []string{xff + "198.51.100.1, host.example"}, "10.1.2.3"},
		{"10.1.2.3:1", []string{xff + "198.51.100"}, "10.1.2.3"},
		{"10.1.2.3:1", []string{xff + "0x7f.1"}, "10.1.2.3"},
		// A caller's garbage does not reach over what the proxy adds at the right.
		{"10.1.2.3:1", []string{fwd + `for="1.1.1.1, for=198.51.100.1`}, "198.51.100.1"},
		{"10.1.2.3:1", []string{fwd + `for="1.1.1.1\", for="198.51.100.1:80"`}, "198.51.100.1"},
		{"10.1.2.3:1", []string{xff + `"'<script>,, ;198.51.100.9, 198.51.100.1`}, "198.51.100.1"},
		// Both headers count if they agree.
		{"10.1.2.3:1", []string{xff + "198.51.100.1", fwd + "for=198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{xff + "198.51.100.1", fwd + "for=1.1.1.1"}, "10.1.2.3"},
		{"10.1.2.3:1", []string{xff + "198.51.100.1", fwd + "garbage"}, "10.1.2.3"},
	} {
		send := func(h http.Handler, headers []string) string {
			r := httptest.NewRequest("GET", "/v1/x", nil)
			r.RemoteAddr = row.peer
			r.Header.Set("Authorization", "Bearer "+f.Key(f.North, "reader"))
			for _, line := range headers {
				name, value, _ := strings.Cut(line, ": ")
				r.Header.Add(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Body.String()
		}
		if got := send(trusting, row.headers); got != row.want {
			t.Errorf("%s %q: %s, want %s", row.peer, row.headers, got, row.want)
		}
		if got, want := send(wary, row.headers), send(wary, nil); got != want {
			t.Errorf("%s %q: without proxies %s, want %s", row.peer, row.headers, got, want)
		}
	}
}

func TestParseProxies(t *testing.T) {
	for _, text := range []string{"", "nowhere", "10.0.0.0/33", "10.0.0.1:80", "[::1]", "fe80::1%eth0", "0.0.0.0/0", "::/0", "10.0.0.0/8,10.0.0.1"} {
		if _, err := web.ParseProxies([]string{"127.0.0.1", text}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	p, err := web.ParseProxies([]string{"::ffff:10.0.0.0/104", "::1", "192.0.2.0/24"})
	if err != nil || len(p.From) != 3 || p.From[0].String() != "10.0.0.0/8" || p.From[1].String() != "::1/128" {
		t.Error(p, err)
	}
}

func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{"", "for=198.51.100.1", `for="[2001:db8::1]:80";proto=https, for=unknown`, `for="a\",`, "198.51.100.1, [::1]:2"} {
		f.Add(seed)
	}
	proxies, err := web.ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, garbage string) {
		for name, own := range map[string]string{"Forwarded": "for=198.51.100.1", "X-Forwarded-For": "198.51.100.1"} {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr, r.Header = "10.0.0.1:1", http.Header{name: {garbage + ", " + own}}
			if got := web.CallerAddress(proxies, r); got != "198.51.100.1" {
				t.Errorf("%s after %q: %s", name, garbage, got)
			}
			r.Header = http.Header{name: {garbage}}
			web.CallerAddress(proxies, r) // whatever it is, it ends
		}
	})
}
