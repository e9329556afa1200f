package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the addresses whose word on where a request came from is believed. The
// zero value believes nobody.
type Proxies struct{ From []netip.Prefix }

// ParseProxies reads addresses and prefixes such as 10.0.0.0/8.
func ParseProxies(texts []string) (Proxies, error) {
	var p Proxies
	for _, text := range texts {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, bad := netip.ParseAddr(text)
			if bad != nil || addr.Zone() != "" {
				return Proxies{}, fmt.Errorf("%s must be an address or a prefix such as 10.0.0.0/8", text)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		if prefix.Bits() == 0 {
			return Proxies{}, errors.New("it must not be all addresses: every caller could choose its own")
		}
		p.From = append(p.From, unmapped(prefix))
	}
	return p, nil
}

// unmapped is a prefix of IPv4 addresses in its own form.
func unmapped(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

func (p Proxies) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(p.From, func(from netip.Prefix) bool { return from.Contains(addr) })
}

// caller is where a request came from: the peer, or, if that is a proxy, what its
// header says. False for a peer without an address, as on a unix socket.
//
// Each proxy adds the address of its own peer at the right. So the list is walked from
// right to left, over proxies, up to the first address that is none: what is left of
// that anybody may have written. An address that a proxy does not give, or
// not in a form that can be read, ends the walk at that proxy. Proxies that write one
// of the two headers pass the other on as it came, so two that disagree are both ignored.
func (p Proxies) caller(r *http.Request) (netip.Addr, bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	addr := plainAddr(peer.Addr())
	if !p.trusts(addr) {
		return addr, true
	}
	standard, other := r.Header["Forwarded"], r.Header["X-Forwarded-For"]
	switch {
	case len(standard) == 0:
		return p.walk(addr, other, parseNode), true
	case len(other) == 0:
		return p.walk(addr, standard, parseForwarded), true
	}
	byStandard, byOther := p.walk(addr, standard, parseForwarded), p.walk(addr, other, parseNode)
	if byStandard != byOther {
		return addr, true
	}
	return byStandard, true
}

// walk goes over the elements of a header, from the last one on.
func (p Proxies) walk(addr netip.Addr, lines []string, parse func(string) (netip.Addr, bool)) netip.Addr {
	for _, line := range slices.Backward(lines) {
		for more := true; more; {
			var element string
			line, element, more = cutLast(line, ',')
			next, ok := parse(strings.Trim(element, " \t"))
			if !ok {
				return addr
			}
			if addr = next; !p.trusts(addr) {
				return addr
			}
		}
	}
	return addr
}

// cutLast cuts text at the last separator that is not in a quoted string. It reads from
// the right, so that a quote which is never closed, left of an element, does not swallow it.
func cutLast(text string, separator byte) (before, last string, found bool) {
	quoted := false
	for i := len(text) - 1; i >= 0; i-- {
		switch {
		case text[i] == '"' && !escaped(text[:i]):
			quoted = !quoted
		case text[i] == separator && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return "", text, false
}

// escaped reports whether a backslash escapes what comes after text.
func escaped(text string) bool {
	return (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1
}

// parseForwarded reads the for of one element of Forwarded (RFC 7239).
func parseForwarded(element string) (addr netip.Addr, ok bool) {
	found := false
	for more := true; more; {
		var pair string
		element, pair, more = cutLast(element, ';')
		name, value, isPair := strings.Cut(strings.Trim(pair, " \t"), "=")
		if !isPair {
			if strings.Trim(pair, " \t") == "" {
				continue
			}
			return addr, false
		}
		if !strings.EqualFold(name, "for") {
			continue
		}
		if found {
			return netip.Addr{}, false
		}
		found = true
		if value, ok = unquoted(value); ok {
			addr, ok = parseNode(value)
		}
		if !ok {
			return netip.Addr{}, false
		}
	}
	return addr, found
}

// unquoted is the value of a quoted string, or of a token as it is.
func unquoted(value string) (string, bool) {
	if !strings.HasPrefix(value, `"`) {
		return value, !strings.Contains(value, `"`)
	}
	if len(value) < 2 || !strings.HasSuffix(value, `"`) || strings.ContainsAny(value[1:len(value)-1], `"\`) {
		return "", false // no address needs a backslash
	}
	return value[1 : len(value)-1], true
}

// parseNode reads an address with or without a port, as both headers have it: IPv6
// in brackets where it has a port. False for "unknown" and names that hide an address.
func parseNode(text string) (netip.Addr, bool) {
	host, port := text, ""
	switch colon := strings.IndexByte(text, ':'); {
	case strings.HasPrefix(text, "["):
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return netip.Addr{}, false
		}
		if host, port = text[1:end], text[end+1:]; !strings.Contains(host, ":") {
			return netip.Addr{}, false // brackets are for IPv6
		}
	case colon >= 0 && colon == strings.LastIndexByte(text, ':'):
		host, port = text[:colon], text[colon:]
	}
	if port != "" && !isPort(port) {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, false
	}
	return plainAddr(addr), true
}

// isPort reports whether text is a colon and a port, or a name that hides one.
func isPort(text string) bool {
	name, hidden := strings.CutPrefix(text, ":_")
	if hidden {
		return name != "" && !strings.ContainsAny(name, `:[]"`)
	}
	return len(text) >= 2 && len(text) <= 6 && text[0] == ':' && strings.Trim(text[1:], "0123456789") == ""
}

func plainAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
