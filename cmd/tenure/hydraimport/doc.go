// Package hydraimport reads the clients of Ory Hydra and writes them here.
//
// A source is Hydra's SQLite file, or JSON as Hydra's API and command line
// give it. A target is a database that no server is using, or a running
// server. Run reads one client after another, writes up to 64 side by side,
// and reports them in the order of the source. Importing the same source
// again changes nothing.
//
// It may import cmd/tenure/node and what that imports.
package hydraimport
