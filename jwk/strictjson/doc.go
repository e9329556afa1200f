// Package strictjson reads and writes JSON (RFC 8259) exactly.
//
// It owns: the one scanner ([Reader]), the canonical form that commitments are made of ([Canonical]),
// JSON pointers ([Below]), and writing ([AppendText], [Writer]). It does not decode into Go types by
// itself and knows no document of ours. It imports the standard library only; any package may import
// it.
//
// Strict means: a string must be UTF-8 and has no half of a surrogate pair, arrays and objects nest
// no deeper than the caller allows, numbers stay as they are written, and a name that an object
// repeats is found ([Reader.Earlier], [Canonical]). [NewRepairingReader] replaces what is not Unicode
// instead, for text that must be shown in any case.
//
// An [Error] says what kind of fault there is, at which byte and at which pointer, so that each
// surface can use its own words. The canonical form is hashed: it may never change.
package strictjson
