package nevismeta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy/fault"
)

// registerClient is V3's creation of a client: RFC 7591 names, and every
// member of its own as localized metadata.
func (h *surface) registerClient(c *web.Call) (*web.Reply, error) {
	var members map[string]json.RawMessage
	if err := c.JSON(&members, web.JSONOptions{}); err != nil {
		return nil, err
	}
	body, faults, err := registration(members)
	if err != nil {
		return nil, err
	}
	if err := fault.Rules(faults); err != nil {
		return nil, err
	}
	out, secret, err := h.create(c, body)
	if err != nil {
		return nil, err
	}
	answer, err := registered(out, secret)
	if err != nil {
		return nil, err
	}
	return h.createdClient(out, answer)
}

// registration sorts the members into those that V2 has too and custom ones,
// and fills in V3's defaults.
func registration(members map[string]json.RawMessage) (*clientBody, []fault.Field, error) {
	known := make(map[string]json.RawMessage)
	var custom []snapshots.Localized
	var faults []fault.Field
	for name, raw := range members {
		switch {
		case name == "client_name":
			known["name"] = raw
		case name == "scope":
			words, err := scopeWords(raw)
			if err != nil {
				faults = append(faults, fault.Field{Path: "/scope", Rule: "type", Message: "this must be a string"})
			}
			known["scopes"] = words
		case slices.Contains(v2Members(), name) && name != "name":
			known[name] = raw
		default:
			var value string
			if json.Unmarshal(raw, &value) != nil {
				faults = append(faults, fault.Field{Path: "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name),
					Rule: "type", Message: "custom metadata must be a string"})
				continue
			}
			base, locale, _ := strings.Cut(name, "#")
			custom = append(custom, snapshots.Localized{Name: base, Value: value, Locale: locale})
		}
	}
	raw, err := json.Marshal(known)
	if err != nil {
		return nil, nil, fmt.Errorf("registration: %w", err)
	}
	body := &clientBody{}
	if err := web.DecodeJSON(raw, body, true); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(custom, func(a, b snapshots.Localized) int {
		return strings.Compare(a.Name+"#"+a.Locale, b.Name+"#"+b.Locale)
	})
	body.Metadata = append(body.Metadata, metadataOf(custom)...)
	body.registrationDefaults()
	return body, faults, nil
}

func scopeWords(raw json.RawMessage) (json.RawMessage, error) {
	var scope *string
	if err := json.Unmarshal(raw, &scope); err != nil || scope == nil {
		return json.RawMessage("null"), err
	}
	return json.Marshal(strings.Fields(*scope))
}

func (b *clientBody) registrationDefaults() {
	if b.TokenEndpointAuthMethod == nil && value(b.ConfidentialityType) != typePublic {
		method := methodBasic
		b.TokenEndpointAuthMethod = &method
	}
	if b.GrantTypes == nil {
		b.GrantTypes = []string{"authorization_code"}
	}
	if b.ResponseTypes == nil && slices.Contains(b.GrantTypes, "authorization_code") {
		b.ResponseTypes = []string{"code"}
	}
}

// v2Members are the names that both versions share.
func v2Members() []string {
	return []string{"redirect_uris", "grant_types", "scopes", "response_types", "contacts", "metadata", "jwks", "owner", "comment",
		"notSentGrantType", "valid_from", "client_id", "client_secret", "client_uri", "confidentiality_type", "pkce_mode",
		"force_reauthentication", "access_token_ttl", "refresh_token_ttl", "id_token_ttl", "persisted_consent_ttl", "jwks_uri",
		"logo_uri", "tos_uri", "policy_uri", "token_endpoint_auth_method", "require_pushed_authorization_requests",
		"id_token_signed_response_alg", "id_token_encrypted_response_alg", "id_token_encrypted_response_enc"}
}

// registered is the answer: what was registered under its RFC 7591 names, the
// credentials once, custom metadata as it was sent.
func registered(out snapshots.Outcome[snapshots.Client], secret *snapshots.NewSecret) (map[string]any, error) {
	raw, err := clientJSON(out.Resolved, formRaw)
	if err != nil {
		return nil, err
	}
	var members map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&members); err != nil {
		return nil, fmt.Errorf("registered: %w", err)
	}
	answer := make(map[string]any)
	for name, v := range members {
		if items, ok := v.([]any); v == nil || ok && len(items) == 0 {
			continue
		}
		answer[name] = v
	}
	answer["client_name"] = out.Content.ClientName
	for _, internal := range []string{"name", "notSentGrantType", "metadata", "client_secret"} {
		delete(answer, internal)
	}
	if out.Content.JWKS != "" {
		answer["jwks"] = json.RawMessage(out.Content.JWKS)
	}
	for _, l := range out.Content.Localized {
		name := l.Name
		if l.Locale != "" {
			name += "#" + l.Locale
		}
		if _, taken := answer[name]; !taken {
			answer[name] = l.Value
		}
	}
	answer["client_id_issued_at"] = out.Entity.RecordedAt.Time().Unix()
	if secret != nil {
		answer["client_secret"], answer["client_secret_expires_at"] = secret.Plain(), 0
	}
	return answer, nil
}
