// Package api is Tenure's own API under /v1: organizations, modules, API keys,
// who the caller is, and how a setup lets clients register themselves.
//
//	GET    /v1/whoami
//	GET    /v1/organizations                 the acting organization's tree, parents first
//	POST   /v1/organizations                 {name, parent_id?}; the parent is the acting one if not said
//	GET    /v1/organizations/{organization}
//	PATCH  /v1/organizations/{organization}  exactly one of {name}, {parent_id}, {default_setup_id}, {max_suborganizations},
//	                                         {require_reason}
//	DELETE /v1/organizations/{organization}  ?subtree=true takes along what is below
//	GET    /v1/modules
//	POST   /v1/modules                       {name}; the root organization's admin only
//	GET    /v1/keys                          of the acting organization and below
//	POST   /v1/keys                          {organization_id?, name, role, expires_at?}; the text is shown once
//	DELETE /v1/keys/{key}                    revokes it at once
//	GET    /v1/setups/{setup}/policy
//	PUT    /v1/setups/{setup}/policy         replaces it: what is left out gets its default
//	GET    /v1/setups/{setup}/initial-tokens
//	POST   /v1/setups/{setup}/initial-tokens {name, max_uses?, expires_at?}; the text is shown once
//	DELETE /v1/setups/{setup}/initial-tokens/{token}  revokes it at once
//	GET    /v1/setups/{setup}/clients/{client}/secrets  ids, dates and last characters; {client} is the client_id
//	GET    /v1/clients                       of a setup, now or ?at= &known_at=; ?setup= &name= &owner= &after= &limit=
//	GET    /v1/clients/{entity}              ?at= &known_at= (or Accept-Datetime), ?include=next
//	GET    /v1/clients/{entity}/snapshots/{snapshot}        and /proof: that the log holds it, offline
//	POST   /v1/clients/{entity}/snapshots    {configuration | patch | merge, effective_from?, later?, plan_digest?, reason?}
//	POST   /v1/clients/{entity}/snapshots:plan      what that would do: diff, risks, patch, what is planned after it, a digest
//	POST   /v1/clients/{entity}/snapshots:rollback  {to, …}: a new snapshot of an earlier content
//	POST   /v1/clients/{entity}:erase        {reason, confirm, delete?}: its content goes, for privacy law
//	GET    /v1/clients/{entity}/diff         ?from= &to= (snapshot, instant, now, client:<entity>) &format= &equal=
//	POST   /v1/clients/{entity}/diff         of the snapshot in force, or from, with a document that is sent
//	GET    /v1/clients/{entity}/blame        which snapshot set each member; ?at= &known_at=
//	GET    /v1/log/consistency               that the log only grew since ?from= entries
//	GET    /v1/clients/{entity}/history      who did what when and why, also of a deleted one; ?after= &limit= &at= &known_at=
//	GET    /v1/clients/{entity}/reads        which API key was first shown which version when; ?after= &limit=
//	GET    /v1/history                       of all that belongs to the acting organization and below; ?client= &actor= &surface=
//	                                         &kind= (several) &organization= &from= &to= &after= &limit= &format=
//	GET    /v1/evidence                      a signed zip of history with its proofs, for tenure verify; ?client= (several) &organization= &from= &to=
//
// It owns these wire types and the spelling of errors: RFC 9457 problem
// documents, "type" being /problems/ and the kind of fault, "code" the case of
// it where there are several, "errors" the members at fault by JSON pointer.
// It does not own any rule about organizations, keys or policies, nor what a
// setup or a client is: it asks through Deps.
//
// Choices:
//   - A configuration bears the registered metadata names and is what was stored;
//     what the client has of its setup stands beside it, as inherited.
//   - Without at it is now, without known_at everything is known; they are two
//     clocks, and one does not stand for the other. Reads of the past need the
//     history permission, of the future that for plans, by known_at both.
//   - Every write takes ?dry_run=true: it runs in a transaction that keeps nothing
//     and answers with the events that it would have recorded, or, for a client's
//     snapshots, with the plan. Any other value than true and false is refused, and
//     so is dry_run at every other surface's writes: nothing is done for real by
//     mistake.
//   - A write under planned snapshots is refused unless it says later=keep; a plan
//     tells them and is not refused. A rehearsal asks for a required reason, too.
//   - An answer about now may be held until it changes, at most a minute (or as
//     configured); for those who may not see plans this tells at most that something
//     changes within that time. One about both clocks in the past may be held for ever.
//   - Bodies are strict: an unknown, repeated or differently spelled member is
//     refused, so that a typing mistake changes nothing.
//   - PATCH takes one member, because each is a change of its own in history,
//     with its own permission and its own reasons to be refused.
//   - A value that breaks a rule is 422, a body of the wrong form 400. An id
//     in a path that cannot be one is an unknown one: 404.
//   - What lies outside the acting organization's subtree is unknown: 404.
//     parent_id of the acting organization itself is null unless it is the
//     acting one's to see, so that nothing is learnt about what is above.
//   - Instants are RFC 3339 in UTC with microseconds. A finer expiry is cut.
//   - Names need not be unique: creating again makes another.
//   - A policy and initial access tokens are for who looks after the setup: its
//     organization and those above it. Who only uses the setup is told so (403),
//     to everybody else it is unknown. A policy takes effect at once.
//   - An event names its API key, and whose it is, to those who stand at or above
//     that organization; to others it has the key's id. known_at leaves out what
//     was recorded later, at what takes effect later. A client's history holds the
//     moves and deletions of its setup, its owner and the owner's present
//     ancestors as well; they count for no page's limit.
//   - /v1/history goes by the owner of an object when the event happened and by
//     the tree as it is now: what moved away is not shown, what moved here is. A
//     client that is unknown or not covered has no events there. The page of a
//     filter that finds little may be short or empty; "next" is null at the end.
//   - format is json (the default), jsonl, csv or ocsf; the last three are streamed
//     to the end of what was recorded when they began, and so does Accept ask for
//     text/csv or application/jsonl. jsonl has the list's members. csv is RFC 4180
//     with a header row; a cell that begins like a formula (= + - @, tab, return)
//     gets an apostrophe in front. ocsf is one event a line of OCSF 1.1.0's class
//     3004, Entity Management, in members that every 1.x has: made is Create, a
//     secret that was shown is Read, ended is Delete, all else Update; the whole
//     event of ours stands under "unmapped". An answer that ends early was cut:
//     its connection is ended, too.
//   - Every change takes its reason from Tenure-Reason; new organizations, keys and
//     initial access tokens, the writes of a client's snapshots and the PATCH of an
//     organization also from a member "reason" of the body, as those bodies are
//     orders and no documents. Other bodies show what they keep, and a reason is none of it. Two reasons that
//     differ are refused.
//   - require_reason asks for one (422, code "reason-required"; each surface in its
//     own form) on every change, by any API key on any surface, of the
//     organization, of what it owns and of everything below; reason_required tells
//     that the organization or one above it does. What is exempt: what a client
//     does with its own registration token or as it registers itself, as those
//     protocols have no place for a reason; what is recorded of a read (a secret
//     that was shown); and operators at the database, who say why by what they run.
//   - Reads are those that the server keeps (serve --read-log off, sampled or
//     full): the first answer of 200 that showed a key one version of a client, on
//     any surface; no 304, no list, and no client that reads itself. They are
//     written every few seconds, so the newest may be missing, and a crash loses
//     those; they are in no proof. sampled keeps one in 16 pairs of key and version,
//     always the same ones.
//   - Evidence is streamed: what is wrong with the request is answered before the
//     first byte, and an error behind that ends the connection. It is a read,
//     and appends nothing to the log. Without its two keys the server says so (503).
//   - A secret is never shown here, only that it is there and until when.
//
// It may import handlers/web, snapshots and what stands beside it, tenancy and tenancy/{fault,history,db}.
package api
