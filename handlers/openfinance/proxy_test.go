package openfinance_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/demo"
	"tenure/tenancy/fault"
)

func escaped(pairs ...*demo.Pair) string {
	var all strings.Builder
	for _, p := range pairs {
		all.Write(p.CertPEM())
	}
	return url.QueryEscape(strings.ReplaceAll(all.String(), "+", "%2B"))
}

func pemEscaped(pairs ...*demo.Pair) string {
	var all strings.Builder
	for _, p := range pairs {
		all.Write(p.CertPEM())
	}
	return url.PathEscape(all.String())
}

func sequence(p *demo.Pair) string {
	return ":" + base64.StdEncoding.EncodeToString(p.Certificate.Raw) + ":"
}

func TestProxyHeaderFormats(t *testing.T) {
	other := must(authority().Server())
	loose := strings.NewReplacer("%2B", "+", "%2F", "/", "%3D", "=").Replace(pemEscaped(good()))
	xfcc := `By=spiffe://x;Hash=abc;Cert="` + pemEscaped(good()) + `";Subject="CN=a, \"b\"; c=d";URI=`
	for about, c := range map[string]struct {
		format, value string
		want          []*demo.Pair
	}{
		"nginx": {openfinance.ProxyPEM, pemEscaped(good()), []*demo.Pair{good()}}, "base64 unescaped": {openfinance.ProxyPEM, loose, []*demo.Pair{good()}},
		"with an intermediate":     {openfinance.ProxyPEM, pemEscaped(good(), other), []*demo.Pair{good(), other}},
		"RFC 9440":                 {openfinance.ProxyRFC9440, " " + sequence(good()) + "\t", []*demo.Pair{good()}},
		"Envoy":                    {openfinance.ProxyXFCC, xfcc, []*demo.Pair{good()}},
		"Envoy, key in lower case": {openfinance.ProxyXFCC, `cert="` + pemEscaped(good()) + `"`, []*demo.Pair{good()}},
		"Envoy, not quoted":        {openfinance.ProxyXFCC, `Cert=` + pemEscaped(good()), []*demo.Pair{good()}},
		"Envoy, chain":             {openfinance.ProxyXFCC, `Chain="` + pemEscaped(good(), other) + `"`, []*demo.Pair{good(), other}},
		"Envoy, both":              {openfinance.ProxyXFCC, `Chain="` + pemEscaped(good(), other) + `";Cert="` + pemEscaped(good()) + `"`, []*demo.Pair{good(), other}},
	} {
		got, err := openfinance.ParseProxyHeader(c.format, c.value)
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
		{openfinance.ProxyPEM, ""}, {openfinance.ProxyPEM, "%"}, {openfinance.ProxyPEM, "abc"}, {openfinance.ProxyPEM, pemEscaped(good()) + "abc"},
		{openfinance.ProxyPEM, pemEscaped(eleven...)}, {openfinance.ProxyPEM, strings.ReplaceAll(pemEscaped(good()), "CERTIFICATE", "PRIVATE%20KEY")},
		{openfinance.ProxyPEM, sequence(good())}, {openfinance.ProxyPEM, "-----BEGIN%20CERTIFICATE-----%0AAAAA%0A-----END%20CERTIFICATE-----%0A"},
		{openfinance.ProxyPEM, escaped(good())},
		{openfinance.ProxyRFC9440, ""}, {openfinance.ProxyRFC9440, ":"}, {openfinance.ProxyRFC9440, "::"}, {openfinance.ProxyRFC9440, ":AAAA:"},
		{openfinance.ProxyRFC9440, sequence(good()) + ";a=b"}, {openfinance.ProxyRFC9440, sequence(good()) + ", " + sequence(other)},
		{openfinance.ProxyRFC9440, strings.TrimSuffix(sequence(good()), ":")}, {openfinance.ProxyRFC9440, pemEscaped(good())},
		{openfinance.ProxyXFCC, ""}, {openfinance.ProxyXFCC, "Hash=abc"}, {openfinance.ProxyXFCC, xfcc + "," + xfcc}, {openfinance.ProxyXFCC, xfcc + `;Cert="` + pemEscaped(good()) + `"`},
		{openfinance.ProxyXFCC, `Cert="` + pemEscaped(good())}, {openfinance.ProxyXFCC, `Cert="` + pemEscaped(good()) + `"x`}, {openfinance.ProxyXFCC, `Cert=a"b`},
		{openfinance.ProxyXFCC, `Cert="` + pemEscaped(good()) + `";Chain="` + pemEscaped(other, good()) + `"`}, {openfinance.ProxyXFCC, `=;Cert="` + pemEscaped(good()) + `"`},
		{"", pemEscaped(good())}, {"other", sequence(good())},
	} {
		if got, err := openfinance.ParseProxyHeader(c[0], c[1]); err == nil {
			t.Errorf("%s gives %d certificates from %.80s", c[0], len(got), c[1])
		}
	}
}

// TestB1ProxyIsTrustedByAddressOnly: a header from elsewhere is nothing, and
// the proxy's own certificate never stands for a client's.
func TestB1ProxyIsTrustedByAddressOnly(t *testing.T) {
	proxy := &openfinance.Proxy{Header: "Client-Cert", Format: openfinance.ProxyRFC9440,
		From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28"), netip.MustParsePrefix("2001:db8::/64")}}
	own := must(authority().Server()) // the peer's own certificate
	for about, c := range map[string]struct {
		proxy  *openfinance.Proxy
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
		got, err := openfinance.Presented(r, c.proxy)
		switch {
		case c.fails:
			refusedWith(t, about, err, fault.Unauthenticated, openfinance.CodeCertificate)
		case err != nil || (c.want == nil) != (len(got) == 0) || c.want != nil && !got[0].Equal(c.want.Certificate):
			t.Errorf("%s: %d certificates, %v", about, len(got), err)
		}
	}
	if got, err := openfinance.Presented(httptest.NewRequest(http.MethodGet, "/reg/x", nil), nil); err != nil || len(got) != 0 {
		t.Errorf("without TLS: %v, %v", got, err)
	}
	if err := proxy.Check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []openfinance.Proxy{{}, {Header: "A", Format: "x", From: proxy.From}, {Header: "A", Format: openfinance.ProxyPEM},
		{Format: openfinance.ProxyPEM, From: proxy.From}, {Header: "A", Format: openfinance.ProxyPEM, From: []netip.Prefix{{}}}} {
		if bad.Check() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
