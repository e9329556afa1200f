// Package hydra is the surface of Ory Hydra's admin API for OAuth 2.0 clients,
// as its SDK, its command line and the tools built on them use it.
//
// It owns the routes below /admin, JSON Patch, page tokens, and what an
// administrator may do with a client's secrets. The client object and its
// errors are package ory's. Reading order: routes.go, read.go, list.go,
// write.go, patch.go, jsonpatch.go, secrets.go.
//
// A path without a setup means the acting organization's default setup; the
// same routes stand below /modules/{module}/setups/{setupId}.
//
// Choices:
//   - Every PUT and PATCH appends a snapshot, also one that equals its base:
//     Hydra shows when a client was last written. A rotation does not: secrets
//     are no part of snapshots.
//   - A patch runs inside the write's transaction, so no update is lost.
//     Faults of a patch are 400 invalid_request and name the operation, from 0.
//     The members client_id, id and RotatedSecrets take no operation. What a
//     patch does to created_at, updated_at, registration_access_token and
//     registration_client_uri has no effect, and is not echoed.
//   - Patching jwks_uri in clears jwks, and the reverse.
//   - A registration token lives on when an administrator writes.
//   - If-Match takes the value of Tenure-Snapshot-Id in quotes; 412 if the
//     client has changed since. Reads bear no ETag, as If-None-Match is ignored.
//   - Location bears the client_id escaped twice, as Hydra's does.
//   - Old secrets go on after a rotation until DELETE, or for ?overlap=24h.
//   - Lists hold the clients of the acting organization's subtree. A page token
//     is sealed for its setup, holds at every node and ends after an hour.
//   - /health/alive, /health/ready and /version are open, as they are there.
//   - A client that is only planned does not exist here yet; its id is taken.
//
// It may import handlers/ory, handlers/web, snapshots, jwk, tenancy and
// tenancy/{fault,history,db}.
package hydra
