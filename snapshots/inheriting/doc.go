// Package inheriting tells what a client has of its setup: which changes of the setup
// changed the client, and which snapshot of the setup an inherited value comes from.
//
// It owns the choice of the setup's events that belong to a client's history
// (changes.go), the pages with them (history.go, journal.go) and who set each member
// that is in force (blame.go). What is inherited is package document's, how two
// clients differ package diff's. Whoever may see a client's past may see these
// events: they are part of it.
//
// A change of a setup changed a client if the client was in force when the change took
// effect and a member that it leaves to the setup has another value since. Whether a
// client whose content was erased left anything to its setup is not known, and
// nothing is told.
//
// It may import snapshots, document, diff, tenancy and tenancy/{db,fault,history}.
package inheriting
