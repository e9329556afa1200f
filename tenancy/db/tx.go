package db

import (
	"context"
	"database/sql"
	"slices"

	"github.com/jmoiron/sqlx"
)

// Tx is a write transaction as one closure sees it. Statements see everything that
// was written before, by this closure and by those before it in the batch; rows that
// are only to be inserted wait until a statement, or the end of the batch, asks for them.
type Tx struct {
	Conn
	Stamp int64 // this closure's instant, set by Sequencer.Next
	Clock int64 // the greatest instant given out in this transaction
	// Rehearsal says that nothing of this closure will be kept.
	Rehearsal bool
	// Timeless is set by a closure whose change has no instant: the clock stays where it was.
	Timeless bool

	db      *DB
	conn    *sqlx.Conn
	opening string // the statement that begins the transaction, until it has been sent
	over    bool   // committed
	broken  error  // why the transaction is of no use any more

	queued  []any
	rows    []Row   // inserted by the closure that runs
	pending []entry // what is to be written, in the order of arrival
	closing []entry // what is to be written last
	own     int     // where the pending entries of this closure begin
	inside  bool    // a closure runs
	saved   bool    // it has a savepoint
	made    map[string]bool

	memory memory
}

// Row is a row that a closure inserts, with one value a column of its table.
type Row struct {
	Table  *Table
	Values []any
}

// entry is a row to insert, or a statement that no look-up depends on.
type entry struct {
	table *Table
	query string
	args  []any
}

// begin takes the writer's connection. The transaction begins with the first statement.
func (d *DB) begin(ctx context.Context, isolation sql.IsolationLevel) (*Tx, error) {
	conn, err := d.writer.Connx(ctx)
	if err != nil {
		return nil, err
	}
	opening := "BEGIN"
	switch {
	case d.Dialect == SQLite:
		opening = "BEGIN IMMEDIATE"
	case isolation != sql.LevelDefault:
		opening += " ISOLATION LEVEL " + isolation.String()
	}
	tx := &Tx{db: d, conn: conn, opening: opening, made: map[string]bool{}, memory: newMemory()}
	tx.Conn = Conn{dialect: d.Dialect, ctx: ctx, ext: conn, asked: d.asked, tx: tx}
	return tx, nil
}

// end gives the connection back, without a transaction.
func (tx *Tx) end() {
	if !tx.over && tx.opening == "" {
		tx.db.rollback(tx.conn)
	}
	tx.conn.Close()
}

// commit writes what is pending and commits, in one round trip.
func (tx *Tx) commit() error {
	entries := append(tx.pending, tx.closing...)
	tx.pending, tx.closing = nil, nil
	err := tx.send(append(tx.inserts(nil, entries), statement{query: "COMMIT"}))
	tx.over = err == nil
	return err
}

// Script runs statements of one engine as they are written, without
// placeholders: a migration's.
func (tx *Tx) Script(statements string) error {
	ext, err := tx.Conn.open(true)
	if err == nil {
		_, err = ext.ExecContext(tx.ctx, statements)
	}
	return tx.classify(err)
}

// Queue hands v to the sequencer, once the closure has succeeded.
func (tx *Tx) Queue(v any) { tx.queued = append(tx.queued, v) }

// Insert adds a row to a table, with one value a column. It belongs to the object
// that look-ups of the table name (Of); empty where none does. A row that the engine
// refuses fails the closure that inserted it, though perhaps after its return.
func (tx *Tx) Insert(table *Table, object string, values ...any) {
	tx.rows = append(tx.rows, Row{table, values})
	tx.pending = append(tx.pending, entry{table: table, args: values})
	tx.memory.wrote(Of{table.Name, object})
}

// Touch notes that rows inserted belong to one more object of a table.
func (tx *Tx) Touch(o Of) { tx.memory.wrote(o) }

// Made notes an object that this transaction makes: the database knows nothing of it.
func (tx *Tx) Made(object string) { tx.made[object] = true }

// Makes reports whether this transaction makes the object.
func (tx *Tx) Makes(object string) bool { return tx.made[object] }

// Wrote reports whether rows of a table were inserted in this transaction, or
// statements run of which is not known what they changed.
func (tx *Tx) Wrote(table string) bool {
	return tx.memory.unlisted > 0 || tx.memory.written[Of{Table: table}] > 0
}

// Afterwards runs a statement before the batch commits. No look-up depends on what it
// changes, and it is run once where several closures ask for it, even where the one
// that asks fails.
func (tx *Tx) Afterwards(query string, args ...any) {
	tx.closing = slices.DeleteFunc(tx.closing, func(e entry) bool { return e.query == query })
	tx.closing = append(tx.closing, entry{query: query, args: args})
}

// before makes the database show what was written so far, and takes the savepoint to
// which a closure's own writes are undone.
func (tx *Tx) before(write bool) error {
	if tx.broken != nil {
		return tx.broken
	}
	if write {
		tx.memory.unknown()
	}
	return tx.flush(write)
}

// flush writes the pending rows. Those of earlier closures go in front of this one's
// savepoint.
func (tx *Tx) flush(write bool) error {
	if len(tx.pending) == 0 && (!write || tx.saved || !tx.inside) && tx.opening == "" {
		tx.memory.flushed()
		return nil
	}
	own := min(tx.own, len(tx.pending))
	statements := tx.inserts(nil, tx.pending[:own])
	if tx.inside && !tx.saved && (write || own < len(tx.pending)) {
		statements = append(statements, statement{query: "SAVEPOINT change"})
		tx.saved = true
	}
	statements = tx.inserts(statements, tx.pending[own:])
	tx.pending, tx.own = nil, 0
	tx.memory.flushed()
	err := tx.send(statements)
	if err != nil && own > 0 {
		tx.broken = err // perhaps for an earlier closure's row
	}
	return err
}

// save takes the savepoint of a closure.
func (tx *Tx) save() error {
	tx.saved = true
	return tx.send([]statement{{query: "SAVEPOINT change"}})
}

// undo takes back what the closure wrote since its savepoint. PostgreSQL would not
// prepare these statements after one that failed.
func (tx *Tx) undo() error {
	tx.memory.unknown()
	_, err := tx.conn.ExecContext(tx.ctx, "ROLLBACK TO SAVEPOINT change; RELEASE SAVEPOINT change")
	return err
}

// inserts appends the statements that write entries: the rows of each table
// together, tables in the order of the schema, so that a row is there before the
// rows that refer to it.
func (tx *Tx) inserts(to []statement, entries []entry) []statement {
	if len(entries) == 0 {
		return to
	}
	rows := map[*Table][][]any{}
	var tables []*Table
	for _, e := range entries {
		if e.table == nil {
			continue
		}
		if rows[e.table] == nil {
			tables = append(tables, e.table)
		}
		rows[e.table] = append(rows[e.table], e.args)
	}
	slices.SortStableFunc(tables, func(a, b *Table) int { return a.place() - b.place() })
	for _, t := range tables {
		to = t.inserts(tx.dialect, to, rows[t])
	}
	for _, e := range entries {
		if e.table == nil {
			to = append(to, statement{query: tx.rebind(e.query), args: e.args})
		}
	}
	return to
}
