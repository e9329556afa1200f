// Package schemetest is a world in which everything is right, for the tests of
// package scheme and of the surface on top of it: an authority, a directory, one
// software with its certificate and statement, and a clock that always shows noon.
package schemetest

import (
	"context"
	"encoding/asn1"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/scheme"
	"tenure/tenancy/fault"
)

// Noon is when everything happens.
var Noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// Clock always shows Noon.
func Clock() time.Time { return Noon }

// The one software, and where its keys are.
const (
	SoftwareID = "67c57882-043b-11ec-9a03-0242ac130003"
	OrgID      = "74e929d9-33b6-4d85-8ba7-c146c867a817"
	JWKSURI    = "https://keystore.example/application.jwks"
)

// Must returns v, and panics on an error.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Directory, Authority and Good, the software's certificate, are made once: keys
// take their time.
var (
	Directory = sync.OnceValue(func() *demo.Directory { return Must(demo.NewDirectory("sign-1", Clock)) })
	Authority = sync.OnceValue(func() *demo.Authority { return Must(demo.NewAuthority(Clock)) })
	Good      = sync.OnceValue(func() *demo.Pair { return Must(Authority().Client(Subject())) })
)

// Subject is the subject of Good.
func Subject() demo.Subject {
	return demo.Subject{SoftwareID: SoftwareID, OrgID: OrgID, CNPJ: "43142666000197", Organization: "Itaú, Cia + Filhos",
		CommonName: "*.software.example", Tag: asn1.TagPrintableString}
}

// Claims are those of a good statement.
func Claims() map[string]any {
	return Directory().Claims(demo.Software{ID: SoftwareID, OrgID: OrgID, OrgName: "Itaú", CNPJ: "43142666000197", Name: "Gerente",
		JWKSURI: JWKSURI, RedirectURIs: []string{"https://a.example/cb", "https://a.example/cb?dummy1=lorem&dummy2=ipsum"},
		WebhookURIs: []string{"https://a.example/hook", "https://b.example/hook"}, Roles: []string{"DADOS", "PAGTO"}})
}

// With is Claims with changes; nil removes one.
func With(changes map[string]any) map[string]any {
	all := Claims()
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

// FetchOf makes a fetch that returns one document for every location.
func FetchOf(raw []byte, err error) func(context.Context, string) ([]byte, error) {
	return func(context.Context, string) ([]byte, error) { return raw, err }
}

// Verifier trusts Directory.
func Verifier() scheme.Verifier {
	return scheme.Verifier{Directory: scheme.NewDirectory("directory", FetchOf(Directory().JWKS(), nil), 0),
		Issuer: demo.Issuer, Environment: "production", Mode: "Live"}
}

// Statement is a good one, verified.
func Statement(t testing.TB) *scheme.Statement {
	t.Helper()
	s, err := Verifier().Verify(context.Background(), Must(Directory().Sign(Claims())), Noon)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// EscapedPEM is the header in which nginx passes on a certificate and its
// intermediates.
func EscapedPEM(pairs ...*demo.Pair) string {
	var all strings.Builder
	for _, p := range pairs {
		all.Write(p.CertPEM())
	}
	return url.PathEscape(all.String())
}

// ByteSequence is the header of RFC 9440 for a certificate.
func ByteSequence(p *demo.Pair) string {
	return ":" + base64.StdEncoding.EncodeToString(p.Certificate.Raw) + ":"
}

// RefusedWith checks kind and code, and that Invalid faults name a member.
func RefusedWith(t testing.TB, about string, err error, kind fault.Kind, code string) {
	t.Helper()
	f := fault.Of(err)
	if f == nil || f.Kind != kind || f.Code != code || kind == fault.Invalid && (len(f.Fields) == 0 || f.Fields[0].Path == "") {
		t.Errorf("%s: %v, want %s %s", about, err, kind, code)
	}
	if f != nil && slices.ContainsFunc([]byte(f.Message), func(c byte) bool { return c < ' ' || c > '~' }) {
		t.Errorf("%s: the description %q is not ASCII", about, f.Message)
	}
}
