// Package text is the rules for texts that people read, and for words that
// programs compare: names, contacts, labels, reasons, identifiers, scopes.
//
// It owns the kinds of text with their rules (kinds.go), which characters can
// be seen (seen.go), and the form in which two names are compared (same.go). It
// does not own which member has which kind: package document says it for
// documents, who takes another text says it there.
//
// Invariants: every rule has a name that does not change; no message repeats
// the text; everything is pure.
//
// It imports no other package of this module.
package text
