package ory

import (
	"context"
	"encoding/json"
	"slices"

	"tenure/handlers/web"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

const sectorRule = "ory-sector-identifier"

// Sector is a sector_identifier_uri that was fetched, and what it lists; the
// zero value is none.
type Sector struct {
	URI  string
	URIs []string
}

// Sector fetches what the body names if that is not what base has. A document
// that cannot be had gives a Sector that lists nothing.
func (b *Client) Sector(ctx context.Context, get web.Fetch, base *document.Client) Sector {
	uri := b.SectorIdentifierURI
	if uri == "" || base != nil && base.SectorIdentifierURI == uri {
		return Sector{}
	}
	raw, err := get(ctx, uri)
	var listed []string
	if err != nil || json.Unmarshal(raw, &listed) != nil {
		return Sector{}
	}
	return Sector{uri, listed}
}

// Rule refuses a new sector_identifier_uri that is not the one verified, or
// does not list every redirect URI. Why is not told: it would tell callers
// what answers inside the network.
func (s Sector) Rule() document.Rule[document.Client] {
	return rule{Name: sectorRule, Fields: []string{"sector_identifier_uri"}, Check: func(in input) []fault.Field {
		uri := in.Next.SectorIdentifierURI
		unlisted := func(redirect string) bool { return !slices.Contains(s.URIs, redirect) }
		if uri == "" || uri == s.URI && len(s.URIs) > 0 && !slices.ContainsFunc(in.Next.RedirectURIs, unlisted) {
			return nil
		}
		return broken("sector_identifier_uri", "")
	}}
}
