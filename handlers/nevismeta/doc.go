// Package nevismeta is the surface of the nevisMeta REST API: V2 (modules,
// setups, resource servers and clients with their snapshots) and the V3
// dynamic registration of a client.
//
// It owns the wire types of that dialect, the two pure conversions between
// them and the domain, its rules, its error codes and its routes. Reading
// order: types.go, convert*.go, rules.go, errors.go, routes.go.
//
// The documents are those of the published API pages: a client reads with all
// 31 members, a key with 17, a certificate with 25, each of the page's JSON
// type or null. Choices where the pages are silent or disagree:
//
//   - V2 bodies refuse members that the pages do not name, with their path, so
//     that a misspelt one is not lost; V3 keeps them as metadata, name#locale.
//   - A member left out of a PUT, or null, goes back to its default. client_id
//     and client_secret are kept when left out; another client_id is refused.
//   - A posted value equal to what a read shows keeps what is stored, an
//     inherited one included. jwks may be the read's own view, unchanged (but
//     for numbers, which a caller may have rounded to doubles).
//   - A redirect URI is absolute. jwks and jwks_uri exclude each other.
//   - valid_from: left out means now; up to 5 s in the past is taken as now;
//     the active snapshot's own is refused with a text that says to omit it.
//   - PUT with a future valid_from answers with the document just scheduled.
//   - confidentiality_type defaults to what token_endpoint_auth_method says,
//     else public; confidential defaults to client_secret_basic. A pair that
//     contradicts itself is refused. A public client has no secret. A PUT
//     generates one only for a client that starts to need it.
//   - client_secret is shown to roles that may see secrets, each time as a
//     logged event; V2's 201 shows client_id and, once, client_secret.
//   - grant_types, force_reauthentication and the four TTLs show what they
//     inherit; ?resolve=false shows null instead.
//   - If-Match stands for all that its tag covers: the snapshot, the setup's
//     snapshot in force and the secret that was shown.
//   - HEAD shows no secret and so discloses none.
//   - Lists: oldest first; snapshots by valid_from. Without validAt a snapshot
//     list holds them all. includeSoftDeletedStates also lists deleted clients
//     and withdrawn snapshots, and includeSoftDeleteStates is taken as the same.
//     Snapshot lists and snapshots need a role that may read history.
//   - Names map: GET clients/names, entity id to name. Translation: GET
//     clients/entity-id?client_id=…
//   - replaceActiveState on a resource server's PUT is read and checked; the
//     active state is replaced by a new snapshot either way, and true together
//     with a future valid_from is refused.
//   - V3 needs an API key that may write clients. client_id_issued_at is in
//     seconds and client_secret_expires_at a number (RFC 7591). Scopes may be
//     sent as scope or scopes and are answered as scope. Custom members are
//     strings; those that an answer assigns are passed over when sent back.
//   - 400 for conflicts of client_id and valid_from, as documented; the error
//     codes beyond the documented ones follow their style. A text names each
//     broken member by its JSON pointer, at most 20 of them.
//
// It may import handlers/web, snapshots, jwk, tenancy and tenancy/{fault,history,db}.
package nevismeta
