package web_test

import (
	"strings"
	"testing"

	"tenure/handlers/web"
)

// TestPartedObjectsAreWhatTheyWere: an object of which members were taken out is the
// same again with their texts, and is without those that are empty.
func TestPartedObjectsAreWhatTheyWere(t *testing.T) {
	const object = `{"a":{"x":"in","b":[1,{"y":"in"}]},"x":"-","y":"-","c":"x","z":"-"}`
	p, err := web.Part([]byte(object), "x", "y", "z")
	if err != nil || string(p.Rest) != `{"a":{"x":"in","b":[1,{"y":"in"}]},"c":"x"}` {
		t.Fatalf("%s, %v", p.Rest, err)
	}
	for _, texts := range [][3]string{{"-", "-", "-"}, {"1", "2", "3"}, {"", "2", ""}, {"1", "", ""}, {"", "", "3"}, {"", "", ""}, {"\"é<&>\u2028\\", "", "\n"}} {
		want := object
		for i, name := range []string{"x", "y", "z"} {
			value, err := web.Encode(texts[i])
			if err != nil {
				t.Fatal(err)
			}
			member := `,"` + name + `":` + string(value)
			if texts[i] == "" {
				member = ""
			}
			want = strings.Replace(want, `,"`+name+`":"-"`, member, 1)
		}
		got, err := p.With(texts[:]...)
		if err != nil || string(got) != want {
			t.Errorf("%q: %s, %v\nwant %s", texts, got, err, want)
		}
	}
	for _, bad := range []string{`{"x":1,"y":2,"z":3}`, `{"a":1,"y":2,"x":3,"z":4}`, `{"a":1}`, `{}`, `[]`, `{"a":1,"x":2,"y":3,"z":4`} {
		if _, err := web.Part([]byte(bad), "x", "y", "z"); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
