package ory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"tenure/jwk/strictjson"
	"tenure/tenancy/fault"
)

// Decode reads a client object from a body. Its fault is Malformed with Hydra's
// text.
func Decode(body []byte) (*Client, error) {
	c, err := Unmarshal(body)
	return c, undecodable(err)
}

// Members are the members of a body that Decode has taken, by their exact names.
func Members(body []byte) (map[string]json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	raw, err := FirstValue(body)
	if err == nil && string(raw) != "null" {
		err = json.Unmarshal(raw, &members)
	}
	return members, undecodable(err)
}

// Unmarshal is Decode with the bare error; DecodeText is its text.
func Unmarshal(body []byte) (*Client, error) {
	raw, err := FirstValue(body)
	if err != nil {
		return nil, err
	}
	c := &Client{}
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, err
	}
	return c, nil
}

// DecodeLifespans reads the body of the lifespans endpoint.
func DecodeLifespans(body []byte) (Lifespans, error) {
	var l Lifespans
	raw, err := FirstValue(body)
	if err == nil {
		err = json.Unmarshal(raw, &l)
	}
	return l, undecodable(err)
}

// FirstValue returns the JSON value at the start of a body; Hydra ignores what
// follows.
func FirstValue(body []byte) (json.RawMessage, error) {
	raw := json.RawMessage(bytes.TrimSpace(body))
	if !json.Valid(raw) { // it is none, or not all of the body
		raw = nil
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&raw); err != nil {
			return nil, err
		}
	}
	if !strictjson.WellFormed(raw) {
		return nil, errors.New("the text is not UTF-8, or has half a surrogate pair")
	}
	return raw, oneOfEach(string(raw))
}

// oneOfEach refuses an object, or a list of objects (a JSON Patch), that repeats a
// member: another reader of the same body could take the other value. Their members are
// read in any case, so two spellings are a repetition. The values of an object's members
// have rules of their own (jwks, metadata); the values of a patch are decoded before
// those rules see them, so they are checked here.
func oneOfEach(raw string) error {
	r, name := strictjson.NewReader(raw, maxDepth), ""
	if r.Peek() != '[' {
		name = repeated(r, true, func() string { r.Skip(); return "" })
	} else {
		for r.Array(); r.Item() && name == ""; {
			name = repeated(r, true, func() string { return repeatedBelow(r) })
		}
	}
	if name != "" {
		return fmt.Errorf("the member %.64q must not be repeated", name)
	}
	return r.Err()
}

const maxDepth = 10_000 // that of encoding/json

// repeated is the first member name that an object repeats, or value finds in a value;
// empty for none.
func repeated(r *strictjson.Reader, anyCase bool, value func() string) (name string) {
	if r.Peek() != '{' {
		r.Skip()
		return ""
	}
	seen := map[string]bool{}
	for r.Object(); r.Member() && name == ""; name = value() {
		own := r.Name()
		folded := own
		if strings.ContainsFunc(own, func(r rune) bool { return r >= utf8.RuneSelf || 'A' <= r && r <= 'Z' }) {
			folded = strings.ToLower(strings.ToUpper(own))
		}
		if r.Earlier() >= 0 || anyCase && seen[folded] {
			return own
		}
		seen[folded] = true
	}
	return name
}

// repeatedBelow is repeated for any value, in all its depth.
func repeatedBelow(r *strictjson.Reader) (name string) {
	if r.Peek() != '[' {
		return repeated(r, false, func() string { return repeatedBelow(r) })
	}
	for r.Array(); r.Item() && name == ""; {
		name = repeatedBelow(r)
	}
	return name
}

func undecodable(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Malformed, "", undecodableText, DecodeText(err))
}

const undecodableText = "Unable to decode the request body: %s"

// wireTypes are the names of our types in Hydra's messages.
var wireTypes = map[reflect.Type]string{
	reflect.TypeFor[Client]():    "client.Client",
	reflect.TypeFor[Lifespans](): "client.Lifespans",
	reflect.TypeFor[[]string]():  "sqlxx.StringSliceJSONFormat",
}

// DecodeText says in Hydra's words what did not decode.
func DecodeText(err error) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	name, known := wireTypes[wrong.Type]
	if !known {
		name = wrong.Type.String()
	}
	if wrong.Field == "" {
		return fmt.Sprintf("json: cannot unmarshal %s into Go value of type %s", wrong.Value, name)
	}
	return fmt.Sprintf("json: cannot unmarshal %s into Go struct field %s.%s of type %s", wrong.Value, wrong.Struct, wrong.Field, name)
}
