// Package translog serves the installation's log to anybody: checkpoints, hash
// tiles and entry bundles, as C2SP tlog-tiles has them.
//
// It owns the paths below /log/, their media types and caching, and nothing of
// the log itself (tenancy/history). No credential is asked for: a public entry
// is a salted commitment, so that nothing here names a tenant, a client or what
// changed; only how much was changed shows.
//
//	GET /log/checkpoint                     text/plain, no-cache
//	GET /log/tile/{L}/{N}[.p/{W}]           application/octet-stream, 32·W bytes, at most 8 kB
//	GET /log/tile/entries/{N}[.p/{W}]       application/octet-stream, at most 256 entries of 70 bytes
//
// Choices where C2SP leaves them:
//   - Tiles and entries are shown below the newest stored checkpoint, so a
//     partial tile is there in every width up to that, and stays when it is full.
//   - Full tiles are immutable for a year, partial ones for a day: nobody asks
//     for those again once the tile is full.
//   - A checkpoint's entity tag is its size, under which only one is ever signed.
//   - Entries are not compressed: half of what there is in them is random.
//   - A node without a log key has no checkpoint: 404, with a sentence.
//
// It may import handlers/web, tenancy/history and tenancy/fault. Only handlers
// may import it.
package translog
