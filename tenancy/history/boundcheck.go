package history

import (
	"encoding/hex"
	"slices"
	"strings"

	"tenure/tenancy/db"
)

// keysInStatement bounds how many rows one statement looks for.
const keysInStatement = 100

// migrated is the kind of the event that binds what was there before rows were bound.
const migrated = Kind("installation.migrated")

// versions is the one bound table whose rows have no instant.
const versions = "schema_version"

// namedRow is a row that an event names.
type namedRow struct {
	BoundRow
	idx  int64
	salt []byte
}

func (n namedRow) id() string { return rowID(n.Table, n.Key) }

func rowID(table string, key []string) string {
	return table + "\x00" + strings.Join(key, "\x00")
}

// rowName is how a problem names a row.
func rowName(table string, key []string) string { return table + " " + strings.Join(key, " ") }

// rowChecker compares the rows of bound tables with the events that name them, both
// ways. It keeps a page of them, and a number for each table.
type rowChecker struct {
	*checker
	waiting []namedRow
	named   map[string]int64 // rows of a table that events name
	since   Micros           // rows up to then are bound by the migration's event
}

// event takes what an event says of rows.
func (k *rowChecker) event(r eventRow, env Envelope) error {
	for _, row := range env.Rows {
		k.named[row.Table]++
		k.waiting = append(k.waiting, namedRow{row, r.Idx, r.Salt})
	}
	if len(env.Tables) > 0 {
		if err := k.tables(r, env); err != nil {
			return err
		}
	}
	if len(k.waiting) >= pollBatch {
		return k.compare()
	}
	return nil
}

// compare looks for the rows that were named.
func (k *rowChecker) compare() error {
	byTable := map[string][]namedRow{}
	for _, n := range k.waiting {
		byTable[n.Table] = append(byTable[n.Table], n)
	}
	k.waiting = k.waiting[:0]
	for table, rows := range byTable {
		s := db.ShapeOf(table)
		if !bound(s) {
			k.report("log entry %d: it names a row of %s, of which no event does", rows[0].idx, table)
			continue
		}
		for some := range slices.Chunk(rows, keysInStatement) {
			if err := k.compareSome(s, some); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *rowChecker) compareSome(s db.Shape, rows []namedRow) error {
	found := make(map[string][]byte, len(rows))
	var where []string
	var args []any
	for _, n := range rows {
		if len(n.Key) != len(s.Key) {
			k.report("log entry %d: it names a row of %s by %d values", n.idx, s.Name, len(n.Key))
			continue
		}
		where = append(where, "("+keyCondition(s)+")")
		for _, v := range n.Key {
			args = append(args, v)
		}
	}
	if len(where) == 0 {
		return nil
	}
	err := eachRow(k.conn, s, func(key []string, canonical []byte) {
		found[rowID(s.Name, key)] = canonical
	}, "WHERE "+strings.Join(where, " OR "), args...)
	if err != nil {
		return err
	}
	for _, n := range rows {
		canonical, ok := found[n.id()]
		sum := Commitment(n.salt, canonical)
		switch {
		case !ok:
			k.report("%s: log entry %d says that it was written, the row is not there", rowName(n.Table, n.Key), n.idx)
		case n.Hash != hex.EncodeToString(sum[:]):
			k.report("%s: the row is not what log entry %d says that was written", rowName(n.Table, n.Key), n.idx)
		}
	}
	return nil
}

// keyCondition finds a row by its key, whose integers are given as text.
func keyCondition(s db.Shape) string {
	parts := make([]string, len(s.Key))
	for i, c := range s.Key {
		parts[i] = c + " = ?"
		if s.Numbers[c] {
			parts[i] = c + " = CAST(CAST(? AS TEXT) AS BIGINT)"
		}
	}
	return strings.Join(parts, " AND ")
}

// eachRow calls fn with the key and the canonical form of each row that a condition
// finds.
func eachRow(c *db.Conn, s db.Shape, fn func(key []string, canonical []byte), condition string, args ...any) error {
	texts, numbers, bytes := make([]string, len(s.Columns)), make([]int64, len(s.Columns)), make([][]byte, len(s.Columns))
	dest, at := make([]any, len(s.Columns)), make(map[string]int, len(s.Columns))
	for i, name := range s.Columns {
		at[name] = i
		switch {
		case s.Bytes[name]:
			dest[i] = &bytes[i]
		case s.Numbers[name]:
			dest[i] = &numbers[i]
		default:
			dest[i] = &texts[i]
		}
	}
	value := func(column string) any {
		switch i := at[column]; {
		case s.Bytes[column]:
			return bytes[i]
		case s.Numbers[column]:
			return numbers[i]
		default:
			return texts[i]
		}
	}
	return c.Each(func(scan func(...any) error) error {
		if err := scan(dest...); err != nil {
			return err
		}
		key, err := keyOf(s, value)
		if err != nil {
			return err
		}
		canonical, err := CanonicalRow(s, value)
		if err == nil {
			fn(key, canonical)
		}
		return err
	}, "SELECT "+strings.Join(s.Columns, ", ")+" FROM "+s.Name+" "+condition, args...)
}

// tables compares what a migration said of all rows that there were.
func (k *rowChecker) tables(r eventRow, env Envelope) error {
	if env.Kind != migrated || k.since != 0 {
		k.report("log entry %d: it says what all rows were, which one migration does", r.Idx)
		return nil
	}
	k.since = env.RecordedAt
	if err := k.compare(); err != nil { // what follows is of the time behind it
		return err
	}
	said := map[string]BoundTable{}
	for _, t := range env.Tables {
		said[t.Table] = t
	}
	for _, s := range digested() {
		is, err := digest(k.conn, s, r.Salt, k.since)
		if err != nil {
			return err
		}
		switch was, ok := said[s.Name]; {
		case !ok:
			k.report("log entry %d: it does not say what the rows of %s were", r.Idx, s.Name)
		case was.Rows != is.Rows:
			k.report("%s: %d rows from before log entry %d, which says that there were %d", s.Name, is.Rows, r.Idx, was.Rows)
		case was.Hash != is.Hash:
			k.report("%s: the rows from before log entry %d are not what it says that they were", s.Name, r.Idx)
		}
	}
	return nil
}

// unnamed reports the rows that no event names.
func (k *rowChecker) unnamed() error {
	if err := k.compare(); err != nil {
		return err
	}
	if err := k.undated(); err != nil {
		return err
	}
	var counted []db.Shape
	var counts []string
	var args []any
	for _, s := range Bound() {
		switch {
		case s.Name == versions && k.next == 0: // the first event is to name them
			continue
		case s.Name == versions:
			counts = append(counts, "(SELECT count(*) FROM "+s.Name+")")
		default:
			counts = append(counts, "(SELECT count(*) FROM "+s.Name+" WHERE recorded_at > ?)")
			args = append(args, int64(k.since))
		}
		counted = append(counted, s)
	}
	var surplus []db.Shape
	if err := k.conn.Each(func(scan func(...any) error) error {
		rows, dest := make([]int64, len(counted)), make([]any, len(counted))
		for i := range rows {
			dest[i] = &rows[i]
		}
		err := scan(dest...)
		for i, s := range counted {
			if rows[i] != k.named[s.Name] {
				surplus = append(surplus, s)
			}
		}
		return err
	}, "SELECT "+strings.Join(counts, ", "), args...); err != nil {
		return err
	}
	if len(surplus) == 0 || len(k.problems) == maxProblems {
		return nil
	}
	named, err := k.names(surplus)
	if err != nil {
		return err
	}
	for _, s := range surplus {
		condition, args := "WHERE recorded_at > ?", []any{int64(k.since)}
		if s.Name == versions {
			condition, args = "", nil
		}
		if err := eachRow(k.conn, s, func(key []string, _ []byte) {
			switch named[rowID(s.Name, key)] {
			case 0:
				k.report("%s: no event of the log says that this row was written", rowName(s.Name, key))
			case 1:
			default:
				k.report("%s: more than one event of the log says that this row was written", rowName(s.Name, key))
			}
		}, condition, args...); err != nil {
			return err
		}
	}
	return nil
}

// undated compares the checkpoints, but for those that the migration's event is about,
// with what each says of when it was signed and after which.
func (k *rowChecker) undated() error {
	var before int64
	if err := k.conn.Get(&before, "SELECT COALESCE(max(size), 0) FROM log_checkpoint WHERE recorded_at <= ?", int64(k.since)); err != nil {
		return err
	}
	return k.conn.Each(func(scan func(...any) error) error {
		var row storedCheckpoint
		if err := scan(&row.Size, &row.Note, &row.RecordedAt); err != nil {
			return err
		}
		c, err := ReadCheckpoint([]byte(row.Note))
		switch {
		case err != nil: // readCheckpoints has said so
		case c.Signed == (Signing{}):
			k.report("log: the checkpoint of %d entries does not say when it was signed", row.Size)
		case c.Signed.Previous != before:
			k.report("log: the checkpoint of %d entries was signed after one of %d, and follows one of %d", row.Size, c.Signed.Previous, before)
		}
		before = row.Size
		return nil
	}, "SELECT "+checkpointColumns+" FROM log_checkpoint WHERE recorded_at > ? ORDER BY size", int64(k.since))
}

// names counts how often events name each row of some tables. It is asked only where
// something is wrong, as what it keeps grows with the tables.
func (k *rowChecker) names(of []db.Shape) (map[string]int, error) {
	counts := map[string]int{}
	err := k.conn.Each(func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		env, err := DecodeEnvelope([]byte(text))
		if err != nil {
			return nil // said already
		}
		for _, row := range env.Rows {
			if slices.ContainsFunc(of, func(s db.Shape) bool { return s.Name == row.Table }) {
				counts[rowID(row.Table, row.Key)]++
			}
		}
		return nil
	}, "SELECT envelope FROM log_event")
	return counts, err
}

// digested are the tables of which a migration says what all rows were: the bound ones
// that tell when a row was written, and the checkpoints.
func digested() []db.Shape {
	list := slices.DeleteFunc(Bound(), func(s db.Shape) bool { return s.Name == versions })
	return append(list, db.ShapeOf("log_checkpoint"))
}

// digest is what a table's rows up to an instant are, with a salt.
func digest(c *db.Conn, s db.Shape, salt []byte, until Micros) (BoundTable, error) {
	order := make([]string, len(s.Key))
	for i, column := range s.Key {
		if order[i] = column; !s.Numbers[column] {
			order[i] = c.Bytewise(column)
		}
	}
	t, h := BoundTable{Table: s.Name}, newCommitment(salt)
	err := eachRow(c, s, func(_ []string, canonical []byte) {
		h.Write(append(canonical, '\n'))
		t.Rows++
	}, "WHERE recorded_at <= ? ORDER BY "+strings.Join(order, ", "), int64(until))
	t.Hash = hex.EncodeToString(h.Sum(nil))
	return t, err
}

// digests are those of all tables.
func digests(c *db.Conn, salt []byte, until Micros) ([]BoundTable, error) {
	var list []BoundTable
	for _, s := range digested() {
		t, err := digest(c, s, salt, until)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// versionRows are the rows of schema_version, which schema.sql and the programs of
// schema version 3 wrote without an event.
func versionRows(c *db.Conn) (list []written, err error) {
	s := db.ShapeOf(versions)
	err = eachRow(c, s, func(key []string, canonical []byte) {
		list = append(list, written{table: s.Name, key: key, canonical: canonical})
	}, "ORDER BY version")
	return list, err
}

// withVersions are rows and those of schema_version, each once.
func withVersions(tx *db.Tx, rows []written) ([]written, error) {
	rows = slices.DeleteFunc(slices.Clone(rows), func(w written) bool { return w.table == versions })
	all, err := versionRows(&tx.Conn)
	return append(all, rows...), err
}
