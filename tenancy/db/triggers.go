package db

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"tenure"
)

// CheckTriggers compares the triggers of a database with those of schema.sql, and on
// PostgreSQL their functions. It returns one sentence for each that is missing, other
// than it should be, or more than there should be.
func CheckTriggers(c *Conn) ([]string, error) {
	want, err := triggersOfSchema[c.dialect]()
	if err != nil {
		return nil, err
	}
	have, err := triggersOf(c)
	if err != nil {
		return nil, err
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch is, ok := have[name]; {
		case !ok:
			problems = append(problems, fmt.Sprintf("%s: it is not there", name))
		case is != want[name]:
			problems = append(problems, fmt.Sprintf("%s: it is not what schema.sql says", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[name]; !ok {
			problems = append(problems, fmt.Sprintf("%s: schema.sql has none of this name", name))
		}
	}
	return problems, nil
}

var (
	liteTrigger     = regexp.MustCompile(`(?ms)^CREATE TRIGGER (\w+) .*?\bEND;$`)
	postgresTrigger = regexp.MustCompile(`(?m)^CREATE TRIGGER (\w+) BEFORE ([A-Z ]+) ON (\w+) FOR EACH (ROW|STATEMENT) EXECUTE FUNCTION (\w+)\(\);$`)
	postgresBody    = regexp.MustCompile(`(?ms)^CREATE FUNCTION (\w+)\(\) RETURNS trigger LANGUAGE plpgsql AS \$\$(.*?)\$\$;$`)
)

// triggersOfSchema are the triggers that schema.sql makes, parsed once for an engine.
var triggersOfSchema = map[Dialect]func() (map[string]string, error){
	SQLite:   sync.OnceValues(func() (map[string]string, error) { return wantedTriggers(SQLite) }),
	Postgres: sync.OnceValues(func() (map[string]string, error) { return wantedTriggers(Postgres) }),
}

// wantedTriggers are those of schema.sql: what triggersOf reads where all is right.
func wantedTriggers(dialect Dialect) (map[string]string, error) {
	script, err := ForDialect(tenure.Schema, dialect)
	if err != nil {
		return nil, err
	}
	list := map[string]string{}
	if dialect == SQLite {
		for _, m := range liteTrigger.FindAllStringSubmatch(script, -1) {
			list["trigger "+m[1]] = oneSpace(m[0])
		}
		return list, nil
	}
	for _, m := range postgresTrigger.FindAllStringSubmatch(script, -1) {
		list["trigger "+m[1]] = postgresForm(m[3], triggerType(m[2], m[4] == "ROW"), "O", m[5])
	}
	for _, m := range postgresBody.FindAllStringSubmatch(script, -1) {
		list["function "+m[1]] = oneSpace(m[2])
	}
	return list, nil
}

func oneSpace(text string) string {
	return strings.Join(strings.Fields(strings.TrimSuffix(strings.TrimSpace(text), ";")), " ")
}

// triggerType is pg_trigger.tgtype of a BEFORE trigger.
func triggerType(events string, row bool) int {
	const eachRow, before = 1, 2
	bits := map[string]int{"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}
	kind := before
	if row {
		kind |= eachRow
	}
	for _, e := range strings.Split(events, " OR ") {
		kind |= bits[strings.TrimSpace(e)]
	}
	return kind
}

func postgresForm(table string, kind int, enabled, function string) string {
	return fmt.Sprintf("%s %d %s %s", table, kind, enabled, function)
}

func triggersOf(c *Conn) (map[string]string, error) {
	list := map[string]string{}
	if c.dialect == SQLite {
		var rows []struct {
			Name string `db:"name"`
			SQL  string `db:"sql"`
		}
		err := c.Select(&rows, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' UNION ALL SELECT name, sql FROM sqlite_temp_master WHERE type = 'trigger'")
		for _, r := range rows {
			list["trigger "+r.Name] = oneSpace(r.SQL)
		}
		return list, err
	}
	var rows []struct {
		Name     string `db:"tgname"`
		Table    string `db:"on_table"`
		Kind     int    `db:"tgtype"`
		Enabled  string `db:"tgenabled"`
		Function string `db:"function"`
		Plain    bool   `db:"plain"`
	}
	if err := c.Select(&rows, `SELECT t.tgname, k.relname AS on_table, t.tgtype, CAST(t.tgenabled AS TEXT) AS tgenabled,
			CAST(CAST(t.tgfoid AS regproc) AS TEXT) AS function, t.tgqual IS NULL AND t.tgnargs = 0 AS plain
		FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class k ON CAST(t.tgrelid AS regclass) = CAST(quote_ident(k.relname) AS regclass)
		WHERE NOT t.tgisinternal AND CAST(k.relnamespace AS regnamespace) = CAST(quote_ident(current_schema()) AS regnamespace)`); err != nil {
		return nil, err
	}
	for _, r := range rows {
		name := "trigger " + r.Name
		if _, twice := list[name]; twice {
			name += " on " + r.Table
		}
		list[name] = postgresForm(r.Table, r.Kind, r.Enabled, r.Function)
		if !r.Plain {
			list[name] += " with a condition or arguments"
		}
	}
	var functions []struct {
		Name string `db:"proname"`
		Body string `db:"prosrc"`
	}
	err := c.Select(&functions, `SELECT proname, prosrc FROM pg_catalog.pg_proc
		WHERE CAST(pronamespace AS regnamespace) = CAST(quote_ident(current_schema()) AS regnamespace)
		AND CAST(CAST(prorettype AS regtype) AS TEXT) = 'trigger'`) // an extension may bring others
	for _, f := range functions {
		list["function "+f.Name] = oneSpace(f.Body)
	}
	return list, err
}
