package snapshots_test

import (
	"strings"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
)

// The values of the members, joined, are the canonical encoding.
func TestMembersAreTheEncoding(t *testing.T) {
	client, setup, server := snapshotstest.FullClient(), snapshotstest.FullSetup(), snapshotstest.FullResourceServer()
	testMembers(t, &client)
	testMembers(t, &setup)
	testMembers(t, &server)
	testMembers(t, &snapshots.Client{GrantTypes: []string{}, SkipConsent: snapshots.False})
}

func testMembers[T snapshots.Content](t *testing.T, doc *T) {
	t.Helper()
	members := snapshots.Members(doc)
	if got, want := len(members), len(snapshots.Fields[T]()); got != want {
		t.Errorf("%T: %d members, want %d", doc, got, want)
	}
	if got, want := `{"v":1`+join(members)+"}", string(snapshots.Encode(doc)); got != want {
		t.Errorf("%T: members\n%s\nwant\n%s", doc, got, want)
	}
}

func TestScopeMembersAreTheEncoding(t *testing.T) {
	for _, scope := range snapshotstest.FullResourceServer().Scopes {
		list := snapshots.Encode(&snapshots.ResourceServer{Scopes: []snapshots.Scope{scope}})
		got := `{"v":1,"scopes":[{` + strings.TrimPrefix(join(snapshots.ScopeMembers(&scope)), ",") + "}]}"
		if got != string(list) {
			t.Errorf("members\n%s\nwant\n%s", got, list)
		}
	}
}

func TestMembersHaveForms(t *testing.T) {
	client := snapshotstest.FullClient()
	want := map[string]snapshots.Form{
		"client_name": snapshots.FormText, "scopes": snapshots.FormList, "grant_types": snapshots.FormInheritable,
		"skip_consent": snapshots.FormFlag, "access_token_ttl": snapshots.FormLifetime, "jwks": snapshots.FormKeySet,
		"metadata": snapshots.FormDocument, "localized_metadata": snapshots.FormLocalized,
	}
	for _, m := range snapshots.Members(&client) {
		if form, asked := want[m.Name]; asked && form != m.Form {
			t.Errorf("%s has form %d, want %d", m.Name, m.Form, form)
		}
	}
	for _, m := range snapshots.Members(&snapshots.ResourceServer{}) {
		if m.Name == "scopes" && (m.Form != snapshots.FormScopes || m.Value != "") {
			t.Errorf("a resource server's scopes: %+v", m)
		}
	}
}

func join(members []snapshots.Member) string {
	var text strings.Builder
	for _, m := range members {
		if m.Value != "" {
			text.WriteString(`,"` + m.Name + `":` + m.Value)
		}
	}
	return text.String()
}
