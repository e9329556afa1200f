package documenttest

import (
	"math/rand/v2"
	"reflect"

	"tenure/snapshots/document"
)

// Texts are what is hard to read or to write in JSON, and look like members.
var Texts = []string{"a", "shop", "Läden", "日本語", "😀", "a \"quoted\" text", `back\slash`, `","`, `\`, "\",\"owner\":\"x", "tab\tline\nfeed\r", "\u0000\u0001\u001f\b\f", "\x7f", "<&>", "\u2028", "x\u2029y",
	`{"client_name":"nested"}`, "client_name", "owner", " spaces ", "a b", "%2F", "localized_metadata", "true", "null", "0"}

var (
	values = []string{`{}`, `[]`, `null`, `"owner"`, `{"client_name":"nested","owner":"nested"}`, `[{"owner":["a",{"client_name":"b"}]}]`, `{"a":[1.50,-0,{"":null}]}`, `"\"\\\n\u0000ü"`, `true`, `1e400`}
	sets   = []document.JWKS{FullClient().JWKS, `{"keys":[]}`, `{"keys":[{"client_name":"x","e":"AQAB","kty":"RSA","n":"AQ","use":"sig"}],"owner":"y"}`}
)

// Random is a document in which any member may be set, most of them not to what a rule
// would let pass.
func Random[T document.Content](random *rand.Rand) *T {
	doc := new(T)
	fill(random, reflect.ValueOf(doc).Elem())
	return doc
}

func fill(random *rand.Rand, v reflect.Value) {
	if random.IntN(3) == 0 && v.Kind() != reflect.Struct {
		return // unset
	}
	text := func() string { return Texts[random.IntN(len(Texts))] }
	switch v.Interface().(type) {
	case document.JSON:
		v.SetString(values[random.IntN(len(values))])
		return
	case document.JWKS:
		v.SetString(string(sets[random.IntN(len(sets))]))
		return
	case document.Flag:
		v.SetUint(uint64(random.IntN(3)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(random, v.Field(i))
		}
	case reflect.Slice:
		list := reflect.MakeSlice(v.Type(), random.IntN(4), 4)
		for i := range list.Len() {
			fill(random, list.Index(i))
		}
		v.Set(list)
	case reflect.Pointer:
		n := []int64{0, 1, -1, 3600, 1_500_000_000, 1 << 62, -1 << 63}[random.IntN(7)]
		v.Set(reflect.ValueOf(&n))
	}
}
