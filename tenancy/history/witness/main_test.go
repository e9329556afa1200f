package witness

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var bg = context.Background()

const origin = "example.org/log"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// aLog is a log that is published.
type aLog struct {
	*history.Publisher
	db   *db.DB
	now  time.Time
	keys *history.Keys
	vkey string
}

func newLog(t *testing.T, dsn string, seed byte) *aLog {
	t.Helper()
	l := &aLog{db: dbtest.Open(t, dsn, db.Options{}), now: time.Unix(1_764_590_400, 0)}
	log := history.New(func() time.Time { return l.now }, nil)
	must(t, log.Load(bg, l.db))
	var err error
	l.keys, err = history.ParseKeys([]byte("ed25519 " + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{seed}, 32))))
	must(t, err)
	l.Publisher, err = history.OpenPublisher(bg, l.db, log, history.PublisherOptions{Keys: l.keys, Origin: origin})
	must(t, err)
	keys, err := l.keys.VerifierKeys(origin)
	must(t, err)
	l.vkey = keys[0]
	return l
}

// grow adds entries and signs the log.
func (l *aLog) grow(t *testing.T, entries int) history.Checkpoint {
	t.Helper()
	must(t, l.db.Write(bg, func(tx *db.Tx) error {
		for i := range entries {
			history.Record(tx, history.Event{Kind: "x", Object: fmt.Sprint(i)})
		}
		return nil
	}))
	l.now = l.now.Add(2 * time.Second)
	c, err := l.Checkpoint(bg)
	must(t, err)
	return c
}

// aWitness is a witness with what it kept.
type aWitness struct {
	*Witness
	key    ed25519.PrivateKey
	state  []byte
	broken error // of keeping
	vkey   string
	server *httptest.Server
}

func newWitness(t *testing.T, logs ...string) *aWitness {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	w := &aWitness{key: key, vkey: VerifierKey("witness.example/w1", key.Public().(ed25519.PublicKey))}
	w.start(t, logs...)
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.ServeHTTP(rw, r) }))
	t.Cleanup(w.server.Close)
	return w
}

// start starts the witness with the state that it kept.
func (w *aWitness) start(t *testing.T, logs ...string) {
	t.Helper()
	var known []note.Verifier
	for _, text := range logs {
		v, err := note.NewVerifier(text)
		must(t, err)
		known = append(known, v)
	}
	var err error
	w.Witness, err = NewWitness("witness.example/w1", w.key, known, w.state, func(state []byte) error {
		if w.broken == nil {
			w.state = bytes.Clone(state)
		}
		return w.broken
	})
	must(t, err)
}

// ask sends one request and returns the answer's status, type and text.
func (w *aWitness) ask(t *testing.T, body string) (int, string, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/add-checkpoint", strings.NewReader(body)))
	return rec.Code, rec.Header().Get("Content-Type"), rec.Body.String()
}

func body(old int64, proof tlog.TreeProof, signed []byte) string {
	text := fmt.Sprintf("old %d\n", old)
	for _, h := range proof {
		text += h.String() + "\n"
	}
	return text + "\n" + string(signed)
}

// TestWitness: each answer of C2SP tlog-witness, and what is never cosigned.
func TestWitness(t *testing.T) {
	l, other := newLog(t, dbtest.SQLite(t), 1), newLog(t, dbtest.SQLite(t), 1)
	stranger := newLog(t, dbtest.SQLite(t), 2)
	w := newWitness(t, l.vkey)
	first, fork := l.grow(t, 5), other.grow(t, 5)
	third := stranger.grow(t, 5)
	status, _, text := w.ask(t, body(0, nil, first.Note))
	if status != 200 || !strings.HasPrefix(text, "— witness.example/w1 ") {
		t.Fatalf("%d %s", status, text)
	}
	// what somebody else's program says of it
	v, err := ParseKey(w.vkey)
	must(t, err)
	theirs, err := torchwood.NewCosignatureSigner("witness.example/w1", w.key)
	must(t, err)
	for _, verifier := range []note.Verifier{v, theirs.Verifier()} {
		n, err := note.Open(append(bytes.Clone(first.Note), text...), note.VerifierList(verifier))
		if err != nil || len(n.Sigs) != 1 {
			t.Fatalf("%v", err)
		}
		if at, err := history.CosignedAt(n.Sigs[0]); err != nil || !strings.HasSuffix(at, "Z") {
			t.Errorf("%s %v", at, err)
		}
	}
	if theirs.Verifier().String() != w.vkey {
		t.Errorf("the key is %s, of torchwood %s", w.vkey, theirs.Verifier())
	}

	second := l.grow(t, 4)
	proof, err := l.ProveGrowth(bg, 5, second)
	must(t, err)
	forked := other.grow(t, 4)
	forkProof, err := other.ProveGrowth(bg, 5, forked)
	must(t, err)
	good := body(5, proof, second.Note)
	for name, c := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"the same again":            {body(5, nil, first.Note), 200, "— witness.example/w1 "},
		"another tree of the size":  {body(5, nil, fork.Note), 409, "5\n"},
		"another history":           {body(5, forkProof, forked.Note), 422, "does not lead"},
		"a proof of another":        {body(5, forkProof, second.Note), 422, "does not lead"},
		"no proof":                  {body(5, nil, second.Note), 422, "does not lead"},
		"a proof to the same":       {body(5, proof, first.Note), 422, "does not lead"},
		"a size too small":          {body(0, nil, second.Note), 409, "5\n"},
		"a size too large":          {body(6, nil, second.Note), 409, "5\n"},
		"beyond the checkpoint":     {body(10, nil, second.Note), 400, "smaller"},
		"an unknown log":            {body(0, nil, bytes.Replace(first.Note, []byte(origin), []byte("other.org/log"), 1)), 404, "no log"},
		"an unknown key":            {body(0, nil, third.Note), 403, "no signature"},
		"a signature that is wrong": {body(5, proof, bytes.Replace(second.Note, []byte("\n9\n"), []byte("\n8\n"), 1)), 403, "no signature"},
		"no size":                   {"\n\n" + string(first.Note), 400, "old size"},
		"a size that is none":       {strings.Replace(good, "old 5", "old 05", 1), 400, "old size"},
		"a negative size":           {strings.Replace(good, "old 5", "old -5", 1), 400, "old size"},
		"a hash that is none":       {strings.Replace(good, "old 5\n", "old 5\nx\n", 1), 400, "old size"},
		"64 hashes":                 {"old 5\n" + strings.Repeat(tlog.Hash{}.String()+"\n", 64) + "\n" + string(second.Note), 400, "old size"},
		"no checkpoint":             {"old 5\n", 400, "old size"},
		"too much":                  {good + strings.Repeat("x", MaxRequest), 400, "too long"},
	} {
		status, kind, text := w.ask(t, c.body)
		if status != c.status || !strings.Contains(text, c.want) || (status == 409) != (kind == "text/x.tlog.size") {
			t.Errorf("%s: %d %s %s, want %d %s", name, status, kind, text, c.status, c.want)
		}
	}

	w.broken = errors.New("the disk is full")
	if status, _, _ := w.ask(t, good); status != 500 {
		t.Errorf("a state that cannot be kept: %d", status)
	}
	w.broken = nil
	if status, _, text := w.ask(t, good); status != 200 {
		t.Errorf("the next: %d %s", status, text)
	}
	w.start(t, l.vkey) // again
	if status, _, text := w.ask(t, body(5, proof, second.Note)); status != 409 || text != "9\n" {
		t.Errorf("after a restart: %d %s", status, text)
	}
	if _, err := NewWitness("no name", w.key, nil, nil, nil); err == nil {
		t.Error("a name with a space is taken")
	}
	if _, err := NewWitness("w", w.key, nil, []byte("{"), nil); err == nil {
		t.Error("a broken state is taken")
	}
}

// TestConcurrentWitness: of two histories that are sent at once only one is cosigned.
func TestConcurrentWitness(t *testing.T) {
	l, other := newLog(t, dbtest.SQLite(t), 1), newLog(t, dbtest.SQLite(t), 1)
	w := newWitness(t, l.vkey)
	requests := []string{body(0, nil, l.grow(t, 3).Note), body(0, nil, other.grow(t, 4).Note)}
	var all sync.WaitGroup
	codes := make([]int, 20)
	for i := range codes {
		all.Go(func() {
			rec := httptest.NewRecorder()
			w.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/add-checkpoint", strings.NewReader(requests[i%2])))
			codes[i] = rec.Code
		})
	}
	all.Wait()
	good := 0
	for _, code := range codes {
		if code == 200 {
			good++
		} else if code != 409 {
			t.Errorf("%d", code)
		}
	}
	if good != 1 {
		t.Errorf("%d were cosigned", good)
	}
}
