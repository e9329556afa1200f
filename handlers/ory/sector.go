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
	URI  string
	URIs []string
}

// hasNewSector reports whether the body names a sector_identifier_uri that base
// does not have.
func (b *Client) hasNewSector(base *document.Client) bool {
	return b.SectorIdentifierURI != "" && (base == nil || base.SectorIdentifierURI != b.SectorIdentifierURI)
}

// Sector fetches the sector_identifier_uri if it is new. It returns the zero value
// if the document cannot be fetched or is no list.
func (b *Client) Sector(ctx context.Context, get web.Fetch, base *document.Client) Sector {
	if !b.hasNewSector(base) {
		return Sector{}
	}
	listed, err := get.Sector(ctx, b.SectorIdentifierURI)
	if err != nil {
		return Sector{}
	}
	return Sector{b.SectorIdentifierURI, listed}
}

// Rule refuses a new sector_identifier_uri that is not the fetched one, or does
// not list every redirect URI. The message says nothing more: callers could find
// out what answers inside the network.
func (s Sector) Rule() document.Rule[document.Client] {
	return rule{Name: sectorRule, Fields: []string{"sector_identifier_uri"}, Check: func(in input) []fault.Field {
		uri := in.Next.SectorIdentifierURI
		if uri == "" || uri == s.URI && web.Lists(s.URIs, in.Next.RedirectURIs) {
			return nil
		}
		return broken("sector_identifier_uri", "")
	}}
}
