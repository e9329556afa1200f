package api

import (
	"cmp"
	"strconv"
	"strings"

	"tenure/tenancy/history"
)

// cells are the event's columns.
func (h happened) cells() []string {
	key := actingKey{}
	if h.Key != nil {
		key = *h.Key
	}
	return []string{strconv.FormatInt(h.LogIndex, 10), strconv.FormatInt(h.Sequence, 10), h.Kind, h.ObjectKind, h.Object, h.OwnerOrganizationID,
		h.Reference, text(h.SnapshotID), text(h.Digest), h.RecordedAt, h.EffectiveAt, h.Actor, key.ID, text(key.Name), text(key.OrganizationID),
		h.ActingOrganizationID, h.Surface, h.Reason, string(h.Details)}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// ocsfVersion is that of the schema the events are written in. Of its class
// Entity Management only what every version 1.x has is used; what else is known
// of an event stands under unmapped.
const ocsfVersion = "1.1.0"

const (
	ocsfCategory = 3    // Identity & Access Management
	ocsfClass    = 3004 // Entity Management

	ocsfCreate = 1
	ocsfRead   = 2
	ocsfUpdate = 3
	ocsfDelete = 4
)

// toOCSF writes an event in the class Entity Management of OCSF.
func toOCSF(h happened, e history.Entry) ocsfEvent {
	activity, name := ocsfActivity(e.Kind)
	user := ocsfUser{UID: h.Actor, TypeID: 99, Type: "Other"}
	if who, id, ok := strings.Cut(h.Actor, ":"); ok {
		user.UID, user.Type = id, who
	}
	if h.Key != nil {
		user.Name = text(h.Key.Name)
		user.Org = &ocsfOrg{cmp.Or(text(h.Key.OrganizationID), h.ActingOrganizationID)}
	}
	return ocsfEvent{ActivityID: activity, Activity: name, Category: ocsfCategory, Class: ocsfClass, Type: ocsfClass*100 + activity,
		Time: int64(e.RecordedAt.Millis()), SeverityID: 1, StatusID: 1, Comment: h.Reason,
		Metadata: ocsfMetadata{Version: ocsfVersion, Product: ocsfProduct{"Tenure", "Tenure"},
			UID: strconv.FormatInt(h.LogIndex, 10), Sequence: h.LogIndex, Code: h.Kind},
		Actor: ocsfActor{user}, Entity: ocsfEntity{h.Object, h.ObjectKind, text(h.SnapshotID)},
		API: ocsfAPI{h.Kind, ocsfService{h.Surface}}, Unmapped: h}
}

// ocsfActivity is what a kind of event is to OCSF: the object is made, looked
// at (a secret was shown), ended, or else changed.
func ocsfActivity(kind history.Kind) (int, string) {
	_, verb, _ := strings.Cut(string(kind), ".")
	switch verb {
	case "created", "published":
		return ocsfCreate, "Create"
	case "secret-disclosed":
		return ocsfRead, "Read"
	case "deleted", "revoked":
		return ocsfDelete, "Delete"
	}
	return ocsfUpdate, "Update"
}
