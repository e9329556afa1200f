package bench

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"
)

// stillClock shows one instant until release moves it, and wakes whoever waited for one
// up to there.
type stillClock struct {
	instant time.Time
	waiting chan time.Time // instants that are waited for, as the waits begin
	release chan struct{}  // one for each
}

func newStillClock() *stillClock {
	return &stillClock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), make(chan time.Time, 100), make(chan struct{}, 100)}
}

func (c *stillClock) clock() clock {
	return clock{func() time.Time { return c.instant }, func(t time.Time) { c.waiting <- t; <-c.release }}
}

// TestTwoMessagesSentTogetherArriveTogether: the second is read while the first waits,
// and both are due at the same instant, one delay after they were sent.
func TestTwoMessagesSentTogetherArriveTogether(t *testing.T) {
	still := newStillClock()
	from, sends := io.Pipe()
	arrives, to := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := delay(to, from, 1300*time.Microsecond, still.clock(), func() {})
		to.Close()
		ended <- err
	}()
	for _, message := range []string{"first", "second"} { // a pipe's Write returns when all of it is read
		if _, err := io.WriteString(sends, message); err != nil {
			t.Fatal(err)
		}
	}
	due := still.instant.Add(1300 * time.Microsecond)
	first := <-still.waiting
	still.release <- struct{}{}
	got := make([]byte, len("first"))
	if _, err := io.ReadFull(arrives, got); err != nil || string(got) != "first" {
		t.Fatalf("%q, %v", got, err)
	}
	if second := <-still.waiting; !first.Equal(due) || !second.Equal(due) {
		t.Errorf("due at %v and %v, want both at %v", first, second, due)
	}
	still.release <- struct{}{}
	sends.Close()
	if rest, err := io.ReadAll(arrives); err != nil || string(rest) != "second" {
		t.Errorf("%q, %v", rest, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestProxyKeepsBytesInOrder in both directions, and passes the end of a connection on.
func TestProxyKeepsBytesInOrder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.Copy(c, c)
	}()
	p, err := newProxy("tcp", l.Addr().String(), 100*time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	c, err := net.Dial("tcp", p.address())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sent := make([]byte, 1<<20)
	for i := range sent {
		sent[i] = byte(rand.Uint32())
	}
	go func() {
		for rest := sent; len(rest) > 0; {
			n := min(len(rest), 1+rand.IntN(50_000))
			if _, err := c.Write(rest[:n]); err != nil {
				return
			}
			rest = rest[n:]
		}
	}()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, sent) {
		t.Fatalf("the bytes differ, %v", err)
	}
	p.close()
	if n, err := c.Read(got); err == nil {
		t.Errorf("%d bytes after the end", n)
	}
}

// TestProxyCountsRoundTrips: what is sent together is one, whatever it is cut into.
func TestProxyCountsRoundTrips(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p, err := newProxy("tcp", l.Addr().String(), 10*time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	near, err := net.Dial("tcp", p.address())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	pass := func(from, to net.Conn, text string) {
		t.Helper()
		got := make([]byte, len(text))
		if _, err := io.WriteString(from, text); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(to, got); err != nil || string(got) != text {
			t.Fatalf("%q, %v", got, err)
		}
	}
	for want := int64(1); want <= 3; want++ {
		pass(near, far, "begin")
		pass(near, far, "insert, commit")
		pass(far, near, "done")
		pass(far, near, "and done")
		if got := p.trips.Load(); got != want {
			t.Errorf("%d round trips, want %d", got, want)
		}
	}
}

// TestDelayEndsWhenNobodyReads: what cannot be written ends the direction and does not
// keep the reader waiting.
func TestDelayEndsWhenNobodyReads(t *testing.T) {
	arrives, to := io.Pipe()
	arrives.Close()
	err := delay(to, bytes.NewReader(make([]byte, 1<<20)), 0, clock{time.Now, func(time.Time) {}}, func() {})
	if err == nil {
		t.Error("no error")
	}
}

func TestUpstreams(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://u:p@10.0.0.1:5433/x":                      "tcp 10.0.0.1:5433",
		"postgres://u@db.example/x?sslmode=disable":           "tcp db.example:5432",
		"postgres://u@[::1]:5432/x":                           "tcp [::1]:5432",
		"postgres:///x?host=/var/run/postgresql":              "unix /var/run/postgresql/.s.PGSQL.5432",
		"postgres://u@/x?host=/tmp&port=54321":                "unix /tmp/.s.PGSQL.54321",
		"postgres://u@/x":                                     "",
		"postgres://u@h:notaport/x?host=" + "%2Ftmp&port=%zz": "",
	} {
		network, address, err := upstream(dsn)
		if got := network + " " + address; want == "" && err == nil || want != "" && got != want {
			t.Errorf("%s: %s, %v", dsn, got, err)
		}
	}
}
