package document

import (
	"tenure/tenancy/fault"
	"tenure/tenancy/text"
)

// texts is the kind of every member that is a text and no address, in domain
// names; those of a resource server's scope begin with "scope_". A localized
// text is a title where the member of its name is a line or one, else it is prose.
var texts = map[string]text.Kind{
	"client_name": text.Title,
	"name":        text.Line, // of a setup, a resource server, a localized text
	"owner":       text.Title,
	"comment":     text.Prose,
	"contacts":    text.Line,

	"application_type":            text.Word,
	"subject_type":                text.Word,
	"grant_types":                 text.Word,
	"response_types":              text.Words,
	"scopes":                      text.Scope,
	"audience":                    text.Line,
	"authorization_details_types": text.Line,
	"pkce_mode":                   text.Word,
	"default_acr_values":          text.Line,
	"access_token_strategy":       text.Word,

	"token_endpoint_auth_method":         text.Word,
	"token_endpoint_auth_signing_alg":    text.Word,
	"introspection_endpoint_auth_method": text.Word,
	"revocation_endpoint_auth_method":    text.Word,
	"id_token_signed_response_alg":       text.Word,
	"id_token_encrypted_response_alg":    text.Word,
	"id_token_encrypted_response_enc":    text.Word,
	"userinfo_signed_response_alg":       text.Word,
	"userinfo_encrypted_response_alg":    text.Word,
	"userinfo_encrypted_response_enc":    text.Word,
	"request_object_signing_alg":         text.Word,
	"request_object_encryption_alg":      text.Word,
	"request_object_encryption_enc":      text.Word,
	"authorization_signed_response_alg":  text.Word,
	"tls_client_auth_subject_dn":         text.Line,

	"organisation_id":      text.Line,
	"organisation_name":    text.Line,
	"organisation_number":  text.Line,
	"software_id":          text.Line,
	"software_name":        text.Line,
	"software_description": text.Prose,
	"software_roles":       text.Line,
	"software_version":     text.Line,

	"tls_client_auth_san_dns":   text.Line,
	"tls_client_auth_san_uri":   text.Line, // of a certificate, and nobody calls it
	"tls_client_auth_san_ip":    text.Line,
	"tls_client_auth_san_email": text.Line,

	"nfv_token_signed_response_alg":                  text.Word,
	"nfv_token_encrypted_response_alg":               text.Word,
	"nfv_token_encrypted_response_enc":               text.Word,
	"introspection_signed_response_alg":              text.Word,
	"introspection_encrypted_response_alg":           text.Word,
	"introspection_encrypted_response_enc":           text.Word,
	"authorization_encrypted_response_alg":           text.Word,
	"authorization_encrypted_response_enc":           text.Word,
	"backchannel_token_delivery_mode":                text.Word,
	"backchannel_authentication_request_signing_alg": text.Word,
	"client_registration_types":                      text.Word,
	"encrypted_response_enc_values_supported":        text.Word,
	"organization_name":                              text.Title,
	"description":                                    text.Prose,
	"keywords":                                       text.Line,

	"scope_policy_implicit_flow":           text.Word, // of a setup, and of a scope
	"scope_policy_authorization_code_flow": text.Word,
	"scope_policy_refresh_token":           text.Word,
	"scope_name":                           text.Scope,
	"scope_custom_claims":                  text.Code,
}

// scopePrefix tells the members of a resource server's scope from others.
const scopePrefix = "scope_"

// checkTexts holds the table of package text for every text of the document
// that its base does not have.
func checkTexts[T Content](in Input[T]) []fault.Field {
	var all []fault.Field
	in.eachNew(func(at spot, name, value string, localized bool) {
		kind, ok := texts[name]
		switch {
		case !ok && !localized:
			return // an address
		case localized && (kind == text.Line || kind == text.Title):
			kind = text.Title
		case localized:
			kind = text.Prose
		}
		if _, address := UseOf(name); localized && address {
			return
		}
		if value == "" && name == "name" {
			return // of a localized text; checkLocalized asks for it
		}
		if f := text.Check(kind, value); f != nil {
			all = append(all, fault.Field{Path: at.path(), Rule: f.Rule, Message: f.Message})
		}
	})
	return all
}
