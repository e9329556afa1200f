package migrate_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tenure/tenancy/db"
)

// objects describes every table, column, constraint, index, trigger and
// function of a database, by name.
func objects(t *testing.T, d *db.DB) map[string]string {
	t.Helper()
	all := map[string]string{}
	add := func(query string) {
		rows, err := d.Raw().Queryx(query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name, text string
			if err := rows.Scan(&name, &text); err != nil {
				t.Fatal(err)
			}
			if _, twice := all[name]; twice {
				t.Fatalf("two objects are called %s", name)
			}
			all[name] = strings.Join(strings.Fields(text), " ")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if d.Dialect == db.Postgres {
		for _, query := range postgresObjects {
			add(query)
		}
		return all
	}
	for _, query := range sqliteObjects {
		add(query)
	}
	for name, text := range all { // a table's own text differs where a column was added
		if strings.HasPrefix(name, "table ") {
			all[name] = strings.Join(checks(text), " ")
		}
	}
	return all
}

var sqliteObjects = []string{
	`SELECT type || ' ' || name, COALESCE(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'`,
	`SELECT 'column ' || m.name || '.' || c.name, c.cid || ' ' || c.type || ' ' || c."notnull" || ' ' || COALESCE(c.dflt_value, 'none') || ' ' || c.pk
		FROM sqlite_master m, pragma_table_xinfo(m.name) c WHERE m.type = 'table'`,
	`SELECT 'key ' || m.name || ' ' || i.name, i."unique" || ' ' || i.origin || ' ' || i.partial || ' ' ||
		(SELECT group_concat(x.name || x."desc" || x.coll, ',') FROM pragma_index_xinfo(i.name) x WHERE x.key = 1)
		FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table'`,
	`SELECT 'foreign key ' || m.name || ' ' || f.id || '.' || f.seq, f."table" || ' ' || f."from" || ' ' || COALESCE(f."to", '') || f.on_update || f.on_delete || f.match
		FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
}

var postgresObjects = []string{
	`SELECT 'table ' || relname, relpersistence::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
	`SELECT 'column ' || c.relname || '.' || a.attname, a.attnum || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' ||
		COALESCE(pg_get_expr(f.adbin, f.adrelid), 'none') FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
		WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace`,
	`SELECT 'constraint ' || conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace`,
	`SELECT 'index ' || indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace`,
	`SELECT 'trigger ' || tgrelid::regclass || ' ' || tgname, pg_get_triggerdef(oid) || ' ' || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal`,
	`SELECT 'function ' || proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
}

var checkWord = regexp.MustCompile(`\bCHECK\s*\(`)

// checks are the CHECK constraints in a CREATE TABLE, sorted.
func checks(sql string) (found []string) {
	for _, at := range checkWord.FindAllStringIndex(sql, -1) {
		depth, end := 1, at[1]
		for ; end < len(sql) && depth > 0; end++ {
			switch sql[end] {
			case '(':
				depth++
			case ')':
				depth--
			}
		}
		found = append(found, sql[at[0]:end])
	}
	slices.Sort(found)
	return found
}

// differences lists what one description has and the other has not, or
// otherwise.
func differences(got, want map[string]string) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if text, there := got[name]; !there {
			all = append(all, fmt.Sprintf("%s is missing", name))
		} else if text != want[name] {
			all = append(all, fmt.Sprintf("%s is %q, want %q", name, text, want[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, there := want[name]; !there {
			all = append(all, fmt.Sprintf("%s is too many", name))
		}
	}
	return all
}
