package snapshots

import "tenure/tenancy/db"

const maxTerm = 256 // bytes of a value that the index holds; resolving confirms the rest

// term is a value that lists may filter by.
type term struct{ field, value string }

const metadataTerm = "metadata." // and the name

// terms lists what a document can be found by; nil for no document.
func terms[T Content](doc *T) []term {
	if doc == nil {
		return nil
	}
	var name, owner string
	var localized []Localized
	switch d := any(doc).(type) {
	case *Client:
		name, owner, localized = d.ClientName, d.OwnerLabel, d.Localized
	case *Setup:
		name, owner, localized = d.Name, d.OwnerLabel, d.Localized
	case *ResourceServer:
		name, owner, localized = d.Name, d.OwnerLabel, d.Localized
	}
	list := []term{{"name", name}, {"owner", owner}}
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
func (s *Store) addTerms(tx *db.Tx, e Entity, next, base []term) error {
	known := make(map[term]bool, len(base))
	for _, t := range base {
		known[t] = true
	}
	for _, t := range next {
		if known[t] {
			continue
		}
		known[t] = true
		if _, err := tx.Exec(`INSERT INTO entity_term (bucket, field, value, entity_id) VALUES (?, ?, ?, ?)
			ON CONFLICT (bucket, field, value, entity_id) DO NOTHING`, bucket(e), t.field, cut(t.value), e.ID); err != nil {
			return err
		}
	}
	return nil
}

// cut shortens a value to what the index holds, at a character's boundary.
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
