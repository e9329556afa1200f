// Package uri is the rules for addresses that come from callers: which ones no
// setup may keep, and which ones a client that registers itself may not bring.
//
// It owns the reading of an address as browsers and servers read it (parse.go,
// host.go, scripts.go), the table of rules (rules.go) and the canonical form of an origin
// (origin.go). It does not own which member of a document has which use: that
// is package document.
//
// Invariants: an address is judged by its most dangerous reading; no message
// repeats the address; everything is pure, and nothing is looked up.
//
// It may import tenancy/text.
package uri
