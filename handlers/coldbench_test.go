package handlers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy"
)

// BenchmarkCold asks for what memory does not have: pages of 100 of 20,000 clients by owner
// and by name, and single clients. The cache is too small for any of them to be there
// again. The handler is called without a connection.
func BenchmarkCold(b *testing.B) {
	const n, perOwner, kinds = 20_000, 100, 200
	at := newBenchOf(b, snapshots.Options{CacheBytes: 4 << 20})
	full := documenttest.FullClient()
	at.write(b, n, func(i int) (*document.Client, tenancy.OrgID) {
		doc := clientOfKind(i, i/10%kinds, i/perOwner)
		if i%10 == 3 {
			doc.JWKS, doc.TokenEndpointAuthMethod = full.JWKS, "private_key_jwt"
		}
		return doc, at.root
	})
	var clients []struct {
		Entity   string `db:"entity_id"`
		ClientID string `db:"client_id"`
	}
	check(b, at.db.Raw().Select(&clients, "SELECT entity_id, client_id FROM entity WHERE kind = 'client' AND client_id <> 'bench' ORDER BY recorded_at"))
	for _, c := range []struct {
		name string
		path func(i int) string
	}{
		{"PageByOwner", func(i int) string { return fmt.Sprintf("/admin/clients?owner=owner-%d", i*77%(n/perOwner)) }},
		{"PageByName", func(i int) string { return fmt.Sprintf("/admin/clients?client_name=kind+%d", i*77%kinds) }},
		{"PageOfV1", func(i int) string { return fmt.Sprintf("/v1/clients?limit=100&owner=owner-%d", i*77%(n/perOwner)) }},
		{"GetHydra", func(i int) string { return "/admin/clients/" + clients[i*7919%n].ClientID }},
		{"GetNevisMeta", func(i int) string {
			return fmt.Sprintf("/v2/modules/%s/setups/%s/clients/%s", snapshots.DefaultModule, at.setup, clients[i*7919%n].Entity)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpuTime(b)
			for i := 0; b.Loop(); i++ {
				at.serve(b, c.path(i))
			}
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "CPU-µs/op")
		})
	}
}

// serve asks the handler without a connection.
func (at *bench) serve(b *testing.B, path string) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+at.key)
	w := discarded{header: http.Header{}}
	at.server.Config.Handler.ServeHTTP(&w, r)
	if w.status != http.StatusOK {
		b.Fatal(path, w.status)
	}
}

// discarded is where answers go that nobody reads.
type discarded struct {
	header http.Header
	status int
}

func (d *discarded) Header() http.Header            { return d.header }
func (d *discarded) WriteHeader(status int)         { d.status = status }
func (d *discarded) Write(body []byte) (int, error) { return len(body), nil }

// clientOfKind is a client as tenure bench seeds them: some 1.4 kB.
func clientOfKind(i, kind, owner int) *document.Client {
	host, name := fmt.Sprintf("https://c%d.clients.example", i), fmt.Sprint("kind ", kind)
	return &document.Client{ClientName: name, OwnerLabel: fmt.Sprint("owner-", owner), Comment: "seeded by the benchmark",
		ClientURI: host + "/", LogoURI: host + "/logo.png", TosURI: host + "/terms", PolicyURI: host + "/privacy",
		Contacts: []string{fmt.Sprintf("kind-%d@clients.example", i), "security@clients.example"},
		Localized: []document.Localized{{Name: "client_name", Value: name + " (Zürich)", Locale: "de-CH"},
			{Name: "client_name", Value: name + " (Genève)", Locale: "fr-CH"}},
		FreeMetadata: document.JSON(fmt.Sprintf(`{"cost_center":"CC-%05d","labels":["kind-%d","eu-central","pci"],"team":{"name":"kind-%d","pager":"+41 00 %07d"},"tier":"gold"}`,
			i%40000, kind, kind, i)),
		RedirectURIs:           []string{host + "/callback", host + "/silent-callback", host + "/mobile/callback"},
		PostLogoutRedirectURIs: []string{host + "/signed-out"},
		AllowedCORSOrigins:     []string{host},
		GrantTypes:             []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"},
		Scopes:                  []string{"openid", "profile", "email", "offline_access", fmt.Sprintf("kind-%d:read", kind), fmt.Sprintf("kind-%d:write", kind)},
		Audience:                []string{fmt.Sprint("https://api.clients.example/", kind)},
		TokenEndpointAuthMethod: "none", SubjectType: "public", BackchannelLogoutURI: host + "/backchannel-logout"}
}
