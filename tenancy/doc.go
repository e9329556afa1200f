// Package tenancy is the floor that everything stands on: organizations and
// their tree, API keys and roles, and the Scope that every store method takes.
//
// It owns Authenticate (credential to Principal) and Authorize (Principal to
// Scope), the only maker of a Scope besides Operator, which the import test
// limits to the command. It does not know what a client is.
//
// Invariant: no data without a Scope. The zero Scope is refused everywhere.
// The rule a Scope stands for (design section 3): the acting organization
// reaches what it owns and what its descendants own, never upward or sideways.
//
// The tree is held in memory, a path array per organization, so that Covers
// costs the same at any depth; inside a write transaction the same question
// is asked again of the rows, where a move or a revocation may just have
// been committed.
//
// Choices: reading organizations and whoami needs no more than Resolve;
// reading keys needs History (auditor, editor, admin). An unknown organization
// in an acting-organization header is refused like one outside the subtree.
// Deleting an organization that has live children is refused unless asked to
// delete the whole subtree; the root stays. Names need not be unique, unless
// whoever makes an organization asks for it. A quota counts organizations at any
// depth below, is set from above only, and never removes what is there. What a
// dialect keeps of an organization besides (pools) has no meaning here.
//
// It may import tenancy/fault, tenancy/db and tenancy/history.
package tenancy
