// Package drill has no code of the program: its tests break an installation of three
// nodes and two PostgreSQL servers, and read back every write that was acknowledged.
// testdata/ha/README.md says what they do and how to run them.
package drill
