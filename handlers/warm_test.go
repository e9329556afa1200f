package handlers_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/openfinance"
	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/credential"
	"tenure/snapshots/document"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// TestWarmReadsOfAClientByItselfAskNoStatement: a client that reads itself a second time
// is answered from memory, as it was the first time, with its secret where the surface
// shows it, and with the address at which it asks.
func TestWarmReadsOfAClientByItselfAskNoStatement(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, dsn string) {
		sealer, err := credential.NewSealer(make([]byte, 32))
		must(t, err)
		w := snapshotstest.New(t, dsn, snapshots.Options{Sealer: sealer})
		var mu sync.Mutex
		var asked []string
		w.Reopen(db.Options{Asked: func(query string, _ int) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, query)
		}})
		policy := snapshots.DefaultPolicy()
		policy.Registration, policy.OpenFinanceProfile = snapshots.RegistrationToken, snapshots.ProfilePlain
		must(t, w.Store.SetPolicy(ctx, w.Admin(w.North), snapshotstest.Module, w.Setup, policy))
		handler := handlers.New(web.Config{Tenancy: w.Tenancy, Log: zerolog.Nop()}, handlers.Stores{Tenancy: w.Tenancy, Snapshots: w.Store})
		_, key, err := w.Tenancy.CreateKey(ctx, w.Admin(w.North), tenancy.NewKey{Org: w.North, Name: "reader", Role: tenancy.Reader})
		must(t, err)
		below := "/modules/" + snapshotstest.Module + "/setups/" + string(w.Setup)
		get := func(host, path, token string) (*httptest.ResponseRecorder, []string) {
			w.Clock.Advance(time.Minute) // out of reach of the limits
			must(t, w.Log.Poll(ctx, w.DB))
			mu.Lock()
			asked = nil
			mu.Unlock()
			r := httptest.NewRequest(http.MethodGet, "http://"+host+below+path, nil)
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("X-Fapi-Interaction-Id", "c770aef3-6784-41f7-8e0e-ff5f97bddb3a")
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, r)
			mu.Lock()
			defer mu.Unlock()
			return rec, asked
		}
		for _, method := range []string{"client_secret_basic", "none"} {
			for _, c := range []struct {
				path  string
				token *snapshots.NewToken
			}{
				{"/oauth2/register/", ory.NewToken(w.Store, w.Tenancy.IDs())},
				{"/reg/", w.Store.GenerateToken(openfinance.Name, "reg-"+method, "reg-"+method)},
			} {
				ch, id := clientChange(method, nil), method+strings.ReplaceAll(c.path, "/", "-")
				ch.Token = c.token
				ch.Apply = func(*document.Client, *document.Setup) (*document.Client, error) {
					return &document.Client{ClientName: "é \"quoted\" <&>", TokenEndpointAuthMethod: method, RedirectURIs: []string{"https://app.example/cb"},
						ClientURI: "https://app.example/"}, nil
				}
				if method != "none" {
					ch.Secret, err = w.Store.GenerateSecret("a secret with \"quotes\" of " + id)
					must(t, err)
				}
				w.NewClient(w.Admin(w.North), id, ch)
				first, _ := get("a.example", c.path+id, c.token.Text)
				other, _ := get("b.example", c.path+id, c.token.Text)
				again, statements := get("a.example", c.path+id, c.token.Text)
				if first.Code != http.StatusOK || first.Body.String() != again.Body.String() {
					t.Errorf("%s%s: %d %s\nand then: %d %s", c.path, id, first.Code, first.Body, again.Code, again.Body)
				}
				if strings.ReplaceAll(other.Body.String(), "b.example", "a.example") != first.Body.String() {
					t.Errorf("%s%s: at another address: %s", c.path, id, other.Body)
				}
				if len(statements) > 0 {
					t.Errorf("%s%s: a warm read asked %d statements: %q", c.path, id, len(statements), statements)
				}
				if c.path == "/reg/" {
					get("a.example", c.path+id, key)
					if byKey, statements := get("a.example", c.path+id, key); byKey.Code != http.StatusOK || len(statements) > 0 || strings.Contains(byKey.Body.String(), "secret with") ||
						strings.Contains(byKey.Body.String(), c.token.Text) || byKey.Header().Get("Tenure-Snapshot-Id") == "" {
						t.Errorf("%s%s by an API key: %d %s, %d statements: %q", c.path, id, byKey.Code, byKey.Body, len(statements), statements)
					}
				}
				if !strings.Contains(first.Body.String(), `"registration_client_uri":"http://a.example`+below+c.path+id+`"`) {
					t.Errorf("%s%s: %s", c.path, id, first.Body)
				}
			}
		}
	})
}
