package jwk

import (
	"errors"
	"strconv"

	"tenure/jwk/strictjson"
)

// maxJSONDepth is the deepest nesting of arrays and objects that is read.
const maxJSONDepth = 64

type kind byte

const (
	kindNull kind = iota
	kindBoolean
	kindNumber
	kindText
	kindArray
	kindObject
)

// value is one JSON value (RFC 8259). text is the decoded string, or the literal as written of a
// number or boolean.
type value struct {
	kind    kind
	text    string
	items   []value
	members []member
}

type member struct {
	name  string
	value value
}

// get returns the member called name, nil when it is absent or null: both mean the same here.
func (v *value) get(name string) *value {
	for i := range v.members {
		if v.members[i].name == name {
			if v.members[i].value.kind == kindNull {
				return nil
			}
			return &v.members[i].value
		}
	}
	return nil
}

// parse reads text as one value and lists the members that their objects repeat, also with an error.
func parse(text string) (v value, repeated []Fault, err error) {
	t := tree{Reader: strictjson.NewReader(text, maxJSONDepth), noting: true}
	v = t.value()
	return v, t.faults.list, t.End()
}

// parseStored reads what is shown in any case: text that is not Unicode is replaced by U+FFFD, and
// the last of equal names wins.
func parseStored(text string) (value, error) {
	t := tree{Reader: strictjson.NewRepairingReader(text, maxJSONDepth)}
	v := t.value()
	return v, t.End()
}

// tree builds a value. With an error it is incomplete.
type tree struct {
	*strictjson.Reader
	noting bool
	faults faultList // of repeated members, if noting
}

func (t *tree) value() value {
	switch t.Peek() {
	case '{':
		return t.object()
	case '[':
		v := value{kind: kindArray}
		for t.Array(); t.Item(); {
			v.items = append(v.items, t.value())
		}
		return v
	case '"':
		return value{kind: kindText, text: t.Text()}
	case 't', 'f':
		return value{kind: kindBoolean, text: strconv.FormatBool(t.Bool())}
	case 'n':
		t.Null()
		return value{kind: kindNull, text: "null"}
	}
	return value{kind: kindNumber, text: t.Number()}
}

func (t *tree) object() value {
	v := value{kind: kindObject}
	for t.Object(); t.Member(); {
		name, earlier := t.Name(), t.Earlier()
		if earlier < 0 {
			v.members = append(v.members, member{name: name, value: t.value()})
			continue
		}
		noting, at := t.noting && !t.faults.full(), ""
		if noting {
			at = t.Pointer()
		}
		v.members[earlier].value = t.value()
		if noting {
			t.faults.addAt(at, "duplicate-member")
		}
	}
	return v
}

// syntax is how the faults of a set name what strictjson found.
func syntax(err error) (rule, words string) {
	var found *strictjson.Error
	if errors.As(err, &found) {
		switch found.Kind {
		case strictjson.Ended:
			return "invalid-json", "not valid JSON: it ends too early"
		case strictjson.TooDeep:
			return "too-deep", "JSON nested too deeply"
		case strictjson.NotUTF8, strictjson.Surrogate:
			return "invalid-text", "text that is not valid Unicode"
		case strictjson.Trailing:
			return "trailing-data", "data after the JSON value"
		}
	}
	return "invalid-json", "not valid JSON"
}

// write appends a value with every member, in the order that it has.
func (v *value) write(w *strictjson.Writer) {
	switch v.kind {
	case kindText:
		w.Text(v.text)
	case kindArray:
		w.Open('[')
		for i := range v.items {
			v.items[i].write(w)
		}
		w.Close(']')
	case kindObject:
		w.Open('{')
		for i := range v.members {
			w.AnyName(v.members[i].name)
			v.members[i].value.write(w)
		}
		w.Close('}')
	default:
		w.Raw(v.text)
	}
}
