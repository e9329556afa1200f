// Package slashid is the surface of SlashID's management API for organizations
// and OAuth2 clients, as its API pages describe it.
//
// It owns the routes below /oauth2/clients and /organizations, their envelope,
// the two pure conversions between the client object and the domain, and the
// filter language of the suborganization list. Reading order: types.go,
// decode.go, convert.go, rules.go, errors.go, routes.go, then the handlers:
// clients.go, list.go, secrets.go, uiconfig.go, organizations.go, config.go.
//
// The pages say: an organization id and an API key; the organization must match
// or be a parent of the client's owner. Choices where they are silent:
//
//   - A parent is any ancestor. The organization in SlashID-OrgID acts; the
//     key is its own or an ancestor's. A key of another one is 401, and so is
//     an organization that is not there. Bearer tokens are not looked at.
//   - Checks go in this order: headers (400, 401), form of the client id (400),
//     no such client (404), client outside the acting organization's subtree
//     (403, one constant text), role (403), body (400).
//   - A client is looked for in all setups; if several that may be seen bear the
//     id, the one in the acting organization's default setup is meant, else 409.
//     Below /modules/{module}/setups/{setupId} only that setup counts.
//   - A new client belongs to the acting organization and is in its default
//     setup; where that belongs to an organization below it, which could own no
//     such client, 409. Its client_id is a UUID, never chosen.
//   - Members that the pages do not name are refused with their names, so that
//     a misspelt one is not lost. A failure has one item for each broken member.
//   - An access_token_duration that is left out is the organization's
//     token_duration if it has set one, else 86,400 s; ID tokens live as long. A
//     refresh_token_duration that is left out is 864,000 s. Durations have 1 s
//     to ten years; null unsets one in a PATCH. A read shows what the client has
//     or inherits from its setup, and leaves out what neither says.
//   - A read sent back as a PATCH is accepted and changes nothing: read-only
//     members may be there with the value they have (last_used with any, as it
//     moves on by itself), and a value equal to what a read shows keeps what is
//     stored. grant_types may keep what another dialect put there, beyond the
//     two that this one adds.
//   - response_types follow from what is stored: each type is a list of its
//     words; where there is none and the client acts by authorization_code,
//     [["code"]]. A PATCH of grant_types leaves stored response types alone.
//   - A PATCH that changes nothing appends no snapshot. If-Match takes the value
//     of Tenure-Snapshot-Id in quotes; 412 if the client has changed since.
//   - PUT …/secret ends all earlier secrets at once, or after ?overlap=24h. A
//     client that authenticates by no secret has none to replace: 400.
//   - The hosted pages' settings are part of the client's snapshots; {} and none
//     are the same. Known keys have their types, others any.
//   - A list holds the acting organization's own clients, ?descendants=true those
//     of its whole subtree, in the order of registration; limit is 1 to 1,000
//     (also without it), offset from 0; meta.pagination is always there.
//   - last_used is when a client last proved who it is. It is put into an
//     answer on the way out and is in no snapshot and no kept answer.
//   - tenant_name is the root organization's name. Pools list the organization
//     itself and those below it that share its pool. Tenure keeps no persons:
//     admins is an empty list.
//   - Names of suborganizations are unique below one parent here (409).
//   - DELETE /organizations takes what is below and inside only with
//     delete_suborganizations=true and a confirmation_timestamp 60 to 10 seconds
//     ago. Anything else deletes an empty leaf or is 409.
//   - Of the configuration Tenure keeps token_duration; other members are 400.
//   - filter takes eq, co and sw on name, id and parent_org_id, and, or, not and
//     parentheses; it compares without regard to case. At most 2 KiB and 32 deep.
//   - SlashID-Required-Consistency is checked before anything is done. With
//     all_regions the answer waits until every node shows the write (2 s, where
//     there are several), at most 30 s or as SlashID-Required-Consistency-Timeout
//     says; after that 408, though the write is made.
//   - An unknown path is a plain text 404, as a router's; an unknown id JSON.
//
// It may import handlers/web, snapshots, jwk, tenancy and
// tenancy/{fault,history,db}.
package slashid
