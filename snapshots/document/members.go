package document

import (
	"bytes"
	"slices"
)

// Content is a document that snapshots hold.
type Content interface {
	Client | Setup | ResourceServer
}

// A field is one row of a type's table: the member's name and where it lives.
// Encoding, decoding, comparing and the rules that read every member run over
// the table, so that a member which is in it is forgotten by none of them.
type field[T any] struct {
	Name string       // registered metadata name, snake case; unique in its table
	at   func(*T) any // pointer to the member; its kinds are those appendMember knows
}

// inheritable is the kind of a list whose nil is not its empty value: nil
// inherits, empty does not. Other lists do not tell the two apart.
type inheritable []string

// Changed lists the names of the members that differ, in table order. Nil and
// empty lists are the same, except a client's grant_types.
func Changed[T Content](a, b *T) []string {
	var names []string
	var left, right []byte
	for _, f := range fieldsOf[T]() {
		left, right = appendMember(left[:0], f.Name, f.at(a)), appendMember(right[:0], f.Name, f.at(b))
		if !bytes.Equal(left, right) {
			names = append(names, f.Name)
		}
	}
	return names
}

// Clone copies a document so that no list or lifetime is shared.
func Clone[T Content](doc *T) *T {
	out := *doc
	for _, f := range fieldsOf[T]() {
		switch m := f.at(&out).(type) {
		case *[]string:
			*m = slices.Clone(*m)
		case *inheritable:
			*m = slices.Clone(*m)
		case *[]Localized:
			*m = slices.Clone(*m)
		case *[]Scope:
			*m = slices.Clone(*m)
			for i := range *m {
				(*m)[i].Localized = slices.Clone((*m)[i].Localized)
			}
		case *Lifetime:
			if *m != nil {
				span := **m
				*m = &span
			}
		}
	}
	return &out
}

func fieldsOf[T Content]() []field[T] {
	var table any
	switch any((*T)(nil)).(type) {
	case *Client:
		table = &clientFields
	case *Setup:
		table = &setupFields
	case *ResourceServer:
		table = &resourceServerFields
	}
	return *table.(*[]field[T])
}

// The tables below are never written to. Their order is that of the stored
// bytes: new rows may go anywhere, existing ones keep their relative order and
// their names.

var setupFields = []field[Setup]{
	{"name", func(s *Setup) any { return &s.Name }},
	{"owner", func(s *Setup) any { return &s.OwnerLabel }},
	{"comment", func(s *Setup) any { return &s.Comment }},
	{"localized_metadata", func(s *Setup) any { return &s.Localized }},
	{"grant_types", func(s *Setup) any { return &s.GrantTypes }},
	{"force_reauthentication", func(s *Setup) any { return &s.ForceReauthentication }},
	{"access_token_ttl", func(s *Setup) any { return &s.AccessTokenTTL }},
	{"refresh_token_ttl", func(s *Setup) any { return &s.RefreshTokenTTL }},
	{"id_token_ttl", func(s *Setup) any { return &s.IDTokenTTL }},
	{"persisted_consent_ttl", func(s *Setup) any { return &s.PersistedConsentTTL }},
	{"scope_policy_implicit_flow", func(s *Setup) any { return &s.ScopePolicies.ImplicitFlow }},
	{"scope_policy_authorization_code_flow", func(s *Setup) any { return &s.ScopePolicies.AuthorizationCodeFlow }},
	{"scope_policy_refresh_token", func(s *Setup) any { return &s.ScopePolicies.RefreshToken }},
	{"scope_policy_force_reauthentication", func(s *Setup) any { return &s.ScopePolicies.ForceReauthentication }},
}

var resourceServerFields = []field[ResourceServer]{
	{"name", func(r *ResourceServer) any { return &r.Name }},
	{"owner", func(r *ResourceServer) any { return &r.OwnerLabel }},
	{"comment", func(r *ResourceServer) any { return &r.Comment }},
	{"uri", func(r *ResourceServer) any { return &r.URI }},
	{"localized_metadata", func(r *ResourceServer) any { return &r.Localized }},
	{"scopes", func(r *ResourceServer) any { return &r.Scopes }},
}

var scopeFields = []field[Scope]{
	{"name", func(s *Scope) any { return &s.Name }},
	{"localized_metadata", func(s *Scope) any { return &s.Localized }},
	{"policy_implicit_flow", func(s *Scope) any { return &s.Policies.ImplicitFlow }},
	{"policy_authorization_code_flow", func(s *Scope) any { return &s.Policies.AuthorizationCodeFlow }},
	{"policy_refresh_token", func(s *Scope) any { return &s.Policies.RefreshToken }},
	{"policy_force_reauthentication", func(s *Scope) any { return &s.Policies.ForceReauthentication }},
	{"custom_claims", func(s *Scope) any { return &s.CustomClaims }},
}

var localizedFields = []field[Localized]{
	{"name", func(l *Localized) any { return &l.Name }},
	{"value", func(l *Localized) any { return &l.Value }},
	{"locale", func(l *Localized) any { return &l.Locale }},
}
