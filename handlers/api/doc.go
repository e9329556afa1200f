// Package api is Tenure's own API under /v1: organizations, modules, API keys,
// who the caller is, and how a setup lets clients register themselves.
//
//	GET    /v1/whoami
//	GET    /v1/organizations                 the acting organization's tree, parents first
//	POST   /v1/organizations                 {name, parent_id?}; the parent is the acting one if not said
//	GET    /v1/organizations/{organization}
//	PATCH  /v1/organizations/{organization}  exactly one of {name}, {parent_id}, {default_setup_id}, {max_suborganizations}
//	DELETE /v1/organizations/{organization}  ?subtree=true takes along what is below
//	GET    /v1/modules
//	POST   /v1/modules                       {name}; the root organization's admin only
//	GET    /v1/keys                          of the acting organization and below
//	POST   /v1/keys                          {organization_id?, name, role, expires_at?}; the text is shown once
//	DELETE /v1/keys/{key}                    revokes it at once
//	GET    /v1/setups/{setup}/policy
//	PUT    /v1/setups/{setup}/policy         replaces it: what is left out gets its default
//	GET    /v1/setups/{setup}/initial-tokens
//	POST   /v1/setups/{setup}/initial-tokens {name, max_uses?, expires_at?}; the text is shown once
//	DELETE /v1/setups/{setup}/initial-tokens/{token}  revokes it at once
//	GET    /v1/setups/{setup}/clients/{client}/secrets  ids, dates and last characters; {client} is the client_id
//	GET    /v1/clients/{entity}/history      who did what when and why, also of a deleted one; ?after= &limit=
//	GET    /v1/evidence                      a signed zip of history with its proofs, for tenure verify; ?client= (several) &organization= &from= &to=
//
// It owns these wire types and the spelling of errors: RFC 9457 problem
// documents, "type" being /problems/ and the kind of fault, "code" the case of
// it where there are several, "errors" the members at fault by JSON pointer.
// It does not own any rule about organizations, keys or policies, nor what a
// setup or a client is: it asks through Deps.
//
// Choices:
//   - Bodies are strict: an unknown, repeated or differently spelled member is
//     refused, so that a typing mistake changes nothing.
//   - PATCH takes one member, because each is a change of its own in history,
//     with its own permission and its own reasons to be refused.
//   - A value that breaks a rule is 422, a body of the wrong form 400. An id
//     in a path that cannot be one is an unknown one: 404.
//   - What lies outside the acting organization's subtree is unknown: 404.
//     parent_id of the acting organization itself is null unless it is the
//     acting one's to see, so that nothing is learnt about what is above.
//   - Instants are RFC 3339 in UTC with microseconds. A finer expiry is cut.
//   - Names need not be unique: creating again makes another.
//   - A policy and initial access tokens are for who looks after the setup: its
//     organization and those above it. Who only uses the setup is told so (403),
//     to everybody else it is unknown. A policy takes effect at once.
//   - Evidence is streamed: what is wrong with the request is answered before the
//     first byte, and an error behind that ends the connection. It is a read,
//     and appends nothing to the log. Without its two keys the server says so (503).
//   - A secret is never shown here, only that it is there and until when.
//
// It may import handlers/web, snapshots and what stands beside it, tenancy and tenancy/{fault,history,db}.
package api
