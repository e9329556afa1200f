package snapshots

import (
	"context"

	"tenure/snapshots/modules"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// DefaultModule is there from the first start on.
const DefaultModule = "oauthv2"

// Modules lists the modules that the installation had at an instant, by name.
func (s *Store) Modules(ctx context.Context, scope tenancy.Scope, in Instant) ([]string, error) {
	return inView(ctx, s, scope, in, func(l *look) ([]string, error) { return modules.AsOf(l.view, l.tree()) })
}

// CreateModule makes a module; only who administers the root organization may.
func (s *Store) CreateModule(ctx context.Context, scope tenancy.Scope, name string) error {
	if err := scope.Check(tenancy.Administer); err != nil {
		return err
	}
	if !scope.IsRoot() {
		return fault.New(fault.Forbidden, "", "modules belong to the installation: only an administrator of the root organization makes them")
	}
	if err := modules.Check(name); err != nil {
		return err
	}
	return s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		if err := scope.Recheck(tx, scope.Acting()); err != nil {
			return err
		}
		return modules.Make(tx, scope, name)
	})
}
