package history

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Changed is the detail of an event that changes an object other than by content:
// a JSON object of the whole object before and after, both JSON themselves. Nil leaves a
// member out: there is no before of what is made, and no after of what ends.
func Changed(before, after []byte) ([]byte, error) {
	said := make(map[string]json.RawMessage, 2)
	if before != nil {
		said["before"] = before
	}
	if after != nil {
		said["after"] = after
	}
	return json.Marshal(said)
}

// Says reports whether a detail, as it is stored, says that an object was before and is
// after the event. Details from before Changed say only what it is after: the object
// itself.
func Says(detail string, before, after []byte) (bool, error) {
	said, err := Changed(before, after)
	return detail == string(said) || after != nil && detail == string(after), err
}

// PolicyChanged is the kind of event of a new policy of a setup.
const PolicyChanged = Kind("setup.policy-changed")

// Kinds whose detail, in events from before Changed, is the object after the event.
const (
	keyCreated   = Kind("key.created")
	policyOld    = Kind("setup.policy")
	organization = ObjectOrganization + "."
)

// Details is an event's detail in today's form: {"before", "after"} for changes of
// organizations, keys, policies, modules and participants, each member where it is
// known, and for others as it is stored.
func Details(kind Kind, stored []byte) json.RawMessage {
	if kind != keyCreated && kind != policyOld && !strings.HasPrefix(string(kind), organization) {
		return stored
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(stored, &members) == nil && onlyChange(members) {
		return stored
	}
	return slices.Concat([]byte(`{"after":`), bytes.TrimSpace(stored), []byte("}"))
}

// onlyChange reports whether a detail has the form of Changed; no object has such members.
func onlyChange(members map[string]json.RawMessage) bool {
	for name := range members {
		if name != "before" && name != "after" {
			return false
		}
	}
	return len(members) > 0
}

// SameKinds are a kind and others that mean the same: what was setup.policy-changed
// before it said what it changed is setup.policy.
func SameKinds(kind Kind) []Kind {
	if kind == policyOld || kind == PolicyChanged {
		return []Kind{policyOld, PolicyChanged}
	}
	return []Kind{kind}
}
