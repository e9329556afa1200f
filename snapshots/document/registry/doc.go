// Package registry is the table of client metadata that a client may register: every
// name of IANA's registry "OAuth Dynamic Client Registration Metadata", and a few that
// their specifications define and that nobody has registered.
//
// It owns the table (table.go), and how members are read from a request and written
// into an answer by these names, forms for a language included (members.go,
// localized.go). The members themselves, and the rules of their values, are package
// document's. It knows no API and no store.
//
// It may import snapshots/document, jwk/strictjson and tenancy/fault.
package registry
