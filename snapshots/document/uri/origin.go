package uri

import (
	"net/netip"
	"strconv"
	"strings"
)

// CanonicalOrigin writes an origin as browsers send it: scheme and host in lower
// case and ASCII, no default port, no slash at the end. What is no http or https
// origin is returned as it is.
func CanonicalOrigin(text string) string {
	a := Parse(strings.TrimRight(text, "/"))
	if !a.web() || a.host.name == "" || a.host.odd && !strings.HasSuffix(a.host.name, ".") && !canonicalIP(a) {
		return text
	}
	if !a.bare() {
		return text
	}
	name := a.host.name
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	port := a.url.Port()
	if port == "" {
		return a.scheme() + "://" + name
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return text
	}
	if number == map[string]uint64{"http": 80, "https": 443}[a.scheme()] {
		return a.scheme() + "://" + name
	}
	return a.scheme() + "://" + name + ":" + strconv.FormatUint(number, 10)
}

// IsOrigin reports whether a text is an http or https origin in the form that
// browsers send: scheme, host and port, and nothing else.
func IsOrigin(text string) bool {
	a := Parse(text)
	return a.web() && a.host.name != "" && !a.host.odd && !strings.Contains(text, "*") && a.bare() && CanonicalOrigin(text) == text
}

// bare reports whether an address has nothing but a scheme, a host and a port.
func (a *Address) bare() bool {
	u := a.url
	return u.User == nil && u.Path == "" && u.RawQuery == "" && !u.ForceQuery && u.Opaque == "" && !a.fragment()
}

// canonicalIP reports whether the host is an odd way of writing an address that
// has a usual one.
func canonicalIP(a *Address) bool {
	_, err := netip.ParseAddr(a.host.name)
	return err == nil && !strings.Contains(a.url.Host, "%")
}
