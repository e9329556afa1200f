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

// Report is what Check found in a set.
type Report struct {
	// Sent is the set as it was sent, in canonical JSON (compact, members sorted by the octets of their
	// names, numbers as they were written, strings with the fewest escapes); nil with faults.
	Sent []byte
	// Canonical is Sent with every key in its one right form: coordinates of the curve's size, numbers
	// without leading zeros, base64url without padding, certificates in base64 with padding. The
	// Canonical of canonical bytes is the same bytes. Nil with faults.
	Canonical []byte
	// Faults are the broken rules that nothing relaxes: at least one for each key that breaks one, once
	// the set is JSON with an array of keys.
	Faults []Fault
	// Weak are the broken rules that a setup's policy may let pass.
	Weak []Fault
	// Converted are the values of Canonical that are not those of Sent.
	Converted []Fault

	viewBound int // no view of the set is longer
}

// Check reads data as a set of public keys (RFC 7517 section 5) and holds it to the rules, which docs/keys.md
// lists. Keys of an unknown kty are kept as they are unless they hold a private member, a certificate
// that is out of bounds, or a kty or alg that only looks unknown.
func Check(data []byte) Report {
	report := Recheck(data)
	// The view costs as much as all other rules together, and is needed only for sets that come near the bound.
	if report.Canonical == nil || report.viewBound <= viewLimit(report.Canonical) {
		return report
	}
	if len(AppendView(nil, report.Canonical)) > viewLimit(report.Canonical) {
		return refused("rendering-too-large", "")
	}
	return report
}

// Recheck is Check of a set that was checked before, without the bound on its view, which costs most.
func Recheck(data []byte) Report {
	if len(data) > MaxSetBytes {
		return refused("set-too-large", "")
	}
	sent := string(data)
	set, repeated, err := parse(sent)
	if err != nil {
		rule, words := syntax(err)
		return Report{Faults: append(repeated, Fault{"", rule, "The key set is " + words + "."})}
	}
	if set.kind != kindObject {
		return Report{Faults: append(repeated, Fault{"", "not-an-object", "A key set must be a JSON object."})}
	}
	var private privateSearch
	private.search(&set, false)
	report := Report{Faults: slices.Concat(repeated, private.faults.list)}
	keys := set.get("keys")
	switch {
	case keys == nil:
		report.Faults = append(report.Faults, Fault{"/keys", "missing-member", "A key set must have an array of keys."})
	case keys.kind != kindArray:
		report.Faults = append(report.Faults, Fault{"/keys", "wrong-type", "The member must be an array of keys."})
	default:
		report.checkKeys(keys.items)
	}
	if len(report.Faults) > 0 {
		return report
	}
	report.Sent = canonicalJSON(sent)
	report.viewBound += octetsOfSet + len(report.Sent)
	if report.Canonical = report.Sent; len(report.Converted) > 0 {
		w := strictjson.NewWriter(make([]byte, 0, len(sent)))
		set.write(w)
		report.Canonical = canonicalJSON(string(w.Bytes()))
		report.viewBound += len(report.Canonical)
	}
	return report
}

func canonicalJSON(text string) []byte {
	return strictjson.NewReader(text, maxJSONDepth).AppendCanonical(make([]byte, 0, len(text)))
}

// Bounds of the view of a written set.
const (
	maxViewBytes  = 1 << 20
	viewFactor    = 8        // times what is stored
	freeViewBytes = 32 << 10 // that are allowed in any case: 64 small keys
)

// viewLimit bounds what every read of the set costs.
func viewLimit(canonical []byte) int {
	return min(maxViewBytes, max(viewFactor*len(canonical), freeViewBytes))
}

// Octets of a view that are in no set: the members of one key with times and an error, and those around
// the keys.
const (
	octetsOfKey = 1600
	octetsOfSet = 200
)

func refused(rule, pointer string) (r Report) {
	r.fault(rule, pointer)
	return r
}

func (r *Report) fault(rule, pointer string) {
	r.Faults = append(r.Faults, Fault{pointer, rule, rules[rule].message})
}

// checkKeys checks each key; those beyond the limit go unread, as the set is refused anyway.
func (r *Report) checkKeys(items []value) {
	if len(items) > MaxKeys {
		r.fault("too-many-keys", "/keys")
		items = items[:MaxKeys]
	}
	for i := range items {
		r.checkKey(&items[i], "/keys/"+strconv.Itoa(i))
	}
}

func (r *Report) checkKey(item *value, at string) {
	before := len(r.Faults)
	if item.kind == kindObject {
		private := privateSearch{path: strings.Split(at[1:], "/")}
		private.search(item, true)
		r.Faults = append(r.Faults, private.faults.list...)
		if chain := item.get("x5c"); chain != nil && len(chain.items) > MaxChain {
			r.fault("chain-too-long", at+"/x5c")
		}
	}
	k, keyFaults, chainFaults := readKey(item, at)
	if k != nil && k.unknown {
		chainFaults = slices.DeleteFunc(chainFaults, func(f Fault) bool { return f.Rule != "private-key" })
	}
	r.Faults = slices.Concat(r.Faults, keyFaults, chainFaults)
	if k == nil {
		return
	}
	reader := &keyReader{object: item, pointer: at}
	reader.boundChain(k)
	r.viewBound += octetsOfKey
	for _, element := range k.chain {
		if element.certificate != nil {
			r.viewBound += element.certificate.ViewBound()
		}
	}
	if len(r.Faults) == before {
		r.Converted = append(r.Converted, reader.judge(k)...)
	}
	for _, f := range reader.faults {
		if rules[f.Rule].weak {
			r.Weak = append(r.Weak, f)
		} else {
			r.Faults = append(r.Faults, f)
		}
	}
}

// boundChain bounds the certificates whose view would be far longer than they are.
func (r *keyReader) boundChain(k *key) {
	for i, element := range k.chain[:min(len(k.chain), MaxChain)] {
		if element.certificate == nil {
			continue
		}
		if excess := element.certificate.Excess(); excess != "" {
			r.say("certificate-bounds", "The certificate must have "+excess+".", "x5c", strconv.Itoa(i))
		}
	}
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
	for i := range v.members {
		if m := &v.members[i]; m.value.kind != kindNull && isKty(m.name) {
			isKey = true
			if bare(m.value.text, longestValue) == "oct" {
				s.faults.add("symmetric-key", append(s.path, m.name)...)
			}
		}
	}
	for i := range v.members {
		m := &v.members[i]
		switch {
		case isKey && m.value.kind != kindNull && isPrivate(m.name):
			s.faults.add("private-key", append(s.path, m.name)...)
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
