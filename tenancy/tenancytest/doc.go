// Package tenancytest makes a small installation for tests: root → north and
// south, north → harbour, an API key of every role for each of them, a clock
// that only the test moves, and ids from a fixed seed.
//
// Everything in it is real: a database from dbtest, the log, the store. Only
// tests import it. It may import tenancy and what is below.
package tenancytest
