package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// errNoList is of a sector_identifier_uri whose document is no list of URIs.
var errNoList = errors.New("not a JSON list of URIs")

// Sector fetches the list of redirect URIs behind a sector_identifier_uri
// (OpenID Connect Registration 1.0, section 5). Its error is for the log, and
// SectorTrouble says it to a caller.
func (f Fetch) Sector(ctx context.Context, uri string) ([]string, error) {
	raw, err := f(ctx, uri)
	if err != nil {
		return nil, err
	}
	var listed []string
	if err := json.Unmarshal(raw, &listed); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoList, err)
	}
	if listed == nil { // null
		return nil, errNoList
	}
	return listed, nil
}

// SectorTrouble says for people why there is no list. It does not tell what
// answers inside the network: from there nothing is fetched.
func SectorTrouble(err error) string {
	switch {
	case errors.Is(err, errNoHTTPS):
		return "the address is not an https URL"
	case errors.Is(err, errNoList):
		return "the document there is not a JSON list of URIs"
	}
	return "no document could be fetched from there"
}

// Unlisted is the index of the first redirect URI that a sector's list does not
// have, -1 if it has all.
func Unlisted(listed, redirects []string) int {
	return slices.IndexFunc(redirects, func(uri string) bool { return !slices.Contains(listed, uri) })
}

// Lists reports whether a sector's list has every redirect URI.
func Lists(listed, redirects []string) bool {
	return len(listed) > 0 && Unlisted(listed, redirects) < 0
}
