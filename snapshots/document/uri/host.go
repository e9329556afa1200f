package uri

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// place is where a host is, as far as its name tells.
type place uint8

const (
	outside  place = iota // a public name or address; no host at all counts here
	loopback              // this machine
	inside                // the network behind it
)

// host is the host of an address.
type host struct {
	name  string // lower case ASCII, numbers as addresses
	place place
	// odd says that readers disagree about it: a number in another form than
	// RFC 3986's, a zone, a name that is none, a port that no host has.
	odd bool
	// mixed says that people take its name for another one.
	mixed bool
}

// maxMapped is the longest name that is mapped, which costs the square of it: no
// host of so many bytes is one in any spelling.
const maxMapped = 1024

// names maps a host as resolvers and browsers do (UTS 46, not transitional).
var names = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule())

func hostOf(u *url.URL) host {
	written := u.Hostname()
	h := hostNamed(written)
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			h.odd = true
		}
	}
	if written == "" && u.Host != "" {
		h.odd = true
	}
	return h
}

func hostNamed(written string) host {
	if written == "" {
		return host{}
	}
	if strings.Contains(written, ":") { // IPv6, whose brackets are gone
		bare, _, zoned := strings.Cut(written, "%")
		ip, err := netip.ParseAddr(bare)
		if err != nil {
			return host{name: strings.ToLower(written), place: inside, odd: true}
		}
		return host{name: ip.String(), place: placeOf(ip), odd: zoned}
	}
	if len(written) > maxMapped {
		return host{name: strings.ToLower(written), place: inside, odd: true}
	}
	ascii, err := names.ToASCII(written)
	if err != nil {
		ascii = strings.ToLower(written)
	}
	h := host{name: ascii, odd: err != nil || !hostName(ascii), mixed: mixedName(ascii)}
	dotless := strings.TrimSuffix(ascii, ".")
	if ip, numeric := ipv4(dotless); numeric {
		if !ip.IsValid() {
			return host{name: ascii, place: inside, odd: true}
		}
		return host{name: ip.String(), place: placeOf(ip), odd: written != ip.String()}
	}
	h.place = placeOfName(dotless)
	return h
}

// hostName holds the characters and lengths of a DNS name (RFC 1123, and the
// underscore); an asterisk is another rule's to refuse.
func hostName(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && c != '_' && c != '*' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return false
			}
		}
	}
	return true
}

// insideNames are endings of names that the Internet does not have (RFC 6762,
// 8375, 9476, ICANN's list of names not delegated).
var insideNames = []string{"local", "internal", "intranet", "lan", "home", "corp", "private", "localdomain", "home.arpa"}

func placeOfName(name string) place {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") || name == "localhost.localdomain" || name == "ip6-localhost" {
		return loopback
	}
	if !strings.Contains(name, ".") {
		return inside
	}
	if slices.ContainsFunc(insideNames, func(end string) bool { return strings.HasSuffix(name, "."+end) || name == end }) {
		return inside
	}
	return outside
}

func placeOf(ip netip.Addr) place {
	ip = ip.Unmap().WithZone("")
	switch {
	case ip.IsLoopback():
		return loopback
	case Public(ip):
		return outside
	}
	return inside
}

// device reports whether a host is this machine wherever it is looked up (RFC 8252
// section 7.3): resolvers may take names below localhost elsewhere, and readers
// differ about IPv4 addresses in IPv6.
func (h host) device() bool {
	ip, err := netip.ParseAddr(h.name)
	return h.name == "localhost" || err == nil && ip.IsLoopback() && !ip.Is4In6()
}

// reserved are the ranges that no public service has, beside those that
// netip's own predicates name (IANA special-purpose registries).
var reserved = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// globalUnicast is all of IPv6 that is routed on the Internet; what embeds an
// IPv4 address (NAT64 and the like) lies outside or is reserved.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// Public reports whether an IP address is one of the Internet's.
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.Is6() && !globalUnicast.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) })
}

// ipv4 reads a host as browsers and C libraries read numbers: 1 to 4 parts,
// each decimal, octal (0…) or hexadecimal (0x…), the last one as long as what is
// left. numeric is true where they take it for a number, and ip invalid where the
// number is none of an address.
func ipv4(name string) (ip netip.Addr, numeric bool) {
	parts := strings.Split(name, ".")
	last := parts[len(parts)-1]
	if _, ok := number(last); !ok && strings.Trim(last, "0123456789") != "" || last == "" {
		return ip, false
	}
	if len(parts) > 4 {
		return ip, true
	}
	var value uint64
	for i, part := range parts {
		n, ok := number(part)
		most := uint64(255)
		if i == len(parts)-1 {
			most = 1<<(8*(5-len(parts))) - 1
		}
		if !ok || n > most {
			return ip, true
		}
		if i == len(parts)-1 {
			value = value<<(8*(5-len(parts))) | n
		} else {
			value = value<<8 | n
		}
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

func number(part string) (uint64, bool) {
	base, digits := 10, part
	switch {
	case strings.HasPrefix(part, "0x") || strings.HasPrefix(part, "0X"):
		if base, digits = 16, part[2:]; digits == "" {
			return 0, true
		}
	case len(part) > 1 && part[0] == '0':
		base, digits = 8, part[1:]
	}
	n, err := strconv.ParseUint(digits, base, 64)
	return n, err == nil
}
