// Package ory is what the two client APIs of Ory Hydra share: the admin API
// (handlers/hydra) and dynamic registration (handlers/register).
//
// It owns the client object on the wire with its order, defaults and null
// rule, reading it from a body, the two conversions between it and the domain,
// Hydra's validation rules, its error bodies, the form of its secrets and
// registration tokens, and what a sector identifier must list. It has no
// routes and makes no scope.
//
// Reading order: types.go, decode.go, view.go, apply.go, rules.go, errors.go.
//
// Choices:
//   - A body is read as Hydra reads it: names without regard to case, unknown
//     members dropped, only the first JSON value, null as an empty object, the
//     last of two equal members. Text that is not UTF-8, or holds half a
//     surrogate pair, is refused: it would be stored changed.
//   - An empty string, an empty list and false are what is left out. A member
//     equal to what a read of the base shows keeps what the base stores, so a
//     read sent back changes nothing. Another one replaces it; what this
//     dialect does not carry stays.
//   - Reads show the defaults of subject_type, token_endpoint_auth_method and
//     userinfo_signed_response_alg where they are unset. A client that another
//     dialect gave no scopes reads as scope "", and keeps none when that, or
//     nothing, is sent back; only a new client gets the default scopes.
//   - scope is a list of words: one space stands between them when it is read.
//   - metadata reads in canonical form (members sorted), the keys of jwks in
//     the order of Hydra.
//   - What is not routed is a 404 page, or JSON for who asks for JSON.
//   - Keys that are private or symmetric are refused, which Hydra stores.
//   - A client_secret of a client without a secret method is kept, and not
//     shown; none is generated for one with the method none. A client that takes
//     up a secret method has what was kept, else none until one is set.
//   - registration_client_uri is a URL that works: it names the setup where
//     that is not the root's default, and ids are escaped once in it.
//   - The description of an error names the first broken rule, in Hydra's order.
//   - A sector_identifier_uri is fetched when it is new or changed, before the
//     write, and only after all other rules hold.
//
// It may import handlers/web, snapshots, jwk, tenancy and
// tenancy/{fault,history}; handlers/hydra and handlers/register import it.
package ory
