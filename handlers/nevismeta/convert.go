package nevismeta

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"tenure/jwk"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const (
	typePublic       = "public"
	typeConfidential = "confidential"
	methodBasic      = "client_secret_basic"
	pkceDefault      = "allowed"
)

const millisLayout = "2006-01-02T15:04:05.000Z"

func instant(m history.Millis) string { return m.Time().Format(millisLayout) }

// parseInstant reads an ISO 8601 date-time with an offset; finer than
// milliseconds is cut off.
func parseInstant(s string) (history.Millis, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.UTC().Year() < 1970 || t.UTC().Year() > 9999 {
		return 0, false
	}
	return history.Millis(t.UnixMilli()), true
}

// fromDomain renders a client's members but the key set, the secret and what
// belongs to the snapshot. resolved shows inherited values in place of null.
func fromDomain(c *document.Client, setup *document.Setup, resolved bool) (clientHead, clientTail) {
	if resolved {
		effective := document.Effective(c, setup)
		c = &effective
	}
	head := clientHead{
		RedirectURIs: list(c.RedirectURIs), GrantTypes: c.GrantTypes, Scopes: list(c.Scopes),
		ResponseTypes: list(c.ResponseTypes), Contacts: list(c.Contacts), Metadata: metadataOf(c.Localized),
	}
	tail := clientTail{clientMiddle{
		Name: text(c.ClientName), Owner: text(c.OwnerLabel), Comment: text(c.Comment),
	}, clientLast{
		ClientURI: text(c.ClientURI), ConfidentialityType: typeConfidential, PKCEMode: c.PKCEMode,
		ForceReauthentication: flag(c.ForceReauthentication), AccessTokenTTL: c.AccessTokenTTL, RefreshTokenTTL: c.RefreshTokenTTL,
		IDTokenTTL: c.IDTokenTTL, PersistedConsentTTL: c.PersistedConsentTTL, JWKSURI: text(c.JWKSURI), LogoURI: text(c.LogoURI),
		TosURI: text(c.TosURI), PolicyURI: text(c.PolicyURI), TokenEndpointAuthMethod: text(c.TokenEndpointAuthMethod),
		RequirePAR:                  flag(document.FlagOf(c.RequirePAR.Bool(false))),
		IDTokenSignedResponseAlg:    text(c.IDTokenSignedResponseAlg),
		IDTokenEncryptedResponseAlg: text(c.IDTokenEncryptedResponseAlg),
		IDTokenEncryptedResponseEnc: text(c.IDTokenEncryptedResponseEnc),
	}}
	if c.Public() {
		tail.ConfidentialityType = typePublic
	}
	if tail.PKCEMode == "" {
		tail.PKCEMode = pkceDefault
	}
	return head, tail
}

// keysView is the getter view of a key set; null for none.
func keysView(set document.JWKS) []byte {
	if set == "" {
		return []byte("null")
	}
	return jwk.AppendView(nil, []byte(set))
}

// prepare does what needs no base: apply runs inside the one write transaction
// that everybody waits for. Its error is about lists so long that checking
// every item would take too much of it.
func (b *clientBody) prepare() error {
	if posted := bytes.TrimSpace(b.JWKS); len(posted) > 0 && !bytes.Equal(posted, []byte("null")) {
		b.keys = document.ReadKeySet(posted)
	}
	return shortLists(map[string]int{"redirect_uris": len(b.RedirectURIs), "grant_types": len(b.GrantTypes), "scopes": len(b.Scopes),
		"response_types": len(b.ResponseTypes), "contacts": len(b.Contacts), "metadata": len(b.Metadata)})
}

// shortLists refuses lists that no rule would let pass.
func shortLists(items map[string]int) error {
	const most = 1000
	for name, n := range items {
		if n > most {
			return fault.At(strings.TrimSuffix("/"+name, "/"), "list-length", "there are more than %d items", most)
		}
	}
	return nil
}

// toDomain makes the domain record of a written client: what this dialect
// carries is replaced, everything else of base stays. A value equal to what a
// read of base shows (in either form) keeps what base stores. base may be nil.
func (b *clientBody) toDomain(base *document.Client, setup *document.Setup) (*document.Client, []fault.Field) {
	next, faults := document.Client{}, []fault.Field(nil)
	keep := keeper{}
	if base != nil {
		next = *document.Clone(base)
		keep.head, keep.tail = fromDomain(base, setup, true)
		keep.known = true
	}
	b.applyLists(&next, keep)
	b.applyTexts(&next, keep)
	b.applyInherited(&next, keep)
	faults = append(faults, b.applyMethod(&next, keep)...)
	return &next, append(faults, b.applyKeys(&next, base)...)
}

// keeper knows what a read of the base shows.
type keeper struct {
	known bool
	head  clientHead
	tail  clientTail
}

// same reports whether a posted value is what the read shows.
func (k keeper) same(posted, shown any) bool { return k.known && reflect.DeepEqual(posted, shown) }

func (b *clientBody) applyLists(next *document.Client, keep keeper) {
	for _, m := range []struct {
		to            *[]string
		posted, shown []string
	}{
		{&next.RedirectURIs, b.RedirectURIs, keep.head.RedirectURIs},
		{&next.Scopes, b.Scopes, keep.head.Scopes},
		{&next.ResponseTypes, b.ResponseTypes, keep.head.ResponseTypes},
		{&next.Contacts, b.Contacts, keep.head.Contacts},
	} {
		if !keep.same(list(m.posted), m.shown) {
			*m.to = m.posted
		}
	}
	if !keep.same(b.Metadata, keep.head.Metadata) {
		next.Localized = localizedOf(b.Metadata)
	}
	if !keep.same(b.GrantTypes, keep.head.GrantTypes) {
		next.GrantTypes = b.GrantTypes // nil inherits
	}
}

func (b *clientBody) applyTexts(next *document.Client, keep keeper) {
	for _, m := range []struct {
		to            *string
		posted, shown *string
	}{
		{&next.ClientName, b.Name, keep.tail.Name},
		{&next.OwnerLabel, b.Owner, keep.tail.Owner},
		{&next.Comment, b.Comment, keep.tail.Comment},
		{&next.ClientURI, b.ClientURI, keep.tail.ClientURI},
		{&next.JWKSURI, b.JWKSURI, keep.tail.JWKSURI},
		{&next.LogoURI, b.LogoURI, keep.tail.LogoURI},
		{&next.TosURI, b.TosURI, keep.tail.TosURI},
		{&next.PolicyURI, b.PolicyURI, keep.tail.PolicyURI},
		{&next.PKCEMode, b.PKCEMode, &keep.tail.PKCEMode},
		{&next.IDTokenSignedResponseAlg, b.IDTokenSignedResponseAlg, keep.tail.IDTokenSignedResponseAlg},
		{&next.IDTokenEncryptedResponseAlg, b.IDTokenEncryptedResponseAlg, keep.tail.IDTokenEncryptedResponseAlg},
		{&next.IDTokenEncryptedResponseEnc, b.IDTokenEncryptedResponseEnc, keep.tail.IDTokenEncryptedResponseEnc},
	} {
		if !keep.same(m.posted, m.shown) {
			*m.to = value(m.posted)
		}
	}
}

func (b *clientBody) applyInherited(next *document.Client, keep keeper) {
	for _, m := range []struct {
		to            *document.Lifetime
		posted, shown *int64
	}{
		{&next.AccessTokenTTL, b.AccessTokenTTL, keep.tail.AccessTokenTTL},
		{&next.RefreshTokenTTL, b.RefreshTokenTTL, keep.tail.RefreshTokenTTL},
		{&next.IDTokenTTL, b.IDTokenTTL, keep.tail.IDTokenTTL},
		{&next.PersistedConsentTTL, b.PersistedConsentTTL, keep.tail.PersistedConsentTTL},
	} {
		if !keep.same(m.posted, m.shown) {
			*m.to = m.posted
		}
	}
	if !keep.same(b.ForceReauthentication, keep.tail.ForceReauthentication) {
		next.ForceReauthentication = flagOf(b.ForceReauthentication)
	}
	if !keep.same(b.RequirePAR, keep.tail.RequirePAR) {
		next.RequirePAR = flagOf(b.RequirePAR)
	}
}

// applyMethod joins confidentiality_type and token_endpoint_auth_method, which
// say the same thing: public is the method "none".
func (b *clientBody) applyMethod(next *document.Client, keep keeper) []fault.Field {
	if keep.same(b.ConfidentialityType, &keep.tail.ConfidentialityType) &&
		keep.same(b.TokenEndpointAuthMethod, keep.tail.TokenEndpointAuthMethod) {
		return nil
	}
	kind, method := value(b.ConfidentialityType), value(b.TokenEndpointAuthMethod)
	switch {
	case kind != "" && kind != typePublic && kind != typeConfidential:
		return []fault.Field{{Path: "/confidentiality_type", Rule: "enum", Message: "one of public, confidential"}}
	case kind == "" && method == "", kind == typePublic && method == "":
		method = document.MethodNone
	case kind == typeConfidential && method == "":
		method = methodBasic
	case kind != "" && (kind == typePublic) != (method == document.MethodNone):
		return []fault.Field{{Path: "/token_endpoint_auth_method", Rule: "confidentiality",
			Message: "a client is public exactly if its method is none; it contradicts confidentiality_type"}}
	}
	next.TokenEndpointAuthMethod = method
	return nil
}

// applyKeys takes an RFC 7517 set, or the view that a read of base shows. That
// of an empty set is an RFC 7517 set too, so the view comes first.
func (b *clientBody) applyKeys(next *document.Client, base *document.Client) (faults []fault.Field) {
	if base != nil && b.shows(base.JWKS) {
		return nil
	}
	next.JWKS, _, faults = b.keys.Over(next.JWKS)
	return faults
}

// shows reports whether the posted keys are a set's view. It remembers the
// last answer, as asking costs much where there are certificates.
func (b *clientBody) shows(set document.JWKS) bool {
	if len(b.JWKS) == 0 || set == "" {
		return false
	}
	if b.compared != set {
		b.compared, b.same = set, sameJSON(b.JWKS, keysView(set))
	}
	return b.same
}

// sameJSON compares two values whatever their spacing and member order, and
// numbers as a double holds them: a caller in JavaScript sends back a
// certificate's serial number rounded.
func sameJSON(a, b []byte) bool {
	var va, vb any
	for _, side := range []struct {
		data []byte
		to   *any
	}{{a, &va}, {b, &vb}} {
		if json.Unmarshal(side.data, side.to) != nil {
			return false
		}
	}
	return reflect.DeepEqual(va, vb)
}

func list(items []string) []string {
	if items == nil {
		return []string{}
	}
	return items
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func flag(f document.Flag) *bool {
	if f == document.Unset {
		return nil
	}
	b := f == document.True
	return &b
}

func flagOf(b *bool) document.Flag {
	if b == nil {
		return document.Unset
	}
	return document.FlagOf(*b)
}

func metadataOf(texts []document.Localized) []metadata {
	out := make([]metadata, len(texts))
	for i, t := range texts {
		out[i] = metadata{Name: t.Name, Value: t.Value, Locale: text(t.Locale)}
	}
	return out
}

func localizedOf(items []metadata) []document.Localized {
	var out []document.Localized
	for _, m := range items {
		out = append(out, document.Localized{Name: m.Name, Value: m.Value, Locale: value(m.Locale)})
	}
	return slices.Clip(out)
}
