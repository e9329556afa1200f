package document

// Effective is the client as it acts inside the setup: what it leaves unset of
// grant_types, force_reauthentication and the four TTLs comes from the setup
// (both in force at the same instant). The result's grant_types are never nil;
// what neither sets otherwise stays unset. Lists and lifetimes are shared with
// the arguments.
func Effective(c *Client, s *Setup) Client {
	out := *c
	if out.GrantTypes == nil {
		out.GrantTypes = s.GrantTypes
	}
	if out.GrantTypes == nil {
		out.GrantTypes = []string{}
	}
	if out.ForceReauthentication == Unset {
		out.ForceReauthentication = s.ForceReauthentication
	}
	inherit(&out.AccessTokenTTL, s.AccessTokenTTL)
	inherit(&out.RefreshTokenTTL, s.RefreshTokenTTL)
	inherit(&out.IDTokenTTL, s.IDTokenTTL)
	inherit(&out.PersistedConsentTTL, s.PersistedConsentTTL)
	return out
}

func inherit(own *Lifetime, setups Lifetime) {
	if *own == nil {
		*own = setups
	}
}

// Inherited lists the members, in table order, that a client leaves to its setup and
// that the setup has a value for.
func Inherited(c *Client, s *Setup) []string {
	var names []string
	for _, m := range []struct {
		name       string
		own, setup bool
	}{
		{"grant_types", c.GrantTypes != nil, s.GrantTypes != nil},
		{"force_reauthentication", c.ForceReauthentication != Unset, s.ForceReauthentication != Unset},
		{"access_token_ttl", c.AccessTokenTTL != nil, s.AccessTokenTTL != nil},
		{"refresh_token_ttl", c.RefreshTokenTTL != nil, s.RefreshTokenTTL != nil},
		{"id_token_ttl", c.IDTokenTTL != nil, s.IDTokenTTL != nil},
		{"persisted_consent_ttl", c.PersistedConsentTTL != nil, s.PersistedConsentTTL != nil},
	} {
		if !m.own && m.setup {
			names = append(names, m.name)
		}
	}
	return names
}
