package document_test

import (
	"strings"
	"testing"

	"tenure/snapshots/document"
)

// TestCertificateNames: each name of tls_client_auth has the form of its kind, whatever the method of
// authentication is.
func TestCertificateNames(t *testing.T) {
	type client = document.Client
	label := strings.Repeat("a", 63)
	for kind, row := range map[string]struct {
		with      func(name string) client
		good, bad []string
	}{
		"subject_dn": {
			func(name string) client { return client{TLSClientAuthSubjectDN: name} },
			[]string{"CN=a", "cn=a", "CN=shop.example.com,O=Läden\\, Ost,C=BR", "CN=a, O=b", "OU=a+UID=b,DC=example", "2.5.4.97=#0c0161,CN=a", "OID.2.5.4.3=a",
				"CN=#0C0161", "1.2.840.113549.1.9.1=a@a.example", "organizationIdentifier=x,CN=y", "CN=", "CN=a=b", `CN=\#a\ `, `CN=\c3\a4`, "CN=a ,O=b", "serialNumber=1+CN=a"},
			[]string{"not a dn", "a", "=a", "CN", "CN=a,", ",CN=a", "CN=a,,O=b", "CN=a+", "CN=a,O", "1.=a", ".1=a", "1=a", "2.05.4=a", "C N=a", "-CN=a", "9N=a", "/CN=a/O=b", "CN=a;O=b", `CN="a"`, "CN=a<b",
				`CN=a\`, `CN=a\z`, `CN=\c3`, "CN=#", "CN=#0", "CN=#0g", "CN=#0c0161zz", "Cä=a", "2.5.4.3.99999999999999999999x=a", "3.1=a", "1.40=a"},
		},
		"san_dns": {
			func(name string) client { return client{TLSClientAuthSANDNS: name} },
			[]string{"a.example", "A.EXAMPLE", "*.a.example", "localhost", "a-b.example", "xn--bcher-kva.example", "1.a.example", label + ".example", "4a"},
			[]string{"a b", "a..example", ".a.example", "a.example.", "*", "*a.example", "a.*.example", "*.*.example", "-a.example", "a-.example", "a_b.example", "bücher.example",
				"a.example:443", "https://a.example", "10.0.0.1", "*.1", "::1", label + "a.example", strings.Repeat("a.", 126) + "aa"},
		},
		"san_email": {
			func(name string) client { return client{TLSClientAuthSANEmail: name} },
			[]string{"a@a.example", "a.b+c@a.example", "A@A.EXAMPLE", "!#$%&'*+-/=?^_`{|}~@a.example", `"a b"@a.example`, `"a\"@"@a.example`, "a@localhost", strings.Repeat("a", 64) + "@a.example"},
			[]string{"nope", "@a.example", "a@", "a@b@c.example", ".a@a.example", "a.@a.example", "a..b@a.example", "a b@a.example", "<a@a.example>", "A <a@a.example>", "mailto:a@a.example",
				"a@*.a.example", "a@a..example", "a@10.0.0.1", "ä@a.example", `"a@a.example`, `"a"b"@a.example`, `""@a.example`, strings.Repeat("a", 65) + "@a.example"},
		},
		"san_uri": {
			func(name string) client { return client{TLSClientAuthSANURI: name} },
			[]string{"spiffe://app.example/a", "urn:example:client", "https://a.example", "URN:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "tag:a.example,2026:x"},
			[]string{"nope", "/a", "//a.example", "spiffe:", "urn:", "https://", "a b:c", "https://bücher.example/", "https://a.example/%zz", "1a:b"},
		},
		"san_ip": {
			func(name string) client { return client{TLSClientAuthSANIP: name} },
			[]string{"10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1"},
			[]string{"a.example", "10.0.1", "010.0.0.1", "fe80::1%eth0", "10.0.0.0/8", "[::1]"},
		},
	} {
		check := func(name, want string) {
			for _, method := range []string{"tls_client_auth", ""} {
				doc := row.with(name)
				doc.RedirectURIs, doc.TokenEndpointAuthMethod = []string{"https://a.example/cb"}, method
				got := strings.Join(pathsAndRules(t, document.Validate(document.ClientRules(), document.Input[client]{Next: &doc, Level: document.ByItself})), " ")
				if got != want {
					t.Errorf("%s %q with %q: %q, want %q", kind, name, method, got, want)
				}
			}
			doc := row.with(name)
			doc.RedirectURIs = []string{"https://a.example/cb"}
			if got := document.Validate(document.ClientRules(), document.Input[client]{Next: &doc, Level: document.ByTenure}); len(got) > 0 {
				t.Errorf("%s %q by an administrator: %v", kind, name, got)
			}
		}
		for _, name := range row.good {
			check(name, "")
		}
		for _, name := range row.bad {
			check(name, "/tls_client_auth_"+kind+" certificate-name")
		}
	}
}

// TestStoredCertificateNamesStay: a name that was stored is not judged with another member's change.
func TestStoredCertificateNamesStay(t *testing.T) {
	type client = document.Client
	base := client{RedirectURIs: []string{"https://a.example/cb"}, TokenEndpointAuthMethod: "client_secret_basic", TLSClientAuthSubjectDN: "not a dn"}
	next := base
	next.TokenEndpointAuthMethod, next.ClientName = "tls_client_auth", "a"
	if got := document.Validate(document.ClientRules(), document.Input[client]{Next: &next, Base: &base, Level: document.ByItself}); len(got) > 0 {
		t.Errorf("%v", got)
	}
}
