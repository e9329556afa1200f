package web_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"tenure/handlers/web"
)

func TestSector(t *testing.T) {
	for body, want := range map[string][]string{`["a","b"]`: {"a", "b"}, `[]`: {}, `null`: nil, `{}`: nil, `["a",1]`: nil, ``: nil, `["a"] x`: nil} {
		get := web.Fetch(func(context.Context, string) ([]byte, error) { return []byte(body), nil })
		got, err := get.Sector(context.Background(), "https://example.org")
		if (err == nil) != (want != nil) || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
	down := errors.New("down")
	if _, err := web.Fetch(func(context.Context, string) ([]byte, error) { return nil, down }).Sector(context.Background(), "x"); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
	for _, row := range []struct {
		listed, redirects []string
		want              bool
	}{{nil, nil, false}, {[]string{"a"}, nil, true}, {[]string{"a"}, []string{"a"}, true}, {[]string{"a"}, []string{"a", "b"}, false}, {[]string{"a", "b"}, []string{"b"}, true}} {
		if web.Lists(row.listed, row.redirects) != row.want {
			t.Errorf("%v lists %v: %t", row.listed, row.redirects, !row.want)
		}
	}
}
