package db

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"tenure"
)

// Shape is a table as schema.sql describes it.
type Shape struct {
	Name    string
	Columns []string
	Bytes   map[string]bool // columns of bytes
	Numbers map[string]bool // columns of integers
	// Key names a row: the primary key, or the one column of text that is unique by
	// itself.
	Key       []string
	Immutable bool // a trigger refuses that a row is changed
}

// Shapes are the tables of schema.sql, in its order.
var Shapes = sync.OnceValue(func() []Shape { return shapes(tenure.Schema) })

// ShapeOf is the shape of a table; its Name is empty for one that schema.sql does not
// have.
func ShapeOf(table string) Shape {
	all := Shapes()
	if i := slices.IndexFunc(all, func(s Shape) bool { return s.Name == table }); i >= 0 {
		return all[i]
	}
	return Shape{}
}

var (
	tableText  = regexp.MustCompile(`(?ms)^CREATE TABLE (\w+) \(\n(.*?)^\);`)
	columnText = regexp.MustCompile(`(?m)^    ([a-z_0-9]+) +(TEXT|BIGINT|SMALLINT|BYTEA) (.*)$`)
	keyText    = regexp.MustCompile(`(?m)^    PRIMARY KEY \(([^)]*)\)`)
	updateText = regexp.MustCompile(`(?m)^CREATE TRIGGER (\w+)_no_update `)
)

func shapes(schema string) (list []Shape) {
	immutable := map[string]bool{}
	for _, m := range updateText.FindAllStringSubmatch(schema, -1) {
		immutable[m[1]] = true
	}
	for _, t := range tableText.FindAllStringSubmatch(schema, -1) {
		s := Shape{Name: t[1], Immutable: immutable[t[1]], Bytes: map[string]bool{}, Numbers: map[string]bool{}}
		unique := ""
		for _, c := range columnText.FindAllStringSubmatch(t[2], -1) {
			name, of := c[1], strings.TrimSpace(strings.Split(c[3], "--")[0])
			s.Columns = append(s.Columns, name)
			s.Bytes[name], s.Numbers[name] = c[2] == "BYTEA", c[2] == "BIGINT" || c[2] == "SMALLINT"
			if strings.Contains(of, "PRIMARY KEY") {
				s.Key = []string{name}
			}
			if strings.Contains(of, "UNIQUE") && c[2] == "TEXT" {
				unique = name
			}
		}
		if m := keyText.FindStringSubmatch(t[2]); m != nil {
			s.Key = strings.Split(m[1], ", ")
		}
		if unique != "" {
			s.Key = []string{unique}
		}
		list = append(list, s)
	}
	return list
}
