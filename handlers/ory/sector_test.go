package ory_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"tenure/handlers/ory"
)

func TestSectorIsFetchedOnlyIfChanged(t *testing.T) {
	var asked []string
	fetch := func(_ context.Context, uri string) ([]byte, error) {
		asked = append(asked, uri)
		switch uri {
		case "https://s.example/2":
			return []byte(`["x"]`), nil
		case "https://s.example/object":
			return []byte(`{"a":1}`), nil
		case "https://s.example/numbers":
			return []byte(`[1]`), nil
		case "https://s.example/empty":
			return nil, nil
		}
		return nil, errors.New("it does not answer")
	}
	base, _ := decode(t, `{"sector_identifier_uri":"https://s.example/1"}`).ToDomain(nil, defaults)
	for body, want := range map[string]ory.Sector{
		`{}`: {},
		`{"sector_identifier_uri":"https://s.example/1"}`:       {},
		`{"sector_identifier_uri":"https://s.example/2"}`:       {URI: "https://s.example/2", URIs: []string{"x"}},
		`{"sector_identifier_uri":"https://s.example/object"}`:  {Trouble: "the document there is not a JSON list of URIs"},
		`{"sector_identifier_uri":"https://s.example/numbers"}`: {Trouble: "the document there is not a JSON list of URIs"},
		`{"sector_identifier_uri":"https://s.example/empty"}`:   {Trouble: "the document there is not a JSON list of URIs"},
		`{"sector_identifier_uri":"https://s.example/away"}`:    {Trouble: "no document could be fetched from there"},
	} {
		if got := decode(t, body).Sector(context.Background(), fetch, base); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v", body, got)
		}
	}
	if len(asked) != 5 {
		t.Errorf("asked %v", asked)
	}
}
