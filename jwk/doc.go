// Package jwk reads JSON Web Key sets (RFC 7517).
//
// It owns: the rules that a written key set must keep (rules.go, types.go; [Check]), the one right form
// of each value, the getter view of a stored set ([AppendView]), thumbprints ([Thumbprint]), and what
// other packages ask about keys ([Keys]). It does not fetch a jwks_uri, verify signatures or store
// anything. It imports jwk/strictjson, jwk/x509view and tenancy/text. Any package may import it.
//
// Invariants: Check tells every broken rule with its JSON pointer; Check of a canonical set returns the
// same bytes; reading stored bytes converts nothing and is total: any bytes render, key by key, and
// private or symmetric key material never comes out. No message repeats a value from the set.
//
// The view is the one that a Java service prints from its parsed key set. Deviations, chosen:
//   - an algorithm's requirement is filled in from the RFC 7518 registry names;
//   - requiredParams of a symmetric key has no k, and private members never show anywhere;
//   - one unreadable key or certificate prints an error entry instead of failing the whole set; a
//     key with a fault in its chain prints its members and an error beside them;
//   - a time outside the years 0 to 9999 makes its key unreadable, as RFC 3339 cannot write it;
//   - a key of an unknown kty prints what every key has, instead of nothing;
//   - JSON nested deeper than 64 levels is unreadable; numbers in additional members print as written.
package jwk
