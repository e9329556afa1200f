package jwk

import (
	"slices"
	"strconv"
	"strings"

	"tenure/jwk/strictjson"
)

// Limits of a written set.
const (
	// MaxKeys is the number of keys.
	MaxKeys = 64
	// MaxChain is the number of certificates in one key's x5c.
	MaxChain = 10
	// MaxSetBytes is the length of the set as it is sent.
	MaxSetBytes = 256 << 10
)

// privateMembers are the members of every key type that carry private or symmetric key material
// (RFC 7518 sections 6.2.2, 6.3.2 and 6.4, RFC 8037 section 2, and the priv of algorithm key pairs).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// Check reads data as a set of public keys (RFC 7517 section 5).
//
// It returns the canonical bytes (compact, members sorted by the octets of their names, numbers as
// they were written, strings with the fewest escapes) and no fault, or no bytes and the faults: at
// least one for each key that breaks a rule, once the set is JSON with an array of keys. Check of
// canonical bytes returns the same bytes.
//
// Besides the rules of RFC 7517 and RFC 7518 it refuses private and symmetric keys, repeated member
// names, text that is not Unicode, data after the set, and more than the limits allow. Keys of an
// unknown kty are kept unless they hold a private member.
func Check(data []byte) (canonical []byte, faults []Fault) {
	if len(data) > MaxSetBytes {
		return nil, []Fault{{"", "set-too-large", "A key set must not have more than 262144 bytes."}}
	}
	text := string(data)
	set, repeated, err := parse(text)
	if err != nil {
		rule, words := syntax(err)
		return nil, append(repeated, Fault{"", rule, "The key set is " + words + "."})
	}
	if set.kind != kindObject {
		return nil, append(repeated, Fault{"", "not-an-object", "A key set must be a JSON object."})
	}
	var private privateSearch
	private.search(&set, false)
	faults = slices.Concat(repeated, private.faults.list)
	keys := set.get("keys")
	switch {
	case keys == nil:
		faults = append(faults, Fault{"/keys", "missing-member", "A key set must have an array of keys."})
	case keys.kind != kindArray:
		faults = append(faults, Fault{"/keys", "wrong-type", "The member must be an array of keys."})
	default:
		faults = append(faults, checkKeys(keys.items)...)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return strictjson.NewReader(text, maxJSONDepth).AppendCanonical(make([]byte, 0, len(data))), nil
}

// checkKeys checks each key; those beyond the limit go unread, as the set is refused anyway.
func checkKeys(items []value) (faults []Fault) {
	if len(items) > MaxKeys {
		faults = append(faults, Fault{"/keys", "too-many-keys", "A key set must not have more than 64 keys."})
		items = items[:MaxKeys]
	}
	for i := range items {
		faults = append(faults, checkKey(&items[i], "/keys/"+strconv.Itoa(i))...)
	}
	return faults
}

func checkKey(item *value, at string) []Fault {
	var faults []Fault
	if item.kind == kindObject {
		private := privateSearch{path: strings.Split(at[1:], "/")}
		private.search(item, true)
		faults = private.faults.list
		if chain := item.get("x5c"); chain != nil && len(chain.items) > MaxChain {
			faults = append(faults, Fault{at + "/x5c", "chain-too-long", "A chain must not have more than 10 certificates."})
		}
	}
	_, keyFaults, chainFaults := readKey(item, at)
	return slices.Concat(faults, keyFaults, chainFaults)
}

// privateSearch finds private members in a value and whatever lies under it. A key may have none;
// any other object counts as a key when it has a kty.
type privateSearch struct {
	path   []string
	faults faultList
}

func (s *privateSearch) search(v *value, isKey bool) {
	for i := range v.items {
		s.under(strconv.Itoa(i), &v.items[i])
	}
	if kty := v.get("kty"); kty != nil {
		isKey = true
		if kty.text == "oct" {
			s.faults.add("symmetric-key", "A set must not hold symmetric keys.", append(s.path, "kty")...)
		}
	}
	for i := range v.members {
		m := &v.members[i]
		switch {
		case isKey && m.value.kind != kindNull && slices.Contains(privateMembers, m.name):
			s.faults.add("private-key", "A set must not hold private key material.", append(s.path, m.name)...)
		case len(s.path) == 0 && m.name == "keys": // each is searched on its own
		default:
			s.under(m.name, &m.value)
		}
	}
}

func (s *privateSearch) under(name string, v *value) {
	s.path = append(s.path, name)
	s.search(v, false)
	s.path = s.path[:len(s.path)-1]
}
