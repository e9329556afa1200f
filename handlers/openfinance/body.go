package openfinance

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"reflect"
	"slices"
	"strings"

	"tenure/handlers/web"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// body is the body of POST and PUT: its members by their exact names, and what
// is known of them.
type body struct {
	client
	sent map[string]json.RawMessage
}

// decode reads a body. It is Malformed with CodeRequest if it is no JSON object
// that says so, Invalid where a member has the wrong type. Unknown members are
// passed over (R1-2).
func decode(c *web.Call) (*body, error) {
	kind, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, badRequest("the body's Content-Type must be application/json")
	}
	raw, err := c.Body()
	if err != nil {
		return nil, err
	}
	b := &body{}
	if err := web.DecodeJSON(raw, &b.sent, false); err != nil {
		return nil, err
	}
	if err := exactly(b.sent, &b.client); err != nil {
		return nil, mistyped(err)
	}
	return b, nil
}

// exactly decodes those members that into, a pointer to a struct, names, spelled
// as it names them: encoding/json alone takes any case, and the last of two
// spellings, where others read the first (RFC 8259 section 4: names are unique).
func exactly(members map[string]json.RawMessage, into any) error {
	known := map[string]json.RawMessage{}
	shape := reflect.TypeOf(into).Elem()
	for i := range shape.NumField() {
		name, _, _ := strings.Cut(shape.Field(i).Tag.Get("json"), ",")
		if raw, ok := members[name]; ok {
			known[name] = raw
		}
	}
	raw, err := json.Marshal(known)
	if err != nil {
		return err
	}
	return web.DecodeJSON(raw, into, false)
}

// mistyped turns a value of the wrong type into that member's error.
func mistyped(err error) error {
	f := fault.Of(err)
	if f.Kind != fault.Malformed || len(f.Fields) == 0 {
		return err
	}
	field := f.Fields[0]
	member, _, _ := strings.Cut(strings.TrimPrefix(field.Path, "/"), "/")
	code := CodeMetadata
	switch member {
	case "redirect_uris":
		code = CodeRedirect
	case "webhook_uris":
		code = CodeWebhook
	case "software_statement":
		code = CodeStatement
	}
	return refuse(code, field.Path, field.Rule, "%s: %s", member, field.Message)
}

// has reports whether a member was sent, and not as null.
func (b *body) has(name string) bool {
	raw, ok := b.sent[name]
	return ok && !bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
}

// assigned are the members of an answer that only the server sets (R2-3).
var assigned = []string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"}

// request is what the body asks for; what base, nil for none, has beyond this
// dialect's members stays. Faults are Invalid.
func (b *body) request(base *document.Client) (Request, error) {
	if base == nil {
		base = &document.Client{}
	}
	c := b.client
	req := Request{Wanted: copied(*base), HasJWKS: b.has("jwks"), BoundSingular: flagOf(c.BoundSingular)}
	for _, name := range slices.Sorted(maps.Keys(b.sent)) {
		if strings.HasPrefix(name, "tls_client_auth_san_") && b.has(name) {
			req.SANMembers = append(req.SANMembers, name)
		}
	}
	w := &req.Wanted
	w.ApplicationType, w.GrantTypes, w.AuthorizationDetailsTypes = c.ApplicationType, c.GrantTypes, c.AuthorizationDetailsTypes
	w.IDTokenSignedResponseAlg, w.RequireAuthTime, w.SubjectType = c.IDTokenSignedResponseAlg, flagOf(c.RequireAuthTime), c.SubjectType
	w.ResponseTypes, w.PostLogoutRedirectURIs = c.ResponseTypes, c.PostLogoutRedirectURIs
	w.TLSClientCertificateBoundAccessTokens = flagOf(c.BoundPlural)
	w.TokenEndpointAuthMethod, w.IntrospectionEndpointAuthMethod = c.TokenAuthMethod, c.IntrospectionAuthMethod
	w.RevocationEndpointAuthMethod, w.JWKSURI, w.RedirectURIs = c.RevocationAuthMethod, c.JWKSURI, c.RedirectURIs
	w.OrganisationID, w.OrganisationName, w.OrganisationNumber = c.OrganisationID, c.OrganisationName, c.OrganisationNumber
	w.SoftwareRoles, w.SoftwareID, w.SoftwareName = c.SoftwareRoles, c.SoftwareID, c.SoftwareName
	w.SoftwareDescription, w.RequestObjectSigningAlg = c.SoftwareDescription, c.RequestObjectSigningAlg
	w.RequireSignedRequestObject, w.RequirePAR = flagOf(c.RequireSignedRequestObject), flagOf(c.RequirePAR)
	w.AuthorizationSignedResponseAlg, w.BackchannelUserCodeParameter = c.AuthorizationSignedAlg, flagOf(c.BackchannelUserCode)
	w.Scopes = strings.Fields(c.Scope)

	w.ClientName, w.ClientURI, w.LogoURI, w.PolicyURI, w.TosURI = c.ClientName, c.ClientURI, c.LogoURI, c.PolicyURI, c.TosURI
	w.Contacts, w.WebhookURIs, w.TokenEndpointAuthSigningAlg = c.Contacts, c.WebhookURIs, c.TokenAuthSigningAlg
	w.TLSClientAuthSubjectDN, w.UserinfoSignedResponseAlg = c.TLSSubjectDN, c.UserinfoSignedAlg
	w.IDTokenEncryptedResponseAlg, w.IDTokenEncryptedResponseEnc = c.IDTokenEncryptedAlg, c.IDTokenEncryptedEnc
	w.UserinfoEncryptedResponseAlg, w.UserinfoEncryptedResponseEnc = c.UserinfoEncryptedAlg, c.UserinfoEncryptedEnc
	w.RequestObjectEncryptionAlg, w.RequestObjectEncryptionEnc = c.RequestObjectEncryptAlg, c.RequestObjectEncryptEnc
	w.SoftwareVersion = c.SoftwareVersion
	w.RequestURIs, w.DefaultACRValues, w.DefaultMaxAge = c.RequestURIs, c.DefaultACRValues, c.DefaultMaxAge
	w.SectorIdentifierURI, w.InitiateLoginURI = c.SectorIdentifierURI, c.InitiateLoginURI
	w.FrontchannelLogoutURI, w.FrontchannelLogoutSessionRequired = c.FrontchannelURI, flagOf(c.FrontchannelSession)
	w.BackchannelLogoutURI, w.BackchannelLogoutSessionRequired = c.BackchannelURI, flagOf(c.BackchannelSession)
	if err := b.documents(w); err != nil {
		return Request{}, err
	}
	return req, b.spoken(w)
}

func flagOf(b *bool) document.Flag {
	if b == nil {
		return document.Unset
	}
	return document.FlagOf(*b)
}

// documents reads the members whose values are documents of their own.
func (b *body) documents(w *document.Client) error {
	w.JWKS, w.AdditionalSoftwareMetadata = "", ""
	if b.has("jwks") {
		set, faults := document.ParseJWKS(b.sent["jwks"])
		if len(faults) > 0 {
			return refuse(CodeMetadata, faults[0].Path, faults[0].Rule, "jwks: %s", faults[0].Message)
		}
		w.JWKS = set
	}
	if b.has("additional_software_metadata") {
		doc, err := document.ParseJSON(b.sent["additional_software_metadata"])
		if err != nil || !strings.HasPrefix(string(doc), "{") {
			return refuse(CodeMetadata, "/additional_software_metadata", "type", "additional_software_metadata must be an object, of no more than 64 KiB")
		}
		w.AdditionalSoftwareMetadata = doc
	}
	return nil
}

// spoken reads the members for languages, name#tag, as they are (R1-13). Those
// that are there already keep their place.
func (b *body) spoken(w *document.Client) error {
	said := map[string]string{}
	for name := range b.sent {
		base, locale, tagged := strings.Cut(name, "#")
		if !tagged || !slices.Contains(speaking, base) || !b.has(name) {
			continue
		}
		var text string
		if json.Unmarshal(b.sent[name], &text) != nil || locale == "" {
			return refuse(CodeMetadata, "/"+base, "type", "%s for a language must be a string, and the language named", base)
		}
		if text != "" {
			said[name] = text
		}
	}
	var texts []document.Localized
	for _, l := range w.Localized {
		if name := l.Name + "#" + l.Locale; l.Locale != "" && slices.Contains(speaking, l.Name) {
			var still bool
			if l.Value, still = said[name]; !still {
				continue
			}
			delete(said, name)
		}
		texts = append(texts, l)
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		base, locale, _ := strings.Cut(name, "#")
		texts = append(texts, document.Localized{Name: base, Value: said[name], Locale: locale})
	}
	w.Localized = texts
	return nil
}
