package nevismeta

import (
	"tenure/snapshots/document"
)

// fromSetup renders a setup but what belongs to the snapshot.
func fromSetup(s *document.Setup) setupDoc {
	return setupDoc{
		ClientDefaults: &clientDefaults{GrantTypes: list(s.GrantTypes), ForceReauthentication: flag(s.ForceReauthentication),
			AccessTokenTTL: s.AccessTokenTTL, RefreshTokenTTL: s.RefreshTokenTTL, IDTokenTTL: s.IDTokenTTL,
			PersistedConsentTTL: s.PersistedConsentTTL},
		ResourceServerDefaults: &serverDefaults{ImplicitFlow: text(s.ScopePolicies.ImplicitFlow),
			AuthorizationCodeFlow: text(s.ScopePolicies.AuthorizationCodeFlow), RefreshToken: text(s.ScopePolicies.RefreshToken),
			ForceReauthentication: flag(s.ScopePolicies.ForceReauthentication)},
		Metadata: metadataOf(s.Localized), Name: text(s.Name), Owner: text(s.OwnerLabel), Comment: text(s.Comment),
	}
}

// toSetup makes the domain record of a written setup. This dialect carries
// every member of it.
func (d *setupDoc) toSetup() *document.Setup {
	next := &document.Setup{Name: value(d.Name), OwnerLabel: value(d.Owner), Comment: value(d.Comment), Localized: localizedOf(d.Metadata)}
	if c := d.ClientDefaults; c != nil {
		next.GrantTypes, next.ForceReauthentication = c.GrantTypes, flagOf(c.ForceReauthentication)
		next.AccessTokenTTL, next.RefreshTokenTTL = c.AccessTokenTTL, c.RefreshTokenTTL
		next.IDTokenTTL, next.PersistedConsentTTL = c.IDTokenTTL, c.PersistedConsentTTL
	}
	if p := d.ResourceServerDefaults; p != nil {
		next.ScopePolicies = policies(p.ImplicitFlow, p.AuthorizationCodeFlow, p.RefreshToken, p.ForceReauthentication)
	}
	return next
}

func policies(implicit, code, refresh *string, force *bool) document.ScopePolicies {
	return document.ScopePolicies{ImplicitFlow: value(implicit), AuthorizationCodeFlow: value(code),
		RefreshToken: value(refresh), ForceReauthentication: flagOf(force)}
}

// fromServer renders a resource server but what belongs to the snapshot.
func fromServer(r *document.ResourceServer) serverDoc {
	doc := serverDoc{Scopes: make([]scopeDoc, len(r.Scopes)), Metadata: metadataOf(r.Localized), Name: text(r.Name),
		Owner: text(r.OwnerLabel), Comment: text(r.Comment), URI: text(r.URI)}
	for i, s := range r.Scopes {
		doc.Scopes[i] = scopeDoc{Name: s.Name, Metadata: metadataOf(s.Localized), ImplicitFlow: text(s.Policies.ImplicitFlow),
			AuthorizationCodeFlow: text(s.Policies.AuthorizationCodeFlow), RefreshToken: text(s.Policies.RefreshToken),
			ForceReauthentication: flag(s.Policies.ForceReauthentication), CustomClaims: text(s.CustomClaims)}
	}
	return doc
}

// toServer makes the domain record of a written resource server. This dialect
// carries every member of it.
func (d *serverDoc) toServer() *document.ResourceServer {
	next := &document.ResourceServer{Name: value(d.Name), OwnerLabel: value(d.Owner), Comment: value(d.Comment),
		URI: value(d.URI), Localized: localizedOf(d.Metadata)}
	for _, s := range d.Scopes {
		next.Scopes = append(next.Scopes, document.Scope{Name: s.Name, Localized: localizedOf(s.Metadata),
			Policies:     policies(s.ImplicitFlow, s.AuthorizationCodeFlow, s.RefreshToken, s.ForceReauthentication),
			CustomClaims: value(s.CustomClaims)})
	}
	return next
}
