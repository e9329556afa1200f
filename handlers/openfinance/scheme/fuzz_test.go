package scheme_test

import (
	"context"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tenure/handlers/openfinance/scheme"
	"tenure/tenancy/fault"
)

// FuzzStatement: whatever comes, only what the directory signed is a statement.
func FuzzStatement(f *testing.F) {
	fine := must(directory().Sign(claims()))
	for _, seed := range []string{fine, must(directory().SignAs(map[string]any{"alg": "none"}, claims())), must(directory().SignAs(map[string]any{"alg": "HS256"}, claims())),
		"", ".", "..", "e30.e30.", "eyJhbGciOiJQUzI1NiIsImtpZCI6InNpZ24tMSJ9..AA", `{"payload":"","signatures":[]}`} {
		f.Add(seed)
	}
	v := verifier()
	f.Fuzz(func(t *testing.T, raw string) {
		s, err := v.Verify(context.Background(), raw, noon)
		switch {
		case err == nil && raw != fine:
			t.Fatalf("a statement of nobody: %+v", s)
		case err != nil && (!fault.HasCode(err, scheme.CodeStatement) || s != nil):
			t.Fatalf("%+v, %v", s, err)
		}
	})
}

// FuzzClaims: whatever the directory signs is refused or within the limits.
func FuzzClaims(f *testing.F) {
	for _, seed := range [][2]string{{"org_id", "a"}, {"software_version", "1.10"}, {"org_name", "a\x00"}, {"software_client_name", strings.Repeat("x", 256)}} {
		f.Add(seed[0], seed[1], int64(0))
	}
	f.Fuzz(func(t *testing.T, claim, text string, age int64) {
		all := with(map[string]any{claim: text})
		s, err := verifier().Verify(context.Background(), must(directory().Sign(all)), noon.Add(time.Duration(age)))
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if age > int64(5*time.Minute) || len([]rune(s.OrgID)) > 40 || s.OrgID == "" || s.SoftwareID == "" || len(s.Roles) == 0 || strings.ContainsAny(s.OrgName, "\x00\n") {
			t.Fatalf("%+v", s)
		}
	})
}

// FuzzName: what parses is written in one form, which parses to the same name.
func FuzzName(f *testing.F) {
	name := must(scheme.ParseDER(good().Certificate.RawSubject))
	for _, seed := range []string{name.String(), "CN=a+UID=b,C=BR", `CN=\#\20 a\2c,OID.2.5.4.5=#1301a`, "2.5.4.97=#0c00", `O=" "`, "CN=#1e020041", "CN=ẞ\u00ad"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := scheme.ParseDN(text)
		if err != nil {
			return
		}
		written := name.String()
		if len(written) > 4096 {
			return // it was close to the limit, and is escaped now
		}
		again, err := scheme.ParseDN(written)
		if err != nil || again.String() != written || !again.Match(name) || !name.Match(again) {
			t.Fatalf("%q is written %q: %v, %v", text, written, again, err)
		}
	})
}

// FuzzNameDER: what is read from DER is written in a form that matches it.
func FuzzNameDER(f *testing.F) {
	f.Add([]byte(good().Certificate.RawSubject))
	for _, seed := range []string{"3000", "300d310b3009060355040313024252", "300d310b3009060355042d03020001"} {
		f.Add(must(hex.DecodeString(seed)))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		name, err := scheme.ParseDER(der)
		if err != nil || len(name) == 0 {
			return
		}
		written := name.String()
		if len(written) > 4096 {
			return
		}
		again, err := scheme.ParseDN(written)
		if err != nil || !again.Match(name) || !name.Match(again) {
			t.Fatalf("%x is written %q: %v, %v", der, written, again, err)
		}
	})
}

// FuzzHeaders: there is always a UUID for the answer, and nothing malformed.
func FuzzHeaders(f *testing.F) {
	f.Add(madeID, "Sun, 10 Sep 2017 19:43:31 UTC", "192.0.2.1", "agent")
	f.Add("", "x", "fe80::1%a", strings.Repeat("é", 101))
	f.Fuzz(func(t *testing.T, id, date, ip, agent string) {
		header := http.Header{scheme.HeaderInteraction: {id}, scheme.HeaderAuthDate: {date}, scheme.HeaderCustomerIP: {ip}, scheme.HeaderAgent: {agent}}
		h, err := scheme.ReadHeaders(header, func() string { return madeID }, false)
		if err != nil || uuid.Validate(h.InteractionID) != nil || len(h.InteractionID) != 36 || !h.Made && h.InteractionID != id ||
			h.AuthDate != "" && (len(h.AuthDate) != 29 || h.AuthDate != date) || len([]rune(h.UserAgent)) > 100 {
			t.Fatalf("%+v, %v", h, err)
		}
		strict, err := scheme.ReadHeaders(header, func() string { return madeID }, true)
		if (err != nil) != (len(h.Ignored) > 0) || strict.InteractionID != h.InteractionID {
			t.Fatalf("strict: %+v, %v", strict, err)
		}
	})
}

// FuzzProxyHeader: a header gives certificates or an error, never neither.
func FuzzProxyHeader(f *testing.F) {
	for _, seed := range [][2]string{{scheme.ProxyPEM, pemEscaped(good())}, {scheme.ProxyRFC9440, sequence(good())},
		{scheme.ProxyXFCC, `Hash=a;Cert="` + pemEscaped(good()) + `";Subject="a\"b,"`}, {scheme.ProxyXFCC, `Cert="`}, {scheme.ProxyXFCC, `a=b;=,`}, {"x", ""}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, format, value string) {
		certs, err := scheme.ParseProxyHeader(format, value)
		if (err == nil) != (len(certs) > 0) || len(certs) > 10 {
			t.Fatalf("%d certificates, %v", len(certs), err)
		}
		for _, c := range certs {
			if c == nil || len(c.Raw) == 0 {
				t.Fatal("an empty certificate")
			}
		}
	})
}
