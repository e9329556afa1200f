package openfinance

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"tenure/handlers/web"
	"tenure/jwk/strictjson"
	"tenure/snapshots/document"
	"tenure/snapshots/document/registry"
)

// toDomain makes a request of a body. What base has beyond the members of this
// dialect stays; base is nil for a new client. Faults are Invalid.
func toDomain(b *body, base *document.Client) (Request, error) {
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
	if err := readDocuments(b, w); err != nil {
		return Request{}, err
	}
	return req, readRegistered(b, w)
}

func flagOf(b *bool) document.Flag {
	if b == nil {
		return document.Unset
	}
	return document.FlagOf(*b)
}

// readDocuments reads the members whose values are documents of their own.
func readDocuments(b *body, w *document.Client) error {
	stored := w.JWKS
	w.JWKS, w.AdditionalSoftwareMetadata = "", ""
	if b.has("jwks") {
		set, _, faults := document.ReadKeySet(b.sent["jwks"]).Over(stored)
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

// readRegistered reads the members of registrations that type client does not have, and
// the texts for languages (R1-13).
func readRegistered(b *body, w *document.Client) error {
	faults := append(registry.Read(b.sent, further, w), registry.ReadLocalized(b.sent, w)...)
	if len(faults) == 0 {
		return nil
	}
	first := faults[0]
	return refuse(CodeMetadata, first.Path, first.Rule, "%s: %s", strings.TrimPrefix(first.Path, "/"), first.Message)
}

// further are the members of registrations that type client does not have.
var further = registry.Beside(func(name string) bool { return slices.Contains(ownMembers, name) })

// ownMembers are the names of type client.
var ownMembers = memberNames(reflect.TypeFor[client]())

func memberNames(shape reflect.Type) []string {
	names := make([]string, shape.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(shape.Field(i).Tag.Get("json"), ",")
	}
	return names
}

// show is fromDomain with the profile's default where an empty list means it.
func (p Profile) show(stored *document.Client, setup *document.Setup) client {
	view := fromDomain(stored, setup)
	if p.EmptyIsDefault && view.ResponseTypes != nil && len(view.ResponseTypes) == 0 {
		view.ResponseTypes = p.Responses
	}
	return view
}

// fromDomain makes an answer of a client as it acts inside its setup. The caller
// fills in identifiers, secret and token. What is unset is left out, but for defaults
// that say what the client does, and both spellings of the certificate-bound member
// show the one stored value.
func fromDomain(stored *document.Client, setup *document.Setup) client {
	c := document.Effective(stored, setup)
	bound, grants, responses := c.TLSClientCertificateBoundAccessTokens, c.GrantTypes, c.ResponseTypes
	if len(grants) == 0 {
		grants = []string{grantCode} // which none means (RFC 7591 section 2)
	}
	if len(responses) == 0 {
		responses = nil
		if slices.Contains(grants, grantCode) {
			responses = []string{} // none, where "code" is the default
		}
	}
	return client{
		ApplicationType: cmp.Or(c.ApplicationType, "web"), GrantTypes: grants,
		AuthorizationDetailsTypes: c.AuthorizationDetailsTypes,
		IDTokenSignedResponseAlg:  c.IDTokenSignedResponseAlg,
		RequireAuthTime:           setFlag(c.RequireAuthTime), SubjectType: cmp.Or(c.SubjectType, "public"),
		ResponseTypes: responses, PostLogoutRedirectURIs: c.PostLogoutRedirectURIs,
		BoundSingular: flag(bound, true), BoundPlural: flag(bound, true),
		TokenAuthMethod: cmp.Or(c.TokenEndpointAuthMethod, methodBasic), IntrospectionAuthMethod: c.IntrospectionEndpointAuthMethod,
		RevocationAuthMethod: c.RevocationEndpointAuthMethod,
		IssuedAt:             new(int64),
		JWKSURI:              c.JWKSURI, RedirectURIs: c.RedirectURIs,
		OrganisationID: c.OrganisationID, OrganisationName: c.OrganisationName, OrganisationNumber: c.OrganisationNumber,
		SoftwareRoles: c.SoftwareRoles, SoftwareID: c.SoftwareID, SoftwareName: c.SoftwareName,
		SoftwareDescription: c.SoftwareDescription, RequestObjectSigningAlg: c.RequestObjectSigningAlg,
		RequireSignedRequestObject: setFlag(c.RequireSignedRequestObject), RequirePAR: setFlag(c.RequirePAR),
		AuthorizationSignedAlg: c.AuthorizationSignedResponseAlg,
		BackchannelUserCode:    setFlag(c.BackchannelUserCodeParameter), Scope: strings.Join(c.Scopes, " "),

		ClientName: c.ClientName, ClientURI: c.ClientURI, LogoURI: c.LogoURI, PolicyURI: c.PolicyURI, TosURI: c.TosURI,
		Contacts: c.Contacts, WebhookURIs: c.WebhookURIs, JWKS: json.RawMessage(c.JWKS),
		TokenAuthSigningAlg: c.TokenEndpointAuthSigningAlg, TLSSubjectDN: c.TLSClientAuthSubjectDN,
		IDTokenEncryptedAlg: c.IDTokenEncryptedResponseAlg, IDTokenEncryptedEnc: c.IDTokenEncryptedResponseEnc,
		UserinfoSignedAlg:    c.UserinfoSignedResponseAlg,
		UserinfoEncryptedAlg: c.UserinfoEncryptedResponseAlg, UserinfoEncryptedEnc: c.UserinfoEncryptedResponseEnc,
		RequestObjectEncryptAlg: c.RequestObjectEncryptionAlg, RequestObjectEncryptEnc: c.RequestObjectEncryptionEnc,
		SoftwareVersion: c.SoftwareVersion, AdditionalSoftware: json.RawMessage(c.AdditionalSoftwareMetadata),

		RequestURIs: c.RequestURIs, DefaultACRValues: c.DefaultACRValues, DefaultMaxAge: c.DefaultMaxAge,
		SectorIdentifierURI: c.SectorIdentifierURI, InitiateLoginURI: c.InitiateLoginURI,
		FrontchannelURI: c.FrontchannelLogoutURI, FrontchannelSession: setFlag(c.FrontchannelLogoutSessionRequired),
		BackchannelURI: c.BackchannelLogoutURI, BackchannelSession: setFlag(c.BackchannelLogoutSessionRequired),
	}
}

func flag(f document.Flag, def bool) *bool {
	b := f.Bool(def)
	return &b
}

// setFlag returns nil for an unset flag.
func setFlag(f document.Flag) *bool {
	if f == document.Unset {
		return nil
	}
	return flag(f, false)
}

// encode writes a client: its own members, then the other ones of registrations, then
// those for languages.
func (c client) encode(stored *document.Client) ([]byte, error) {
	raw, err := web.Encode(c)
	if err != nil {
		return nil, err
	}
	w := strictjson.NewWriter(make([]byte, 0, len(raw)+256))
	w.Append(func(dst []byte) []byte { return append(dst, raw[:len(raw)-1]...) })
	registry.Write(w, further, stored)
	registry.WriteLocalized(w, stored.Localized)
	w.Close('}')
	return append(w.Bytes(), '\n'), nil
}
