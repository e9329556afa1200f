package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/cmd/tenure/exit"
	"tenure/handlers/translog"
	"tenure/handlers/web"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

const watchOrigin = "example.org/log"

var watchKey = "ed25519 " + strings.Repeat("A", 43) + "=\n"

// aLog is a log that is served.
type aLog struct {
	http.Handler
	db    *db.DB
	log   *history.Log
	clock *atomic.Int64 // µs; all logs of a test go by it
}

func openLog(t *testing.T, path string, clock *atomic.Int64) *aLog {
	t.Helper()
	l := &aLog{db: dbtest.Open(t, path, db.Options{}), clock: clock}
	l.log = history.New(func() time.Time { return time.UnixMicro(clock.Load()) }, nil)
	must(t, l.log.Load(context.Background(), l.db))
	keys, err := history.ParseKeys([]byte(watchKey))
	must(t, err)
	p, err := history.OpenPublisher(context.Background(), l.db, l.log, history.PublisherOptions{Keys: keys, Origin: watchOrigin})
	must(t, err)
	l.Handler = web.New(web.Config{Log: zerolog.Nop()}, []web.Surface{translog.New(translog.Deps{Log: p})})
	return l
}

// fork is another log that begins with the same entries.
func (l *aLog) fork(t *testing.T) *aLog {
	t.Helper()
	path := dbtest.SQLite(t)
	_, err := l.db.Raw().Exec("VACUUM INTO ?", path)
	must(t, err)
	return openLog(t, path, l.clock)
}

// grow makes the log size entries long, each about an object, and signs that.
func (l *aLog) grow(t *testing.T, size int64, object string) *aLog {
	t.Helper()
	must(t, l.db.Write(context.Background(), func(tx *db.Tx) error {
		for range size - l.log.Size() {
			history.Record(tx, history.Event{Kind: "x", Object: object})
		}
		return nil
	}))
	l.clock.Add(2e6)
	l.checkpoint()
	return l
}

func (l *aLog) checkpoint() []byte {
	w := httptest.NewRecorder()
	l.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/log/checkpoint", nil))
	return w.Body.Bytes()
}

// answers is a server that always says the same at /log/checkpoint, and has the
// tiles of another.
func answers(status int, body []byte, tiles http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/log/checkpoint" {
			tiles.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(status)
		w.Write(body)
	})
}

func watchVKey(t *testing.T, file string) string {
	t.Helper()
	keys, err := history.ParseKeys([]byte(file))
	must(t, err)
	texts, err := keys.VerifierKeys(watchOrigin)
	must(t, err)
	return texts[0]
}

func TestLogWatch(t *testing.T) {
	var clock atomic.Int64
	clock.Store(1_764_590_400_123_456)
	var now atomic.Value
	serve := func(h http.Handler) { now.Store(&h) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*now.Load().(*http.Handler)).ServeHTTP(w, r) }))
	defer server.Close()
	state := filepath.Join(t.TempDir(), "watch.json")
	watch := func(args ...string) (int, string) {
		return fails(t, append([]string{"log", "watch", server.URL, "--state", state, "--once"}, args...)...)
	}
	good := func(size int64) {
		t.Helper()
		if code, out := watch(); code != 0 || !strings.Contains(out, fmt.Sprintf("%s has %d entries", watchOrigin, size)) {
			t.Fatalf("the right log of %d: exit %d, %s", size, code, out)
		}
	}

	right := openLog(t, dbtest.SQLite(t), &clock).grow(t, 299, "right")
	shorter := right.fork(t)
	right.grow(t, 300, "right")
	serve(right)
	if code, out := watch(); code != exit.Usage || !strings.Contains(out, "--key is required") {
		t.Errorf("first look without a key: exit %d, %s", code, out)
	}
	if code, out := watch("--key", watchVKey(t, watchKey)); code != 0 {
		t.Fatalf("first look: exit %d, %s", code, out)
	}
	good(300)
	longer := right.fork(t).grow(t, 900, "other")
	otherEnd := right.grow(t, 699, "right").fork(t).grow(t, 1000, "other")
	right.grow(t, 700, "right")
	good(700)
	sameSize := openLog(t, dbtest.SQLite(t), &clock).grow(t, 700, "other")
	next := right.fork(t).grow(t, 1025, "right")
	note := right.checkpoint()
	forged := bytes.Clone(note)
	if digit := &forged[len(forged)-20]; *digit == 'A' { // another digit of base64
		*digit = 'B'
	} else {
		*digit = 'A'
	}
	html := []byte("<html>welcome to the network</html>")
	nothing := http.NotFoundHandler()
	for _, c := range []struct {
		name  string
		serve http.Handler
		code  int
		says  string
	}{
		{"same size, another root", sameSize, exit.Proof, "forked: two different histories of 700 entries"},
		{"growth on another way", longer, exit.Proof, "forked: the log of 900 entries does not begin with the 700"},
		{"growth that changes the last entry", otherEnd, exit.Proof, "forked: the log of 1000 entries does not begin with the 700"},
		{"shrink", shorter, exit.Proof, "shrunk: the log has 299 entries; it had 700"},
		{"forged signature", answers(200, forged, right), exit.Proof, "signature of the checkpoint does not verify"},
		{"another size under the signature", answers(200, bytes.Replace(note, []byte("\n700\n"), []byte("\n800\n"), 1), right), exit.Proof, "does not verify"},
		{"no signature", answers(200, []byte(strings.SplitAfter(string(note), "\n\n")[0]+"— other AAAAAAAA\n"), right), exit.Proof, "none of the log's keys"},
		{"tiles of another log", answers(200, next.checkpoint(), longer), exit.Unreachable, "status 404"},
		{"tiles that lie", answers(200, otherEnd.checkpoint(), next), exit.Proof, "do not match the signed checkpoint"},
		{"no tiles", answers(200, next.checkpoint(), nothing), exit.Unreachable, "answers /tile/"},
		{"server that fails", answers(500, nil, nothing), exit.Unreachable, "status 500"},
		{"no checkpoint", answers(200, html, nothing), exit.Unreachable, "is not a checkpoint"},
		{"endless answer", answers(200, make([]byte, history.MaxNote+1), nothing), exit.Unreachable, "more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, err := os.ReadFile(state)
			must(t, err)
			serve(c.serve)
			code, out := watch()
			if code != c.code || !strings.Contains(out, c.says) || (code == exit.Proof) != strings.Contains(out, "ALARM") {
				t.Errorf("exit %d, %s; want %d and %q", code, out, c.code, c.says)
			}
			if after, err := os.ReadFile(state); err != nil || !bytes.Equal(before, after) {
				t.Errorf("what was seen is forgotten: %s, %v", after, err)
			}
		})
	}
	serve(right)
	good(700)
	serve(next) // the right one again, longer
	good(1025)

	if code, out := watch("--key", watchVKey(t, strings.Replace(watchKey, "A", "B", 1))); code != exit.Proof || !strings.Contains(out, "none of the log's keys") {
		t.Errorf("another key: exit %d, %s", code, out)
	}
	if code, out := watch("--key", "x"); code != exit.Usage {
		t.Errorf("a key that is none: exit %d, %s", code, out)
	}
	// Without --once it looks again until there is an alarm.
	looks := 0
	serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if looks++; looks <= 3 {
			next.ServeHTTP(w, r)
			return
		}
		sameSize.ServeHTTP(w, r)
	}))
	code, out := fails(t, "log", "watch", server.URL+"/log/", "--state", state, "--interval", "1ms")
	if code != exit.Proof || strings.Count(out, "has 1025 entries") != 3 || !strings.Contains(out, "shrunk") {
		t.Errorf("looking again: exit %d, %s", code, out)
	}
	server.Close()
	if code, out := watch(); code != exit.Unreachable || !strings.Contains(out, "does not answer") {
		t.Errorf("unreachable: exit %d, %s", code, out)
	}
	for _, args := range [][]string{{"log", "watch"}, {"log", "watch", "ftp://x", "--state", state}, {"log", "watch", "https://x"},
		{"log", "watch", "https://x", "--state", state, "--interval", "0s"}} {
		if code, out := fails(t, args...); code != exit.Usage {
			t.Errorf("%v: exit %d, %s", args, code, out)
		}
	}
}
