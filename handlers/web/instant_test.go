package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tenure/handlers/web"
)

// TestFresh: an answer may be held until it changes, and for no longer than the
// limit; in the last second it is asked again.
func TestFresh(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	shared := &web.Reply{Status: http.StatusOK}
	for _, c := range []struct {
		limit time.Duration
		ends  []time.Duration // from now; 0 for none
		want  string
	}{
		{0, nil, "private, max-age=60"},
		{0, []time.Duration{0, 0}, "private, max-age=60"},
		{0, []time.Duration{time.Hour}, "private, max-age=60"},
		{0, []time.Duration{time.Hour, 10 * time.Second}, "private, max-age=10"},
		{0, []time.Duration{1999 * time.Millisecond}, "private, max-age=1"},
		{0, []time.Duration{999 * time.Millisecond}, "private, no-cache"},
		{0, []time.Duration{-time.Second}, "private, no-cache"},
		{10 * time.Minute, []time.Duration{5 * time.Minute}, "private, max-age=300"},
	} {
		var ends []time.Time
		for _, d := range c.ends {
			if d == 0 {
				ends = append(ends, time.Time{})
			} else {
				ends = append(ends, now.Add(d))
			}
		}
		if got := web.NewFresh(c.limit).Until(shared, now, ends...).CacheControl; len(got) != 1 || got[0] != c.want {
			t.Errorf("%v: %v, want %s", c.ends, got, c.want)
		}
	}
	if shared.CacheControl != nil {
		t.Error("a shared reply was changed")
	}
	for final, want := range map[bool]string{true: "private, max-age=31536000, immutable", false: "private, no-cache"} {
		if got := web.Then(shared, final).CacheControl; got[0] != want {
			t.Errorf("final %t: %v", final, got)
		}
	}
}

// TestInstantsOfARequest reads at, known_at and Accept-Datetime.
func TestInstantsOfARequest(t *testing.T) {
	call := func(query string, header ...string) *web.Call {
		r := httptest.NewRequest(http.MethodGet, "/x?"+query, nil)
		for _, value := range header {
			r.Header.Add("Accept-Datetime", value)
		}
		return &web.Call{Request: r}
	}
	at, known, err := call("at=2026-01-02T03:04:05.678Z&known_at=2026-01-02T03:04:05+01:00").Instants()
	if err != nil || at.UnixMilli() != 1767323045678 || known.Unix() != 1767319445 {
		t.Errorf("%v, %v, %v", at, known, err)
	}
	if at, known, err = call("").Instants(); at != nil || known != nil || err != nil {
		t.Errorf("none: %v, %v, %v", at, known, err)
	}
	for _, query := range []string{"at=", "at=now", "at=2026-01-02", "at=1969-12-31T23:59:59Z", "known_at=1", "at=2026-01-02T03:04:05Z&at=2026-01-02T03:04:05Z", "%zz"} {
		if _, _, err := call(query).Instants(); err == nil {
			t.Errorf("%s is taken", query)
		}
	}
	if at, err := call("", "Fri, 02 Jan 2026 03:04:05 GMT").AcceptDatetime(); err != nil || at.Unix() != 1767323045 {
		t.Errorf("%v, %v", at, err)
	}
	for _, header := range [][]string{{"2026-01-02T03:04:05Z"}, {"Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:05 GMT"}} {
		if _, err := call("", header...).AcceptDatetime(); err == nil {
			t.Errorf("%v is taken", header)
		}
	}
}
