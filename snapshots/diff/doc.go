// Package diff says what differs between two documents of one kind: clients,
// setups or resource servers.
//
// It owns: comparing by meaning (Of), what each change risks in words (rules.go,
// one table), the formats (Patch, MergePatch, Unified, Markdown, Rows with
// AppendRows), and which snapshot last set a member (Blame). It does not own
// documents, their field tables or their encoding (snapshots), keys and
// certificates (jwk), who may see a diff, or wire types. All of it is pure: no
// store, no clock; the instant that certificates are judged at is an argument.
// Documents hold no secret and no owner organization, so no diff does.
//
// Choices. Lists are sets, but default_acr_values, which are by preference, and
// arrays in free JSON; the words of a response type have no order. Keys go by
// RFC 7638 thumbprint, those of unknown types by their text; certificates by
// digest, and another order of one chain is a change. x5t and x5t#S256 are told
// only where x5c did not change. Patches make the new document exactly, so that
// the order of a set is in a patch and not in the result, which names such
// members in Reordered. A merge patch cannot set a member to null and says which
// ones it leaves out. A client's inherited values come from the setups in
// Options; for a new document only rules about what stands in it apply.
// "Another domain" is by registrable domain (public suffix list).
//
// Known limit: where one set lists the same key more than once, the order of
// those keys' lines depends on the other document, so Unified may not apply to
// Lines as a patch. Changes and patches are right there too.
//
// Expected cost: linear in the documents' bytes for what is equal, n log n in
// the items of a set that differs; certificates are parsed only in keys whose
// text differs. Ordered lists and arrays cost the product of what differs, up to
// a million, and beyond that count as replaced. The work for a diff does not
// depend on how long a history is; Blame is linear in its documents.
//
// It may import snapshots, jwk and tenancy/fault.
package diff
