// Package demo is a small Open Finance world: an authority that
// issues client certificates with the scheme's names, and a directory that
// signs software statements. It is for tests and demonstrations; its keys are
// made on the spot, and what it signs is worth nothing elsewhere.
//
// It can also do wrong: certificates of an authority that imitates the right
// one, expired and old ones, and statements signed by any algorithm, with any
// header, claims and age. Statements are signed by hand with the standard
// library, so that the verifying library has something foreign to read.
//
// It imports nothing of ours, and not the package testing.
package demo
