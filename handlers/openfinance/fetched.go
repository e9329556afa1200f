package openfinance

import (
	"context"
	"slices"

	"tenure/handlers/openfinance/scheme"
	"tenure/handlers/web"
	"tenure/jwk"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// CheckEncryptionKey fetches a client's key set and checks that it has an
// asymmetric key with use "enc" (B-5a). The fault is Invalid with CodeMetadata
// without such a key, Upstream with CodeKeySet if the document cannot be fetched
// or is not a key set, and Timeout if it does not come in time. Only the log says
// why.
func CheckEncryptionKey(ctx context.Context, get web.Fetch, uri string) error {
	raw, err := get(ctx, uri)
	if err == nil {
		err = scheme.IsKeySet(raw)
	}
	if err != nil {
		return scheme.Unavailable(err, CodeKeySet, "the key set at jwks_uri")
	}
	for _, key := range jwk.Keys(raw) {
		if key.Use == "enc" && key.Kty != "oct" {
			return nil
		}
	}
	return refuse(CodeMetadata, "/jwks_uri", "encryption-key", "the key set at jwks_uri has no key with use enc")
}

// checkSector checks that the document at a new sector_identifier_uri lists every
// redirect URI (OIDC registration section 5).
func checkSector(ctx context.Context, get web.Fetch, next, base *document.Client) error {
	uri := next.SectorIdentifierURI
	if uri == "" || base != nil && base.SectorIdentifierURI == uri && slices.Equal(base.RedirectURIs, next.RedirectURIs) {
		return nil
	}
	listed, err := get.Sector(ctx, uri)
	if err != nil && fault.Is(scheme.Unavailable(err, CodeKeySet, ""), fault.Timeout) {
		return scheme.Unavailable(err, CodeKeySet, "the document at sector_identifier_uri")
	}
	const must = "the document at sector_identifier_uri must be a JSON list with every redirect URI: "
	if err != nil {
		return refuse(CodeMetadata, "/sector_identifier_uri", "sector", must+"%s", web.SectorTrouble(err))
	}
	if missing := web.Unlisted(listed, next.RedirectURIs); missing >= 0 {
		return refuse(CodeMetadata, "/sector_identifier_uri", "sector", must+"redirect_uris/%d is not in it", missing)
	}
	return nil
}
