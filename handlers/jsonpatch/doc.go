// Package jsonpatch applies JSON Patches (RFC 6902) to JSON values, in bounded
// time and memory: what the value grows to is counted before each step, so a
// patch that doubles a value with every copy ends at the limit. Dialects that
// are laxer or stricter than the RFC say so by a Dialect.
package jsonpatch
