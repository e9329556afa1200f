// Package translog serves the installation's log to anybody: checkpoints, hash
// tiles and entry bundles, as C2SP tlog-tiles has them.
//
// It owns the paths below /log/, their media types and caching, and nothing of
// the log itself (tenancy/history). It asks for no credential: a public entry is
// a salted commitment, so nothing here names a tenant, a client or what changed;
// only how much was changed shows. docs/api/log.md says what each path answers.
//
// It may import handlers/web, tenancy/history and tenancy/fault. Only handlers
// may import it.
package translog
