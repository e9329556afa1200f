package fault

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestEveryKindHasAName(t *testing.T) {
	seen := make(map[string]Kind)
	for k := range kinds {
		name := k.String()
		if other, twice := seen[name]; twice || name == "" {
			t.Errorf("kinds %d and %d are both named %q", other, k, name)
		}
		seen[name] = k
	}
	if len(seen) != int(kinds) || seen["internal"] != Internal || seen["replayed"] != Replayed {
		t.Errorf("names %v", seen)
	}
	if got := Kind(200).String(); got != "internal" {
		t.Errorf("a kind that does not exist is named %q", got)
	}
}

// A forgotten kind is Internal, so that it shows nothing.
func TestZeroKind(t *testing.T) {
	if (&Fault{}).Kind != Internal || Of(io.EOF).Kind != Internal {
		t.Error("the zero kind is not Internal")
	}
	if f := Of(io.EOF); f.Message != "" || !errors.Is(f, io.EOF) {
		t.Errorf("an error that is no fault has the message %q, and wraps %v", f.Message, f.Unwrap())
	}
}

func TestOf(t *testing.T) {
	f := Wrap(io.EOF, Conflict, CodeIDTaken, "the id %q is taken", "a")
	f.RetryAfter = time.Second
	for _, err := range []error{f, fmt.Errorf("register: %w", f), errors.Join(io.ErrNoProgress, fmt.Errorf("x: %w", f))} {
		if Of(err) != f {
			t.Errorf("the fault in %v is %v", err, Of(err))
		}
		if !Is(err, Conflict) || Is(err, NotFound) || !HasCode(err, CodeIDTaken) || HasCode(err, CodeClock) || !errors.Is(err, io.EOF) {
			t.Errorf("%v is not told by kind, code and cause", err)
		}
	}
	// Of two faults the outer one counts: it was made by who knew more.
	if outer := Wrap(f, NotFound, "", "no such client"); !Is(outer, NotFound) || HasCode(outer, CodeIDTaken) || !errors.Is(outer, io.EOF) {
		t.Errorf("%v is not the outer fault", outer)
	}
	if Of(nil) != nil || Is(nil, Internal) || HasCode(nil, "") {
		t.Error("no error is a fault")
	}
}

func TestError(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{New(NotFound, "", "no client %s", "a"), "no client a"},
		{New(Forbidden, "", ""), "forbidden"},
		{Wrap(io.EOF, Upstream, "", "the peer hung up"), "the peer hung up: EOF"},
		{At("/a/1", "rule", "%d is too many", 7), "the document breaks a rule; /a/1: 7 is too many"},
		{Rules([]Field{{"/a", "r", "one"}, {"/b", "s", "two"}}), "the document breaks a rule; /a: one; /b: two"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("error %q, want %q", got, c.want)
		}
	}
}

func TestRules(t *testing.T) {
	if err := Rules(nil); err != nil {
		t.Errorf("no broken rule makes %v", err)
	}
	fields := []Field{{"/a", "r", "one"}}
	if err := Rules(fields); !Is(err, Invalid) || len(Of(err).Fields) != 1 || Of(err).Fields[0] != fields[0] {
		t.Errorf("a broken rule makes %v", err)
	}
	if f := At("/a", "r", "one"); f.Kind != Invalid || len(f.Fields) != 1 || f.Fields[0] != fields[0] {
		t.Errorf("At makes %+v", f)
	}
}

// TestTextOfManyFields: the text names the first fields, however many there are.
func TestTextOfManyFields(t *testing.T) {
	fields := make([]Field, 300_000)
	for i := range fields {
		fields[i] = Field{Path: fmt.Sprintf("/a/%d", i), Message: "wrong"}
	}
	text := Rules(fields).Error()
	if !strings.HasPrefix(text, "the document breaks a rule; /a/0: wrong; /a/1: wrong;") || !strings.HasSuffix(text, "; /a/19: wrong; and 299980 more") {
		t.Errorf("%.200s", text)
	}
}
