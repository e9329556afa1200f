package web

import (
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"tenure/tenancy/fault"
)

// Trusted is a listener whose callers bring no credential: whoever reaches it
// acts with Key. It therefore takes no request that a browser could be made to
// send: none with an Origin, none for a Host that it is not.
type Trusted struct {
	Key   string
	Hosts []string // names, without port, that Host may have
	// Rewrite changes a path before routing; nil to leave it.
	Rewrite func(path string) string
	Surface Surface        // spells refusals
	Log     zerolog.Logger // has one event for each refusal; next logs the others
	// Observe is told of each refusal, as Config.Observe is of the others.
	Observe func(Observation)
}

// Handler serves next on a trusted listener.
func (t Trusted) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !t.admits(r) {
			c := &Call{Request: r, w: w, surface: &t.Surface, started: time.Now(),
				fault: fault.New(fault.Forbidden, "", "this listener accepts no request with an Origin header or for another host")}
			c.identify()
			c.write(c.failed())
			c.event(t.Log)
			c.observe(t.Observe)
			return
		}
		own := r.Clone(r.Context())
		own.Header.Set("Authorization", "Bearer "+t.Key)
		own.Header.Del("Tenure-Org")
		if t.Rewrite != nil {
			own.URL.RawPath = t.Rewrite(r.URL.EscapedPath())
			own.URL.Path = t.Rewrite(r.URL.Path)
		}
		next.ServeHTTP(w, own)
	})
}

func (t Trusted) admits(r *http.Request) bool {
	if len(r.Header["Origin"]) > 0 {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	for _, allowed := range t.Hosts {
		if strings.EqualFold(host, allowed) {
			return true
		}
	}
	return false
}

// Address is where the call came from, without its port (Config.Proxies); an IPv6
// one is cut to its /64, which one subscriber holds whole.
func (c *Call) Address() string {
	ip, known := c.proxies.caller(c.Request)
	if !known {
		return "unknown"
	}
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.Masked().String()
		}
	}
	return ip.String()
}

// address is the caller's address in full, for the log; empty if it is not known.
func (c *Call) address() string {
	ip, known := c.proxies.caller(c.Request)
	if !known {
		return ""
	}
	return ip.String()
}
