package db

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jmoiron/sqlx"
)

// Lookup is a read by key: the rows that a decision needs, in a form in which the
// committer can read those of a whole batch at once, and keep them for the closures
// that ask for the same. T has the columns as db tags.
type Lookup[T any] struct {
	Query string
	Args  []any
	// Of are all the rows that the answer depends on. Where this transaction has
	// inserted one, the answer is read again.
	Of []Of
	// Moves says that the answer is of the moment (a clock): asked again it is another.
	Moves bool
}

// Of names the rows of a table that belong to an object (Tx.Insert); an empty Object
// is all of the table.
type Of struct{ Table, Object string }

// Need is a Lookup of any type.
type Need interface {
	storable() bool
	key() string
	statement() statement
	of() []Of
}

// Rows answers the look-up: inside a transaction from what is known there, in a view
// by a statement. The caller must not change them.
func (l Lookup[T]) Rows(c *Conn) ([]T, error) {
	tx := c.tx
	switch {
	case !l.storable():
		return nil, nil
	case tx == nil:
		var rows []T
		err := c.Select(&rows, l.Query, l.Args...)
		return rows, err
	}
	key := l.key()
	if rows, ok := tx.memory.answer(key, l.Of); ok {
		known := *rows.(*[]T)
		if tx.db.verify && !l.Moves {
			return known, l.verified(tx, known)
		}
		return known, nil
	}
	if tx.broken != nil {
		return nil, tx.broken
	}
	if tx.memory.waits(l.Of) {
		if err := tx.flush(false); err != nil {
			return nil, tx.classify(err)
		}
	}
	s := l.statement()
	if err := tx.send([]statement{s}); err != nil {
		return nil, tx.classify(err)
	}
	tx.memory.keep(key, s.into.rows())
	return *s.into.rows().(*[]T), nil
}

// Storable reports whether a column can hold a text: PostgreSQL takes neither NUL nor
// what is not UTF-8, and would fail a whole batch for it. Nothing stored is found by
// such a text.
func Storable(text string) bool {
	return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0
}

// storable reports whether columns can hold every text among the arguments.
func (l Lookup[T]) storable() bool {
	for _, a := range l.Args {
		if text, ok := a.(string); ok && !Storable(text) {
			return false
		}
	}
	return true
}

// One is Rows of a look-up with one row at most; nil for none.
func (l Lookup[T]) One(c *Conn) (*T, error) {
	rows, err := l.Rows(c)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// verified compares what memory answered with what the database says, in tests.
func (l Lookup[T]) verified(tx *Tx, known []T) error {
	var rows []T
	if err := tx.Select(&rows, l.Query, l.Args...); err != nil {
		return err
	}
	if have, want := fmt.Sprintf("%+v", known), fmt.Sprintf("%+v", rows); have != want {
		return fmt.Errorf("memory answered %s, the database says %s: %s %v", have, want, l.Query, l.Args)
	}
	return nil
}

func (l Lookup[T]) key() string {
	var b strings.Builder
	b.WriteString(l.Query)
	for _, a := range l.Args {
		b.WriteByte(0)
		switch a := a.(type) {
		case string:
			b.WriteString(a)
		default:
			fmt.Fprint(&b, a)
		}
	}
	return b.String()
}

func (l Lookup[T]) of() []Of { return l.Of }

func (l Lookup[T]) statement() statement {
	return statement{query: l.Query, args: l.Args, into: &rowsOf[T]{}}
}

// Load reads look-ups in one round trip. Those of rows that this transaction has
// written are left for when they are asked for.
func (tx *Tx) Load(needs ...Need) error {
	var statements []statement
	var keys []string
	known := map[string]bool{}
	for _, n := range needs {
		if !n.storable() {
			continue
		}
		key := n.key()
		if _, ok := tx.memory.answer(key, n.of()); ok || known[key] || tx.memory.waits(n.of()) {
			continue
		}
		known[key] = true
		statements, keys = append(statements, n.statement()), append(keys, key)
	}
	if len(statements) == 0 {
		return nil
	}
	if err := tx.send(statements); err != nil {
		return tx.classify(err)
	}
	for i, s := range statements {
		tx.memory.keep(keys[i], s.into.rows())
	}
	return nil
}

// into takes the rows of a statement.
type into interface {
	fromSQL(rows *sqlx.Rows) error
	fromPipe(rows pgx.Rows) error
	rows() any // a *[]T
	count() int
}

type rowsOf[T any] struct{ list []T }

func (r *rowsOf[T]) fromSQL(rows *sqlx.Rows) error {
	defer rows.Close()
	return sqlx.StructScan(rows, &r.list)
}

func (r *rowsOf[T]) fromPipe(rows pgx.Rows) (err error) {
	r.list, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
	return err
}

func (r *rowsOf[T]) rows() any  { return &r.list }
func (r *rowsOf[T]) count() int { return len(r.list) }

// memory is what a transaction knows: answers of look-ups, and which rows were
// written since. Each write has a number; an answer has that of the last write which
// the database had when it was read.
type memory struct {
	answers  map[string]kept
	written  map[Of]int // the last write to the rows of an object; of an empty Object, to the table
	last     int        // number of the last write
	shown    int        // number of the last write that statements see
	unlisted int        // number of the last write of which is not known what it changed
}

type kept struct {
	rows any
	read int // the last write before it was read
}

func newMemory() memory { return memory{answers: map[string]kept{}, written: map[Of]int{}} }

// wrote notes a row that was inserted.
func (m *memory) wrote(o Of) {
	m.last++
	m.written[o] = m.last
	if o.Object != "" {
		m.written[Of{Table: o.Table}] = m.last
	}
}

// unknown notes a statement that may have changed anything.
func (m *memory) unknown() {
	m.last++
	m.unlisted = m.last
}

// flushed notes that statements see everything that was written.
func (m *memory) flushed() { m.shown = m.last }

// newest is the number of the last write to any of the rows.
func (m *memory) newest(of []Of) int {
	n := 0
	for _, o := range of {
		n = max(n, m.written[o])
	}
	return n
}

// waits reports whether rows of them are not in the database yet.
func (m *memory) waits(of []Of) bool { return m.newest(of) > m.shown }

func (m *memory) answer(key string, of []Of) (any, bool) {
	k, ok := m.answers[key]
	if !ok || k.read < m.unlisted || k.read < m.newest(of) {
		return nil, false
	}
	return k.rows, true
}

func (m *memory) keep(key string, rows any) { m.answers[key] = kept{rows, m.last} }
