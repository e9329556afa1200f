package slashid

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// The headers that say who asks, by their canonical names.
const (
	headerOrg = "Slashid-Orgid"   // SlashID-OrgID
	headerKey = "Slashid-Api-Key" // SlashID-API-Key
)

// credentials reads the organization, which is required, and the API key. A
// key that is not there authenticates nobody.
func credentials(h http.Header) (key string, acting tenancy.OrgID, err error) {
	asked, err := web.Once(h, headerOrg)
	if err != nil {
		return "", "", err
	}
	if acting, err = tenancy.ParseOrgID(asked); err != nil {
		return "", "", fault.New(fault.Malformed, "", "the header SlashID-OrgID is required and must be a UUID")
	}
	key, err = web.Once(h, headerKey)
	return key, acting, err
}
