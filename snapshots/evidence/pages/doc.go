// Package pages makes the files of an evidence bundle that people read: index.html,
// a page for each client, setup and resource server, events.html and events.csv.
//
// It owns their words, their style and their order. It does not own the bundle's other
// files: package evidence gives it what those say, when it writes a bundle and when it
// verifies one, and compares.
//
// Reading order: types.go, write.go, timeline.go (which version a change is compared
// with), entry.go, words.go, text.go, templates/.
//
// Invariants: the files depend on nothing but the Bundle: no clock, no order of a map,
// no locale; every text of a bundle is escaped, set apart (bdi) and shows characters
// that have no look of their own; no page runs a script or loads anything.
//
// It may import snapshots/diff, snapshots/document, tenancy/history, tenancy/text and
// tenancy/text/cells.
package pages
