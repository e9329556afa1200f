// Package openfinance registers and manages OAuth clients as Open Finance
// Brasil has it: a software statement that the directory signed, a client
// certificate, and a registration access token.
//
// Short names in comments: B-n are the rules of the Brazilian profile, A-nn the
// acceptance checks, in the table of docs/openfinance.md; ID3 is the profile's
// Implementers Draft 3, DCR2 its version 2.0.0 of December 2025; "page" is the
// API page of GET /reg/{ClientId}.
//
//	POST   /reg             registers a client
//	GET    /reg/{ClientId}  shows a client to itself, or to an API key
//	PUT    /reg/{ClientId}  replaces what a client says of itself
//	DELETE /reg/{ClientId}  ends it, by its own token or by an API key
//
// Without a setup in the path it is the root's default one; the same paths are
// below /modules/{module}/setups/{setupId}.
//
// It owns what a registration may ask for: the switches of each profile
// (profile.go) and the rules that make a client of a request and a statement
// (rules.go and its siblings), all pure. Whom the scheme vouches for is package
// scheme's. On top of both stand the routes (routes.go), who is let in
// (admit.go), what a body says (body.go), what is done (clients.go), what is
// fetched for it (fetched.go), and how it is answered (view.go, reply.go).
// Policies, tokens, participants and one client a software are the store's.
//
// Reading order: routes.go, admit.go, clients.go, body.go, view.go, reply.go;
// profile.go, rules.go.
//
// Invariants: every answer bears the interaction id and no-store; a token opens
// its own client only, and only here; a token that does not hold, none at all,
// and a client that is not there are one and the same 401; what is refused
// stores nothing; a name in a certificate counts only after its chain was verified;
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
//   - The setup's policy decides who may register: with "statement" those that
//     bring one, so that nobody else registers there in another dialect; "open"
//     and "token" ask for what they say, and for a statement where the profile
//     has one (B-25 is about access tokens of the bank's own). Where registration
//     is off POST is 404, and a token that holds is 403.
//   - A token comes as Bearer in the header and in no other way. It is looked
//     at before the certificate's subject is, after its chain: an alien
//     certificate with the right token is a 401 that harms nothing. A token shown
//     on another client's path is refused and stays.
//   - A certificate that does not hold is 400 at POST, where nobody is known yet,
//     and 401 elsewhere. A management call without any token is 401 before that.
//   - A client reads what is in force: at and known_at are for API keys (403).
//   - An API key, for GET and DELETE, needs no certificate; it is not shown the
//     token (an empty string) and no secret. Any client of the setup can be read
//     so, whichever dialect made it.
//   - A body that asks for what answers show already changes nothing: no snapshot,
//     no new time. PUT replaces the members of this dialect; what only others
//     know (Hydra's metadata, lifespans, nevisMeta's comment) stays.
//   - software_statement stands in the answer to the write that brought it (R1-10),
//     and is not kept: five minutes later it proves nothing, and what it said is
//     in the members.
//   - client_secret is shown again to the client's own token where secrets are
//     kept recoverable; then, too, "null" in PUT is another secret than its own.
//   - jwks by value is for plain only (R1-4).
//   - Statuses are those that the page lists: what elsewhere is 409, 413 or 415 is
//     400 here, 503 is 504. A server without a directory or without authorities
//     answers 502 where a profile needs them.
//   - A second client for a software is unapproved_software_statement: the
//     statement is sound, and not acceptable here (R1-11).
//   - Calls are limited for each API key, verified certificate, or else address
//     (an IPv6 one counts as its /64), and for each setup, per node.
//   - The actor in history is participant:<org_id>, initial-token:<id>,
//     anonymous:<address>, client:<entity id> or the key.
//   - Malformed x-fapi headers are passed over and named to the log; a strict
//     switch makes them a 400. An address header is no credential anyway.
//
// It may import handlers/openfinance/scheme, handlers/web, snapshots, jwk,
// tenancy and tenancy/fault.
package openfinance
