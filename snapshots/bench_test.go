package snapshots_test

import (
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
)

// typicalClient has what a usual web client has: about 1.5 kB of content, a
// key set included.
func typicalClient() snapshots.Client {
	full := snapshotstest.FullClient()
	return snapshots.Client{
		ClientName: full.ClientName, OwnerLabel: full.OwnerLabel, ClientURI: full.ClientURI, LogoURI: full.LogoURI,
		TosURI: full.TosURI, PolicyURI: full.PolicyURI, Contacts: full.Contacts, Localized: full.Localized,
		FreeMetadata: full.FreeMetadata, RedirectURIs: full.RedirectURIs,
		PostLogoutRedirectURIs: full.PostLogoutRedirectURIs, AllowedCORSOrigins: full.AllowedCORSOrigins,
		SubjectType: full.SubjectType, GrantTypes: full.GrantTypes, ResponseTypes: full.ResponseTypes,
		Scopes: full.Scopes, Audience: full.Audience, TokenEndpointAuthMethod: full.TokenEndpointAuthMethod,
		JWKS: full.JWKS, PKCEMode: full.PKCEMode, IDTokenSignedResponseAlg: full.IDTokenSignedResponseAlg,
		UserinfoSignedResponseAlg: full.UserinfoSignedResponseAlg, AccessTokenTTL: full.AccessTokenTTL,
		RefreshTokenTTL: full.RefreshTokenTTL, SkipConsent: full.SkipConsent,
	}
}

func BenchmarkEncode(b *testing.B) {
	client := typicalClient()
	b.SetBytes(int64(len(snapshots.Encode(&client))))
	b.ReportAllocs()
	for b.Loop() {
		snapshots.Encode(&client)
	}
}

func BenchmarkDecode(b *testing.B) {
	client := typicalClient()
	data := snapshots.Encode(&client)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := snapshots.Decode[snapshots.Client](data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChanged(b *testing.B) {
	base, next := typicalClient(), typicalClient()
	next.ClientName = "other"
	b.ReportAllocs()
	for b.Loop() {
		snapshots.Changed(&base, &next)
	}
}

func BenchmarkValidate(b *testing.B) {
	client := typicalClient()
	rules := snapshots.ClientRules()
	b.ReportAllocs()
	for b.Loop() {
		snapshots.Validate(rules, snapshots.Input[snapshots.Client]{Next: &client})
	}
}
