package ory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

// Decode reads a client object from a body. Its fault is Malformed and bears
// Hydra's text.
func Decode(body []byte) (*Client, error) {
	c, err := Unmarshal(body)
	return c, undecodable(err)
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
	return c, checkKeyForms(c.JWKS)
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

// FirstValue is the JSON value that a body starts with; Hydra looks no further.
func FirstValue(body []byte) (json.RawMessage, error) {
	var raw json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&raw); err != nil {
		return nil, err
	}
	if !web.WellFormed(raw) {
		return nil, errors.New("the text is not UTF-8, or holds half a surrogate pair")
	}
	return raw, nil
}

func undecodable(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Malformed, "", "Unable to decode the request body: %s", DecodeText(err))
}

// wireTypes are the names that Hydra's messages have for our types.
var wireTypes = map[reflect.Type]string{
	reflect.TypeFor[Client]():    "client.Client",
	reflect.TypeFor[Lifespans](): "client.Lifespans",
	reflect.TypeFor[[]string]():  "sqlxx.StringSliceJSONFormat",
}

// DecodeText says what of a body did not decode, as Hydra says it.
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

// checkKeyForms refuses what Hydra's decoder refuses of a key set: keys that
// are no list, and key types that no registry has.
func checkKeyForms(jwks json.RawMessage) error {
	if noKeys(jwks) {
		return nil
	}
	var set struct {
		Keys json.RawMessage
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		return wrongKeys("Client.jwks", jwks, "jose.JSONWebKeySet")
	}
	var keys []json.RawMessage
	if set.Keys != nil && json.Unmarshal(set.Keys, &keys) != nil {
		return wrongKeys("JoseJSONWebKeySet.jwks.JSONWebKeySet.keys", set.Keys, "[]jose.JSONWebKey")
	}
	for _, raw := range keys {
		var key struct {
			Kty json.RawMessage
		}
		var kty string
		if json.Unmarshal(raw, &key) != nil || key.Kty != nil && json.Unmarshal(key.Kty, &kty) != nil {
			return wrongKeys("JoseJSONWebKeySet.jwks.JSONWebKeySet.keys", raw, "jose.rawJSONWebKey")
		}
		switch kty {
		case "RSA", "EC", "OKP", "oct", "AKP":
		default:
			return fmt.Errorf("go-jose/go-jose: unknown json web key type '%s'", kty)
		}
	}
	return nil
}

func wrongKeys(field string, value json.RawMessage, want string) error {
	return fmt.Errorf("json: cannot unmarshal %s into Go struct field %s of type %s", kindOf(value), field, want)
}

// kindOf is what encoding/json calls a value's kind.
func kindOf(value json.RawMessage) string {
	switch bytes.TrimSpace(value)[0] {
	case '"':
		return "string"
	case '[':
		return "array"
	case '{':
		return "object"
	case 't', 'f':
		return "bool"
	case 'n':
		return "null"
	}
	return "number"
}

// noKeys reports whether a jwks member holds no set at all.
func noKeys(jwks json.RawMessage) bool {
	switch string(bytes.Join(bytes.Fields(jwks), nil)) {
	case "", "null", "{}":
		return true
	}
	return false
}
