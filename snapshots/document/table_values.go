package document

import (
	"slices"

	"tenure/tenancy/fault"
)

// The algorithms for signatures and encryption that are registered with IANA ("JSON Web
// Signature and Encryption Algorithms").
var (
	asymmetric = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519", "Ed448",
		"ML-DSA-44", "ML-DSA-65", "ML-DSA-87"}
	signatures     = slices.Concat([]string{"HS256", "HS384", "HS512"}, asymmetric)
	maybeSigned    = slices.Concat([]string{"none"}, signatures)
	keyEncryptions = []string{"RSA1_5", "RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW",
		"ECDH-ES+A256KW", "A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW", "dir", "PBES2-HS256+A128KW", "PBES2-HS384+A192KW",
		"PBES2-HS512+A256KW"}
	encryptions = []string{"A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM"}
)

// registered is the values that members may have; case counts. Sources: OpenID Connect
// Registration section 2 (which may be none), RFC 9701 section 6, JARM
// section 3, CIBA sections 4 and 7.1.1, OpenID Federation section 5.1.2, OpenID4VP
// section 5.1.
var registered = map[string][]string{
	"application_type":                {"web", "native"},
	"backchannel_token_delivery_mode": {"poll", "ping", "push"},
	"client_registration_types":       {"automatic", "explicit"},

	"id_token_signed_response_alg":                   maybeSigned,
	"userinfo_signed_response_alg":                   maybeSigned,
	"request_object_signing_alg":                     maybeSigned,
	"token_endpoint_auth_signing_alg":                signatures,
	"authorization_signed_response_alg":              signatures,
	"introspection_signed_response_alg":              signatures,
	"nfv_token_signed_response_alg":                  signatures,
	"backchannel_authentication_request_signing_alg": asymmetric,

	"id_token_encrypted_response_alg":      keyEncryptions,
	"userinfo_encrypted_response_alg":      keyEncryptions,
	"request_object_encryption_alg":        keyEncryptions,
	"authorization_encrypted_response_alg": keyEncryptions,
	"introspection_encrypted_response_alg": keyEncryptions,
	"nfv_token_encrypted_response_alg":     keyEncryptions,

	"id_token_encrypted_response_enc":         encryptions,
	"userinfo_encrypted_response_enc":         encryptions,
	"request_object_encryption_enc":           encryptions,
	"authorization_encrypted_response_enc":    encryptions,
	"introspection_encrypted_response_enc":    encryptions,
	"nfv_token_encrypted_response_enc":        encryptions,
	"encrypted_response_enc_values_supported": encryptions,
}

// withValues lists the members of the table in the order of clientFields.
func withValues() []string {
	var names []string
	for _, f := range clientFields {
		if registered[f.Name] != nil {
			names = append(names, f.Name)
		}
	}
	return names
}

// Registered reports whether a member, or an item of its list, may have a value. It is
// true for members whose values nobody registers.
func Registered(member, value string) bool {
	values := registered[member]
	return values == nil || slices.Contains(values, value)
}

func unknownValues(in Input[Client]) []fault.Field {
	var all []fault.Field
	for _, f := range clientFields {
		values := registered[f.Name]
		if values == nil || !in.Binds(f.Name) {
			continue
		}
		var stored []string
		if in.Base != nil {
			stored, _ = listOf(f.at(in.Base))
		}
		none := checkOneOf(values)
		all = append(all, eachText("/"+f.Name, f.at(in.Next), func(value string) string {
			if value == "" || slices.Contains(stored, value) {
				return ""
			}
			return none(value)
		})...)
	}
	return all
}
