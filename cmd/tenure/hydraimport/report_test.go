package hydraimport

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"tenure/tenancy/fault"
)

func TestProgressIsForTerminalsOnly(t *testing.T) {
	var out, screen bytes.Buffer
	r, err := newReport(&out, &screen, Options{Format: "text"})
	must(t, err)
	r.add(result{ClientID: "a", Result: resultCreated})
	r.progress(0.5)
	if screen.Len() > 0 {
		t.Errorf("drawn on what is no terminal: %q", screen.String())
	}
	now := time.Now()
	r.shown.screen, r.shown.terminal, r.shown.shown, r.shown.now = &screen, true, time.Time{}, func() time.Time { return now }
	r.progress(0.25)
	r.progress(0.26) // too soon
	now = now.Add(drawEvery)
	r.progress(-1)
	r.end(false)
	if want := " 25 %  1 clients\r\x1b[K1 clients\r\x1b[K"; screen.String() != want {
		t.Errorf("%q, want %q", screen.String(), want)
	}
	if want := "created    a\n1 clients: 1 created, 0 updated, 0 unchanged, 0 refused\n"; out.String() != want {
		t.Errorf("%q", out.String())
	}
}

func TestRefusalsNameEachPlaceOnce(t *testing.T) {
	c := sourceClient{number: 7, id: "x"}
	r := c.refused(fault.Rules([]fault.Field{{Path: "/a", Message: "first"}, {Path: "/a", Message: "second"}, {Path: "/b", Message: "third"}}))
	if len(r.Faults) != 2 || r.Faults[0].Message != "first" || r.Faults[1].Path != "/b" || r.Number != 7 {
		t.Errorf("%+v", r)
	}
	if r := c.refused(errors.New("plain")); len(r.Faults) != 1 || r.Faults[0].Message != "plain" {
		t.Errorf("%+v", r)
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{"plain": "plain", `quo"ted\`: `quo"ted\`, "Süd 日本": "Süd 日本", "a\x1b[2Jb": `"a\x1b[2Jb"`,
		"line\nbreak": `"line\nbreak"`, "turn\u202earound": `"turn\u202earound"`, "bad\xff": `"bad\xff"`} {
		if got := printable(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
