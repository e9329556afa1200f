package candidates

import (
	"slices"
	"strings"

	"tenure/jwk/strictjson"
	"tenure/snapshots/document"
)

// deepest is how deep a content nests: a key set, and what is around it.
const deepest = 65

// Holds reads from the canonical bytes of a content its name, and whether it has all the
// terms that are wanted: as Terms of the document says, without decoding it. It reads no
// further than it needs to. Bytes that it cannot read are an error.
func Holds(content string, want []Term) (name string, holds bool, err error) {
	has, err := readLabels(content, slices.ContainsFunc(want, func(t Term) bool { return t.Field != byName && t.Field != byOwner }))
	return has.name, !slices.ContainsFunc(want, func(t Term) bool { return !has.has(t) }), err
}

// Labels are the terms for the name and the owner label of a client. They share no memory
// with the content.
func Labels(client *document.Places) []Term {
	return []Term{ByName(strings.Clone(client.Text(clientName))), ByOwner(strings.Clone(client.Text(ownerLabel)))}
}

var clientName, ownerLabel = document.PlaceOf("client_name"), document.PlaceOf("owner")

// labels are what a content can be found by.
type labels struct {
	name, owner, software string
	localized             []document.Localized
}

func (l *labels) has(t Term) bool {
	switch t.Field {
	case byName:
		return t.Value == l.name
	case byOwner:
		return t.Value == l.owner
	case Software:
		return t.Value == l.software && t.Value != ""
	}
	return slices.ContainsFunc(l.localized, func(one document.Localized) bool {
		name, is := strings.CutPrefix(t.Field, metadata)
		return is && name == one.Name && t.Value == one.Value
	})
}

// readLabels reads the name and the owner, and what is further behind if that is asked for.
func readLabels(content string, further bool) (l labels, err error) {
	r := strictjson.NewReader(content, deepest)
	for r.Object(); r.Member(); {
		switch r.Name() {
		case "v":
			r.Skip()
		case "client_name", "name":
			l.name = r.Text()
		case "owner":
			l.owner = r.Text()
		case "localized_metadata":
			if !further {
				return l, r.Err()
			}
			l.localized = readLocalized(r)
		case Software:
			l.software = r.Text()
		default:
			if !further { // what has a name and an owner has them first
				return l, r.Err()
			}
			r.Skip()
		}
	}
	return l, r.Err()
}

func readLocalized(r *strictjson.Reader) (list []document.Localized) {
	for r.Array(); r.Item(); {
		var l document.Localized
		for r.Object(); r.Member(); {
			switch r.Name() {
			case "name":
				l.Name = r.Text()
			case "value":
				l.Value = r.Text()
			default:
				r.Skip()
			}
		}
		list = append(list, l)
	}
	return list
}
