package snapshots

import (
	"tenure/snapshots/document"
	"tenure/tenancy/db"
)

const maxTerm = 256 // bytes of a field or a value that the index holds; resolving confirms the rest

// term is a value that lists may filter by.
type term struct{ field, value string }

const (
	metadataTerm = "metadata." // and the name
	softwareTerm = "software_id"
)

// terms lists what a document can be found by; nil for no document.
func terms[T document.Content](doc *T) []term {
	if doc == nil {
		return nil
	}
	var name, owner, software string
	var localized []document.Localized
	switch d := any(doc).(type) {
	case *document.Client:
		name, owner, localized, software = d.ClientName, d.OwnerLabel, d.Localized, d.SoftwareID
	case *document.Setup:
		name, owner, localized = d.Name, d.OwnerLabel, d.Localized
	case *document.ResourceServer:
		name, owner, localized = d.Name, d.OwnerLabel, d.Localized
	}
	list := []term{{"name", name}, {"owner", owner}}
	if software != "" {
		list = append(list, term{softwareTerm, software})
	}
	for _, l := range localized {
		list = append(list, term{metadataTerm + l.Name, l.Value})
	}
	return list
}

// bucket is what terms are looked up within: the setup, or for setups
// themselves the module.
func bucket(e Entity) string {
	if e.Kind == KindSetup {
		return e.Module
	}
	return string(e.Setup)
}

// addTerms indexes what the base did not have yet.
func addTerms(tx *db.Tx, e Entity, next, base []term) {
	known := make(map[term]bool, len(base)+len(next))
	for _, t := range base {
		known[t] = true
	}
	for _, t := range next {
		if !known[t] {
			known[t] = true
			tx.Insert(termTable, "", bucket(e), cut(t.field), cut(t.value), e.ID)
		}
	}
}

// cut shortens a text to what the index holds, at a character's boundary.
func cut(value string) string {
	if len(value) <= maxTerm {
		return value
	}
	end := maxTerm
	for end > 0 && value[end]&0xc0 == 0x80 {
		end--
	}
	return value[:end]
}
