package bench

import (
	"fmt"
	"strings"

	"tenure/snapshots/document"
)

var (
	firstNames  = strings.Fields("Payments Orders Shipping Billing Loyalty Claims Accounts Cards Lending Savings Trading Fleet Clinic Campus Events Tickets Media Energy Water Parking")
	secondNames = strings.Fields("Portal App Kiosk Gateway Worker Console Terminal Agent Bridge Reports")
)

// nameOf is the name of a client, one of nameKinds. Ten clients in a row share it, of
// which one has a certificate chain.
func nameOf(i int) string {
	n := i / chainEvery % nameKinds
	return firstNames[n%len(firstNames)] + " " + secondNames[n/len(firstNames)]
}

// documentOf is what a seeded client contains: about 1.2 kB, and some 4 kB more where it
// has a key set.
func documentOf(i int, jwks document.JWKS) *document.Client {
	host := fmt.Sprintf("https://c%d.clients.example", i)
	kind := strings.ToLower(strings.ReplaceAll(nameOf(i), " ", "-"))
	free := fmt.Sprintf(`{"cost_center":"CC-%05d","labels":["%s","eu-central","pci"],"team":{"name":"%s","pager":"+41 00 %07d"},"tier":"gold"}`, i%40000, kind, kind, i)
	c := &document.Client{ClientName: nameOf(i), OwnerLabel: ownerLabel(i / perOwner), Comment: "seeded by the benchmark",
		ClientURI: host + "/", LogoURI: host + "/logo.png", TosURI: host + "/terms", PolicyURI: host + "/privacy",
		Contacts: []string{fmt.Sprintf("%s-%d@clients.example", kind, i), "security@clients.example"},
		Localized: []document.Localized{{Name: "client_name", Value: nameOf(i) + " (Zürich)", Locale: "de-CH"},
			{Name: "client_name", Value: nameOf(i) + " (Genève)", Locale: "fr-CH"}},
		FreeMetadata:           document.JSON(free),
		RedirectURIs:           []string{host + "/callback", host + "/silent-callback", host + "/mobile/callback"},
		PostLogoutRedirectURIs: []string{host + "/signed-out"},
		AllowedCORSOrigins:     []string{host},
		GrantTypes:             []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"},
		Scopes:                  []string{"openid", "profile", "email", "offline_access", kind + ":read", kind + ":write"},
		Audience:                []string{"https://api.clients.example/" + kind},
		TokenEndpointAuthMethod: "none", SubjectType: "public", BackchannelLogoutURI: host + "/backchannel-logout"}
	switch {
	case jwks != "":
		c.JWKS, c.TokenEndpointAuthMethod = jwks, "private_key_jwt"
	case i == secretClient:
		c.TokenEndpointAuthMethod = "client_secret_basic"
	}
	return c
}
