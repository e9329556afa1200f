package scheme_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/scheme"
	"tenure/tenancy/fault"
)

func escaped(pairs ...*demo.Pair) string {
	var all strings.Builder
	for _, p := range pairs {
		all.Write(p.CertPEM())
	}
	return url.QueryEscape(strings.ReplaceAll(all.String(), "+", "%2B"))
}

func TestProxyHeaderFormats(t *testing.T) {
	other := must(authority().Server())
	loose := strings.NewReplacer("%2B", "+", "%2F", "/", "%3D", "=").Replace(pemEscaped(good()))
	xfcc := `By=spiffe://x;Hash=abc;Cert="` + pemEscaped(good()) + `";Subject="CN=a, \"b\"; c=d";URI=`
	for about, c := range map[string]struct {
		format, value string
		want          []*demo.Pair
	}{
		"nginx": {scheme.ProxyPEM, pemEscaped(good()), []*demo.Pair{good()}}, "base64 unescaped": {scheme.ProxyPEM, loose, []*demo.Pair{good()}},
		"with an intermediate":     {scheme.ProxyPEM, pemEscaped(good(), other), []*demo.Pair{good(), other}},
		"RFC 9440":                 {scheme.ProxyRFC9440, " " + sequence(good()) + "\t", []*demo.Pair{good()}},
		"Envoy":                    {scheme.ProxyXFCC, xfcc, []*demo.Pair{good()}},
		"Envoy, key in lower case": {scheme.ProxyXFCC, `cert="` + pemEscaped(good()) + `"`, []*demo.Pair{good()}},
		"Envoy, not quoted":        {scheme.ProxyXFCC, `Cert=` + pemEscaped(good()), []*demo.Pair{good()}},
		"Envoy, chain":             {scheme.ProxyXFCC, `Chain="` + pemEscaped(good(), other) + `"`, []*demo.Pair{good(), other}},
		"Envoy, both":              {scheme.ProxyXFCC, `Chain="` + pemEscaped(good(), other) + `";Cert="` + pemEscaped(good()) + `"`, []*demo.Pair{good(), other}},
	} {
		got, err := scheme.ParseProxyHeader(c.format, c.value)
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%s: %d certificates, %v", about, len(got), err)
			continue
		}
		for i := range got {
			if !got[i].Equal(c.want[i].Certificate) {
				t.Errorf("%s: certificate %d is another", about, i)
			}
		}
	}
	eleven := make([]*demo.Pair, 11)
	for i := range eleven {
		eleven[i] = good()
	}
	for _, c := range [][2]string{
		{scheme.ProxyPEM, ""}, {scheme.ProxyPEM, "%"}, {scheme.ProxyPEM, "abc"}, {scheme.ProxyPEM, pemEscaped(good()) + "abc"},
		{scheme.ProxyPEM, pemEscaped(eleven...)}, {scheme.ProxyPEM, strings.ReplaceAll(pemEscaped(good()), "CERTIFICATE", "PRIVATE%20KEY")},
		{scheme.ProxyPEM, sequence(good())}, {scheme.ProxyPEM, "-----BEGIN%20CERTIFICATE-----%0AAAAA%0A-----END%20CERTIFICATE-----%0A"},
		{scheme.ProxyPEM, escaped(good())},
		{scheme.ProxyRFC9440, ""}, {scheme.ProxyRFC9440, ":"}, {scheme.ProxyRFC9440, "::"}, {scheme.ProxyRFC9440, ":AAAA:"},
		{scheme.ProxyRFC9440, sequence(good()) + ";a=b"}, {scheme.ProxyRFC9440, sequence(good()) + ", " + sequence(other)},
		{scheme.ProxyRFC9440, strings.TrimSuffix(sequence(good()), ":")}, {scheme.ProxyRFC9440, pemEscaped(good())},
		{scheme.ProxyXFCC, ""}, {scheme.ProxyXFCC, "Hash=abc"}, {scheme.ProxyXFCC, xfcc + "," + xfcc}, {scheme.ProxyXFCC, xfcc + `;Cert="` + pemEscaped(good()) + `"`},
		{scheme.ProxyXFCC, `Cert="` + pemEscaped(good())}, {scheme.ProxyXFCC, `Cert="` + pemEscaped(good()) + `"x`}, {scheme.ProxyXFCC, `Cert=a"b`},
		{scheme.ProxyXFCC, `Cert="` + pemEscaped(good()) + `";Chain="` + pemEscaped(other, good()) + `"`}, {scheme.ProxyXFCC, `=;Cert="` + pemEscaped(good()) + `"`},
		{"", pemEscaped(good())}, {"other", sequence(good())},
	} {
		if got, err := scheme.ParseProxyHeader(c[0], c[1]); err == nil {
			t.Errorf("%s gives %d certificates from %.80s", c[0], len(got), c[1])
		}
	}
}

// TestB1ProxyIsTrustedByAddressOnly: a header from elsewhere is nothing, and
// the proxy's own certificate never stands for a client's.
func TestB1ProxyIsTrustedByAddressOnly(t *testing.T) {
	proxy := &scheme.Proxy{Header: "Client-Cert", Format: scheme.ProxyRFC9440,
		From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28"), netip.MustParsePrefix("2001:db8::/64")}}
	own := must(authority().Server()) // the peer's own certificate
	for about, c := range map[string]struct {
		proxy  *scheme.Proxy
		peer   string
		values []string
		want   *demo.Pair
		fails  bool
	}{
		"proxy": {proxy, "192.0.2.15:1", []string{sequence(good())}, good(), false}, "proxy over IPv6": {proxy, "[2001:db8::7]:1", []string{sequence(good())}, good(), false},
		"proxy, mapped":                   {proxy, "[::ffff:192.0.2.1]:1", []string{sequence(good())}, good(), false},
		"no certificate behind the proxy": {proxy, "192.0.2.1:1", nil, nil, false}, "an empty header": {proxy, "192.0.2.1:1", []string{" "}, nil, false},
		"two headers": {proxy, "192.0.2.1:1", []string{sequence(good()), sequence(own)}, nil, true}, "a broken header": {proxy, "192.0.2.1:1", []string{"x"}, nil, true},
		"an endless header": {proxy, "192.0.2.1:1", []string{strings.Repeat("x", 64<<10+1)}, nil, true},
		"elsewhere":         {proxy, "192.0.2.16:1", []string{sequence(good())}, own, false}, "no address": {proxy, "@", []string{sequence(good())}, own, false},
		"no proxy": {nil, "192.0.2.1:1", []string{sequence(good())}, own, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/reg/x", nil)
		r.RemoteAddr, r.Header["Client-Cert"] = c.peer, c.values
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{own.Certificate}}
		got, err := scheme.Presented(r, c.proxy)
		switch {
		case c.fails:
			refusedWith(t, about, err, fault.Unauthenticated, scheme.CodeCertificate)
		case err != nil || (c.want == nil) != (len(got) == 0) || c.want != nil && !got[0].Equal(c.want.Certificate):
			t.Errorf("%s: %d certificates, %v", about, len(got), err)
		}
	}
	if got, err := scheme.Presented(httptest.NewRequest(http.MethodGet, "/reg/x", nil), nil); err != nil || len(got) != 0 {
		t.Errorf("without TLS: %v, %v", got, err)
	}
	if err := proxy.Check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []scheme.Proxy{{}, {Header: "A", Format: "x", From: proxy.From}, {Header: "A", Format: scheme.ProxyPEM},
		{Format: scheme.ProxyPEM, From: proxy.From}, {Header: "A", Format: scheme.ProxyPEM, From: []netip.Prefix{{}}}} {
		if bad.Check() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
