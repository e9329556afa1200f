package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"tenure/handlers/web"
	"tenure/tenancy"
)

// TestOneEventARequest: every request leaves exactly one event, and none of
// what may be secret in it.
func TestOneEventARequest(t *testing.T) {
	read := func(c *web.Call) (*web.Reply, error) {
		var into struct{ Word string }
		return web.NoContent(), c.JSON(&into, web.JSONOptions{Strict: true})
	}
	f := newFixture(t, surface("s", route("POST", "/v1/x/{id}", read),
		route("GET", "/v1/internal", func(*web.Call) (*web.Reply, error) { return nil, errors.New("disk on fire") })))
	key := f.Key(f.North, tenancy.Reader)
	secret := strings.TrimPrefix(key, tenancy.KeyPrefix)
	for _, row := range []struct {
		method, target, body string
		header               []string
		want                 map[string]any
	}{
		{"POST", "/v1/x/pathword?q=queryword", `{"Word":"bodyword"}`, nil,
			map[string]any{"level": "info", "method": "POST", "route": "/v1/x/{id}", "status": 204.0, "org": string(f.North), "key": f.KeyID(f.North, tenancy.Reader), "bytes": 0.0}},
		{"POST", "/v1/x/pathword?q=queryword", `{"bodyword":1}`, nil, map[string]any{"status": 400.0, "error": "malformed"}},
		{"POST", "/v1/x/pathword?q=queryword;x", `{}`, nil, map[string]any{"status": 400.0, "error": "malformed"}},
		{"POST", "/v1/x/pathword?access_token=queryword", "bodyword", []string{"Authorization: "}, map[string]any{"status": 401.0, "error": "unauthenticated", "key": nil, "org": nil}},
		{"POST", "/v1/x/pathword", "bodyword", []string{"Tenure-Org: " + string(f.South), "Tenure-Reason: reasonword"},
			map[string]any{"status": 403.0, "error": "forbidden", "org": string(f.South)}},
		{"GET", "/v1/pathword", "", nil, map[string]any{"status": 404.0, "error": "not-found", "route": nil, "surface": "s"}},
		{"GET", "/pathword", "", nil, map[string]any{"status": 404.0, "error": "not-found", "surface": nil}},
		{strings.Repeat("METHODWORD", 9), "/v1/x/pathword", "", nil, map[string]any{"status": 405.0, "method": "other"}},
		{"GET", "/v1/internal", "", nil, map[string]any{"level": "error", "status": 500.0, "error": "internal", "cause": "internal: disk on fire"}},
	} {
		f.log.Reset()
		f.send(row.method, row.target, row.body, row.header...)
		line := f.log.String()
		var got map[string]any
		if err := json.Unmarshal(f.log.Bytes(), &got); err != nil || bytes.Count(f.log.Bytes(), []byte("\n")) != 1 {
			t.Fatalf("%s %s: not one event: %s", row.method, row.target, line)
		}
		for name, want := range row.want {
			if got[name] != want {
				t.Errorf("%s %s: %s is %v, want %v", row.method, row.target, name, got[name], want)
			}
		}
		if _, ok := got["duration_us"].(float64); !ok {
			t.Errorf("no duration in %s", line)
		}
		for _, word := range []string{secret, "pathword", "queryword", "bodyword", "reasonword", "METHODWORD"} {
			if strings.Contains(line, word) {
				t.Errorf("%q in %s", word, line)
			}
		}
	}
}
