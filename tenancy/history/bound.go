package history

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// unbound are the tables that nothing is changed in and whose rows no event names,
// with what proves them instead. Every other immutable table is bound.
var unbound = map[string]string{
	"log_event":      "the log itself",
	"log_detail":     "its commitment is in the envelope",
	"log_tile":       "computed from the leaves",
	"log_checkpoint": "signed, and computed from the leaves",
	"snapshot_body":  "its commitment is in the row of the snapshot",
	"entity_term":    "computed from the contents",
}

// erasable are the columns of bound tables that erasing empties. What they held is
// committed to in secret_copy.
var erasable = map[string][]string{
	"client_secret": {"hash", "sealed", "last4"},
	"secret_copy":   {"salt", "sealed"},
}

// Bound are the tables whose rows events name, in the schema's order.
func Bound() []db.Shape {
	return slices.DeleteFunc(slices.Clone(db.Shapes()), func(s db.Shape) bool { return !bound(s) })
}

func bound(s db.Shape) bool {
	_, not := unbound[s.Name]
	return s.Immutable && !not
}

// BoundRow is a row as the event names it that wrote it: table, key and hash are a
// JSON array of three.
type BoundRow struct {
	Table string
	Key   []string // integers in decimal
	Hash  string   // of CanonicalRow, with the salt of the event; lower-case hex
}

// MarshalJSON writes the array.
func (b BoundRow) MarshalJSON() ([]byte, error) { return b.appendTo(nil), nil }

func (b BoundRow) appendTo(to []byte) []byte {
	to = append(appendText(append(to, '['), b.Table), ",["...)
	for i, part := range b.Key {
		if i > 0 {
			to = append(to, ',')
		}
		to = appendText(to, part)
	}
	return append(appendText(append(to, "],"...), b.Hash), ']')
}

// UnmarshalJSON reads the array.
func (b *BoundRow) UnmarshalJSON(data []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	if len(parts) != 3 {
		return fmt.Errorf("a row of %d parts", len(parts))
	}
	for i, to := range []any{&b.Table, &b.Key, &b.Hash} {
		if err := json.Unmarshal(parts[i], to); err != nil {
			return err
		}
	}
	return nil
}

// BoundTable is what a migration says of all rows that a table had: a JSON array of
// its name, their number, and the hash of their canonical forms in the order of their
// keys by bytes, with a line feed behind each, with the salt of the event.
type BoundTable struct {
	Table string
	Rows  int64
	Hash  string
}

// MarshalJSON writes the array.
func (b BoundTable) MarshalJSON() ([]byte, error) { return b.appendTo(nil), nil }

func (b BoundTable) appendTo(to []byte) []byte {
	to = strconv.AppendInt(append(appendText(append(to, '['), b.Table), ','), b.Rows, 10)
	return append(appendText(append(to, ','), b.Hash), ']')
}

// appendRows puts rows and tables behind the other members of an envelope, as
// encoding/json would: an envelope is encoded for each change.
func (e Envelope) appendRows(to []byte) []byte {
	to = to[:len(to)-1]
	for i, row := range e.Rows {
		if i == 0 {
			to = append(to, `,"rows":[`...)
		} else {
			to = append(to, ',')
		}
		to = row.appendTo(to)
	}
	if len(e.Rows) > 0 {
		to = append(to, ']')
	}
	for i, table := range e.Tables {
		if i == 0 {
			to = append(to, `,"tables":[`...)
		} else {
			to = append(to, ',')
		}
		to = table.appendTo(to)
	}
	if len(e.Tables) > 0 {
		to = append(to, ']')
	}
	return append(to, '}')
}

// appendText appends a text as packed writes it.
func appendText(to []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			written, err := packed(text)
			if err != nil {
				panic(err) // a string always encodes
			}
			return append(to, written...)
		}
	}
	return append(append(append(to, '"'), text...), '"')
}

// UnmarshalJSON reads the array.
func (b *BoundTable) UnmarshalJSON(data []byte) error {
	parts := []any{&b.Table, &b.Rows, &b.Hash}
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	if len(parts) != 3 {
		return fmt.Errorf("a table of %d parts", len(parts))
	}
	return nil
}

// packed is JSON without the escapes that HTML needs, as envelopes have it.
func packed(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Packed is a JSON array of texts in the form that commitments are made over.
func Packed(texts ...string) []byte {
	text, err := packed(texts)
	if err != nil {
		panic(err) // strings always encode
	}
	return text
}

// CanonicalRow is a row as its hash is made of: a JSON array of the table's name and
// the values of its columns in the order of schema.sql, those that erasing empties
// left out. Texts are JSON strings, integers JSON numbers, bytes lower-case hex.
func CanonicalRow(s db.Shape, value func(column string) any) ([]byte, error) {
	row := appendText(append(make([]byte, 0, 256), '['), s.Name)
	for _, c := range s.Columns {
		if slices.Contains(erasable[s.Name], c) {
			continue
		}
		v, err := plain(value(c))
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", s.Name, c, err)
		}
		row = append(row, ',')
		switch v := v.(type) {
		case string:
			row = appendText(row, v)
		case int64:
			row = strconv.AppendInt(row, v, 10)
		case []byte:
			row = append(hex.AppendEncode(append(row, '"'), v), '"')
		}
	}
	return append(row, ']'), nil
}

// plain is a value as the engines have it: a string, an int64 or bytes.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case string, int64, []byte:
		return v, nil
	case int:
		return int64(v), nil
	}
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.String:
		return r.String(), nil
	case r.CanInt():
		return r.Int(), nil
	case r.Kind() == reflect.Slice && r.Type().Elem().Kind() == reflect.Uint8:
		return r.Bytes(), nil
	}
	return nil, fmt.Errorf("a value of type %T", v)
}

// keyOf is a row's key, as text.
func keyOf(s db.Shape, value func(column string) any) ([]string, error) {
	key := make([]string, len(s.Key))
	for i, c := range s.Key {
		v, err := plain(value(c))
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", s.Name, c, err)
		}
		switch v := v.(type) {
		case string:
			key[i] = v
		case int64:
			key[i] = strconv.FormatInt(v, 10)
		default:
			return nil, fmt.Errorf("%s.%s: a key of bytes", s.Name, c)
		}
	}
	return key, nil
}

// written is a row of a change that is to be bound.
type written struct {
	table     string
	key       []string
	canonical []byte
	texts     []string // its values of text, by which its event is found
}

// writtenBy lists the rows of a change that are to be bound.
func writtenBy(rows []db.Row) ([]written, error) {
	var list []written
	for _, r := range rows {
		s := r.Table.Shape()
		if !bound(*s) {
			continue
		}
		w := written{table: s.Name}
		var err error
		if w.key, err = keyOf(*s, r.Value); err == nil {
			w.canonical, err = CanonicalRow(*s, r.Value)
		}
		if err != nil {
			return nil, err
		}
		for _, v := range r.Values {
			if text := reflect.ValueOf(v); text.Kind() == reflect.String {
				w.texts = append(w.texts, text.String())
			}
		}
		list = append(list, w)
	}
	return list, nil
}

// bind gives each row that a change wrote to one of its events: the first that names
// it, else the first about an object that the row names, else the first.
func bind(events []any, rows []db.Row) error {
	list, err := writtenBy(rows)
	if err != nil || len(list) == 0 {
		return err
	}
	if len(events) == 0 {
		return fault.New(fault.Internal, "", "a row of %s was written, and no event says so", list[0].table)
	}
	for _, w := range list {
		of := slices.IndexFunc(events, func(e any) bool { ref := e.(queued).Ref; return ref != "" && slices.Contains(w.key, ref) })
		if of < 0 {
			of = slices.IndexFunc(events, func(e any) bool { return slices.Contains(w.texts, e.(queued).Object) })
		}
		e := events[max(of, 0)].(queued)
		e.rows = append(e.rows, w)
		events[max(of, 0)] = e
	}
	return nil
}

// bindings are the hashes of an event's rows with its salt.
func bindings(salt []byte, rows []written) []BoundRow {
	if len(rows) == 0 {
		return nil
	}
	list := make([]BoundRow, len(rows))
	for i, w := range rows {
		sum := Commitment(salt, w.canonical)
		list[i] = BoundRow{w.table, w.key, hex.EncodeToString(sum[:])}
	}
	return list
}
