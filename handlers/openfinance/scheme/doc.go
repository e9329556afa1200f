// Package scheme decides whom Open Finance Brasil vouches for. It has no HTTP
// surface and does not know the store.
//
// It owns the software statement (statement.go) and the directory's keys that
// sign it (directory.go), client certificates (certificate.go, accepted.go), their revocation
// lists (revocations.go), the header in which a proxy hands them on (proxy.go),
// distinguished names (dn.go, dnparse.go, dnmatch.go), and the FAPI headers
// (headers.go). What a client may ask for, given a statement, is the surface's.
//
// Everything takes its clock and its fetches as arguments.
//
// Invariants: no claim counts before the signature is verified; a name in a
// certificate counts only after its chain is verified; a proxy's header counts
// only from a configured address, and then instead of the proxy's own
// certificate; the caller never says where a key is.
//
// It may import handlers/web, for fetching and reading documents, and
// tenancy/fault.
package scheme
