package scheme

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Formats of the header in which a proxy that terminates TLS passes on the
// client's certificate.
const (
	ProxyPEM     = "pem"     // PEM, percent-encoded: nginx's $ssl_client_escaped_cert; intermediates may follow
	ProxyRFC9440 = "rfc9440" // Client-Cert of RFC 9440: one byte sequence
	ProxyXFCC    = "xfcc"    // x-forwarded-client-cert with one element that has Cert or Chain
)

// Proxy says which peers may pass on certificates, and how. The proxy must set or
// remove the header in every request.
type Proxy struct {
	Header string
	Format string         // one of the constants above
	From   []netip.Prefix // addresses of the proxies
}

// Check refuses a configuration that cannot work.
func (p *Proxy) Check() error {
	switch {
	case p.Header == "" || strings.ContainsFunc(p.Header, notToken):
		return errors.New("the name of the proxy's certificate header is missing, or is not a header name")
	case strings.EqualFold(p.Header, "Authorization"):
		return errors.New("the proxy's certificate header must not be Authorization, which carries tokens")
	case !slices.Contains([]string{ProxyPEM, ProxyRFC9440, ProxyXFCC}, p.Format):
		return fmt.Errorf("the format %q of the proxy's certificate header is not pem, rfc9440 or xfcc", p.Format)
	case slices.ContainsFunc(p.From, func(from netip.Prefix) bool { return from.IsValid() && from.Bits() == 0 }):
		return errors.New("the proxies must not be all addresses: anybody could present any certificate")
	case len(p.From) == 0 || slices.ContainsFunc(p.From, func(from netip.Prefix) bool { return !from.IsValid() }):
		return errors.New("the addresses of the proxies are missing")
	}
	return nil
}

// notToken reports whether a character is not allowed in the name of a header
// (RFC 9110 section 5.6.2).
func notToken(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
}

const (
	maxProxyHeader = 64 << 10
	maxProxyChain  = 10
)

var errProxyHeader = errors.New("the proxy's certificate header does not have the configured format")

// Presented returns the certificates that a caller presented, leaf first, or an
// empty list. It verifies nothing: Trust.Verify does. If the peer is a trusted
// proxy only its header counts, never the proxy's own certificate; the header of
// any other peer is ignored. p may be nil. The fault is Unauthenticated with
// CodeCertificate.
func Presented(r *http.Request, p *Proxy) ([]*x509.Certificate, error) {
	if p == nil || !p.trusts(r.RemoteAddr) {
		if r.TLS == nil {
			return nil, nil
		}
		return r.TLS.PeerCertificates, nil
	}
	values := r.Header.Values(p.Header)
	if len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "" {
		return nil, nil
	}
	if len(values) > 1 || len(values[0]) > maxProxyHeader {
		return nil, noCertificate(errProxyHeader, "the client certificate cannot be read")
	}
	certs, err := ParseProxyHeader(p.Format, values[0])
	if err != nil {
		return nil, noCertificate(err, "the client certificate cannot be read")
	}
	return certs, nil
}

// trusts reports whether a peer ("address:port") is one of the proxies. A peer
// without an address, as on a unix socket, is not.
func (p *Proxy) trusts(peer string) bool {
	at, err := netip.ParseAddrPort(peer)
	if err != nil {
		return false
	}
	addr := at.Addr().Unmap().WithZone("")
	return slices.ContainsFunc(p.From, func(from netip.Prefix) bool { return from.Contains(addr) })
}

// ParseProxyHeader reads a header's value in one of the formats, leaf first. It
// returns at least one certificate, or an error.
func ParseProxyHeader(format, value string) ([]*x509.Certificate, error) {
	value = strings.Trim(value, " \t")
	switch format {
	case ProxyPEM:
		return parseEscapedPEM(value)
	case ProxyRFC9440:
		return parseByteSequence(value)
	case ProxyXFCC:
		return parseForwarded(value)
	}
	return nil, errProxyHeader
}

// parseEscapedPEM reads "+" as itself and not as a space: some encoders leave
// base64 unescaped.
func parseEscapedPEM(value string) ([]*x509.Certificate, error) {
	text, err := url.PathUnescape(value)
	if err != nil {
		return nil, errProxyHeader
	}
	ders, rest, err := pemBlocks([]byte(text), "CERTIFICATE")
	if err != nil || len(ders) == 0 || len(ders) > maxProxyChain || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errProxyHeader
	}
	return parseCertificates(ders)
}

// parseByteSequence reads an RFC 8941 byte sequence without parameters (RFC 9440
// section 2.1).
func parseByteSequence(value string) ([]*x509.Certificate, error) {
	if len(value) < 2 || value[0] != ':' || value[len(value)-1] != ':' || strings.ContainsAny(value, "\r\n") {
		return nil, errProxyHeader
	}
	der, err := base64.StdEncoding.Strict().DecodeString(value[1 : len(value)-1])
	if err != nil {
		return nil, errProxyHeader
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return []*x509.Certificate{cert}, nil
}

// parseForwarded reads an XFCC header of one element. Several elements would come
// from several proxies, and we could not tell which one to trust.
func parseForwarded(value string) ([]*x509.Certificate, error) {
	found := map[string]string{}
	for rest := value; ; {
		pair, after, err := forwardedPair(rest)
		if err != nil {
			return nil, err
		}
		key := strings.ToLower(pair[0])
		if _, twice := found[key]; twice && (key == "cert" || key == "chain") {
			return nil, errProxyHeader
		}
		found[key] = pair[1]
		if after == "" {
			break
		}
		if after[0] == ',' {
			return nil, errProxyHeader
		}
		rest = after[1:]
	}
	var certs []*x509.Certificate
	for _, key := range []string{"cert", "chain"} {
		text, has := found[key]
		if !has {
			continue
		}
		parsed, err := parseEscapedPEM(text)
		if err != nil {
			return nil, err
		}
		if len(certs) > 0 && !certs[0].Equal(parsed[0]) {
			return nil, errProxyHeader // two leaves
		}
		certs = parsed
	}
	if len(certs) == 0 {
		return nil, errProxyHeader
	}
	return certs, nil
}

// forwardedPair reads one key=value of XFCC, with or without double quotes around
// the value. rest starts with the separator ("," or ";") or is empty.
func forwardedPair(text string) (pair [2]string, rest string, err error) {
	key, text, found := strings.Cut(text, "=")
	if !found || key == "" || strings.ContainsAny(key, "\",; ") {
		return pair, "", errProxyHeader
	}
	pair[0] = key
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ",;")
		if end < 0 {
			end = len(text)
		}
		pair[1] = text[:end]
		if strings.Contains(pair[1], `"`) {
			return pair, "", errProxyHeader
		}
		return pair, text[end:], nil
	}
	var b []byte
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b = append(b, text[i])
		case c == '"':
			pair[1], rest = string(b), text[i+1:]
			if rest != "" && rest[0] != ',' && rest[0] != ';' {
				return pair, "", errProxyHeader
			}
			return pair, rest, nil
		default:
			b = append(b, c)
		}
	}
	return pair, "", errProxyHeader
}
