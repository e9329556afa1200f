package openfinance_test

import (
	"context"
	"encoding/asn1"
	"slices"
	"sync"
	"testing"
	"time"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/demo"
	"tenure/tenancy/fault"
)

// noon is when everything happens.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

const (
	softwareID = "67c57882-043b-11ec-9a03-0242ac130003"
	orgID      = "74e929d9-33b6-4d85-8ba7-c146c867a817"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// directory, authority and good are made once: keys take their time.
var (
	directory = sync.OnceValue(func() *demo.Directory { return must(demo.NewDirectory("sign-1", clock)) })
	authority = sync.OnceValue(func() *demo.Authority { return must(demo.NewAuthority(clock)) })
	good      = sync.OnceValue(func() *demo.Pair { return must(authority().Client(subject())) })
)

func subject() demo.Subject {
	return demo.Subject{SoftwareID: softwareID, OrgID: orgID, CNPJ: "43142666000197", Organization: "Itaú, Cia + Filhos",
		CommonName: "*.software.example", Tag: asn1.TagPrintableString}
}

// claims are those of a good statement.
func claims() map[string]any {
	return directory().Claims(demo.Software{ID: softwareID, OrgID: orgID, OrgName: "Itaú", CNPJ: "43142666000197", Name: "Gerente",
		JWKSURI: jwksURI, RedirectURIs: []string{"https://a.example/cb", "https://a.example/cb?dummy1=lorem&dummy2=ipsum"},
		WebhookURIs: []string{"https://a.example/hook", "https://b.example/hook"}, Roles: []string{"DADOS", "PAGTO"}})
}

const jwksURI = "https://keystore.example/application.jwks"

// with changes claims; nil removes one.
func with(changes map[string]any) map[string]any {
	all := claims()
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

// fetchOf answers with a document.
func fetchOf(raw []byte, err error) func(context.Context, string) ([]byte, error) {
	return func(context.Context, string) ([]byte, error) { return raw, err }
}

func verifier() openfinance.Verifier {
	return openfinance.Verifier{Directory: openfinance.NewDirectory("directory", fetchOf(directory().JWKS(), nil), 0),
		Issuer: demo.Issuer, Environment: "production", Mode: "Live"}
}

// statement is a good one, verified.
func statement(t testing.TB) *openfinance.Statement {
	t.Helper()
	s, err := verifier().Verify(context.Background(), must(directory().Sign(claims())), noon)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refusedWith checks kind and code, and that Invalid faults name a member.
func refusedWith(t *testing.T, about string, err error, kind fault.Kind, code string) {
	t.Helper()
	f := fault.Of(err)
	if f == nil || f.Kind != kind || f.Code != code || kind == fault.Invalid && (len(f.Fields) == 0 || f.Fields[0].Path == "") {
		t.Errorf("%s: %v, want %s %s", about, err, kind, code)
	}
	if f != nil && slices.ContainsFunc([]byte(f.Message), func(c byte) bool { return c < ' ' || c > '~' }) {
		t.Errorf("%s: the description %q is not ASCII", about, f.Message)
	}
}
