package modules

import (
	"encoding/json"
	"regexp"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

var (
	table = db.NewTable("module", "name, recorded_at", "")
	valid = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
)

// Check is the rule for a module's name.
func Check(name string) error {
	if !valid.MatchString(name) {
		return fault.At("/name", "name", "a module's name has 1 to 64 characters of a-z, 0-9, _ and -")
	}
	return nil
}

type row struct {
	Name string `db:"name"`
}

func named(name string) db.Lookup[row] {
	return db.Lookup[row]{Query: "SELECT name FROM module WHERE name = ?", Args: []any{name}, Of: []db.Of{{Table: table.Name, Object: name}}}
}

// Exists is nil where there is a module of that name, else NotFound.
func Exists(c *db.Conn, name string) error {
	found, err := named(name).One(c)
	if err == nil && found == nil {
		err = fault.New(fault.NotFound, fault.CodeModuleUnknown, "there is no such module")
	}
	return err
}

// Make stores a module, with its event. Conflict if there is one of that name.
func Make(tx *db.Tx, scope tenancy.Scope, name string) error {
	found, err := named(name).One(&tx.Conn)
	if err == nil && found != nil {
		err = fault.New(fault.Conflict, fault.CodeIDTaken, "there is a module of that name")
	}
	if err != nil {
		return err
	}
	after, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		return err
	}
	detail, err := history.Changed(nil, after)
	if err != nil {
		return err
	}
	tx.Insert(table, name, name, int64(history.At(tx)))
	history.Record(tx, scope.Event(history.Event{Kind: "module.created", ObjectKind: history.ObjectModule, Object: "module:" + name,
		Org: string(scope.Acting()), Effective: history.At(tx).Millis(), Detail: detail}))
	return nil
}

// AsOf lists the modules that there were when what is known was recorded, by name.
func AsOf(c *db.Conn, known history.Micros) (names []string, err error) {
	err = c.Select(&names, "SELECT name FROM module WHERE recorded_at <= ? ORDER BY name", known)
	return names, err
}
