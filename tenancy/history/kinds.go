package history

import (
	"slices"
	"strings"
)

// Kinds of events that tell an access and change nothing.
const (
	SignInRefused = Kind("access.sign-in-refused") // no credential, or one that does not hold
	AccessRefused = Kind("access.refused")         // not allowed, or a write to what is not there for the caller
	HistoryRead   = Kind("access.history-read")
	Exported      = Kind("access.exported")
	EvidenceMade  = Kind("access.evidence")
)

// IsAccess reports whether events of the kind tell an access.
func (k Kind) IsAccess() bool { return strings.HasPrefix(string(k), "access.") }

// Kinds lists every kind of event that this program records, or that an older one did.
func Kinds() []Kind {
	kinds := []Kind{
		"installation.migrated", "module.created", kindOrigin, KeyAdded, KeyRetired, ClockAhead, "log.counted",
		"organization.created", "organization.renamed", "organization.moved", "organization.deleted", "organization.restored", "organization.default-setup",
		"organization.quota", "organization.require-reason", "organization.token-duration",
		keyCreated, "key.revoked", "participant.added",
		policyOld, PolicyChanged, "setup.initial-token-added", "setup.initial-token-ended",
		"client.imported", "client.erased", "client.secret-added", "client.secret-ended", "client.secret-disclosed", "client.token-added", "client.token-ended",
	}
	for _, object := range []string{ObjectSetup, ObjectResourceServer, ObjectClient} {
		for _, verb := range []string{"published", "changed", "scheduled", "withdrawn", "deleted"} {
			kinds = append(kinds, Kind(object+"."+verb))
		}
	}
	kinds = append(kinds, "setup.restored", "client.restored", SignInRefused, AccessRefused, HistoryRead, Exported, EvidenceMade)
	slices.Sort(kinds)
	return kinds
}
