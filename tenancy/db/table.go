package db

import (
	"strings"
	"sync"

	"github.com/jmoiron/sqlx"
)

// chunks are the numbers of rows that one statement inserts. They are few, so that
// the engines keep the statements prepared.
var chunks = [...]int{64, 16, 4, 1}

// Table is where rows are inserted.
type Table struct {
	Name    string
	Columns []string
	shape   func() *placed
	texts   [2][len(chunks)]string // of each dialect
}

// NewTable describes a table by its columns ("a, b, c"), and by what becomes of a row
// whose key is there already ("ON CONFLICT (a) DO NOTHING"); empty for a fault.
func NewTable(name, columns, conflict string) *Table {
	t := &Table{Name: name, Columns: strings.Split(columns, ", ")}
	t.shape = sync.OnceValue(func() *placed {
		p := &placed{Shape: ShapeOf(name), at: map[string]int{}}
		for i, c := range t.Columns {
			p.at[c] = i
		}
		return p
	})
	row := "(" + strings.Repeat(", ?", len(t.Columns))[2:] + ")"
	for i, n := range chunks {
		text := strings.TrimSpace("INSERT INTO " + name + " (" + columns + ") VALUES " + strings.Repeat(", "+row, n)[2:] + " " + conflict)
		t.texts[0][i], t.texts[1][i] = text, sqlx.Rebind(sqlx.DOLLAR, text)
	}
	return t
}

// placed is a shape with the place of each column among a table's.
type placed struct {
	Shape
	at map[string]int
}

// Shape is the table as schema.sql describes it.
func (t *Table) Shape() *Shape { return &t.shape().Shape }

// Value is what a row has in a column; nil where the table does not name it.
func (r Row) Value(column string) any {
	if i, ok := r.Table.shape().at[column]; ok {
		return r.Values[i]
	}
	return nil
}

// inserts appends the statements that insert rows.
func (t *Table) inserts(dialect Dialect, to []statement, rows [][]any) []statement {
	texts := &t.texts[0]
	if dialect == Postgres {
		texts = &t.texts[1]
	}
	for i, n := range chunks {
		for ; len(rows) >= n; rows = rows[n:] {
			args := make([]any, 0, n*len(t.Columns))
			for _, row := range rows[:n] {
				args = append(args, row...)
			}
			to = append(to, statement{query: texts[i], args: args, rows: n})
		}
	}
	return to
}

// place is where the table is in the schema: what refers to others is behind them.
func (t *Table) place() int { return places()[t.Name] }

var places = sync.OnceValue(func() map[string]int {
	list := map[string]int{}
	for i, shape := range Shapes() {
		list[shape.Name] = i + 1
	}
	return list
})
