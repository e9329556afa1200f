package snapshots

import (
	"context"
	"regexp"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// DefaultModule is there from the first start on.
const DefaultModule = "oauthv2"

var moduleName = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

// Modules lists the modules that the installation had at an instant, by name.
func (s *Store) Modules(ctx context.Context, scope tenancy.Scope, in Instant) ([]string, error) {
	return inView(ctx, s, scope, in, func(l *look) ([]string, error) {
		var names []string
		err := l.view.Select(&names, "SELECT name FROM module WHERE recorded_at <= ? ORDER BY name", l.tree())
		return names, err
	})
}

// CreateModule makes a module; only who administers the root organization may.
func (s *Store) CreateModule(ctx context.Context, scope tenancy.Scope, name string) error {
	if err := scope.Check(tenancy.Administer); err != nil {
		return err
	}
	if !scope.IsRoot() {
		return fault.New(fault.Forbidden, "", "modules belong to the installation: only an administrator of the root organization makes them")
	}
	if !moduleName.MatchString(name) {
		return fault.At("/name", "name", "a module's name has 1 to 64 characters of a-z, 0-9, _ and -")
	}
	return s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		if err := scope.Recheck(tx, scope.Acting()); err != nil {
			return err
		}
		n, err := tx.Exec("INSERT INTO module (name, recorded_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
			name, int64(history.At(tx)))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, fault.CodeIDTaken, "there is a module of that name")
		}
		history.Record(tx, scope.Event(history.Event{Kind: "module.created", ObjectKind: history.ObjectModule, Object: "module:" + name,
			Org: string(scope.Acting()), Effective: history.At(tx).Millis()}))
		return nil
	})
}

func moduleExists(c *db.Conn, name string) error {
	n := 0
	if storable(name) {
		if err := c.Get(&n, "SELECT count(*) FROM module WHERE name = ?", name); err != nil {
			return err
		}
	}
	if n == 0 {
		return fault.New(fault.NotFound, fault.CodeModuleUnknown, "there is no such module")
	}
	return nil
}
