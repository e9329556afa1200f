package web_test

import (
	"strings"
	"testing"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

const (
	snapshotA = "0123456789abcdef0123456789abcdef"
	snapshotB = "0123456789abcdef0123456789abcde0"
	setupA    = "fedcba9876543210fedcba9876543210"
	setupB    = "fedcba9876543210fedcba9876543211"
	ownerA    = "5f0c8c4e-0000-4000-8000-000000000001"
	ownerB    = "5f0c8c4e-0000-4000-8000-000000000002"
	secretA   = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"
	secretB   = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2"
)

// TestMatch: a tag of any surface is compared by all that it says; ids are told
// apart by their ends, as they may begin alike.
func TestMatch(t *testing.T) {
	type state struct{ snapshot, setup, owner, secret string }
	now := state{snapshotA, setupA, ownerA, secretA}
	var is state
	r := route("PUT", "/v1/x", func(c *web.Call) (*web.Reply, error) {
		match, err := web.Match(c)
		if err == nil && match != nil {
			err = match(is.snapshot, is.setup, is.owner, is.secret)
		}
		if err != nil {
			return nil, err
		}
		return web.NoContent(), nil
	})
	r.Conditional = true
	s := surface("s", r)
	s.Error = func(_ *web.Call, f *fault.Fault) *web.Reply {
		return &web.Reply{Status: map[fault.Kind]int{fault.Malformed: 400, fault.PreconditionFailed: 412, fault.Internal: 500}[f.Kind]}
	}
	f := newFixture(t, s)
	whole := web.Tag(snapshotA, setupA, ownerA, "form", secretA)
	if want := `"` + snapshotA + `.76543210.00000001.form.aaaaaaa1"`; whole != want {
		t.Fatalf("a tag is %s, want %s", whole, want)
	}
	bare := `"` + snapshotA + `"`
	for _, row := range []struct {
		header string
		state  state
		want   int
	}{
		{"", now, 204},
		{"If-Match: " + whole, now, 204},
		{"If-Match: " + bare, now, 204},
		{"If-Match: " + web.Tag(snapshotA, setupA, ownerA, "other-form", ""), now, 204},
		{"If-Match: " + `"` + snapshotA + `.76543210"`, now, 204},
		{"If-Match: " + `"x", ` + whole, now, 204},
		{"If-Match: *", now, 204},
		{"If-Match: " + whole, state{snapshotB, setupA, ownerA, secretA}, 412},
		{"If-Match: " + bare, state{snapshotB, setupA, ownerA, secretA}, 412},
		{"If-Match: " + whole, state{snapshotA, setupB, ownerA, secretA}, 412},
		{"If-Match: " + whole, state{snapshotA, setupA, ownerB, secretA}, 412},
		{"If-Match: " + whole, state{snapshotA, setupA, ownerA, secretB}, 412},
		{"If-Match: " + whole, state{snapshotA, setupA, ownerA, ""}, 412},
		{"If-Match: " + web.Tag(snapshotA, setupA, ownerA, "form", ""), state{snapshotA, setupA, ownerA, secretB}, 204},
		{"If-Match: " + whole, state{}, 412},
		{"If-Match: *", state{}, 412},
		{`If-Match: ""`, state{}, 412},
		{`If-Match: ".x"`, state{}, 412},
		{"If-Match: W/" + whole, now, 412},
		{"If-Match: W/" + whole + ", " + bare, now, 204},
		{`If-Match: "x"`, now, 412},
		{`If-Match: "x", "y.z"`, now, 412},
		{"If-Match: x", now, 400},
		{`If-Match: "x`, now, 400},
		{`If-Match: "x" "y"`, now, 400},
		{`If-Match: w/"x"`, now, 400},
		{`If-Match: *, "x"`, now, 400},
		{"If-None-Match: *", now, 412},
		{"If-None-Match: *", state{}, 204},
		{"If-None-Match: " + whole, now, 412},
		{"If-None-Match: W/" + whole, now, 412},
		{"If-None-Match: " + whole, state{snapshotB, setupA, ownerA, secretA}, 204},
		{`If-None-Match: "x", ` + bare, now, 412},
		{"If-None-Match: x", now, 400},
	} {
		is = row.state
		var header []string
		if row.header != "" {
			header = append(header, row.header)
		}
		if w := f.send("PUT", "/v1/x", "", header...); w.Code != row.want {
			t.Errorf("%s on %+v: %d, want %d", row.header, row.state, w.Code, row.want)
		}
	}
	is = now
	if w := f.send("PUT", "/v1/x", "", `If-Match: "x"`, "If-Match: "+whole); w.Code != 204 {
		t.Errorf("over two lines: %d", w.Code)
	}
	if w := f.send("PUT", "/v1/x", "", "If-Match: "+whole, "If-None-Match: *"); w.Code != 412 {
		t.Errorf("both, of which one fails: %d", w.Code)
	}
}

// TestConditionsThatNobodyAsks: a handler that asks for a condition must
// declare it, and a strict surface passes over none.
func TestConditionsThatNobodyAsks(t *testing.T) {
	asks := route("PUT", "/v1/asks", func(c *web.Call) (*web.Reply, error) {
		_, err := web.Match(c)
		return web.NoContent(), err
	})
	ignores := func(path string) web.Route {
		return route("PUT", path, func(*web.Call) (*web.Reply, error) { return web.NoContent(), nil })
	}
	f := newFixture(t, surface("s", asks, ignores("/v1/x")), strictSurface(ignores("/v2/x")))
	if w := f.send("PUT", "/v1/asks", ""); w.Code != 500 {
		t.Errorf("an undeclared condition was asked for: %d", w.Code)
	}
	for path, want := range map[string]string{"/v1/x": "", "/v2/x": "precondition-failed"} {
		for _, header := range []string{`If-Match: "x"`, "If-None-Match: *"} {
			if w := f.send("PUT", path, "", header); !strings.Contains(w.Body.String(), want) || want == "" && w.Code != 204 {
				t.Errorf("%s, %s: %d %s", path, header, w.Code, w.Body)
			}
		}
	}
}

// TestCreatingOnly: what a create finds taken is a failed precondition for a
// caller that says If-None-Match: *.
func TestCreatingOnly(t *testing.T) {
	taken := route("POST", "/v1/x", func(*web.Call) (*web.Reply, error) {
		return nil, fault.New(fault.Conflict, fault.CodeIDTaken, "taken")
	})
	f := newFixture(t, surface("s", taken))
	for header, want := range map[string]string{"If-None-Match: *": "precondition-failed id-taken the object exists, and If-None-Match excludes that", `If-None-Match: "x"`: "conflict id-taken taken", "X: y": "conflict id-taken taken"} {
		if w := f.send("POST", "/v1/x", "", header); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s", header, w.Body)
		}
	}
}
