package ory

import (
	"context"

	"tenure/handlers/web"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

const sectorRule = "ory-sector-identifier"

// Sector is a sector_identifier_uri with the redirect URIs that its document
// lists. The zero value is none.
type Sector struct {
	URI     string
	URIs    []string
	Trouble string // why there is no list
}

// hasNewSector reports whether the body names a sector_identifier_uri that base
// does not have.
func (b *Client) hasNewSector(base *document.Client) bool {
	return b.SectorIdentifierURI != "" && (base == nil || base.SectorIdentifierURI != b.SectorIdentifierURI)
}

// Sector fetches the sector_identifier_uri if it is new.
func (b *Client) Sector(ctx context.Context, get web.Fetch, base *document.Client) Sector {
	if !b.hasNewSector(base) {
		return Sector{}
	}
	listed, err := get.Sector(ctx, b.SectorIdentifierURI)
	if err != nil {
		return Sector{Trouble: web.SectorTrouble(err)}
	}
	return Sector{URI: b.SectorIdentifierURI, URIs: listed}
}

// Rule refuses a new sector_identifier_uri that is not the fetched one, or does
// not list every redirect URI, and says why.
func (s Sector) Rule() document.Rule[document.Client] {
	return rule{Name: sectorRule, Fields: []string{"sector_identifier_uri"}, Check: func(in input) []fault.Field {
		uri := in.Next.SectorIdentifierURI
		missing := web.Unlisted(s.URIs, in.Next.RedirectURIs)
		switch {
		case uri == "" || uri == s.URI && web.Lists(s.URIs, in.Next.RedirectURIs):
			return nil
		case uri != s.URI && s.Trouble != "":
			return broken("sector_identifier_uri", "sector_identifier_uri: %s", s.Trouble)
		case uri == s.URI && missing >= 0:
			return broken("sector_identifier_uri", "sector_identifier_uri: the document there does not list /redirect_uris/%d", missing)
		case uri == s.URI:
			return broken("sector_identifier_uri", "sector_identifier_uri: the list there is empty")
		}
		return broken("sector_identifier_uri", "sector_identifier_uri: the client was changed meanwhile; send it again")
	}}
}
