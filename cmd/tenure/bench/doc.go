// Package bench measures a server of this program, or of another version of it.
//
// It owns the whole of "tenure bench": it seeds a database in process, starts the
// server and a bare net/http handler as child processes on loopback, asks both in
// turn over kept-alive connections, and prints the table of docs/performance.md.
// Between a server and PostgreSQL it can put a proxy that delays what passes, so
// that a database on another machine can be imitated on this one.
//
// A row of the table is measured in rounds: a slice of the bare handler, a slice of
// the server, a slice of the bare handler again. Figures are medians over rounds. The
// processor time is that of the server process, read from /proc on Linux.
//
// The client is not net/http's: that needs more processor time than the server, and
// both share the machine. It sends prepared bytes and reads an answer's status and
// length. It is for this package only.
//
// It may import cmd/tenure/node, cmd/tenure/demo, and what they import.
package bench
