package nevismeta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tenure/handlers/web"
	"tenure/jwk/strictjson"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// registerClient is V3's creation of a client: RFC 7591 names, and every
// member of its own as localized metadata.
func (h *handler) registerClient(c *web.Call) (*web.Reply, error) {
	var members map[string]json.RawMessage
	if err := c.JSON(&members, web.JSONOptions{}); err != nil {
		return nil, err
	}
	body, faults, err := registration(members)
	if err != nil {
		return nil, respell(err, nil, members)
	}
	if err := fault.Rules(faults); err != nil {
		return nil, err
	}
	write, secret, err := h.creating(c, body)
	if err != nil {
		return nil, respell(err, body.Metadata, members)
	}
	if c.DryRun() {
		reply, err := tried(h, c, nil, addsSecret(secret), write)
		if err != nil {
			return nil, respell(err, body.Metadata, members)
		}
		return reply, nil
	}
	out, err := write(c.Request.Context())
	if err != nil {
		return nil, respell(err, body.Metadata, members)
	}
	if out.Repeated { // it is shown once only
		secret = nil
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
	if err := shortLists(map[string]int{"": len(members)}); err != nil {
		return nil, nil, err
	}
	known := make(map[string]json.RawMessage)
	var custom []document.Localized
	var faults []fault.Field
	for _, name := range slices.Sorted(maps.Keys(members)) {
		raw := members[name]
		switch {
		case name == "client_name":
			known["name"] = raw
		case name == "scope":
			words, err := scopeWords(raw)
			if err != nil {
				faults = append(faults, fault.Field{Path: "/scope", Rule: "type", Message: "this must be a string"})
			}
			if members["scopes"] != nil {
				faults = append(faults, fault.Field{Path: "/scopes", Rule: "twice", Message: "scope says the same; send one of the two"})
			}
			known["scopes"] = words
		case name == "scopes" && members["scope"] != nil, slices.Contains(assigned(), name):
		case slices.Contains(v2Members(), name) && name != "name":
			known[name] = raw
		default:
			var value string
			if json.Unmarshal(raw, &value) != nil {
				faults = append(faults, fault.Field{Path: strictjson.Below("", name), Rule: "type", Message: "custom metadata must be a string"})
				continue
			}
			base, locale, _ := strings.Cut(name, "#")
			custom = append(custom, document.Localized{Name: base, Value: value, Locale: locale})
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
	slices.SortFunc(custom, func(a, b document.Localized) int {
		return strings.Compare(a.Name+"#"+a.Locale, b.Name+"#"+b.Locale)
	})
	body.Metadata = append(body.Metadata, metadataOf(custom)...)
	body.registrationDefaults()
	return body, faults, body.prepare()
}

// assigned are the members of an answer that a caller who sends it back
// cannot choose; they are passed over.
func assigned() []string {
	return []string{"client_id_issued_at", "client_secret_expires_at", "registration_access_token", "registration_client_uri"}
}

// respell names the members in err's faults as they were sent; texts are the
// localized ones, those of the member metadata first.
func respell(err error, texts []metadata, sent map[string]json.RawMessage) error {
	f := *fault.Of(err)
	if len(f.Fields) == 0 {
		return err
	}
	var listed []metadata
	_ = json.Unmarshal(sent["metadata"], &listed) // was decoded before
	f.Fields = slices.Clone(f.Fields)
	for i := range f.Fields {
		path := &f.Fields[i].Path
		head, rest, _ := strings.Cut(strings.TrimPrefix(*path, "/"), "/")
		switch {
		case head == "name":
			*path = "/client_name"
		case head == "scopes" && sent["scope"] != nil:
			*path = "/scope"
		case head == "localized_metadata":
			*path = "/metadata/" + rest
			at, _, _ := strings.Cut(rest, "/")
			if n, err := strconv.Atoi(at); err == nil && n >= len(listed) && n < len(texts) {
				*path = strictjson.Below("", customName(texts[n].Name, value(texts[n].Locale)))
			}
		}
	}
	return &f
}

// customName is how V3 spells a localized text's name.
func customName(name, locale string) string {
	if locale == "" {
		return name
	}
	return name + "#" + locale
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
func registered(out snapshots.Outcome[document.Client], secret *snapshots.NewSecret) (map[string]any, error) {
	raw, _, err := clientJSON(out.Resolved, formRaw)
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
	for _, internal := range []string{"name", "notSentGrantType", "metadata", "scopes", "client_secret"} {
		delete(answer, internal)
	}
	if len(out.Content.Scopes) > 0 {
		answer["scope"] = strings.Join(out.Content.Scopes, " ")
	}
	if out.Content.JWKS != "" {
		answer["jwks"] = json.RawMessage(out.Content.JWKS)
	}
	for _, l := range out.Content.Localized {
		name := customName(l.Name, l.Locale)
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
