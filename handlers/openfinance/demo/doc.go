// Package demo is a small Open Finance world: an authority that issues client
// certificates with the scheme's names, and a directory that signs software
// statements. It is for tests and demonstrations; its keys are made at each start,
// and nobody else trusts its signatures.
//
// It can also do wrong: it makes certificates of an authority that imitates the
// right one, expired and old ones, and statements signed by any algorithm, with any
// header, claims and age. It signs statements with the standard library alone, so
// that the library that verifies them does not read its own work.
//
// It imports nothing of ours, and not the package testing.
package demo
