package jwk

import "tenure/jwk/strictjson"

// Fault is one broken rule of a written set.
type Fault struct {
	// Pointer is an RFC 6901 JSON pointer into the set, "" for the set itself.
	Pointer string
	// Rule names the rule in lower case with hyphens. The names do not change.
	Rule string
	// Message is one sentence for people. It contains no value of the set.
	Message string
}

// maxPointerOctets is the total length of pointers after which a faultList takes no more.
const maxPointerOctets = 64 << 10

// faultList collects faults anywhere in a document. Pointers repeat the names above them, so that a
// long name over many faults would cost far more than the document; the total is bounded.
type faultList struct {
	list   []Fault
	octets int
}

func (l *faultList) full() bool { return l.octets > maxPointerOctets }

func (l *faultList) add(rule string, path ...string) {
	if !l.full() {
		l.addAt(pointer(path...), rule)
	}
}

func (l *faultList) addAt(pointer, rule string) {
	if !l.full() {
		l.octets += len(pointer)
		l.list = append(l.list, Fault{pointer, rule, rules[rule].message})
	}
}

// pointer is an RFC 6901 JSON pointer.
func pointer(path ...string) string {
	var text []byte
	for _, step := range path {
		text = strictjson.AppendPointer(text, step)
	}
	return string(text)
}
