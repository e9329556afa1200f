// Package jwk reads JSON Web Key sets (RFC 7517) and the certificates inside them (RFC 5280).
//
// It owns: the rules a client's key set must keep when it is written ([Check]), the getter view of
// a stored set ([AppendView], [AppendCertificate]), key thumbprints ([Thumbprint]), and the few
// facts other packages ask about keys and certificates ([Keys], [ParseCertificate]).
//
// It does not own: fetching a jwks_uri, verifying signatures, building or trusting chains, storing
// anything. A certificate here is something to show, never something to rely on.
//
// Who may import it: any package. It imports the standard library only.
//
// Invariants: writing is strict, so a set that breaks one rule is refused whole, with the JSON
// pointer of every fault; Check of a canonical set returns the same bytes. Reading is total: any
// bytes render, key by key and certificate by certificate, and no private or symmetric key material
// ever comes out. No message repeats a value from the set.
//
// The view is the one a Java service prints from its parsed key set, certificates included. Which
// certificates are readable and what each getter gives therefore follows OpenJDK 25 rather than
// crypto/x509, which refuses one in twenty certificates the Java reader shows.
//
// Deviations from that reader, chosen:
//   - a byte array prints as an array holding one base64 string, as the published schema shows it;
//   - an algorithm's requirement is filled in from the RFC 7518 registry names;
//   - requiredParams of a symmetric key has no k, and private members never show anywhere;
//   - one unreadable key or certificate prints an error entry instead of failing the whole set; a
//     key whose chain is at fault prints its members and an error beside them;
//   - a time outside the years 0 to 9999 makes its key unreadable, as RFC 3339 cannot write it;
//   - a certificate above 256 KiB is unreadable, and so is JSON nested deeper than 64 levels or an
//     indefinite-length encoding nested deeper than 64 levels;
//   - numbers in additional members print as they were written.
package jwk
