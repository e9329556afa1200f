// Package hydra is the surface of Ory Hydra's admin API for OAuth 2.0 clients, as
// its SDK, its command line and the tools built on them use it. Users read
// docs/api/hydra.md; docs/hydra.md is for those who move from Hydra.
//
// It owns the routes below /admin, JSON Patch, page tokens, and what an
// administrator may do with a client's secrets. The client object, its conversions,
// its rules and its errors are in package ory.
//
// Reading order: routes.go, read.go, list.go, write.go, convert.go, jsonpatch.go,
// secrets.go.
//
// Invariants: every PUT and PATCH appends a snapshot; a patch is applied to the
// version that it changes, so no update is lost; a secret is shown once, in the
// answer to the call that made it; a client outside the acting organization's
// subtree is answered exactly as one that does not exist.
//
// It may import handlers/ory, handlers/web, snapshots, snapshots/document, jwk,
// tenancy and tenancy/{fault,history,db}.
package hydra
