package nevismeta_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"tenure/handlers/nevismeta"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

const golden = "../../testdata/nevismeta/full_client.json"

// The same full client is rendered by every surface, each with its golden.
func TestGolden(t *testing.T) {
	client, setup := documenttest.FullClient(), documenttest.FullSetup()
	found := snapshots.Resolved[document.Client]{
		Version: snapshots.Version[document.Client]{Entity: snapshots.Entity{ClientID: "full client"},
			ValidFrom: history.Millis(tenancytest.Start.UnixMilli()), Content: &client},
		Setup: snapshots.Version[document.Setup]{Content: &setup},
	}
	got, err := nevismeta.ClientJSON(found, nevismeta.FormResolved)
	must(t, err)
	// The order of members is the page's, and part of the golden.
	var pretty bytes.Buffer
	must(t, json.Indent(&pretty, got, "", "  "))
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		must(t, os.WriteFile(golden, pretty.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if pretty.String() != string(want) {
		t.Errorf("the full client reads\n%s", pretty.String())
	}
	// What it does not set itself it inherits.
	client.GrantTypes, client.AccessTokenTTL, client.ForceReauthentication = nil, nil, document.Unset
	setup.ForceReauthentication = document.False
	for form, want := range map[string]string{
		nevismeta.FormResolved: `[["authorization_code","refresh_token","client_credentials"],3603,false]`,
		nevismeta.FormRaw:      `[null,null,null]`,
	} {
		raw, err := nevismeta.ClientJSON(found, form)
		must(t, err)
		doc := decode(t, raw)
		if got := encode(t, []any{doc["grant_types"], doc["access_token_ttl"], doc["force_reauthentication"]}); got != want {
			t.Errorf("%s: %s", form, got)
		}
	}
}
