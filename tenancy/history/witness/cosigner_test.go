package witness

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/mod/sumdb/note"

	"tenure/jwk/jwktest"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// TestCosigner: checkpoints get the cosignatures of those that answer, whatever the others do, and
// go on from where a witness is.
func TestCosigner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		l := newLog(t, dsn, 1)
		w := newWitness(t, l.vkey)
		down := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { rw.WriteHeader(503) }))
		defer down.Close()
		good, err := ParsePeer(w.server.URL + "/+" + w.vkey)
		must(t, err)
		bad, err := ParsePeer(down.URL + "+" + VerifierKey("down.example", make([]byte, 32)))
		must(t, err)
		var said []string
		c := New(l, []Peer{good, bad}, func() time.Time { return l.now }, func(key string, err error) {
			name, _, _ := strings.Cut(key, "+")
			if err == nil {
				said = append(said, name+" again")
			} else {
				said = append(said, name+": "+err.Error())
			}
		})
		must(t, c.Round(bg)) // there is no checkpoint yet
		for range 3 {
			l.grow(t, 7)
			must(t, c.Round(bg))
			newest, err := l.Newest(bg)
			must(t, err)
			if has, err := cosignedBy(newest.Note, good.verifier); err != nil || !has {
				t.Fatalf("%v\n%s", err, newest.Note)
			}
			if _, err := history.OpenCheckpoint(newest.Note, keyList(t, l.vkey)); err != nil {
				t.Error(err)
			}
		}
		before := len(w.state)
		must(t, c.Round(bg)) // it has it
		if len(w.state) != before || !slices.Equal(said, []string{"down.example: it answers 503"}) {
			t.Errorf("%q", said)
		}
		if got := c.Status(); got[0].Size != 21 || got[0].Failing || !got[0].Behind.IsZero() || !got[1].Failing || got[1].Size != 0 || got[1].Behind.IsZero() || !got[1].Behind.Before(l.now) {
			t.Errorf("%+v", got)
		}
		// a process that knows nothing of the witness learns its size from 409
		l.grow(t, 3)
		again := New(l, []Peer{good}, func() time.Time { return l.now }, func(string, error) { t.Error("it fails") })
		must(t, again.Round(bg))
		newest, err := l.Newest(bg)
		must(t, err)
		if has, _ := cosignedBy(newest.Note, good.verifier); !has {
			t.Error("not cosigned after a restart")
		}
		// a bundle's first checkpoint has them, too
		must(t, l.db.View(bg, func(conn *db.Conn) error {
			first, err := history.CheckpointBefore(conn, origin, 8)
			if has, _ := cosignedBy(first.Note, good.verifier); !has || first.Size != 7 {
				t.Errorf("%s", first.Note)
			}
			return err
		}))
	})
}

// TestCosignerFinds: a log that was set back, or has another history, is not cosigned, and that is said.
func TestCosignerFinds(t *testing.T) {
	l, other := newLog(t, dbtest.SQLite(t), 1), newLog(t, dbtest.SQLite(t), 1)
	w := newWitness(t, l.vkey)
	peer, err := ParsePeer(w.server.URL + "+" + w.vkey)
	must(t, err)
	var said []string
	say := func(_ string, err error) {
		if err != nil {
			said = append(said, err.Error())
		} else {
			said = append(said, "again")
		}
	}
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	l.grow(t, 9)
	must(t, New(l, []Peer{peer}, clock, say).Round(bg))
	c := New(other, []Peer{peer}, clock, say)
	other.grow(t, 5)
	must(t, c.Round(bg))
	must(t, c.Round(bg)) // it pauses
	now = now.Add(leastPause)
	other.grow(t, 4)
	must(t, c.Round(bg))
	now = now.Add(mostPause)
	other.grow(t, 4)
	must(t, c.Round(bg))
	if !slices.Equal(said, []string{"it has cosigned 9 entries of this log, which has 5 in its checkpoint"}) {
		t.Errorf("%q", said)
	}
	for name, answer := range map[string]string{
		"no size": "409 x", "the same size": "409 0", "no cosignature": "200 — other AAAA", "nothing": "200", "too much": "200 " + strings.Repeat("x", maxAnswer+1),
		"each time another": "409 1", "elsewhere": "302 ",
	} {
		n := 0
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			code, text, _ := strings.Cut(answer, " ")
			n++
			if name == "each time another" && n == 2 {
				text = "2"
			}
			rw.Header().Set("Location", "/add-checkpoint")
			rw.WriteHeader(map[string]int{"409": 409, "200": 200, "302": 302}[code])
			_, _ = rw.Write([]byte(text + "\n"))
		}))
		peer, err := ParsePeer(server.URL + "+" + w.vkey)
		must(t, err)
		before := len(said)
		l.grow(t, 1) // what no witness has cosigned
		must(t, New(l, []Peer{peer}, clock, say).Round(bg))
		if len(said) != before+1 {
			t.Errorf("%s: %q", name, said[before:])
		}
		server.Close()
	}
}

// TestPeers: what names a witness.
func TestPeers(t *testing.T) {
	key := VerifierKey("witness.example/w1", make([]byte, 32))
	for text, ok := range map[string]bool{
		"https://witness.example+" + key: true, "https://witness.example/prefix/+" + key: true, "http://127.0.0.1:8090+" + key: true,
		"http://[::1]:8090+" + key: true, "http://localhost+" + key: true,
		"http://witness.example+" + key: false, "ftp://witness.example+" + key: false, "https://witness.example": false, key: false, "": false,
		"https://user@witness.example+" + key: false, "https://witness.example?x=1+" + key: false,
		"https://witness.example+" + strings.Replace(key, "witness", "another", 1):                      false,
		"https://witness.example+example.org/log+9c9b8d1f+AWBr0jS5LdLkIQ5/y1zTpJLLkQIPgF3K5graAMFy8N2y": false, // of a log
	} {
		if p, err := ParsePeer(text); (err == nil) != ok || ok && (p.Key != key || strings.HasSuffix(p.URL, "/")) {
			t.Errorf("%s: %+v %v", text, p, err)
		}
	}
}

// TestLimits: docs/limits.md says what is here.
func TestLimits(t *testing.T) {
	for name, want := range map[string]int{
		"witnesses of a log": MaxPeers, "the time in which all witnesses of a log cosign a checkpoint": int(AskTime / time.Second),
		"cosignatures of one checkpoint": history.MaxCosignatures, "the body of a request to a witness": MaxRequest,
	} {
		if got := jwktest.Limit(t, "History", name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: the page says %d, the program %d", name, got, want)
		}
	}
}

func keyList(t *testing.T, key string) note.Verifiers {
	t.Helper()
	v, err := note.NewVerifier(key)
	must(t, err)
	return note.VerifierList(v)
}

// TestBehind: a witness is behind from its first failure until it cosigns, also if another
// node is who gets the cosignature. While it is asked, Status does not wait.
func TestBehind(t *testing.T) {
	l := newLog(t, dbtest.SQLite(t), 1)
	w := newWitness(t, l.vkey)
	var named []string
	hangs, fails, asked, answer := true, true, make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		named = append(named, r.Header.Get("Traceparent"))
		if hangs {
			asked <- struct{}{}
			<-answer
		}
		if fails {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		w.ServeHTTP(rw, r)
	}))
	defer server.Close()
	peer, err := ParsePeer(server.URL + "+" + w.vkey)
	must(t, err)
	say := func(string, error) {}
	here, there := New(l, []Peer{peer}, func() time.Time { return l.now }, say), New(l, []Peer{peer}, func() time.Time { return l.now }, say)
	k := l.grow(t, 5)
	since := l.now
	of := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	done := make(chan struct{})
	go func() {
		here.Ask(trace.ContextWithSpanContext(bg, of), k)
		close(done)
	}()
	<-asked
	if got := here.Status()[0]; got.Failing || !got.Behind.IsZero() {
		t.Errorf("while it is asked: %+v", got)
	}
	close(answer)
	<-done
	hangs = false
	l.now = l.now.Add(time.Hour)
	must(t, here.Round(bg))
	fails = false
	if got := here.Status()[0]; !got.Failing || !got.Behind.Equal(since) || len(named) != 2 {
		t.Errorf("after it failed twice: %+v, asked %d times", got, len(named))
	}
	must(t, there.Round(bg))
	must(t, here.Round(bg))
	if got := here.Status()[0]; got.Size != 5 || !got.Behind.IsZero() {
		t.Errorf("after another node had it cosign: %+v", got)
	}
	if len(named) != 3 || !strings.HasPrefix(named[0], "00-0100") || named[1] != "" {
		t.Errorf("the requests name the traces %q", named)
	}
}
