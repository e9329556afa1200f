package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
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
	call := func(query string, header ...string) (*web.Call, error) {
		r := httptest.NewRequest(http.MethodGet, "/x?"+query, nil)
		for _, value := range header {
			r.Header.Add("Accept-Datetime", value)
		}
		return web.Asked(r, web.At(), web.KnownAt())
	}
	c, err := call("at=2026-01-02T03:04:05.678Z&known_at=2026-01-02T03:04:05+01:00")
	if at, known := c.Instants(); err != nil || at.UnixMilli() != 1767323045678 || known.Unix() != 1767319445 {
		t.Errorf("%v, %v, %v", at, known, err)
	}
	c, err = call("")
	if at, known := c.Instants(); at != nil || known != nil || err != nil {
		t.Errorf("none: %v, %v, %v", at, known, err)
	}
	for _, query := range []string{"at=", "at=now", "at=2026-01-02", "at=1969-12-31T23:59:59Z", "known_at=1", "at=2026-01-02T03:04:05Z&at=2026-01-02T03:04:05Z", "%zz"} {
		if _, err := call(query); err == nil {
			t.Errorf("%s is taken", query)
		}
	}
	c, err = call("", "Fri, 02 Jan 2026 03:04:05 GMT")
	if at, _ := c.Instants(); err != nil || at.Unix() != 1767323045 {
		t.Errorf("%v, %v", at, err)
	}
	c, err = call("at=2026-01-02T03:04:06Z", "Fri, 02 Jan 2026 03:04:05 GMT")
	if at, _ := c.Instants(); err != nil || at.Unix() != 1767323046 {
		t.Errorf("at and the header: %v, %v", at, err)
	}
	for _, header := range [][]string{{"2026-01-02T03:04:05Z"}, {"Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:05 GMT"}} {
		if _, err := call("", header...); err == nil {
			t.Errorf("%v is taken", header)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/x", nil)
	r.Header.Set("Accept-Datetime", "Fri, 02 Jan 2026 03:04:05 GMT")
	c, err = web.Asked(r)
	if at, _ := c.Instants(); at != nil || err != nil {
		t.Errorf("a route about now reads Accept-Datetime: %v, %v", at, err)
	}
}

// TestMementos: an answer about another instant says when its state began and
// where the original is (RFC 7089).
func TestMementos(t *testing.T) {
	versioned := route("GET", "/v1/x", func(*web.Call) (*web.Reply, error) {
		return &web.Reply{Status: 200, Body: []byte("{}"), Header: http.Header{"Tenure-Valid-From": {"2026-01-01T00:00:00.500Z"}, "Link": {"<a>; rel=next"}}}, nil
	})
	versioned.Query = []web.Param{web.At(), web.Text("name")}
	listed := route("GET", "/v1/list", func(*web.Call) (*web.Reply, error) { return text("[]") })
	listed.Query = []web.Param{web.At()}
	undated := route("GET", "/v1/now", func(*web.Call) (*web.Reply, error) { return text("") })
	f := newFixture(t, surface("s", versioned, listed, undated))
	const header = "Accept-Datetime: Fri, 02 Jan 2026 03:04:05 GMT"
	for _, row := range []struct{ path, header, memento, link string }{
		{"/v1/x", header, "Thu, 01 Jan 2026 00:00:00 GMT", `<a>; rel=next|</v1/x>; rel="original timegate"`},
		{"/v1/x?name=b&at=2026-02-02T03:04:05Z", "", "Thu, 01 Jan 2026 00:00:00 GMT", `<a>; rel=next|</v1/x?name=b>; rel="original timegate"`},
		{"/v1/list", header, "Fri, 02 Jan 2026 03:04:05 GMT", `</v1/list>; rel="original timegate"`},
		{"/v1/x", "", "", "<a>; rel=next"},
		{"/v1/now", header, "", ""},
	} {
		w := f.send("GET", row.path, "", row.header)
		if got := w.Header().Get("Memento-Datetime"); w.Code != 200 || got != row.memento {
			t.Errorf("%s: %d, Memento-Datetime %q", row.path, w.Code, got)
		}
		if got := strings.Join(w.Header()["Link"], "|"); got != row.link {
			t.Errorf("%s: Link %s", row.path, got)
		}
	}
}
