package openfinance

import (
	"context"
	"encoding/json"
	"slices"

	"tenure/handlers/openfinance/scheme"
	"tenure/handlers/web"
	"tenure/jwk"
	"tenure/snapshots"
	"tenure/tenancy/fault"
)

// CheckEncryptionKey fetches a client's key set and wants an asymmetric key
// with use "enc" in it (B-5a). It is Invalid with CodeMetadata without one, and
// Upstream with CodeKeySet if the document cannot be had or is no key set,
// Timeout if it does not come in time; why is for the log only.
func CheckEncryptionKey(ctx context.Context, get web.Fetch, uri string) error {
	raw, err := get(ctx, uri)
	if err == nil {
		err = scheme.IsKeySet(raw)
	}
	if err != nil {
		return scheme.Unavailable(err, CodeKeySet, "the key set at jwks_uri cannot be had")
	}
	for _, key := range jwk.Keys(raw) {
		if key.Use == "enc" && key.Kty != "oct" {
			return nil
		}
	}
	return refuse(CodeMetadata, "/jwks_uri", "encryption-key", "the key set at jwks_uri has no key with use enc")
}

// checkSector wants a new sector_identifier_uri to list every redirect URI (OIDC
// registration section 5). Why a document cannot be had is not told.
func checkSector(ctx context.Context, get web.Fetch, next, base *snapshots.Client) error {
	uri := next.SectorIdentifierURI
	if uri == "" || base != nil && base.SectorIdentifierURI == uri && slices.Equal(base.RedirectURIs, next.RedirectURIs) {
		return nil
	}
	raw, err := get(ctx, uri)
	var listed []string
	if err == nil {
		err = json.Unmarshal(raw, &listed)
	}
	if fault.Is(scheme.Unavailable(err, CodeKeySet, ""), fault.Timeout) {
		return scheme.Unavailable(err, CodeKeySet, "sector_identifier_uri was not answered")
	}
	if err != nil || slices.ContainsFunc(next.RedirectURIs, func(uri string) bool { return !slices.Contains(listed, uri) }) {
		return refuse(CodeMetadata, "/sector_identifier_uri", "sector", "sector_identifier_uri must name a JSON list of every redirect URI")
	}
	return nil
}
