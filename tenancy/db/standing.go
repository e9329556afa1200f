package db

import "os"

// What tells whether the database is still the one that was opened.

// ServerClock is an expression with the database's own clock, in microseconds since 1970. SQLite
// has none but this machine's: there it is 0. It is the one function of the engines that no
// statement elsewhere may use, because instants are the application's: with the
// database's clock, nodes compare theirs.
func (c *Conn) ServerClock() string { return c.dialect.ServerClock() }

// ServerClock is Conn.ServerClock.
func (d Dialect) ServerClock() string {
	if d == Postgres {
		return "CAST(date_part('epoch', clock_timestamp()) * 1000000 AS BIGINT)"
	}
	return "CAST(0 AS BIGINT)"
}

// Standby reports whether the server only follows another one, and so may be behind it.
func (c *Conn) Standby() (standby bool, err error) {
	if c.dialect == SQLite {
		return false, nil
	}
	err = c.Get(&standby, "SELECT pg_is_in_recovery()")
	return standby, err
}

// Replaced reports whether the path of a SQLite database names another file now than
// the one that is open, or none.
func (d *DB) Replaced() bool {
	if d.file == nil {
		return false
	}
	now, err := os.Stat(d.path)
	return err != nil || !os.SameFile(d.file, now)
}
