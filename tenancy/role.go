package tenancy

// Permission is one thing that a role may do; several may be or-ed.
type Permission uint16

// The permissions.
const (
	Resolve      Permission = 1 << iota // read what is active
	History                             // read past snapshots and who made them
	Plans                               // read what is scheduled
	Secrets                             // be shown client secrets
	WriteClients                        // create and change clients
	Administer                          // organizations, keys, modules, setups, resource servers
	ReadLog                             // read the log's envelopes
)

// Role is a set of permissions, not a step on a ladder.
type Role string

// The roles.
const (
	Reader  Role = "reader"
	Auditor Role = "auditor"
	Editor  Role = "editor"
	Admin   Role = "admin"
)

// Permissions of the role; none for an unknown one.
func (r Role) Permissions() Permission {
	switch r {
	case Reader:
		return Resolve
	case Auditor:
		return Resolve | History | Plans | ReadLog
	case Editor:
		return Resolve | History | Plans | Secrets | WriteClients
	case Admin:
		return Resolve | History | Plans | Secrets | WriteClients | Administer | ReadLog
	}
	return 0
}
