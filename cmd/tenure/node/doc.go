// Package node is a running installation: what the commands serve, dev, import
// and erase share.
//
// It owns opening the database with its key files, the first organization,
// setup and administrator's key of an empty one, the listeners and their
// shutdown, the program's log, and the file that --info writes. It does not
// read flags: the commands fill Config, HydraAdmin and OpenFinance.
//
// It may import everything of ours but the other packages of the program; it
// imports the package exit for the code that an error ends the program with.
package node
