package document

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tenure/jwk"
	"tenure/snapshots/document/uri"
	"tenure/tenancy/fault"
	"tenure/tenancy/text"
)

// ClientRules are those every dialect shares; each surface adds a table of its
// own. What they do not name is free.
func ClientRules() []Rule[Client] {
	return slices.Concat(everyRules[Client](), []Rule[Client]{
		{Name: "address", Check: checkAddresses[Client]},
		{Name: "ui-configuration", Fields: []string{"ui_configuration"}, Check: checkUIConfiguration},
		NoEmptyItems[Client]("post_logout_redirect_uris", "request_uris", "allowed_cors_origins", "webhook_uris"),
		{"jwks", []string{"jwks"}, checkJWKS},
		{"jwks-or-jwks-uri", []string{"jwks", "jwks_uri"}, checkOneKeySource},
		LifetimeWithin[Client](0, maxTTL, ttlFields()...),
	}, workRules())
}

// maxTTL is ten years in seconds.
const maxTTL = 10 * 365 * 24 * 60 * 60

// ttlFields are the lifetimes in seconds that clients inherit from setups.
func ttlFields() []string {
	return []string{"access_token_ttl", "refresh_token_ttl", "id_token_ttl", "persisted_consent_ttl"}
}

// checkJWKS repeats what ReadKeySet checked, so that no surface can store
// private key material by a plain conversion, and adds what a policy may let
// pass. A rollback brings values back in the form that they had.
func checkJWKS(in Input[Client]) []fault.Field {
	if in.Next.JWKS == "" {
		return nil
	}
	r := jwk.Recheck([]byte(in.Next.JWKS))
	if len(r.Faults) == 0 && string(r.Sent) != string(in.Next.JWKS) {
		return broken("/jwks", "the key set is not in canonical form")
	}
	var stored JWKS
	if in.Base != nil {
		stored = in.Base.JWKS
	}
	return append(keyFields(append(r.Faults, r.Weak...)), keyLabels(in.Next.JWKS, stored, in.Level == ByItself)...)
}

// keyLabels holds each kid to the rules of an identifier and each x5u to those
// of an address, without those that the stored set has.
func keyLabels(set, stored JWKS, self bool) []fault.Field {
	kids, addresses := map[string]bool{"": true}, map[string]bool{"": true}
	if stored != "" {
		for _, k := range jwk.LabelsOf([]byte(stored)) {
			kids[k.Kid], addresses[k.X5U] = true, true
		}
	}
	var all []fault.Field
	for _, k := range jwk.LabelsOf([]byte(set)) {
		if f := text.Check(text.Line, k.Kid); f != nil && !kids[k.Kid] {
			all = append(all, fault.Field{Path: "/jwks" + k.Pointer + "/kid", Rule: f.Rule, Message: f.Message})
		}
		if addresses[k.X5U] {
			continue
		}
		for _, rule := range uri.Broken(k.X5U, uri.Keys, self) {
			all = append(all, fault.Field{Path: "/jwks" + k.Pointer + "/x5u", Rule: rule.Name, Message: rule.Message})
		}
	}
	return all
}

func checkOneKeySource(in Input[Client]) []fault.Field {
	if in.Next.JWKS != "" && in.Next.JWKSURI != "" {
		return broken("/jwks_uri", "jwks and jwks_uri must not be used together")
	}
	return nil
}

// CheckScopeWords says which of the words is no scope's, by a path below path.
func CheckScopeWords(path string, words []string) []fault.Field {
	return eachText(path, &words, func(word string) string {
		if f := text.Check(text.Scope, word); f != nil {
			return f.Message
		}
		return ""
	})
}

// ReadableClientID reports whether a client_id may be one that is stored: 1 to
// 255 bytes of UTF-8 without control characters, the rule of earlier programs.
func ReadableClientID(id string) bool {
	return id != "" && len(id) <= 255 && utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl)
}

// CheckClientID holds the rule of a client_id that a caller chose: 1 to 255
// bytes of UTF-8 that can be seen, and not . or ..; printableASCIIOnly narrows it
// to RFC 6749's VSCHAR, space included. Its path is "/client_id".
func CheckClientID(id string, printableASCIIOnly bool) []fault.Field {
	kind := text.ID
	if printableASCIIOnly {
		kind = text.VSChar
	}
	if f := text.Check(kind, id); f != nil {
		return []fault.Field{{Path: "/client_id", Rule: f.Rule, Message: f.Message}}
	}
	return nil
}
