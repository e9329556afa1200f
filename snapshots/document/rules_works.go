package document

import (
	"slices"
	"strings"
	"sync"

	"tenure/jwk"
	"tenure/snapshots/document/uri"
	"tenure/tenancy/fault"
)

// Level says who brings a document. Each level has the rules of those before it.
type Level uint8

// The levels.
const (
	ByAdministrator Level = iota // in another system's dialect, which takes what that system takes
	ByTenure                     // an administrator, in Tenure's own API
	ByItself                     // a client that registers or manages itself
)

// Work is a rule that a registration has to keep in order to work at all (RFC
// 6749, 7591 section 2.1; OpenID Connect Core section 8.1). Below its level the
// plan tells of it, and nothing refuses it.
type Work struct {
	Name   string
	From   Level
	Fields []string
	Says   string // what it wants, for people
	check  func(in Input[Client]) []fault.Field
}

// Works is the table; it is never written to. A setup's policy can allow each
// row.
var Works = []Work{
	{"auth-method-known", ByTenure, authMethods, "the method is registered with IANA", unknownMethods},
	{"grant-type-known", ByTenure, []string{"grant_types"}, "the grant type is registered with IANA, or the URI of an extension", func(in Input[Client]) []fault.Field {
		var stored []string
		if in.Base != nil {
			stored = in.Base.GrantTypes
		}
		return unknownGrants(in.Next.GrantTypes, stored)
	}},
	{"public-client-credentials", ByTenure, []string{"grant_types", "token_endpoint_auth_method"},
		"a public client has no client_credentials", PublicWithoutClientCredentials().Check},
	{"code-without-redirect-uri", ByTenure, []string{"grant_types", "response_types", "redirect_uris"},
		"authorization_code and implicit have a redirect URI", codeWithoutRedirect},
	{"pairwise-without-sector", ByTenure, []string{"subject_type", "redirect_uris", "sector_identifier_uri"},
		"pairwise subjects over several hosts have a sector identifier", pairwiseWithoutSector},
	{"lifetime-positive", ByTenure, lifetimes(), "a lifetime is more than 0; default_max_age may be 0", lifetimesPositive},
	{"response-type-grant", ByItself, []string{"grant_types", "response_types"}, "a response type has its grant type, and implicit a response type: the default is code", responseWithoutGrant},
	{"response-type-known", ByItself, []string{"response_types"}, "a response type is a combination of code, token, id_token and vp_token, or none", unknownResponses},
	{"nothing-to-do", ByItself, []string{"grant_types"}, "there is a grant type besides refresh_token", nothingToDo},
	{"auth-without-means", ByItself, append([]string{"token_endpoint_auth_method", "token_endpoint_auth_signing_alg", "jwks", "jwks_uri"}, certificateNames...),
		"a method of authentication has the name or the keys that it needs, one of them for its algorithm", authWithoutMeans},
	{"certificate-name", ByItself, append([]string{"token_endpoint_auth_method"}, certificateNames...),
		"tls_client_auth has one name of a certificate, and each name has its form", certificateName},
	{"value-known", ByItself, withValues(), "the value is registered for the member", unknownValues},
	{"id-token-unsigned", ByItself, []string{"id_token_signed_response_alg", "response_types"},
		"an ID token of the authorization endpoint is signed", unsignedIDToken},
	{"notification-without-endpoint", ByItself, []string{"backchannel_token_delivery_mode", "backchannel_client_notification_endpoint"},
		"ping and push have an endpoint to notify", notificationWithoutEndpoint},
}

var authMethods = []string{"token_endpoint_auth_method", "introspection_endpoint_auth_method", "revocation_endpoint_auth_method"}

// workRules are the rows of Works, each for its level.
func workRules() []Rule[Client] {
	rules := make([]Rule[Client], len(Works))
	for i, row := range Works {
		rules[i] = Rule[Client]{row.Name, row.Fields, func(in Input[Client]) []fault.Field {
			if in.Level < row.From {
				return nil
			}
			return row.check(in)
		}}
	}
	return rules
}

// Waivable lists the rules that a setup's policy may allow, sorted.
func Waivable() []string { return slices.Clone(waivable()) }

var waivable = sync.OnceValue(func() []string {
	var names []string
	for i := range uri.Rules {
		if uri.Rules[i].Waivable {
			names = append(names, uri.Rules[i].Name)
		}
	}
	for _, row := range Works {
		names = append(names, row.Name)
	}
	slices.Sort(names)
	return names
})

// Waives reports whether a policy could allow one of the faults.
func Waives(broken []fault.Field) bool {
	names := waivable()
	return slices.ContainsFunc(broken, func(f fault.Field) bool { return slices.Contains(names, f.Rule) })
}

// Waive takes out the faults whose rule is allowed.
func Waive(broken []fault.Field, allowed []string) []fault.Field {
	return slices.DeleteFunc(broken, func(f fault.Field) bool { return slices.Contains(allowed, f.Rule) })
}

// Broken names the rows of Works that a client breaks now and its base did not
// break, whoever wrote it; base is nil for a new client, and changed is what Changed says
// of an edited one.
func Broken(next, base *Client, changed []string, setup *Setup) []Work {
	var names []Work
	in := Input[Client]{Next: next, Base: base, Setup: setup, Level: ByItself, changed: changed}
	for _, rule := range Validate(workRules(), in) {
		at := slices.IndexFunc(Works, func(row Work) bool { return row.Name == rule.Rule })
		if !slices.ContainsFunc(names, func(row Work) bool { return row.Name == rule.Rule }) {
			names = append(names, Works[at])
		}
	}
	return names
}

// knownMethods and knownGrants are IANA's registries of OAuth parameters, and
// what the specifications of OpenID add.
var (
	knownMethods = []string{MethodNone, "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt",
		"tls_client_auth", "self_signed_tls_client_auth", "attest_jwt_client_auth"}
	knownGrants = []string{grantCode, grantImplicit, grantClientCredentials, "password", grantRefresh}
)

const grantRefresh = "refresh_token"

func unknownMethods(in Input[Client]) []fault.Field {
	var all []fault.Field
	for _, name := range authMethods {
		method := *memberAt[Client](name)(in.Next).(*string)
		if in.Binds(name) && method != "" && !slices.Contains(knownMethods, method) {
			all = append(all, broken("/"+name, "the method is none of %s", strings.Join(knownMethods, ", "))...)
		}
	}
	return all
}

// CheckGrantTypes says which grant types neither IANA nor the URI of an extension
// names, by a path below path.
func CheckGrantTypes(path string, grants []string) []fault.Field {
	return unknownGrantsAt(path, grants, nil)
}

// unknownGrants takes extension grants too, which are absolute URIs (RFC 6749
// section 4.5), and those that were stored before.
func unknownGrants(grants, stored []string) []fault.Field {
	return unknownGrantsAt("/grant_types", grants, stored)
}

func unknownGrantsAt(path string, grants, stored []string) []fault.Field {
	return eachText(path, &grants, func(grant string) string {
		if slices.Contains(knownGrants, grant) || slices.Contains(stored, grant) || len(uri.Broken(grant, uri.Identifier, false)) == 0 {
			return ""
		}
		return "the grant type is none of " + strings.Join(knownGrants, ", ") + ", and no URI of an extension"
	})
}

func codeWithoutRedirect(in Input[Client]) []fault.Field {
	if len(in.Next.RedirectURIs) > 0 {
		return nil
	}
	for _, grant := range effectiveGrants(in) {
		if grant == grantCode || grant == grantImplicit {
			return broken("/redirect_uris", "the grant type %s needs a redirect URI", grant)
		}
	}
	return nil
}

// pairwiseWithoutSector: without a sector identifier the one host of the
// redirect URIs is the sector.
func pairwiseWithoutSector(in Input[Client]) []fault.Field {
	if in.Next.SubjectType != "pairwise" || in.Next.SectorIdentifierURI != "" {
		return nil
	}
	hosts := map[string]bool{}
	for _, address := range in.Next.RedirectURIs {
		hosts[uri.Parse(address).Hostname()] = true
	}
	if len(hosts) > 1 {
		return broken("/sector_identifier_uri", "pairwise subjects over several hosts need a sector_identifier_uri")
	}
	return nil
}

// lifetimes are the members that are lifetimes.
func lifetimes() []string {
	var names []string
	var probe Client
	for _, f := range clientFields {
		if _, ok := f.at(&probe).(*Lifetime); ok {
			names = append(names, f.Name)
		}
	}
	return names
}

func lifetimesPositive(in Input[Client]) []fault.Field {
	var all []fault.Field
	for _, name := range lifetimes() {
		span := *memberAt[Client](name)(in.Next).(*Lifetime)
		switch {
		case span == nil || *span > 0 || !in.Binds(name):
		case name != "default_max_age":
			all = append(all, broken("/"+name, "the lifetime is not more than 0")...)
		case *span < 0: // 0 asks for a new sign-in each time
			all = append(all, broken("/"+name, "the lifetime is less than 0")...)
		}
	}
	return all
}

// responseWithoutGrant: of a client that lists its grant types, code with
// id_token alone is content with authorization_code. Open Finance Brasil's own
// registrations are such. Without response types code is the one (RFC 7591
// section 2), and implicit alone does not allow it.
func responseWithoutGrant(in Input[Client]) []fault.Field {
	grants := effectiveGrants(in)
	if len(in.Next.ResponseTypes) == 0 && slices.Contains(grants, grantImplicit) && !slices.Contains(grants, grantCode) {
		return broken("/response_types", "the grant type %s needs a response type: the default, code, needs %s", grantImplicit, grantCode)
	}
	var all []fault.Field
	for i, combination := range in.Next.ResponseTypes {
		needs := grantsFor(combination)
		if len(needs) > 1 && in.Next.GrantTypes != nil && !slices.Contains(strings.Fields(combination), "token") {
			needs = needs[:1]
		}
		for _, need := range needs {
			if !slices.Contains(grants, need) {
				all = append(all, broken(item("/response_types", i), "the response type needs the grant type %s", need)...)
				break
			}
		}
	}
	return all
}

// responseWords are those registered with IANA that go with each other, in any
// order; none goes alone.
var responseWords = []string{"code", "token", "id_token", "vp_token"}

func unknownResponses(in Input[Client]) []fault.Field {
	var stored []string
	if in.Base != nil {
		stored = in.Base.ResponseTypes
	}
	return eachText("/response_types", &in.Next.ResponseTypes, func(combination string) string {
		if combination == MethodNone || slices.Contains(stored, combination) {
			return ""
		}
		words := strings.Fields(combination)
		for i, word := range words {
			if !slices.Contains(responseWords, word) {
				return "the response type is neither none nor a combination of " + strings.Join(responseWords, ", ")
			}
			if slices.Contains(words[:i], word) {
				return "the response type has a word twice"
			}
		}
		return ""
	})
}

// unsignedIDToken: people's browsers carry it there, and could change it (OpenID Connect
// Registration section 2).
func unsignedIDToken(in Input[Client]) []fault.Field {
	front := func(combination string) bool { return slices.Contains(strings.Fields(combination), "id_token") }
	if in.Next.IDTokenSignedResponseAlg == MethodNone && slices.ContainsFunc(in.Next.ResponseTypes, front) {
		return broken("/id_token_signed_response_alg", "a response type with id_token needs a signature")
	}
	return nil
}

// notificationWithoutEndpoint: CIBA section 4.
func notificationWithoutEndpoint(in Input[Client]) []fault.Field {
	if mode := in.Next.BackchannelDeliveryMode; (mode == "ping" || mode == "push") && in.Next.BackchannelNotification == "" {
		return broken("/backchannel_client_notification_endpoint", "%s needs an endpoint to notify", mode)
	}
	return nil
}

func nothingToDo(in Input[Client]) []fault.Field {
	for _, grant := range effectiveGrants(in) {
		if grant != grantRefresh {
			return nil
		}
	}
	return broken("/grant_types", "with %s alone there is nothing to refresh", grantRefresh)
}

func authWithoutMeans(in Input[Client]) []fault.Field {
	const own, selfSigned = "private_key_jwt", "self_signed_tls_client_auth"
	set, alg := []byte(in.Next.JWKS), in.Next.TokenEndpointAuthSigningAlg
	switch method := in.Next.TokenEndpointAuthMethod; {
	case method == "tls_client_auth" && in.Next.CertificateNames() == 0:
		return broken("/token_endpoint_auth_method", "%s needs the subject of the certificate", method)
	case method != own && method != selfSigned, in.Next.JWKSURI != "":
		return nil
	case len(set) == 0:
		return broken("/token_endpoint_auth_method", "%s needs jwks or jwks_uri", method)
	case len(jwk.LabelsOf(set)) == 0:
		return broken("/jwks", "%s needs a key, and the set has none", method)
	case method == own && !slices.ContainsFunc(jwk.Keys(set), func(k jwk.Key) bool { return k.Signs }):
		return broken("/jwks", "%s needs a key that can sign, and the set has none", method)
	case method == own && alg != "" && !slices.ContainsFunc(jwk.Keys(set), func(k jwk.Key) bool { return k.SignsWith(alg) }):
		return broken("/token_endpoint_auth_signing_alg", "%s needs a key that can sign with the algorithm, and the set has none", method)
	}
	return nil
}

// Settled is the document as it is kept: origins in their canonical form, and no
// element twice in what a client brings itself. A list that equals the base's
// stays as it is.
func Settled[T Content](next, base *T, level Level) *T { return settled(next, base, level == ByItself) }

// Once is Settled for what somebody has just written and no original decides on: no
// element twice.
func Once[T Content](next, base *T) *T { return settled(next, base, true) }

func settled[T Content](next, base *T, once bool) *T {
	client, ok := any(next).(*Client)
	if !ok || client == nil || !once && len(client.AllowedCORSOrigins) == 0 {
		return next
	}
	was, _ := any(base).(*Client)
	kept := *client
	for _, f := range clientFields {
		list, ok := listOf(f.at(&kept))
		if !ok || len(list) == 0 || f.Name != "allowed_cors_origins" && !once {
			continue
		}
		var stored []string
		if was != nil {
			stored, _ = listOf(f.at(was))
		}
		if slices.Equal(list, stored) {
			continue
		}
		items := make([]string, 0, len(list))
		seen := make(map[string]bool, len(list))
		for _, text := range list {
			if f.Name == "allowed_cors_origins" && !slices.Contains(stored, text) {
				text = uri.CanonicalOrigin(text)
			}
			if !once || !seen[text] {
				items = append(items, text)
			}
			seen[text] = true
		}
		setList(f.at(&kept), items)
	}
	return any(&kept).(*T)
}

func setList(member any, list []string) {
	switch m := member.(type) {
	case *[]string:
		*m = list
	case *inheritable:
		*m = list
	}
}
