package diff

import "slices"

// rules is the table of risks. It is never written to. A row is: name, members,
// level, effect, whether it holds for new documents too, and what says the
// words. Sources: RFC 6749, 7591, 7636, 8252, 8705, 9101, 9126, 9700 (best
// current practice), OpenID Connect Core, Registration and the logout
// specifications.
var rules = []rule{
	{"uri-wildcard", addresses, Critical, Relaxes, true, addressBreaks("uri-wildcard", "%s with wildcard added")},
	{"uri-without-tls", addresses, Critical, Relaxes, true, addressBreaks("uri-without-tls", "%s without TLS added")},
	{"uri-host", addresses, Critical, Relaxes, true, addressBreaks("uri-host", "%s with a host added that readers take for different ones")},
	{"uri-backslash", addresses, Critical, Relaxes, true, addressBreaks("uri-backslash", "%s with a backslash added: browsers read it as a slash")},
	{"uri-userinfo", addresses, Critical, Relaxes, true, addressBreaks("uri-userinfo", "%s with a user name added: people take it for the host")},
	{"uri-dot-segment", addresses, Critical, Relaxes, true, addressBreaks("uri-dot-segment", "%s with a segment . or .. added: it is another path for browsers")},
	{"uri-without-host", addresses, Critical, Relaxes, true, addressBreaks("uri-without-host", "%s without a host added")},
	{"uri-encoded-control", addresses, Critical, Relaxes, true,
		addressBreaks("uri-encoded-control", "%s with an encoded control character added: decoded, it can end a line or a header")},
	{"uri-unencoded", addresses, Sensitive, Relaxes, true, addressBreaks("uri-unencoded", "%s with a character added that must be encoded")},
	{"uri-absolute", addresses, Sensitive, Relaxes, true, addressBreaks("uri-absolute", "%s without a scheme added: where it leads depends on who reads it")},
	{"uri-http", addresses, Sensitive, Relaxes, true, addressBreaks("uri-http", "%s added that is neither http nor https")},
	{"uri-fragment", addresses, Sensitive, Alters, true, addressBreaks("uri-fragment", "%s with a fragment added")},
	{"uri-loopback", addresses, Sensitive, Relaxes, true, addressBreaks("uri-loopback", "%s that leads to this machine added")},
	{"uri-inside", addresses, Sensitive, Relaxes, true, addressBreaks("uri-inside", "%s that leads into the network behind this machine added")},
	{"uri-private-scheme", redirects, Sensitive, Relaxes, true,
		uriAdded(privateScheme, "%s with a scheme of its own added: any app of a device can claim it")},
	{"uri-other-domain", uriLists, Sensitive, Relaxes, false, otherDomain},
	{"uri-removed", uriLists, Sensitive, Breaks, false, uriRemoved},
	{"page-other-domain", pages, Sensitive, Alters, false, pageMoved},

	{"auth-none", []string{"token_endpoint_auth_method"}, Critical, Relaxes, false, authNone},
	{"auth-weaker", authMethods, Sensitive, Relaxes, false, authWeaker},
	{"auth-changed", authMethods, Sensitive, Breaks, false, authChanged},
	{"auth-other-subject", []string{"tls_client_auth_subject_dn"}, Sensitive, Relaxes, false,
		replacedValue("another certificate name now proves the client")},

	{"signing-none", signingAlgs, Critical, Relaxes, false, signingNone},
	{"signing-shared-secret", signingAlgs, Sensitive, Relaxes, false, signingSymmetric},
	{"signing-changed", signingAlgs, Sensitive, Breaks, false, replacedValue("signature algorithm changed: who expects the old one refuses")},
	{"encryption-off", encryptionAlgs, Sensitive, Relaxes, false, encryptionOff},
	{"encryption-changed", encryptionAlgs, Sensitive, Breaks, false, encryptionChanged},

	{"key-added", keySets, Sensitive, Relaxes, false, keyAdded},
	{"key-removed", keySets, Sensitive, Breaks, false, keyRemoved},
	{"keys-gone", []string{"jwks", "jwks_uri"}, Critical, Breaks, false, keysGone},
	{"key-changed", keySets, Sensitive, Breaks, false, keyChanged},
	{"certificate-removed", keySets, Sensitive, Breaks, false, certificateRemoved},
	{"certificate-expired", keySets, Critical, Breaks, true, certificateExpired},
	{"certificate-not-yet-valid", keySets, Sensitive, Breaks, true, certificateNotYet},
	{"certificate-expires-soon", keySets, Sensitive, Breaks, true, certificateSoon},
	{"certificate-expires-sooner", keySets, Sensitive, Breaks, false, certificateSooner},
	{"key-x5u", keySets, Sensitive, Relaxes, true, keyAddress},
	{"jwks-uri-without-tls", []string{"jwks_uri"}, Critical, Relaxes, true, jwksURIWithoutTLS},
	{"jwks-uri-other-host", []string{"jwks_uri"}, Critical, Relaxes, false, jwksURIOtherHost},
	{"jwks-uri-new", []string{"jwks_uri"}, Sensitive, Relaxes, false, jwksURINew},

	{"pkce-not-required", []string{"pkce_mode"}, Critical, Relaxes, false, pkceDropped},
	{"pkce-plain", []string{"pkce_mode"}, Sensitive, Relaxes, false, pkcePlain},
	{"pkce-required", []string{"pkce_mode"}, Sensitive, Breaks, false, pkceTightened},
	{"grant-password", grantTypes, Critical, Relaxes, true, grantNamed("password", "new grant type password: the client sees people's passwords")},
	{"grant-implicit", grantTypes, Sensitive, Relaxes, true, grantNamed("implicit", "new grant type implicit: tokens travel in addresses")},
	{"grant-added", grantTypes, Sensitive, Relaxes, false, grantAdded},
	{"grant-removed", grantTypes, Sensitive, Breaks, false, grantRemoved},
	{"response-type-token", []string{"response_types"}, Sensitive, Relaxes, true, responseToken},
	{"response-type-removed", []string{"response_types"}, Sensitive, Breaks, false, itemRemoved("response type removed: %s")},
	{"scope-added", []string{"scopes"}, Sensitive, Relaxes, false, scopeAdded},
	{"scope-removed", []string{"scopes"}, Sensitive, Breaks, false, scopeRemoved},
	{"audience-added", audiences, Sensitive, Relaxes, false, itemAdded("more may be asked for: %s")},
	{"audience-removed", audiences, Sensitive, Breaks, false, itemRemoved("less may be asked for: %s")},

	{"lifetime-longer", nil, Sensitive, Relaxes, false, lifetimeLonger},
	{"lifetime-shorter", nil, Routine, Breaks, false, lifetimeShorter},
	{"max-age-longer", []string{"default_max_age"}, Sensitive, Relaxes, false, maxAgeLonger},

	{"protection-off", protections, Critical, Relaxes, false, switched(true, false, "no longer required: %s")},
	{"requirement-off", requirements, Sensitive, Relaxes, false, switched(true, false, "no longer required: %s")},
	{"requirement-on", append(append([]string{}, protections...), requirements...), Sensitive, Breaks, false,
		switched(false, true, "now required: %s")},
	{"consent-skipped", []string{"skip_consent", "skip_logout_consent"}, Sensitive, Relaxes, false, switched(false, true, "people are no longer asked: %s")},
	{"logout-not-told", []string{"frontchannel_logout_uri", "backchannel_logout_uri"}, Sensitive, Relaxes, false, logoutGone},
	{"subjects-public", []string{"subject_type"}, Sensitive, Relaxes, false, subjectsPublic},
	{"subjects-change", []string{"subject_type", "sector_identifier_uri"}, Sensitive, Breaks, false, subjectsChange},
	{"token-format", []string{"access_token_strategy"}, Sensitive, Breaks, false, replacedValue("access tokens have another format")},
	{"scope-policy-relaxed", scopePolicies, Sensitive, Relaxes, false, policyRelaxed},
	{"scope-policy-tightened", scopePolicies, Sensitive, Breaks, false, policyTightened},
	{"auth-method-known", works("auth-method-known"), Sensitive, Breaks, true, breaks("auth-method-known", "the auth method is none that is registered")},
	{"grant-type-known", works("grant-type-known"), Sensitive, Breaks, true, breaks("grant-type-known", "a grant type is none that is registered")},
	{"public-client-credentials", works("public-client-credentials"), Critical, Relaxes, true,
		breaks("public-client-credentials", "who knows the client_id gets tokens: client_credentials without authentication")},
	{"code-without-redirect-uri", works("code-without-redirect-uri"), Sensitive, Breaks, true,
		breaks("code-without-redirect-uri", "there is no redirect URI to send people back to")},
	{"pairwise-without-sector", works("pairwise-without-sector"), Sensitive, Breaks, true,
		breaks("pairwise-without-sector", "pairwise subjects over several hosts without a sector identifier: sign-in fails")},
	{"lifetime-positive", works("lifetime-positive"), Sensitive, Breaks, true, breaks("lifetime-positive", "a lifetime ends before it begins")},
	{"response-type-grant", works("response-type-grant"), Sensitive, Breaks, true, breaks("response-type-grant", "a response type has no grant type, or implicit no response type")},
	{"response-type-known", works("response-type-known"), Sensitive, Breaks, true, breaks("response-type-known", "a response type is none that anybody registered")},
	{"nothing-to-do", works("nothing-to-do"), Sensitive, Breaks, true, breaks("nothing-to-do", "refresh_token alone gets no first token")},
	{"auth-without-means", works("auth-without-means"), Sensitive, Breaks, true, breaks("auth-without-means", "the client cannot authenticate: it has no name, or no keys that fit its method and algorithm")},
	{"certificate-name", works("certificate-name"), Sensitive, Breaks, true,
		breaks("certificate-name", "the client cannot authenticate: its certificate has several names, or one without the form of its kind")},
	{"value-known", works("value-known"), Sensitive, Breaks, true, unregistered},
	{"id-token-unsigned", works("id-token-unsigned"), Critical, Relaxes, true,
		breaks("id-token-unsigned", "ID tokens come through people's browsers unsigned")},
	{"notification-without-endpoint", works("notification-without-endpoint"), Sensitive, Breaks, true,
		breaks("notification-without-endpoint", "there is no endpoint to notify of a sign-in")},
	{"claims-changed", []string{"custom_claims"}, Sensitive, Alters, false, replacedValue("claims in tokens change")},
}

// The members that rules share.
var (
	redirects = []string{"redirect_uris", "post_logout_redirect_uris", "claims_redirect_uris"}
	uriLists  = []string{"redirect_uris", "post_logout_redirect_uris", "claims_redirect_uris", "request_uris", "allowed_cors_origins", "webhook_uris"}
	pages     = []string{"client_uri", "logo_uri", "tos_uri", "policy_uri", "initiate_login_uri", "frontchannel_logout_uri", "backchannel_logout_uri"}
	addresses = slices.Concat(uriLists, pages, []string{"jwks_uri", "sector_identifier_uri", "signed_jwks_uri", "information_uri", "organization_uri",
		"backchannel_client_notification_endpoint", "localized_metadata"})
	authMethods = []string{"token_endpoint_auth_method", "introspection_endpoint_auth_method", "revocation_endpoint_auth_method"}
	signingAlgs = []string{"token_endpoint_auth_signing_alg", "id_token_signed_response_alg", "userinfo_signed_response_alg",
		"request_object_signing_alg", "authorization_signed_response_alg", "introspection_signed_response_alg", "nfv_token_signed_response_alg",
		"backchannel_authentication_request_signing_alg"}
	encryptionAlgs = []string{"id_token_encrypted_response_alg", "id_token_encrypted_response_enc", "userinfo_encrypted_response_alg",
		"userinfo_encrypted_response_enc", "request_object_encryption_alg", "request_object_encryption_enc", "authorization_encrypted_response_alg",
		"authorization_encrypted_response_enc", "introspection_encrypted_response_alg", "introspection_encrypted_response_enc",
		"nfv_token_encrypted_response_alg", "nfv_token_encrypted_response_enc"}
	keySets     = []string{"jwks"}
	grantTypes  = []string{"grant_types"}
	audiences   = []string{"audience", "authorization_details_types", "software_roles"}
	protections = []string{"require_pushed_authorization_requests", "require_signed_request_object",
		"tls_client_certificate_bound_access_tokens"}
	requirements = []string{"force_reauthentication", "require_auth_time", "frontchannel_logout_session_required",
		"backchannel_logout_session_required", "backchannel_user_code_parameter", "scope_policy_force_reauthentication",
		"policy_force_reauthentication"}
	scopePolicies = []string{"scope_policy_implicit_flow", "scope_policy_authorization_code_flow", "scope_policy_refresh_token",
		"policy_implicit_flow", "policy_authorization_code_flow", "policy_refresh_token"}
)
