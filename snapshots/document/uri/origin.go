package uri

import (
	"net/netip"
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
	u := a.url
	if u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "" || strings.HasSuffix(a.text, "#") {
		return text
	}
	name := a.host.name
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	port := u.Port()
	if port == "" || port == map[string]string{"http": "80", "https": "443"}[a.scheme()] {
		return a.scheme() + "://" + name
	}
	return a.scheme() + "://" + name + ":" + port
}

// canonicalIP reports whether the host is an odd way of writing an address that
// has a usual one.
func canonicalIP(a *Address) bool {
	_, err := netip.ParseAddr(a.host.name)
	return err == nil && !strings.Contains(a.url.Host, "%")
}
