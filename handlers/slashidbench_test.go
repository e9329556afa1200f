package handlers_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// slashid is a GET of a client in SlashID's dialect, for an organization.
func (at *bench) slashid(org tenancy.OrgID, clientID string) []byte {
	return fmt.Appendf(nil, "GET /oauth2/clients/%s HTTP/1.1\r\nHost: bench\r\nSlashID-OrgID: %s\r\nSlashID-API-Key: %s\r\n\r\n", clientID, org, at.key)
}

// BenchmarkSlashIDGet is GET of a client, warm, beside the bare handler: never
// used, and used, which puts last_used into each answer.
func BenchmarkSlashIDGet(b *testing.B) {
	at := newBench(b)
	b.Run("Unused", func(b *testing.B) { besideBare(b, at.server, at.slashid(at.root, "bench")) })
	secret, err := at.store.GenerateSecret("a secret of the benchmark")
	check(b, err)
	used := clientChange("used", nil)
	used.Secret = secret
	_, err = at.store.CreateClient(b.Context(), at.scope, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: at.setup, ClientID: "used",
		Owner: at.owner, Surface: "bench"}, used)
	check(b, err)
	_, err = at.store.VerifySecret(b.Context(), at.setup, "used", "client_secret_basic", secret.Plain())
	check(b, err)
	b.Run("Used", func(b *testing.B) { besideBare(b, at.server, at.slashid(at.root, "used")) })
}

// BenchmarkSlashIDDepth reads a client 31 levels below, in a tree of 10,000
// organizations: as its owner, from the top, and where the client is not in
// the reader's default setup, so that it is looked for in all of them.
func BenchmarkSlashIDDepth(b *testing.B) {
	at := newBench(b)
	for i := range 10_000 - 32 {
		_, err := at.tenancy.CreateOrganization(b.Context(), at.scope, at.root, fmt.Sprint("wide-", i))
		check(b, err)
	}
	deep := at.root
	for range tenancy.MaxDepth - 1 {
		made, err := at.tenancy.CreateOrganization(b.Context(), at.scope, deep, "deep")
		check(b, err)
		deep = made.ID
	}
	elsewhere, err := at.store.CreateSetup(b.Context(), at.scope, snapshots.DefaultModule, setupChange("elsewhere", nil))
	check(b, err)
	for id, setup := range map[string]snapshots.EntityID{"deep": at.setup, "elsewhere": elsewhere.Entity.ID} {
		_, err := at.store.CreateClient(b.Context(), at.scope, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: setup, ClientID: id, Owner: deep, Surface: "bench"},
			clientChange(id, nil))
		check(b, err)
	}
	_, err = at.tenancy.SetDefaultSetup(b.Context(), at.scope, deep, string(elsewhere.Entity.ID), func(*db.Tx) error { return nil })
	check(b, err)
	b.Run("Owner", func(b *testing.B) { besideBare(b, at.server, at.slashid(deep, "elsewhere")) })
	b.Run("Ancestor", func(b *testing.B) { besideBare(b, at.server, at.slashid(at.root, "deep")) })
	b.Run("AncestorOverSetups", func(b *testing.B) { besideBare(b, at.server, at.slashid(at.root, "elsewhere")) })
}

// BenchmarkSlashIDList lists 100 clients of 20,000 that one organization owns,
// with their number; its cost grows with that (snapshots.Owned).
func BenchmarkSlashIDList(b *testing.B) {
	at := newBench(b)
	at.fill(b)
	for name, path := range map[string]string{"First": "?limit=100", "Last": "?limit=100&offset=19900", "Descendants": "?limit=100&descendants=true"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				req, err := http.NewRequest(http.MethodGet, at.server.URL+"/oauth2/clients"+path, nil)
				check(b, err)
				req.Header.Set("SlashID-OrgID", string(at.owner))
				req.Header.Set("SlashID-API-Key", at.key)
				res, err := at.server.Client().Do(req)
				check(b, err)
				_, err = io.Copy(io.Discard, res.Body)
				check(b, err)
				check(b, res.Body.Close())
				if res.StatusCode != http.StatusOK {
					b.Fatal(res.StatusCode)
				}
			}
		})
	}
}
