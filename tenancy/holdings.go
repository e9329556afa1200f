package tenancy

import (
	"fmt"
	"strings"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// Holdings counts what an organization holds, at any depth: what would go along
// if it were deleted.
type Holdings struct {
	Organizations, Setups, ResourceServers, Clients int64
}

// Contents finds out what organizations hold, of which the first is the one that
// the others are below. The zero value is for a store without setups.
type Contents struct {
	// Holds counts what would go along with the organizations.
	Holds func(c *db.Conn, orgs []OrgID) (Holdings, error)
	// Defaults counts the other organizations whose default setup is one of theirs.
	Defaults func(c *db.Conn, orgs []OrgID) (int64, error)
}

// refuses is why organizations cannot be deleted; nil if they can. counting says
// that they must hold nothing.
func (k Contents) refuses(c *db.Conn, orgs []OrgID, counting bool) error {
	if k.Defaults != nil {
		n, err := k.Defaults(c, orgs)
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Conflict, fault.CodeDefaultSetup,
				"a setup of the organization is the default setup of %s elsewhere; choose another one there first", Counted(n, "organization"))
		}
	}
	if !counting {
		return nil
	}
	h, err := Holdings{Organizations: int64(len(orgs)) - 1}, error(nil)
	if k.Holds != nil {
		h, err = k.Holds(c, orgs)
	}
	if err == nil && h.Any() {
		err = &NotEmptyError{h}
	}
	return err
}

// Any reports whether there is something that would go along.
func (h Holdings) Any() bool {
	return h.Organizations+h.Setups+h.ResourceServers+h.Clients > 0
}

// String is like "2 organizations, 1 setup and 119 clients".
func (h Holdings) String() string {
	var parts []string
	for _, p := range []struct {
		n    int64
		what string
	}{{h.Organizations, "organization"}, {h.Setups, "setup"}, {h.ResourceServers, "resource server"}, {h.Clients, "client"}} {
		if p.n > 0 {
			parts = append(parts, Counted(p.n, p.what))
		}
	}
	if last := len(parts) - 1; last > 0 {
		return strings.Join(parts[:last], ", ") + " and " + parts[last]
	}
	return strings.Join(parts, "")
}

// Counted is a number with the noun that it counts, like "1 client" or "119 clients".
func Counted(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// NotEmptyError refuses to delete an organization by a request that does not say
// that what it holds goes too.
type NotEmptyError struct{ Holdings Holdings }

func (e *NotEmptyError) Error() string {
	return "the organization holds " + e.Holdings.String() + ", which would be deleted with it"
}

// Unwrap makes it a Conflict with fault.CodeNotEmpty.
func (e *NotEmptyError) Unwrap() error {
	return fault.New(fault.Conflict, fault.CodeNotEmpty, "%s", e.Error())
}
