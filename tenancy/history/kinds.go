package history

import "slices"

// Kinds lists every kind of event that this program records, or that an older one did.
func Kinds() []Kind {
	kinds := []Kind{
		"installation.migrated", "module.created", KeyAdded, KeyRetired,
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
	kinds = append(kinds, "setup.restored", "client.restored")
	slices.Sort(kinds)
	return kinds
}
