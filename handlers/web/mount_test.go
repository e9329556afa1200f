package web_test

import (
	"testing"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// TestSelfURI: the path names the setup unless it is the root's default one, and
// ids are escaped once.
func TestSelfURI(t *testing.T) {
	f := newFixture(t)
	for setup, want := range map[string]string{
		"s1": "https://id.example/oauth2/register/a%20b%2Fc",
		"s2": "https://id.example/modules/my%20module/setups/s1/oauth2/register/a%20b%2Fc",
	} {
		if _, err := f.Store.SetDefaultSetup(t.Context(), f.Scope(t, f.Root, tenancy.Admin), f.Root, setup, func(*db.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if got := web.SelfURI(f.Store, "https://id.example/", "my module", "s1", "/oauth2/register", "a b/c"); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
