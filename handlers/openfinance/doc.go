// Package openfinance registers and manages OAuth clients as Open Finance
// Brasil has it: a software statement that the directory signed, a client
// certificate, and a registration access token.
//
// Short names in comments: B-n are the rules of the Brazilian profile, A-nn the
// acceptance checks, in the table of docs/openfinance.md; ID3 is the profile's
// Implementers Draft 3, DCR2 its version 2.0.0 of December 2025; "page" is the
// API page of GET /reg/{ClientId}.
//
// It owns what a registration must prove and what it may ask for: the statement
// (statement.go, with the directory's keys in directory.go), the certificate
// (certificate.go, proxy.go, with names in dn.go and dnmatch.go), the headers
// (headers.go), the switches of each profile (profile.go), and the rules that
// make a client of a request and a statement (rules.go and its siblings). All
// of that is pure, or takes its clock and its fetches as arguments; none of it
// reads or writes the store.
//
// Reading order: profile.go, statement.go, directory.go, certificate.go, dn.go,
// rules.go, headers.go.
//
// Invariants: a name in a certificate counts only after its chain was verified;
// a proxy's header counts only from a configured address, and then instead of
// the proxy's own certificate; no claim counts before the signature; what the
// statement says replaces what the body says.
//
// Choices:
//   - Only PS256 with an RSA key of 2048 bits or more, from the directory's set,
//     found by kid. jku, x5u, x5c, jwk and crit in the header are refused or not
//     looked at: the caller must not say where the key is.
//   - iat may be 5 min old to the microsecond, and 30 s ahead. exp and nbf hold
//     if they are there.
//   - Everything wrong with the JWT itself is invalid_software_statement, its
//     claims' form included; a sound one that may not register here (another
//     certificate's, inactive, without a role) is unapproved_software_statement.
//   - Active roles come from software_statement_roles. Only where that claim is
//     absent or null does the plain list software_roles count, all of it active.
//   - software_status is not in the known sample; where it is there it must be
//     Active. software_environment and software_mode are compared where they
//     are configured.
//   - A statement of the other environment fails by its key, then by iss.
//   - Lists of webhooks are compared as sets; redirect URIs byte for byte.
//   - ID3 says other forms of a DN than its own are refused, the ecosystem's
//     tests say they should be taken: they are taken, and compared by value.
//   - The OU stands for organizationIdentifier only where that is absent and the
//     certificate starts before 2022-08-31. A second UID, organizationIdentifier
//     or such OU makes the certificate ambiguous: refused.
//   - tls_client_auth under DCR2 is refused, not turned into private_key_jwt:
//     a client should get the method that it asked for or an error.
//   - response type "code id_token" does not need the implicit grant in the
//     Brazilian profiles: the scheme's own API description lists grants without
//     it. In plain it does (RFC 7591 section 2.1).
//   - plain defaults to private_key_jwt as the page does, but to
//     client_secret_basic (RFC 7591) for a client that names no keys.
//   - Malformed x-fapi headers are passed over and named to the log; a strict
//     switch makes them a 400. An address header is no credential anyway.
//
// It may import handlers/web, snapshots, jwk, tenancy and tenancy/fault.
package openfinance
