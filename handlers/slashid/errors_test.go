package slashid_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"tenure/handlers/slashid"
	"tenure/handlers/web"
	"tenure/tenancy/fault"
	"tenure/tenancy/fault/faulttest"
)

func spelled(t *testing.T, f *fault.Fault) (int, string) {
	t.Helper()
	reply := slashid.WriteError(&web.Call{Request: httptest.NewRequest("GET", clients, nil)}, f)
	return reply.Status, string(reply.Body)
}

func TestEveryKindHasARow(t *testing.T) {
	for _, kind := range faulttest.Kinds() {
		status, text, ok := slashid.HasRow(kind)
		if !ok || status < 400 || text == "" {
			t.Errorf("%s: %d %q", kind, status, text)
		}
		got, body := spelled(t, fault.New(kind, "", ""))
		if got != status || decode(t, []byte(body))["errors"].([]any)[0].(map[string]any)["message"] != text {
			t.Errorf("%s: %d %s", kind, got, body)
		}
	}
	for kind, want := range map[fault.Kind]int{fault.Invalid: 400, fault.Unauthenticated: 401, fault.Quota: 402, fault.Forbidden: 403, fault.NotFound: 404,
		fault.Conflict: 409, fault.PreconditionFailed: 412, fault.Throttled: 429, fault.Unavailable: 503} {
		if status, _, _ := slashid.HasRow(kind); status != want {
			t.Errorf("%s is %d, not %d", kind, status, want)
		}
	}
}

func TestNothingInnerIsShown(t *testing.T) {
	inner := errors.New(`pq: relation "snapshot" at /var/lib/tenure.db`)
	for _, f := range []*fault.Fault{fault.Of(inner), fault.Wrap(inner, fault.Unavailable, "", "later"), fault.Wrap(inner, fault.Malformed, "", ""),
		fault.Wrap(inner, fault.Internal, "", "snapshot of /var/lib")} {
		if _, body := spelled(t, f); strings.Contains(body, "snapshot") || strings.Contains(body, "/var/lib") {
			t.Errorf("%v is told as %s", f, body)
		}
	}
}

func TestMembersAreNamedOnceAndAsOnTheWire(t *testing.T) {
	f := fault.Of(fault.Rules([]fault.Field{{Path: "/access_token_ttl", Message: "one"}, {Path: "/id_token_ttl", Message: "two"}, {Path: "/scopes/3", Message: "three"},
		{Path: "/access_token_ttl", Message: "four"}, {Path: "", Message: "five"}, {Path: "/refresh_token_ttl", Message: strings.Repeat("ü", 2000)}}))
	_, body := spelled(t, f)
	for _, want := range []string{`"access_token_duration: one"`, `"scopes/3: three"`, `"five"`, `"refresh_token_duration: üü`} {
		if strings.Count(body, want) != 1 {
			t.Errorf("%s is not there once in %.300s", want, body)
		}
	}
	if strings.Contains(body, "two") || strings.Contains(body, "four") || len(body) > 2000 {
		t.Errorf("%d bytes: %.300s", len(body), body)
	}
}
