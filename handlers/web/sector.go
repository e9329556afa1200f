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
// (OpenID Connect Registration 1.0, section 5). Its error is for the log: told to
// a caller, it would say what answers inside the network.
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

// Lists reports whether a sector's list has every redirect URI.
func Lists(listed, redirects []string) bool {
	return len(listed) > 0 && !slices.ContainsFunc(redirects, func(uri string) bool { return !slices.Contains(listed, uri) })
}
