// Package register is dynamic client registration and management as Ory Hydra
// serves it to the public: RFC 7591, RFC 7592 and OpenID Connect's registration, in
// Hydra's words. Users read docs/api/register.md.
//
// It owns who is let in, what a client may not say of itself, and the limits. The
// client object, its rules and the error bodies are package ory's; the policy, the
// tokens and their ends are the store's.
//
// Reading order: routes.go, types.go, credentials.go, admit.go, convert.go, write.go.
//
// Invariants: a registration token opens its own client only, and only if it is of
// this dialect; a client's own credentials read and do nothing else; every invalid
// credential and every unknown client gets the same 401, after comparable work (a
// secret costs a slow hash, whether or not the client exists); nothing that a caller
// presents is logged; no API key is taken.
//
// It may import handlers/ory, handlers/web, snapshots, snapshots/document, tenancy
// and tenancy/fault.
package register
