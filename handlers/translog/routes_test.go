package translog_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"tenure/handlers/translog"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/fault/faulttest"
)

func TestAnswers(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), true)
	f.grow(t, 300)
	const octets, text = "application/octet-stream", "text/plain; charset=utf-8"
	const forYears, forADay = "public, max-age=31536000, immutable", "public, max-age=86400, immutable"
	for _, c := range []struct {
		path, kind, cache string
		length            int // -1 for any
	}{
		{"checkpoint", text, "no-cache", -1},
		{"tile/0/000", octets, forYears, 8192},
		{"tile/0/000.p/17", octets, forADay, 17 * 32},
		{"tile/0/001.p/44", octets, forADay, 44 * 32},
		{"tile/1/000.p/1", octets, forADay, 32},
		{"tile/entries/000", octets, forYears, 256 * 70},
		{"tile/entries/001.p/44", octets, forADay, 44 * 70},
	} {
		res, body := f.ask(t, http.MethodGet, c.path)
		h := res.Header
		if res.StatusCode != http.StatusOK || h.Get("Content-Type") != c.kind || h.Get("Cache-Control") != c.cache ||
			c.length >= 0 && len(body) != c.length {
			t.Errorf("%s: %s, %v, %d bytes", c.path, res.Status, h, len(body))
		}
		head, none := f.ask(t, http.MethodHead, c.path)
		if head.StatusCode != http.StatusOK || len(none) != 0 || head.Header.Get("Content-Length") != strconv.Itoa(len(body)) ||
			head.Header.Get("Content-Type") != c.kind {
			t.Errorf("HEAD %s: %s, %v, %d bytes", c.path, head.Status, head.Header, len(none))
		}
	}
	for _, path := range []string{
		"tile/0/001", "tile/0/001.p/45", "tile/0/002.p/1", "tile/1/000", "tile/1/000.p/2", "tile/2/000.p/1", "tile/entries/001",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/-1", "tile/0/000.p/", "tile/00/000", "tile/0/0", "tile/0/x000",
		"tile/0/x000/000", "tile/-1/000", "tile/64/000", "tile/0/-01", "tile/0/000/", "tile/data/000", "tile/entries/data/000", "tile/8/0/000",
		"tile/0/" + strings.Repeat("x999/", 9) + "999", "tile/0/x009/x223/x372/x036/x854/x775/807", "tile/0/000%2ep/1%00", "tile/0", "tile/", "tile", "", "x",
	} {
		res, body := f.ask(t, http.MethodGet, path)
		if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusBadRequest || res.Header.Get("Cache-Control") == forYears {
			t.Errorf("%s: %s, %v, %s", path, res.Status, res.Header, body)
		}
	}
	if res, body := f.ask(t, http.MethodPost, "checkpoint"); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %s, %v, %s", res.Status, res.Header, body)
	}
}

// A poller that has the checkpoint is told so, until there is another.
func TestCheckpointIsConditional(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), true)
	f.grow(t, 100)
	res, _ := f.ask(t, http.MethodGet, "checkpoint")
	again := func() int {
		req, err := http.NewRequest(http.MethodGet, f.server.URL+"/log/checkpoint", nil)
		must(t, err)
		req.Header.Set("If-None-Match", res.Header.Get("Etag"))
		res, err := f.server.Client().Do(req)
		must(t, err)
		res.Body.Close()
		return res.StatusCode
	}
	if status := again(); status != http.StatusNotModified {
		t.Errorf("the same checkpoint: %d", status)
	}
	f.grow(t, 101)
	if status := again(); status != http.StatusOK {
		t.Errorf("a new checkpoint: %d", status)
	}
}

func TestWithoutAKey(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), false)
	res, body := f.ask(t, http.MethodGet, "checkpoint")
	if res.StatusCode != http.StatusNotFound || !strings.Contains(string(body), "no key") {
		t.Errorf("%s: %s", res.Status, body)
	}
	if res, _ := f.ask(t, http.MethodGet, "tile/0/000.p/1"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a tile below no checkpoint: %s", res.Status)
	}
}

// Nothing of the inside is told.
func TestFailureShowsNothing(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), true)
	f.grow(t, 100)
	f.ask(t, http.MethodGet, "checkpoint")
	must(t, f.DB.Close())
	for _, path := range []string{"checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"} {
		res, body := f.ask(t, http.MethodGet, path)
		if res.StatusCode < 500 || strings.Contains(string(body), "sql") || strings.Contains(string(body), "log_") {
			t.Errorf("%s: %s %s", path, res.Status, body)
		}
	}
}

func TestEveryKindHasAStatus(t *testing.T) {
	surface := translog.New(translog.Deps{})
	for _, kind := range faulttest.Kinds() {
		reply := surface.Error(nil, fault.New(kind, "", "m"))
		if reply.Status < 400 || !reply.NoStore || string(reply.Body) != "m\n" {
			t.Errorf("%s: %+v", kind, reply)
		}
		if reply := surface.Error(nil, &fault.Fault{Kind: kind}); len(reply.Body) < 5 {
			t.Errorf("%s without a text: %q", kind, reply.Body)
		}
	}
}
