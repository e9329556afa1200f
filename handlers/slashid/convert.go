package slashid

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tenure/jwk/strictjson"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const microsLayout = "2006-01-02T15:04:05.000000Z"

func instant(m history.Micros) string { return m.Time().Format(microsLayout) }

// Defaults of a new client, in seconds.
const (
	defaultAccess  = 86_400
	defaultRefresh = 864_000
)

const grantCode = "authorization_code"

// fromDomain renders what a client's configuration holds, inherited values in
// place; identifiers and times stay empty.
func fromDomain(c *document.Client, setup *document.Setup) client {
	acts := document.Effective(c, setup)
	view := client{ClientName: c.ClientName, GrantTypes: acts.GrantTypes, ResponseTypes: responseTypes(&acts),
		Scopes: slices.Sorted(slices.Values(c.Scopes)), Public: c.Public(), RedirectURIs: c.RedirectURIs,
		AccessTokenDuration: acts.AccessTokenTTL, RefreshTokenDuration: acts.RefreshTokenTTL}
	if view.Scopes == nil {
		view.Scopes = []string{}
	}
	return view
}

// responseTypes are the combinations that the client may ask for.
func responseTypes(acts *document.Client) [][]string {
	combinations := [][]string{}
	for _, combination := range acts.ResponseTypes {
		if words := strings.Fields(combination); len(words) > 0 {
			combinations = append(combinations, words)
		}
	}
	if len(combinations) == 0 && (len(acts.GrantTypes) == 0 || slices.Contains(acts.GrantTypes, grantCode)) {
		combinations = append(combinations, []string{"code"})
	}
	return combinations
}

// read renders a client as a read of it shows it, but for last_used.
func read(found snapshots.Resolved[document.Client]) client {
	view := fromDomain(found.Content, found.Setup.Content)
	view.ClientID, view.Owner = found.Entity.ClientID, string(found.Entity.Owner)
	view.CreatedAt = instant(found.Entity.RecordedAt)
	return view
}

// body is a client as a POST or PATCH sends it.
type body struct {
	*members
	name                             string
	grantTypes, scopes, redirectURIs []string
	access, refresh                  *int64 // seconds
}

// readClient takes the members that both carry.
func readClient(m *members) *body {
	return &body{members: m, name: m.text("client_name"), grantTypes: m.texts("grant_types"), scopes: m.texts("scopes"),
		access: m.whole("access_token_duration"), refresh: m.whole("refresh_token_duration"), redirectURIs: m.texts("redirect_uris")}
}

// toDomain makes the first document of a client. access is how long its access
// tokens live if the body does not say.
func (b *body) toDomain(access int64) (*document.Client, []fault.Field) {
	b.need("client_name", "scopes", "grant_types")
	next := &document.Client{ClientName: b.name, GrantTypes: b.grantTypes, Scopes: b.scopes, RedirectURIs: b.redirectURIs,
		TokenEndpointAuthMethod: "client_secret_basic"}
	if b.flag("public") {
		next.TokenEndpointAuthMethod = document.MethodNone
	}
	b.refuseRest(unknownMember)
	refresh := int64(defaultRefresh)
	if b.access != nil {
		access = *b.access
	}
	if b.refresh != nil {
		refresh = *b.refresh
	}
	next.AccessTokenTTL, next.IDTokenTTL, next.RefreshTokenTTL = &access, &access, &refresh
	return next, slices.Concat(b.faults, checkSeconds("access_token_duration", b.access), checkSeconds("refresh_token_duration", b.refresh))
}

// patch makes the next document of a client: what the body carries is replaced,
// everything else of base stays, and so does what equals a read of base.
func (b *body) patch(base *document.Client, setup *document.Setup, e snapshots.Entity) (*document.Client, []fault.Field) {
	next, shown := document.Clone(base), fromDomain(base, setup)
	faults := slices.Clone(b.faults)
	if b.has("client_name") && b.name != shown.ClientName {
		next.ClientName = b.name
	}
	for _, m := range []struct {
		name          string
		to            *[]string
		posted, shown []string
	}{
		{"grant_types", &next.GrantTypes, b.grantTypes, shown.GrantTypes},
		{"scopes", &next.Scopes, b.scopes, shown.Scopes},
		{"redirect_uris", &next.RedirectURIs, b.redirectURIs, shown.RedirectURIs},
	} {
		if b.has(m.name) && !slices.Equal(m.posted, m.shown) {
			*m.to = m.posted
		}
	}
	for _, m := range []struct {
		name          string
		to            []*document.Lifetime
		posted, shown *int64
	}{
		{"access_token_duration", []*document.Lifetime{&next.AccessTokenTTL, &next.IDTokenTTL}, b.access, shown.AccessTokenDuration},
		{"refresh_token_duration", []*document.Lifetime{&next.RefreshTokenTTL}, b.refresh, shown.RefreshTokenDuration},
	} {
		if !b.has(m.name) || m.posted != nil && m.shown != nil && *m.posted == *m.shown {
			continue
		}
		if broken := checkSeconds(m.name, m.posted); broken != nil {
			faults = append(faults, broken...)
			continue
		}
		for _, to := range m.to {
			*to = m.posted
		}
	}
	shown.ClientID, shown.Owner, shown.CreatedAt = e.ClientID, string(e.Owner), instant(e.RecordedAt)
	return next, append(faults, b.readOnly(shown)...)
}

// readOnly compares the members that no PATCH changes with what a read shows.
func (b *body) readOnly(shown client) []fault.Field {
	var faults []fault.Field
	for _, name := range b.rest() {
		var present any
		message := "the member cannot be changed"
		switch name {
		case "client_id":
			present = shown.ClientID
		case "response_types":
			present = shown.ResponseTypes
		case "public":
			present = shown.Public
		case "owner_organization_id":
			present = shown.Owner
		case "created_at":
			if sameInstant(b.raw[name], shown.CreatedAt) {
				continue
			}
		case "last_used":
			if _, ok := timestamp(b.raw[name]); ok {
				continue // it may have moved on since the read
			}
		case "client_secret":
			message = "a secret cannot be set; PUT …/secret makes a new one"
		default:
			message = unknownMember
		}
		if present == nil || !sameJSON(b.raw[name], present) {
			faults = append(faults, fault.Field{Path: strictjson.Below("", name), Rule: "read-only", Message: message})
		}
	}
	return faults
}

func sameJSON(posted json.RawMessage, shown any) bool {
	encoded, err := json.Marshal(shown)
	if err != nil {
		return false
	}
	a, err := document.ParseJSON(posted)
	if err != nil {
		return false
	}
	b, err := document.ParseJSON(encoded)
	return err == nil && a == b
}

func timestamp(posted json.RawMessage) (at time.Time, ok bool) {
	var text string
	if json.Unmarshal(posted, &text) != nil {
		return at, false
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}

func sameInstant(posted json.RawMessage, shown string) bool {
	at, ok := timestamp(posted)
	return ok && at.UTC().Format(microsLayout) == shown
}
