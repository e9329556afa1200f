package openfinance

import (
	"cmp"
	"slices"
	"strings"

	"tenure/handlers/openfinance/scheme"
	"tenure/snapshots/document"
)

// auth checks the auth methods, and that tls_client_auth comes with the subject's
// name and no other subject member (B-12, A-14).
func (p Profile) auth(c *document.Client, req Request, _ *scheme.Statement) error {
	usual := p.AuthMethod
	if c.JWKSURI == "" && c.JWKS == "" {
		usual = p.AuthMethodKeyless
	}
	c.TokenEndpointAuthMethod = cmp.Or(c.TokenEndpointAuthMethod, usual)
	for _, m := range []struct{ name, method string }{
		{"token_endpoint_auth_method", c.TokenEndpointAuthMethod},
		{"introspection_endpoint_auth_method", c.IntrospectionEndpointAuthMethod},
		{"revocation_endpoint_auth_method", c.RevocationEndpointAuthMethod},
	} {
		if m.method != "" && !slices.Contains(p.AuthMethods, m.method) {
			return refuse(CodeMetadata, "/"+m.name, "one-of", "%s must be one of %s", m.name, strings.Join(p.AuthMethods, ", "))
		}
	}
	switch c.TokenEndpointAuthMethod {
	case methodPrivateKeyJWT:
		if c.JWKSURI == "" && c.JWKS == "" {
			return refuse(CodeMetadata, "/jwks_uri", "required", "private_key_jwt needs jwks_uri")
		}
	case methodTLS:
		if names := c.CertificateNames(); !p.Statement && names != 1 {
			return refuse(CodeMetadata, "/tls_client_auth_subject_dn", "required", "tls_client_auth needs tls_client_auth_subject_dn, "+
				"or exactly one of tls_client_auth_san_dns, tls_client_auth_san_uri, tls_client_auth_san_ip and tls_client_auth_san_email")
		} else if !p.Statement {
			return nil
		}
		if len(req.SANMembers) > 0 {
			return refuse(CodeMetadata, "/"+req.SANMembers[0], "subject-dn", "tls_client_auth must come with tls_client_auth_subject_dn and no other subject member")
		}
		if c.TLSClientAuthSubjectDN == "" {
			return refuse(CodeMetadata, "/tls_client_auth_subject_dn", "required", "tls_client_auth needs tls_client_auth_subject_dn")
		}
	}
	return nil
}

// flows checks grants and response types, and that they fit (R1-3, R1-5, R1-6).
func (p Profile) flows(c *document.Client, _ Request, _ *scheme.Statement) error {
	if c.GrantTypes == nil {
		c.GrantTypes = slices.Clone(p.Grants)
	}
	for i, grant := range c.GrantTypes {
		if !slices.Contains(p.GrantTypes, grant) {
			return refuse(CodeMetadata, item("grant_types", i), "one-of", "each grant type must be one of %s", strings.Join(p.GrantTypes, ", "))
		}
	}
	c.GrantTypes = distinct(c.GrantTypes)
	if c.GrantTypes == nil {
		c.GrantTypes = []string{} // nil would inherit from the setup
	}
	unset := c.ResponseTypes == nil || p.EmptyIsDefault && len(c.ResponseTypes) == 0
	if unset && slices.Contains(c.GrantTypes, grantCode) {
		c.ResponseTypes = slices.Clone(p.Responses)
	}
	for i, combination := range c.ResponseTypes {
		words := strings.Fields(combination)
		slices.Sort(words)
		if !slices.Contains(p.ResponseTypes, strings.Join(words, " ")) && !slices.Contains(p.ResponseTypes, combination) {
			return refuse(CodeMetadata, item("response_types", i), "one-of", "each response type must be one of %s", strings.Join(p.ResponseTypes, ", "))
		}
		for _, need := range p.grantsFor(words) {
			if !slices.Contains(c.GrantTypes, need) && !p.hadFlows(c) {
				return refuse(CodeMetadata, item("response_types", i), "grant", "a response type needs the grant type %s", need)
			}
		}
	}
	if len(c.ResponseTypes) > 0 && len(c.RedirectURIs) == 0 {
		return refuse(CodeRedirect, "/redirect_uris", "required", "response_types need redirect_uris")
	}
	c.ApplicationType = cmp.Or(c.ApplicationType, p.ApplicationTypes[0])
	c.SubjectType = cmp.Or(c.SubjectType, p.SubjectTypes[0])
	if !slices.Contains(p.ApplicationTypes, c.ApplicationType) {
		return refuse(CodeMetadata, "/application_type", "one-of", "application_type must be one of %s", strings.Join(p.ApplicationTypes, ", "))
	}
	if !slices.Contains(p.SubjectTypes, c.SubjectType) {
		return refuse(CodeMetadata, "/subject_type", "one-of", "subject_type must be one of %s", strings.Join(p.SubjectTypes, ", "))
	}
	return nil
}

// grantsFor are the grant types that a response type needs.
func (p Profile) grantsFor(words []string) []string {
	var needs []string
	code := slices.Contains(words, "code")
	if code {
		needs = append(needs, grantCode)
	}
	if (slices.Contains(words, "token") || slices.Contains(words, "id_token")) && (p.HybridImplicit || !code) {
		needs = append(needs, grantImplicit)
	}
	return needs
}

// algorithms checks the algorithms; the default is the strongest (7.1.1).
func (p Profile) algorithms(c *document.Client, _ Request, _ *scheme.Statement) error {
	c.IDTokenSignedResponseAlg = cmp.Or(c.IDTokenSignedResponseAlg, p.IDTokenAlgs[0])
	for _, m := range []struct {
		name, alg string
		of        []string
	}{
		{"id_token_signed_response_alg", c.IDTokenSignedResponseAlg, p.IDTokenAlgs},
		{"token_endpoint_auth_signing_alg", c.TokenEndpointAuthSigningAlg, p.SigningAlgs},
		{"userinfo_signed_response_alg", c.UserinfoSignedResponseAlg, p.SigningAlgs},
		{"request_object_signing_alg", c.RequestObjectSigningAlg, p.SigningAlgs},
		{"authorization_signed_response_alg", c.AuthorizationSignedResponseAlg, p.SigningAlgs},
		{"id_token_encrypted_response_alg", c.IDTokenEncryptedResponseAlg, p.KeyAlgs},
		{"id_token_encrypted_response_enc", c.IDTokenEncryptedResponseEnc, p.ContentEncs},
		{"userinfo_encrypted_response_alg", c.UserinfoEncryptedResponseAlg, p.KeyAlgs},
		{"userinfo_encrypted_response_enc", c.UserinfoEncryptedResponseEnc, p.ContentEncs},
		{"request_object_encryption_alg", c.RequestObjectEncryptionAlg, p.KeyAlgs},
		{"request_object_encryption_enc", c.RequestObjectEncryptionEnc, p.ContentEncs},
	} {
		switch {
		case m.alg == "":
		case m.of != nil && !slices.Contains(m.of, m.alg):
			return refuse(CodeMetadata, "/"+m.name, "one-of", "%s must be one of %s", m.name, strings.Join(m.of, ", "))
		case scheme.TextWithin(60)(m.alg) != "":
			return refuse(CodeMetadata, "/"+m.name, "limit", "%s %s", m.name, scheme.TextWithin(60)(m.alg))
		}
	}
	for _, pair := range []struct{ enc, alg, value, need string }{
		{"id_token_encrypted_response_enc", "id_token_encrypted_response_alg", c.IDTokenEncryptedResponseEnc, c.IDTokenEncryptedResponseAlg},
		{"userinfo_encrypted_response_enc", "userinfo_encrypted_response_alg", c.UserinfoEncryptedResponseEnc, c.UserinfoEncryptedResponseAlg},
		{"request_object_encryption_enc", "request_object_encryption_alg", c.RequestObjectEncryptionEnc, c.RequestObjectEncryptionAlg},
	} {
		if pair.value != "" && pair.need == "" {
			return refuse(CodeMetadata, "/"+pair.enc, "pair", "%s needs %s", pair.enc, pair.alg)
		}
	}
	return nil
}

// flags checks the two spellings of certificate-bound tokens, of which the plural
// is stored, and sets the defaults of booleans.
func (p Profile) flags(c *document.Client, req Request, _ *scheme.Statement) error {
	bound := c.TLSClientCertificateBoundAccessTokens
	if bound != document.Unset && req.BoundSingular != document.Unset && bound != req.BoundSingular {
		return refuse(CodeMetadata, "/tls_client_certificate_bound_access_token", "spelling",
			"tls_client_certificate_bound_access_token and tls_client_certificate_bound_access_tokens must not differ")
	}
	if bound == document.Unset {
		bound = req.BoundSingular
	}
	c.TLSClientCertificateBoundAccessTokens = document.FlagOf(p.BoundTokens || bound.Bool(!c.Public()))
	if p.SignedRequests && c.RequireSignedRequestObject == document.Unset {
		c.RequireSignedRequestObject = document.True
	}
	return nil
}
