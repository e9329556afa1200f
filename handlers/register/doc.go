// Package register is dynamic client registration and management as Ory Hydra
// serves it to the public: RFC 7591, RFC 7592 and OpenID Connect's
// registration, in Hydra's words.
//
//	POST   /oauth2/register       registers a client
//	GET    /oauth2/register/{id}  shows a client to itself
//	PUT    /oauth2/register/{id}  replaces what a client may say of itself
//	DELETE /oauth2/register/{id}  ends it
//
// Without a setup in the path it is the root's default one; the same paths are
// below /modules/{module}/setups/{setupId}. No API key is taken anywhere.
//
// It owns who is let in, what a client may not say of itself, and the limits.
// The client object, its rules and the error bodies are handlers/ory's; the
// policy, the tokens and their ends are the store's.
//
// Reading order: routes.go, credentials.go, admit.go, rules.go, clients.go.
//
// Invariants: a registration token opens its own client only, and only if it
// is of this dialect; a client's own credentials read and nothing else; every
// credential that does not hold, and every client that is not there, is one
// and the same 401, after comparable work (a secret costs a slow hash, right
// client or not); nothing that a caller presents is logged.
//
// Choices:
//   - The setup's policy decides: off (then all four routes are 404, as
//     Hydra's, and so is a setup that is not there), open, or by an initial
//     access token, as Bearer or access_token. A refused registration is no use
//     of the token. Where registration is open a token is not looked at.
//   - A token comes as Bearer, in any case, or as access_token in the query or,
//     except for reading, in a form; its prefix may be missing. Bearer decides,
//     then access_token, then the client's own credentials. What stands twice
//     is nothing.
//   - Own credentials: Basic for a client_secret_basic client (or one without a
//     method), client_secret in the query for a client_secret_post client.
//     Basic is read both as RFC 6749 encodes it and as it stands.
//   - A client reads what is in force: at and known_at are for API keys (403).
//   - A client that is only planned is not there yet.
//   - metadata, client_secret, access_token_strategy and the skip flags are
//     refused with Hydra's words; on PUT, what the client reads of itself may be
//     sent back. owner and audience are passed over, on POST and PUT, and the
//     answer shows what is stored: tools send every member they know. Lifespans
//     are the client's own, as in Hydra.
//   - A PUT keeps what only an administrator sets: metadata, owner, audience,
//     access_token_strategy, the skip flags, and what other dialects know.
//     Answers to POST and PUT show metadata as {}, GET leaves it out.
//   - A PUT replaces the registration token, also where it changes nothing else;
//     then there is no new snapshot and updated_at stays. If-Match is taken.
//   - A client that begins to authenticate with a secret, and has none, is given
//     one.
//   - A policy's allowed grants and scopes bind what is new: an administrator's
//     stay acceptable. Without scope a client gets Hydra's default as far as it
//     is allowed, else all that is allowed.
//   - Limits, per node: open registrations per address and per setup, whatever
//     becomes of them; credentials that do not hold per client and address, and
//     per address. A token is looked up before it is counted, so a right one is
//     never locked out. A secret is counted before it is compared, or guessing
//     would be free, and given back if it holds: beyond the limit a right secret
//     is refused from that address only, and its token still works. An IPv6
//     address counts as its /64.
//   - The actor in history is anonymous:<address>, initial-token:<id> or
//     client:<entity id>.
//   - Location after POST is Hydra's admin/clients/<id>, which is no public path.
//
// It may import handlers/ory, handlers/web, snapshots, tenancy and
// tenancy/fault.
package register
