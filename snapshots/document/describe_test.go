package document_test

import (
	"strings"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

// The values of the members, joined, are the canonical encoding.
func TestMembersAreTheEncoding(t *testing.T) {
	client, setup, server := documenttest.FullClient(), documenttest.FullSetup(), documenttest.FullResourceServer()
	testMembers(t, &client)
	testMembers(t, &setup)
	testMembers(t, &server)
	testMembers(t, &document.Client{GrantTypes: []string{}, SkipConsent: document.False})
}

func testMembers[T document.Content](t *testing.T, doc *T) {
	t.Helper()
	members := document.Members(doc)
	want := string(document.Encode(doc))
	if got := want[:len(`{"v":1`)] + join(members) + "}"; got != want {
		t.Errorf("%T: members\n%s\nwant\n%s", doc, got, want)
	}
}

func TestScopeMembersAreTheEncoding(t *testing.T) {
	for _, scope := range documenttest.FullResourceServer().Scopes {
		list := document.Encode(&document.ResourceServer{Scopes: []document.Scope{scope}})
		got := `{"v":1,"scopes":[{` + strings.TrimPrefix(join(document.ScopeMembers(&scope)), ",") + "}]}"
		if got != string(list) {
			t.Errorf("members\n%s\nwant\n%s", got, list)
		}
	}
}

func TestMembersHaveForms(t *testing.T) {
	client := documenttest.FullClient()
	want := map[string]document.Form{
		"client_name": document.FormText, "scopes": document.FormList, "grant_types": document.FormInheritable,
		"skip_consent": document.FormFlag, "access_token_ttl": document.FormLifetime, "jwks": document.FormKeySet,
		"metadata": document.FormJSON, "localized_metadata": document.FormLocalized,
	}
	for _, m := range document.Members(&client) {
		if form, asked := want[m.Name]; asked && form != m.Form {
			t.Errorf("%s has form %d, want %d", m.Name, m.Form, form)
		}
	}
	for _, m := range document.Members(&document.ResourceServer{}) {
		if m.Name == "scopes" && (m.Form != document.FormScopes || m.Value != "") {
			t.Errorf("a resource server's scopes: %+v", m)
		}
	}
}

func join(members []document.Member) string {
	var text strings.Builder
	for _, m := range members {
		if m.Value != "" {
			text.WriteString(`,"` + m.Name + `":` + m.Value)
		}
	}
	return text.String()
}
