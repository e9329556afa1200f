package x509view

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var errURI = errors.New("an invalid URI")

// Character classes of RFC 2396 appendix A, each without escapes and non-ASCII characters, which
// escapable adds.
const (
	uriAlpha      = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	uriDigits     = "0123456789"
	uriAlnum      = uriAlpha + uriDigits
	uriUnreserved = uriAlnum + "-_.!~*'()"
	uriAny        = uriUnreserved + ";/?:@&=+$,[]"
	uriPath       = uriUnreserved + ":@&=+$,;/"
	uriUserInfo   = uriUnreserved + ";:&=+$,"
	uriRegistry   = uriUnreserved + "$,;:@&=+"
	uriServer     = uriUserInfo + ".:@[]"
	uriScheme     = uriAlnum + "+-."
)

// uri is what the checks of URIs ask of one: scheme and host are "" when absent.
type uri struct {
	scheme, host string
}

// ValidURI reports whether text is a URI or relative reference by the rules of the reference.
func ValidURI(text string) bool {
	_, err := parseURI(text)
	return err == nil
}

// parseURI reads a URI or relative reference by RFC 2396 as amended by RFC 2732 (IPv6 hosts), with
// the usual extension to non-ASCII characters other than spaces and controls. It is stricter than
// net/url.
func parseURI(text string) (uri, error) {
	var u uri
	rest, fragment, found := strings.Cut(text, "#")
	if found && !escapable(fragment, uriAny) {
		return u, errURI
	}
	colon := strings.IndexAny(rest, ":/?")
	if colon < 0 || rest[colon] != ':' {
		return u, u.parseHierarchical(rest)
	}
	u.scheme, rest = rest[:colon], rest[colon+1:]
	if u.scheme == "" || !strings.Contains(uriAlpha, u.scheme[:1]) || !only(u.scheme, uriScheme) || rest == "" {
		return u, errURI
	}
	if rest[0] != '/' {
		if !escapable(rest, uriAny) {
			return u, errURI
		}
		return u, nil
	}
	return u, u.parseHierarchical(rest)
}

// parseHierarchical reads [//authority]path[?query].
func (u *uri) parseHierarchical(rest string) error {
	rest, query, found := strings.Cut(rest, "?")
	if found && !escapable(query, uriAny) {
		return errURI
	}
	if after, slashes := strings.CutPrefix(rest, "//"); slashes {
		end := strings.IndexByte(after, '/')
		if end < 0 {
			end = len(after)
		}
		authority := after[:end]
		rest = after[end:]
		if authority == "" && rest == "" && !found {
			return errURI
		}
		if authority != "" {
			if err := u.parseAuthority(authority); err != nil {
				return err
			}
		}
	}
	if !escapable(rest, uriPath) {
		return errURI
	}
	return nil
}

// parseAuthority reads [userinfo@]host[:port]; what is not of that form may still be a
// registry-based name, which has no host.
func (u *uri) parseAuthority(authority string) error {
	server := escapable(authority, uriServer)
	if strings.Contains(authority, "]") {
		server = escapable(strings.ReplaceAll(authority, "%", ""), uriServer)
	}
	if server {
		if host, ok := parseServer(authority); ok {
			u.host = host
			return nil
		}
	}
	if escapable(authority, uriRegistry) {
		return nil
	}
	return errURI
}

func parseServer(authority string) (host string, ok bool) {
	if info, after, found := strings.Cut(authority, "@"); found {
		if !escapable(info, uriUserInfo) {
			return "", false
		}
		authority = after
	}
	port := ""
	if strings.HasPrefix(authority, "[") {
		end := strings.IndexByte(authority, ']')
		if end < 0 {
			return "", false
		}
		host, port = authority[:end+1], authority[end+1:]
		address, zone, zoned := strings.Cut(host[1:end], "%")
		if ip, err := netip.ParseAddr(address); err != nil || !ip.Is6() || zoned && !only(zone, uriAlnum+"_.") {
			return "", false
		}
		if zoned && zone == "" {
			return "", false
		}
	} else {
		end := strings.IndexByte(authority, ':')
		if end < 0 {
			end = len(authority)
		}
		host, port = authority[:end], authority[end:]
		if ip, err := netip.ParseAddr(host); (err != nil || !ip.Is4()) && !hostName(host) {
			return "", false
		}
	}
	if port != "" {
		if port[0] != ':' || !only(port[1:], uriDigits) {
			return "", false
		}
		if _, err := strconv.ParseInt(port[1:], 10, 32); err != nil && port != ":" {
			return "", false
		}
	}
	return host, true
}

// hostName reports whether text is a host name of RFC 2396 section 3.2.2: labels of letters, digits
// and inner hyphens, the last of several starting with a letter, a final dot allowed.
func hostName(text string) bool {
	labels := strings.Split(strings.TrimSuffix(text, "."), ".")
	for _, label := range labels {
		if label == "" || !only(label, uriAlnum+"-") || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return len(labels) == 1 || strings.Contains(uriAlpha, labels[len(labels)-1][:1])
}

func only(text, allowed string) bool {
	for i := range len(text) {
		if strings.IndexByte(allowed, text[i]) < 0 {
			return false
		}
	}
	return true
}

// escapable is only, with %XX and non-ASCII characters allowed too.
func escapable(text, allowed string) bool {
	for i, r := range text {
		switch {
		case r == '%':
			if len(text) < i+3 || !hexDigit(text[i+1]) || !hexDigit(text[i+2]) {
				return false
			}
		case r >= utf8.RuneSelf:
			if unicode.IsControl(r) || unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp) {
				return false
			}
		case strings.IndexByte(allowed, byte(r)) < 0:
			return false
		}
	}
	return true
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
