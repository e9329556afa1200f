package api

import (
	"cmp"

	"tenure/snapshots"
)

// fromPolicy writes empty lists as such: null would look like not set.
func fromPolicy(p snapshots.Policy) policy {
	return policy{OnStalePlan: p.OnStalePlan, ScopeCheck: p.ScopeCheck, Registration: p.Registration,
		RegistrationOwner: orNull(string(p.RegistrationOwner)), MaxClients: p.MaxClients,
		AllowedGrants: append([]string{}, p.AllowedGrants...), AllowedScopes: append([]string{}, p.AllowedScopes...), Allow: append([]string{}, p.Allow...),
		DefaultScopes: p.DefaultScopes, Origins: p.Origins, UnusedTTL: p.UnusedTTL, RotateToken: p.RotateToken,
		OpenFinanceProfile: cmp.Or(p.OpenFinanceProfile, snapshots.ProfileDCR2), StrictHeaders: p.StrictHeaders, RotateTokens: p.RotateTokens, WeakKeys: p.WeakKeys}
}

func toPolicy(in policy) (snapshots.Policy, error) {
	p := snapshots.Policy{OnStalePlan: in.OnStalePlan, ScopeCheck: in.ScopeCheck, Registration: in.Registration,
		MaxClients: in.MaxClients, AllowedGrants: in.AllowedGrants, AllowedScopes: in.AllowedScopes, Allow: in.Allow,
		DefaultScopes: in.DefaultScopes, Origins: in.Origins, UnusedTTL: in.UnusedTTL, RotateToken: in.RotateToken,
		OpenFinanceProfile: in.OpenFinanceProfile, StrictHeaders: in.StrictHeaders, RotateTokens: in.RotateTokens, WeakKeys: in.WeakKeys}
	var err error
	p.RegistrationOwner, err = toOrg("/registration_owner", in.RegistrationOwner, "")
	return p, err
}

func fromInitialToken(t snapshots.InitialToken) initialToken {
	return initialToken{ID: t.ID, Name: t.Name, MaxUses: t.MaxUses, Uses: t.Uses, ExpiresAt: fromInstant(t.ExpiresAt),
		CreatedAt: t.RecordedAt.Time().Format(instant)}
}

func toInitialToken(in newInitialToken) (snapshots.InitialToken, error) {
	t := snapshots.InitialToken{Name: in.Name, MaxUses: in.MaxUses}
	if in.ExpiresAt == nil {
		return t, nil
	}
	var err error
	t.ExpiresAt, err = toExpiry(*in.ExpiresAt)
	return t, err
}

func fromSecret(s snapshots.Secret) secret {
	return secret{ID: s.ID, Last4: orNull(s.Last4), ValidFrom: s.ValidFrom.Micros().Time().Format(instant),
		EndsAt: fromInstant(s.EndsAt.Micros()), CreatedAt: s.RecordedAt.Time().Format(instant)}
}
