package candidates

import (
	"tenure/snapshots/document"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Term is a value of a field that lists are filtered by.
type Term struct{ Field, Value string }

const (
	maxTerm = 256 // bytes of a field or a value that the index has; resolving confirms the rest

	byName   = "name"
	byOwner  = "owner"
	metadata = "metadata." // and the name

	// Software is the field of a software's id.
	Software = "software_id"
)

// ByName, ByOwner and ByMetadata are what a list is filtered by.
func ByName(name string) Term { return Term{byName, name} }

// ByOwner is the label of an owner.
func ByOwner(label string) Term { return Term{byOwner, label} }

// ByMetadata is one value of localized metadata, in whatever locale.
func ByMetadata(name, value string) Term { return Term{metadata + name, value} }

// Terms lists what a document can be found by, its name first; nil for no document.
func Terms[T document.Content](doc *T) []Term {
	if doc == nil {
		return nil
	}
	switch d := any(doc).(type) {
	case *document.Client:
		return termsOf(d.ClientName, d.OwnerLabel, d.SoftwareID, d.Localized)
	case *document.Setup:
		return termsOf(d.Name, d.OwnerLabel, "", d.Localized)
	case *document.ResourceServer:
		return termsOf(d.Name, d.OwnerLabel, "", d.Localized)
	}
	return nil
}

func termsOf(name, owner, software string, localized []document.Localized) []Term {
	list := []Term{ByName(name), ByOwner(owner)}
	if software != "" {
		list = append(list, Term{Software, software})
	}
	for _, l := range localized {
		list = append(list, ByMetadata(l.Name, l.Value))
	}
	return list
}

// Bucket is within what the terms of an entity are found: its setup, or for setups
// themselves the module.
func Bucket(kind, module, setup string) string {
	if kind == history.ObjectSetup {
		return module
	}
	return setup
}

// Cut is a term as the index has it: its texts end at a character's boundary.
func (t Term) Cut() Term { return Term{cut(t.Field), cut(t.Value)} }

func cut(text string) string {
	if len(text) <= maxTerm {
		return text
	}
	end := maxTerm
	for end > 0 && text[end]&0xc0 == 0x80 {
		end--
	}
	return text[:end]
}

// table has every term that any snapshot of an entity ever had.
var table = db.NewTable("entity_term", "bucket, field, value, entity_id", "ON CONFLICT (bucket, field, value, entity_id) DO NOTHING")

// Add indexes an entity's terms that the base did not have yet.
func Add(tx *db.Tx, bucket, entity string, next, base []Term) {
	known := make(map[Term]bool, len(base)+len(next))
	for _, t := range base {
		known[t] = true
	}
	for _, t := range next {
		if !known[t] {
			known[t] = true
			tx.Insert(table, "", bucket, cut(t.Field), cut(t.Value), entity)
		}
	}
}
