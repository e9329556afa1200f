package pages

import (
	"strings"

	"tenure/tenancy/history"
)

// titles are what happened, in words, by the kind without its object; those
// that differ from object to object have the whole kind.
var titles = map[string]string{
	"published": "Created", "changed": "Changed", "scheduled": "Change planned", "withdrawn": "Planned change withdrawn", "deleted": "Deleted",
	"restored": "Restored", "imported": "Imported", "erased": "Content erased", "created": "Created", "renamed": "Renamed", "moved": "Moved",
	"revoked": "Revoked", "migrated": "Data moved to a new form", "origin": "Log continued under a new name",
	"counted": "Objects counted", "clock-ahead": "Clock of the log ahead of time", "key-added": "Signing key added", "key-retired": "Signing key retired",
	"policy": "Policy set", "policy-changed": "Policy set", "added": "Added", "initial-token-added": "Initial access token added", "initial-token-ended": "Initial access token ended",
	"secret-added": "Secret added", "secret-ended": "End of a secret set", "secret-disclosed": "Secret shown to somebody",
	"token-added": "Registration access token added", "token-ended": "Registration access token ended",
	"default-setup": "Default setup chosen", "quota": "Limit of organizations below set", "require-reason": "Duty to give a reason set",
	"sign-in-refused": "Sign-in refused", "refused": "Request refused", "history-read": "History read", "exported": "History exported", "evidence": "Evidence bundle made",
	"token-duration": "Lifetime of its tokens set",
}

// title is an event's kind in words; of a kind that has none, its own.
func title(kind history.Kind) string {
	_, verb, _ := strings.Cut(string(kind), ".")
	if words, ok := titles[verb]; ok {
		return words
	}
	words := strings.ReplaceAll(verb, "-", " ")
	if words == "" {
		return string(kind)
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// sorts are the kinds of object, in the order of the index.
var sorts = []struct{ kind, one, many string }{
	{history.ObjectClient, "client", "clients"}, {history.ObjectSetup, "setup", "setups"},
	{history.ObjectResourceServer, "resource server", "resource servers"}, {history.ObjectOrganization, "organization", "organizations"},
	{history.ObjectKey, "API key", "API keys"}, {history.ObjectModule, "module", "modules"},
}

// place is where a kind of object is among the sorts.
func place(kind string) int {
	for i, s := range sorts {
		if s.kind == kind {
			return i
		}
	}
	return len(sorts)
}

func sortOf(kind string) string {
	if at := place(kind); at < len(sorts) {
		return sorts[at].one
	}
	return strings.ReplaceAll(kind, "_", " ")
}

// term is a row of the glossary.
type term struct{ Word, Meaning string }

var glossary = []term{
	{"Client", "An application that is registered at an authorization server. It is known there by its client_id."},
	{"Setup", "The configuration of one authorization server, from which its clients inherit what they do not set."},
	{"Resource server", "A service that accepts tokens, with the scopes that clients may ask for."},
	{"Organization", "Whoever owns clients, setups and keys. Organizations form a tree; an organization covers itself and all below it."},
	{"Acting organization", "The organization for which a change was made. It can be above the owner."},
	{"API key", "What a program or a person uses to act. A key has a name and belongs to an organization."},
	{"Snapshot", "The whole configuration of a client, a setup or a resource server at one time. It never changes; a change adds a new one."},
	{"Planned change", "A snapshot that takes effect at a later time than it was recorded. Until then it can be withdrawn."},
	{"Event", "One thing that was recorded. It is numbered in the log and within its object."},
	{"Log", "The list of all events of the installation. Each one is bound to all before it, so that a change of the past can be found."},
	{"Entry", "The place of an event in the log, counted from 0."},
	{"Checkpoint", "A signed statement of how many entries the log has, and of a number (the root) that depends on all of them."},
	{"Proof", "The numbers with which anybody can compute from an event the root that a checkpoint signs."},
	{"Risk: critical", "The change takes a protection away, or stops everything that runs."},
	{"Risk: sensitive", "The change allows more than before, may break what runs, or shows people something else. Somebody should have looked at it."},
	{"Erased", "The content was deleted, as data protection law can demand. That it was there, when, and by whom it was written stays proved."},
	{"Withheld", "Not in this bundle, because it names an organization that the bundle's reader must not see. The event stays proved."},
	{"UTC", "The time zone of all times here. They are those of the server's own clock."},
}
