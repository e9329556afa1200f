package uri_test

import (
	"html"
	"slices"
	"strings"
	"testing"

	"tenure/snapshots/document/uri"
)

// row is an address with the rules that it breaks for an administrator and for
// who registers itself, as words; empty for none.
type row struct {
	address        string
	everyone, self string
}

var redirects = []row{
	{"https://a.example/cb", "", ""},
	{"https://a.example/cb?x=1&y=%20", "", ""},
	{"https://a.example:8443/cb", "", ""},
	{"https://192.168.1.5/cb", "", ""}, // people's browsers go there, not a server
	{"https://bücher.example/ü", "", ""},
	{"https://xn--bcher-kva.example/", "", ""},
	{"http://localhost:1234/callback", "", ""},
	{"http://LOCALHOST/cb", "", ""},
	{"http://127.0.0.1:33418/", "", ""},
	{"http://127.255.255.254/cb", "", ""},
	{"http://[::1]:8080/cb", "", ""},
	{"com.example.app:/cb", "", ""},
	{"com.example.app://cb/x", "", ""},

	{"javascript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"JaVaScRiPt:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"java\tscript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"java\nscript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"  javascript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"\x01javascript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"javascript\u00a0:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"java%73cript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"javascript%3Aalert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"java%73cript:alert('%')", "uri-script-scheme", "uri-script-scheme"},
	{"java%2573cript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"ｊａｖａｓｃｒｉｐｔ:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"javascript：alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"java\u200bscript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"java&#115;cript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"&#x6a;avascript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"&#0000106avascript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"javascript&colon;alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"java&Tab;script:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"java&NewLine;script&#58;alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"java%26%23115;cript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"java&percnt;73cript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"java&amp;#115;cript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{strings.Repeat("&#32;", 1000) + "javascript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"d&#97;ta:text/html,x", "uri-script-scheme", "uri-script-scheme"},
	{"https://a.example/cb?a=1&b=2&colon;c", "", ""},
	{"https://a.example/cb?x&#106avascript:", "redirect-uri-fragment", "redirect-uri-fragment"},
	{"https://a.example/javascript&colon;x?data:&amp;vbscript:x", "", ""},
	{"https&colon;//a.example/cb", "redirect-uri", "redirect-uri uri-absolute"},
	{"com.example.app:/cb?x=javascript&colon;x", "", ""},
	{"data:text/html,x", "uri-script-scheme", "uri-script-scheme"},
	{"VBScript:x", "uri-script-scheme", "uri-script-scheme"},
	{"file:///etc/passwd", "uri-script-scheme", "uri-script-scheme"},
	{"blob:https://a.example/x", "uri-script-scheme", "uri-script-scheme"},
	{"about:blank", "uri-script-scheme", "uri-script-scheme"},
	{"view-source:https://a.example", "uri-script-scheme", "uri-script-scheme"},
	{"filesystem:https://a.example/x", "uri-script-scheme", "uri-script-scheme"},
	{"feed:javascript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"mocha:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"ECMAScript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"mk:@MSITStore:C:\\x.chm", "uri-script-scheme", "uri-script-scheme"},
	{"ms-msdt:/id", "uri-script-scheme", "uri-script-scheme"},
	{"http://foo.localhost/cb", "", "uri-without-tls"},
	{"http://[::ffff:7f00:1]/cb", "", "uri-without-tls"},
	{"javascripts.example:/cb", "", ""}, // another word
	{"com.javascript.app:/cb", "", ""},
	{"javascript.example:/cb", "", ""},
	{"example.data:/cb", "", ""},
	{"javascript.:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"data.:x", "uri-script-scheme", "uri-script-scheme"},
	{"JavaScript..:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{".javascript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"javascript%2e:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"vbscript&period;:x", "uri-script-scheme", "uri-script-scheme"},
	{"javascript．:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"/data:x", "", "uri-absolute"},

	{"https://a.example/c b", "uri-character", "uri-character"},
	{"https://a.example/cb\r\nX: y", "uri-character", "uri-character"},
	{"https://a.example/\u202ecb", "uri-character", "uri-character"},
	{"https://a\u200b.example/cb", "uri-character", "uri-character"},
	{"https://a.example/\xff", "uri-character", "uri-character"},
	{"https://a.example/" + strings.Repeat("x", 8192), "text-length", "text-length"},
	{"https://a.example/" + strings.Repeat("x", 8192-18), "", ""},

	{"", "redirect-uri", "redirect-uri uri-absolute"},
	{"app.example.com/cb", "redirect-uri", "redirect-uri uri-absolute"},
	{"https://[::1", "redirect-uri", "redirect-uri uri-absolute"},
	{"https://a.example/%zz", "redirect-uri", "redirect-uri uri-absolute"},
	{"https://a.example\\@evil.example/cb", "redirect-uri", "redirect-uri uri-absolute"},
	{"/cb", "", "uri-absolute"},
	{"//a.example/cb", "", "uri-absolute"},
	{"https://a.example/#x", "redirect-uri-fragment", "redirect-uri-fragment"},
	{"https://a.example/#", "redirect-uri-fragment", "redirect-uri-fragment"},

	{"http://a.example/cb", "", "uri-without-tls"},
	{"HTTP://a.example/cb", "", "uri-without-tls"},
	{"http://192.168.1.5/cb", "", "uri-without-tls"},
	{"http://localhost.evil.example/cb", "", "uri-without-tls"},
	{"http://127.0.0.1.evil.example/cb", "", "uri-without-tls"},
	{"http://[::2]/cb", "", "uri-without-tls"},
	{"http://2130706433/cb", "", "uri-host"},
	{"http://0177.0.0.1/cb", "", "uri-host"},
	{"http://127.0.0.1:99999/", "", "uri-host"},
	{"http://127.0.0.1:0/", "", "uri-host"},
	{"http://127.0.0.1:65535/", "", ""},
	{"https://a..example/cb", "", "uri-host"},
	{"https://-a.example/cb", "", "uri-host"},
	{"https://a.example./cb", "", "uri-host"},
	{"https://" + strings.Repeat("a", 64) + ".example/", "", "uri-host"},
	{"https:///cb", "", "uri-without-host"},
	{"https:cb", "", "uri-without-host"},
	{"https://" + strings.Repeat("ü", 600) + ".example/", "", "uri-host"},
	{"https://:443/cb", "", "uri-host"},
	{"https://user@a.example/cb", "", "uri-userinfo"},
	{"https://user:secret@a.example/cb", "", "uri-userinfo"},
	{"https://a.example@evil.example/cb", "", "uri-userinfo"},
	{"https://*.a.example/cb", "", "uri-wildcard"},
	{"https://a.example/*", "", "uri-wildcard"},
	{"https://a.example/x/../cb", "", "uri-dot-segment"},
	{"https://a.example/./cb", "", "uri-dot-segment"},
	{"https://a.example/x/%2e%2E/cb", "", "uri-dot-segment"},
	{"https://a.example/x/..%2Fcb", "", "uri-dot-segment"},
	{"https://a.example/..", "", "uri-dot-segment"},
	{"https://a.example/...", "", ""},
	{"https://a.example/a/..;/cb", "", "uri-dot-segment"},
	{"https://a.example/a/.;x/cb", "", "uri-dot-segment"},
	{"https://a.example/a/..;jsessionid=1;x", "", "uri-dot-segment"},
	{"https://a.example/a/%2e.%3Bx/cb", "", "uri-dot-segment"},
	{"https://a.example/a/..%3b%2Fcb", "", "uri-dot-segment"},
	{"com.example.app:/a/..;x/cb", "", "uri-dot-segment"},
	{"https://a.example/a/...;x/cb", "", ""},
	{"https://a.example/a;../cb", "", ""},
	{"https://a.example/a;x=../cb", "", ""},
	{"https://a.example/;/cb", "", ""},
	{"https://a.example/cb?x=/..;/", "", ""},
	{"https://a.example/x\\y", "", "uri-backslash"},
	{"myapp:/cb", "", "uri-scheme-without-dot"},
	{"ms-settings:privacy", "", "uri-scheme-without-dot"},
	{"com.:/cb", "", "uri-scheme-without-dot"},
	{"com..app:/cb", "", "uri-scheme-without-dot"},
	{"x-.y:/", "", "uri-scheme-without-dot"},
	{"com.-y:/", "", "uri-scheme-without-dot"},
	{"com.example.y-:/cb", "", "uri-scheme-without-dot"},
	{"com.example.:/cb", "", "uri-scheme-without-dot"},
	{"com.example+app:/cb", "", "uri-scheme-without-dot"},
	{"COM..APP:/cb", "", "uri-scheme-without-dot"},
	{"c.d:/cb", "", ""},
	{"COM.Example.App:/cb", "", ""},
	{"com.example.my-app2:/cb", "", ""},
	{"com.xn--bcher-kva.2go:/cb", "", ""},
	{"com.example.a--b:/cb", "", ""},
	{"urn:ietf:wg:oauth:2.0:oob", "", "uri-scheme-without-dot"},
	{"https://a.example/cb%0d%0aSet-Cookie:x=y", "", "uri-encoded-control"},
	{"https://a.example/cb%0D%0A", "", "uri-encoded-control"},
	{"https://a.example/cb?x=%00", "", "uri-encoded-control"},
	{"https://a.example/cb?x=%1f", "", "uri-encoded-control"},
	{"https://a.example/cb?x=%7F", "", "uri-encoded-control"},
	{"https://a.example/cb%250d%250a", "", "uri-encoded-control"},
	{"https://a.example/cb%25250a", "", "uri-encoded-control"},
	{"com.example.app:/cb%0a", "", "uri-encoded-control"},
	{"https://a.example/cb?x=%20%21%7e%80%C3%BC", "", ""},
	{"https://a.example/cb?x=%2520%252f%25", "", ""},
	{"https://a.example/cb?x=0d%0", "", ""}, // no escape
	{`https://a.example/cb?x="`, "", "uri-unencoded"},
	{"https://a.example/<script>", "", "uri-unencoded"},
	{"https://a.example/cb?x=>", "", "uri-unencoded"},
	{"https://a.example/^", "", "uri-unencoded"},
	{"https://a.example/`", "", "uri-unencoded"},
	{"https://a.example/{id}", "", "uri-unencoded"},
	{"https://a.example/a|b", "", "uri-unencoded"},
	{"com.example.app:/{x}", "", "uri-unencoded"},
	{"https://a.example/%22%3C%3E%5E%60%7B%7C%7D", "", ""},
	{"https://a.example/~!$&'()+,;=:@-._[]", "", ""},
	{"https://a.example/ü", "", ""},
	{"https://\u0430pple.com/cb", "", "uri-host"}, // Cyrillic а
	{"https://xn--pple-43d.com/cb", "", "uri-host"},
	{"https://XN--pple-43D.com/cb", "", "uri-host"},
	{"https://www.p\u0430ypal.example/cb", "", "uri-host"},
	{"https://go\u03bfgle.example/cb", "", "uri-host"},                  // Greek ο
	{"https://\u65e5\u672c\u0434.example/cb", "", "uri-host"},           // Han and Cyrillic
	{"https://\u3072\u3089\ud55c.example/cb", "", "uri-host"},           // Hiragana and Hangul
	{"https://\u4e2d\u3105\ud55c.example/cb", "", "uri-host"},           // Bopomofo and Hangul
	{"https://\u044f\u043d\u0434\u0435\u043a\u0441.example/cb", "", ""}, // Cyrillic alone
	{"https://\u044f\u043d\u0434\u0435\u043a\u0441-1.example/cb", "", ""},
	{"https://a.\u044f\u043d\u0434\u0435\u043a\u0441.example/cb", "", ""}, // each label by itself
	{"https://\u65e5\u672c\u8a9eabc.example/cb", "", ""},
	{"https://\u30ab\u30bf\u3072\u3089\u6f22\u5b57abc.example/cb", "", ""},
	{"https://\u4e2d\u3105abc.example/cb", "", ""},
	{"https://\ud55c\uad6d\u6f22abc.example/cb", "", ""},
	{"https://\u03b5\u03bb\u03bb\u03ac\u03b4\u03b1.example/cb", "", ""}, // Greek alone
	{"https://\u0627\u0644\u0639\u0631\u0628\u064a\u0629.example/cb", "", ""},
	{"http://u@*.a.example/../x", "", "uri-userinfo uri-wildcard uri-dot-segment uri-without-tls"},
}

// called are addresses that a server calls: the network's own are refused
// whoever brings them.
var called = []row{
	{"https://a.example/out", "", ""},
	{"https://1.1.1.1/out", "", ""},
	{"https://[2606:4700::1111]/out", "", ""},
	{"http://a.example/out", "", "uri-without-tls"},
	{"https://a.example/out#x", "", "uri-fragment"},
	{"ldap://a.example/out", "uri-http", "uri-http"},
	{"gopher://a.example/", "uri-http", "uri-http"},
	{"file:///etc/passwd", "uri-script-scheme", "uri-script-scheme"},
	{"a.example/out", "uri-absolute", "uri-absolute"},
	{"https://localhost/out", "uri-loopback", "uri-loopback"},
	{"https://LocalHost./out", "uri-loopback", "uri-host uri-loopback"},
	{"https://a.localhost/out", "uri-loopback", "uri-loopback"},
	{"https://127.0.0.1/out", "uri-loopback", "uri-loopback"},
	{"https://127.1/out", "uri-loopback", "uri-host uri-loopback"},
	{"https://2130706433/out", "uri-loopback", "uri-host uri-loopback"},
	{"https://0x7f000001/out", "uri-loopback", "uri-host uri-loopback"},
	{"https://0177.0.0.01/out", "uri-loopback", "uri-host uri-loopback"},
	{"https://１２７.0.0.1/out", "uri-loopback", "uri-host uri-loopback"},
	{"https://127。0。0。1/out", "uri-loopback", "uri-host uri-loopback"},
	{"https://[::1]/out", "uri-loopback", "uri-loopback"},
	{"https://[::ffff:127.0.0.1]/out", "uri-loopback", "uri-loopback"},
	{"https://[::ffff:7f00:1]/out", "uri-loopback", "uri-loopback"},
	{"https://[0:0:0:0:0:0:0:1]/out", "uri-loopback", "uri-loopback"},
	{"https://0/out", "uri-inside", "uri-host uri-inside"},
	{"https://0.0.0.0/out", "uri-inside", "uri-inside"},
	{"https://10.0.0.1/out", "uri-inside", "uri-inside"},
	{"https://172.16.0.1/out", "uri-inside", "uri-inside"},
	{"https://172.32.0.1/out", "", ""},
	{"https://192.168.0.1/out", "uri-inside", "uri-inside"},
	{"https://100.64.0.1/out", "uri-inside", "uri-inside"},
	{"https://169.254.169.254/latest", "uri-inside", "uri-inside"},
	{"https://2852039166/latest", "uri-inside", "uri-host uri-inside"},
	{"https://[fd00::1]/out", "uri-inside", "uri-inside"},
	{"https://[fe80::1%25eth0]/out", "uri-inside", "uri-host uri-inside"},
	{"https://[64:ff9b::7f00:1]/out", "uri-inside", "uri-inside"},
	{"https://[2002:7f00:1::]/out", "uri-inside", "uri-inside"},
	{"https://[::127.0.0.1]/out", "uri-inside", "uri-inside"},
	{"https://999.1.1.1/out", "uri-inside", "uri-host uri-inside"},
	{"https://1.2.3.4.5/out", "uri-inside", "uri-host uri-inside"},
	{"https://vault/out", "uri-inside", "uri-inside"},
	{"https://metadata.google.internal/out", "uri-inside", "uri-inside"},
	{"https://printer.local/out", "uri-inside", "uri-inside"},
	{"https://router.home.arpa/out", "uri-inside", "uri-inside"},
	{"https://local.example/out", "", ""},
}

var pages = []row{
	{"https://a.example/logo.png", "", ""},
	{"https://a.example/terms#top", "", ""},
	{"http://a.example/logo.png", "", "uri-without-tls"},
	{"https://10.0.0.1/logo.png", "", "uri-inside"},
	{"http://localhost/logo.png", "", "uri-loopback"},
	{"javascript:alert(1)", "uri-script-scheme", "uri-script-scheme"},
	{"ftp://a.example/logo.png", "uri-http", "uri-http"},
	{"https:", "uri-http", "uri-http"},
	{"/logo.png", "uri-absolute", "uri-absolute"},
}

func TestRules(t *testing.T) {
	for _, table := range []struct {
		use  uri.Use
		rows []row
	}{{uri.Redirect, redirects}, {uri.Called, called}, {uri.Page, pages},
		{uri.Keys, []row{{"https://10.0.0.1/jwks", "", "uri-inside"}, {"https://localhost/jwks", "", "uri-loopback"}, {"http://a.example/jwks", "", "uri-without-tls"}}},
		{uri.Request, []row{{"urn:example:request", "", "uri-http"}, {"http://169.254.169.254/", "uri-inside", "uri-without-tls uri-inside"}, {"https://a.example/r#hash", "", ""}}},
		{uri.Logout, []row{{"https://a.example/#x", "", "uri-fragment"}, {"/out", "", "uri-absolute"}, {"https://localhost/out", "", "uri-loopback"},
			{"http://127.0.0.1:8080/out", "", "uri-loopback"}, {"https://10.0.0.1/out", "", "uri-inside"}, {"https://intra/out", "", "uri-inside"}, {"https://a.example/out", "", ""}, {"javascript:x", "uri-script-scheme", "uri-script-scheme"}}},
		{uri.Frame, []row{{"javascript:alert(1)", "uri-script-scheme", "uri-script-scheme"}, {"com.example:/x", "uri-http", "uri-http"}}},
		{uri.Origin, []row{{"https://a.example:8443", "", ""}, {"https://*.a.example", "", "uri-wildcard"}, {"a.example", "uri-absolute", "uri-absolute"},
			{"http://localhost:3000", "", ""}, {"https://[2001:db8::1]:8443", "", ""}, {"https://a.example:443", "", ""},
			{"https://a.example/x", "uri-origin", "uri-origin"}, {"https://a.example/", "uri-origin", "uri-origin"}, {"https://a.example//", "uri-origin", "uri-origin"},
			{"https://a.example/%2f", "uri-origin", "uri-origin"}, {"https://*.a.example/x", "uri-origin", "uri-origin"}, {"https://a.example:8443/x", "uri-origin", "uri-origin"},
			{"https://a.example?q=1", "uri-origin", "uri-origin"}, {"https://a.example?", "uri-origin", "uri-origin"}, {"https://a.example/?q", "uri-origin", "uri-origin"},
			{"https://u:p@a.example", "uri-origin", "uri-origin"}, {"https://u@a.example", "uri-origin", "uri-origin"}, {"https://@a.example", "uri-origin", "uri-origin"},
			{"https://a.example#f", "uri-origin", "uri-origin"}, {"https://a.example#", "uri-origin", "uri-origin"}, {"https:a.example", "uri-http uri-origin", "uri-http uri-origin"},
			{"com.example.app:/x", "uri-http uri-origin", "uri-http uri-origin"}}},
		{uri.Identifier, []row{{"urn:example:api", "", ""}, {"api", "uri-absolute", "uri-absolute"}, {"data:x", "uri-script-scheme", "uri-script-scheme"},
			{"urn:example:%0a{x}", "", ""}, {"https://\u0430pple.com/", "", ""}}},
		{uri.Unknown, []row{{"see us at a.example", "uri-character", "uri-character"}, {"a.example/help", "", ""}, {"a.example/help?a&colon;b", "", ""}, {"/help&colon;", "", ""}, {"javascript&colon;x", "uri-script-scheme", "uri-script-scheme"}, {"data:x", "uri-script-scheme", "uri-script-scheme"}}},
	} {
		for _, r := range table.rows {
			for self, want := range map[bool]string{false: r.everyone, true: r.self} {
				var got []string
				for _, rule := range uri.Broken(r.address, table.use, self) {
					got = append(got, rule.Name)
				}
				if strings.Join(got, " ") != want {
					t.Errorf("%q, use %b, self %t: %q, want %q", r.address, table.use, self, got, want)
				}
			}
		}
	}
}

// TestNoPolicyAllowsScripts, nor anything else that is refused everywhere but
// addresses of the network, which some have a reason for.
func TestNoPolicyAllowsScripts(t *testing.T) {
	var both []string
	for _, r := range uri.Rules {
		if r.Waivable && r.Everywhere != 0 {
			both = append(both, r.Name)
		}
		if r.Message == "" || r.Everywhere|r.Self == 0 {
			t.Errorf("%s has no message, or no use", r.Name)
		}
	}
	if !slices.Equal(both, []string{"uri-loopback", "uri-inside"}) {
		t.Errorf("%q", both)
	}
}

// TestIsOrigin: only what browsers send.
func TestIsOrigin(t *testing.T) {
	for text, want := range map[string]bool{
		"https://a.example": true, "http://a.example:8080": true, "http://localhost:3000": true, "http://127.0.0.1": true, "https://[2001:db8::1]:8443": true,
		"https://a.example/": false, "https://a.example/x": false, "https://a.example?x": false, "https://a.example?": false, "https://a.example#": false,
		"https://a.example#x": false, "https://u:p@a.example": false, "https://@a.example": false, "https://A.example": false, "https://a.example:443": false,
		"https://a.example:0443": false, "https://a.example:0": false, "https://a.example:99999": false, "https://a.example:": false,
		"https://10.0.0.1:99999": false, "https://*.a.example": false, "ftp://a.example": false, "null": false, "*": false, "": false, "https://": false,
		"https:a.example": false,
	} {
		if got := uri.IsOrigin(text); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]string{"https://a.example:0443": "https://a.example", "https://a.example:08443": "https://a.example:8443",
		"https://a.example:99999": "https://a.example:99999", "https://10.0.0.1:99999": "https://10.0.0.1:99999"} {
		if got := uri.CanonicalOrigin(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestCanonicalOrigin(t *testing.T) {
	for origin, want := range map[string]string{
		"https://foo.com": "https://foo.com", "HTTPS://FOO.com": "https://foo.com", "https://foo.com:443": "https://foo.com",
		"http://foo.com:80": "http://foo.com", "https://foo.com:80": "https://foo.com:80", "https://foo.com:8443/": "https://foo.com:8443",
		"https://bücher.example": "https://xn--bcher-kva.example", "https://BÜCHER.example": "https://xn--bcher-kva.example",
		"http://[0:0:0:0:0:0:0:1]:8080": "http://[::1]:8080", "http://127.1": "http://127.0.0.1", "https://*.Example.org": "https://*.example.org",
		"https://foo.com/path": "https://foo.com/path", "https://u@foo.com": "https://u@foo.com", "com.example:/x": "com.example:/x",
		"": "", "null": "null", "*": "*", "https://": "https://", "https://999.1.1.1": "https://999.1.1.1", "https://foo.com?": "https://foo.com?",
	} {
		if got := uri.CanonicalOrigin(origin); got != want {
			t.Errorf("%q: %q, want %q", origin, got, want)
		}
	}
}

// FuzzBroken: nothing that a browser reads as a script passes, a stricter
// reader refuses more, and the canonical form of an origin is final.
func FuzzBroken(f *testing.F) {
	for _, table := range [][]row{redirects, called, pages} {
		for _, r := range table {
			f.Add(r.address)
		}
	}
	f.Fuzz(func(t *testing.T, address string) {
		for _, use := range []uri.Use{uri.Redirect, uri.Called, uri.Page, uri.Origin, uri.Unknown} {
			lax, strict := uri.Broken(address, use, false), uri.Broken(address, use, true)
			if len(lax) > 0 && len(strict) == 0 {
				t.Fatalf("%q: an administrator may not, and a client may", address)
			}
		}
		// What WHATWG's parser drops before it looks for the scheme.
		seen := strings.ToLower(strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(strings.TrimLeftFunc(address, func(r rune) bool { return r <= ' ' })))
		if strings.HasPrefix(seen, "javascript:") && len(uri.Broken(address, uri.Unknown, false)) == 0 {
			t.Fatalf("%q passes", address)
		}
		// The same in a page that nobody escaped it for.
		seen = strings.ToLower(strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(strings.TrimLeftFunc(html.UnescapeString(address), func(r rune) bool { return r <= ' ' })))
		if strings.HasPrefix(seen, "javascript:") && len(uri.Broken(address, uri.Unknown, false)) == 0 {
			t.Fatalf("%q passes in a page", address)
		}
		once := uri.CanonicalOrigin(address)
		if again := uri.CanonicalOrigin(once); again != once {
			t.Fatalf("%q: %q, then %q", address, once, again)
		}
	})
}
