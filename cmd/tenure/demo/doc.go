// Package demo is the example installation that tenure dev serves: a tree of
// organizations, a client for each, and an Open Finance scheme with an
// authority and a directory of its own. It also prints the requests to paste.
//
// Nothing in it is part of tenure serve. It may import cmd/tenure/node and
// what that imports.
package demo
