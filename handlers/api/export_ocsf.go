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
		h.ActingOrganizationID, h.Surface, h.Reason, string(h.Details), strings.Join(h.Inherited, " ")}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// ocsfVersion is that of the schema the events are written in. Every attribute
// here is also in 1.8.0; what else is known of an event is under unmapped.
const ocsfVersion = "1.1.0"

const (
	ocsfCategory = 3    // Identity & Access Management
	ocsfClass    = 3004 // Entity Management
	ocsfName     = "Entity Management"
	ocsfProfile  = "host" // in 1.1.0 it is what gives the class its actor

	ocsfCreate = 1
	ocsfRead   = 2
	ocsfUpdate = 3
	ocsfDelete = 4
	ocsfOther  = 99
)

// toOCSF writes an event in the class Entity Management of OCSF. program is
// the version of this program; empty where it is not known.
func toOCSF(h happened, e history.Entry, program string) ocsfEvent {
	activity, name := ocsfActivity(e)
	user := ocsfUser{UID: cmp.Or(h.Actor, "unknown"), TypeID: 99, Type: "unknown"}
	if who, id, ok := strings.Cut(h.Actor, ":"); ok {
		user.UID, user.Type = cmp.Or(id, h.Actor), cmp.Or(who, user.Type)
	}
	if h.Key != nil {
		user.Name = text(h.Key.Name)
		if org := text(h.Key.OrganizationID); org != "" {
			user.Org = &ocsfOrg{org}
		}
	}
	entity := ocsfEntity{cmp.Or(h.Object, h.ObjectKind), h.ObjectKind, text(h.SnapshotID)}
	_, verb, _ := strings.Cut(h.Kind, ".")
	status, outcome := 1, "Success"
	if activity == ocsfOther {
		status, outcome = 2, "Failure"
	}
	return ocsfEvent{ActivityID: activity, Activity: name, CategoryID: ocsfCategory, Category: "Identity & Access Management",
		ClassID: ocsfClass, Class: ocsfName, TypeID: ocsfClass*100 + activity, Type: ocsfName + ": " + name,
		Time: int64(e.RecordedAt.Millis()), SeverityID: 1, Severity: "Informational", StatusID: status, Status: outcome,
		Message: strings.ReplaceAll(entity.Type, "_", " ") + " " + entity.UID + ": " + strings.ReplaceAll(verb, "-", " ") +
			" by " + user.Type + " " + cmp.Or(user.Name, user.UID), Comment: h.Reason,
		Metadata: ocsfMetadata{Version: ocsfVersion, Profiles: []string{ocsfProfile}, Product: ocsfProduct{"Tenure", "Tenure", program},
			UID: strconv.FormatInt(h.LogIndex, 10), Sequence: h.LogIndex, Code: h.Kind, Tenant: h.OwnerOrganizationID, Original: h.RecordedAt},
		Actor: ocsfActor{user}, Entity: entity, Unmapped: h}
}

// ocsfActivity is what a kind of event is to OCSF: the object is made, looked
// at (a secret was shown), ended or erased, or else changed.
func ocsfActivity(e history.Entry) (int, string) {
	_, verb, _ := strings.Cut(string(e.Kind), ".")
	switch {
	case verb == "created", verb == "published", verb == "imported" && e.Seq == 1:
		return ocsfCreate, "Create"
	case e.Kind == history.SignInRefused, e.Kind == history.AccessRefused:
		return ocsfOther, "Other"
	case verb == "secret-disclosed", e.Kind.IsAccess():
		return ocsfRead, "Read"
	case verb == "deleted", verb == "revoked", verb == "erased":
		return ocsfDelete, "Delete"
	}
	return ocsfUpdate, "Update"
}
