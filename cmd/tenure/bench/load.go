package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// answerTime is how long a connection waits for one answer.
const answerTime = 30 * time.Second

// work is what the connections of a row ask: the status that every answer must have,
// and the next request, which is written to buf. It is nil when all has been asked.
// Connections ask for it side by side. turn, unless it is nil, waits until the request
// may be sent, and returns when that is.
type work struct {
	status int
	next   func(buf []byte) []byte
	turn   func() time.Time
}

// always is work that repeats one request.
func always(status int, request []byte) work {
	return work{status: status, next: func([]byte) []byte { return request }}
}

// paced lets so many requests a second pass, evenly.
func paced(rate int) func() time.Time {
	var mu sync.Mutex
	var last time.Time
	return func() time.Time {
		mu.Lock()
		last = last.Add(time.Second / time.Duration(rate))
		if now := time.Now(); last.Before(now) {
			last = now
		}
		mine := last
		mu.Unlock()
		time.Sleep(time.Until(mine))
		return mine
	}
}

// load is a set of kept-alive connections, spread over the addresses of a server's
// nodes, that all do the same work.
type load struct {
	work
	connections []*connection
}

func newLoad(addresses []string, n int, w work) *load {
	l := &load{work: w, connections: make([]*connection, n)}
	for i := range l.connections {
		l.connections[i] = &connection{address: addresses[i%len(addresses)]}
	}
	return l
}

// connect opens the connections, so that no slice has to.
func (l *load) connect(ctx context.Context) error {
	for _, c := range l.connections {
		if _, err := c.open(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *load) close() {
	for _, c := range l.connections {
		c.close()
	}
}

// slice is what happened in a part of a row.
type slice struct {
	took      time.Duration
	latencies []time.Duration // of the answers as they should be
	failed    int
	why       error // the first failure
}

func (s slice) rate() float64 {
	if s.took <= 0 {
		return 0
	}
	return float64(len(s.latencies)) / s.took.Seconds()
}

// run asks for the time of a slice, and ends with the last answer.
func (l *load) run(ctx context.Context, length time.Duration) slice {
	start := time.Now()
	parts := make([]slice, len(l.connections))
	stop := context.AfterFunc(ctx, l.close)
	defer stop()
	var done sync.WaitGroup
	for i, c := range l.connections {
		done.Go(func() { parts[i] = c.run(ctx, l.work, start.Add(length)) })
	}
	done.Wait()
	whole := slice{took: time.Since(start)}
	for _, p := range parts {
		whole.latencies = append(whole.latencies, p.latencies...)
		whole.failed += p.failed
		if whole.why == nil {
			whole.why = p.why
		}
	}
	return whole
}

// connection is one kept-alive connection, opened when it is needed.
type connection struct {
	address string
	buf     []byte
	reader  answerReader

	mu  sync.Mutex // close is called from elsewhere
	net net.Conn
}

func (c *connection) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.net != nil {
		c.net.Close()
		c.net = nil
	}
}

func (c *connection) open(ctx context.Context) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.net != nil {
		return c.net, nil
	}
	dialer := net.Dialer{Timeout: answerTime}
	opened, err := dialer.DialContext(ctx, "tcp", c.address)
	if err != nil {
		return nil, err
	}
	if err := opened.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	c.net = opened
	c.reader.Reader = bufio.NewReaderSize(opened, 32<<10)
	return opened, nil
}

// run asks until the deadline. A connection that fails is opened again at the next
// slice only, so that a server that is gone is not asked as fast as it refuses.
func (c *connection) run(ctx context.Context, w work, until time.Time) (s slice) {
	if opened, err := c.open(ctx); err == nil {
		_ = opened.SetDeadline(until.Add(answerTime)) // one for all answers: setting it costs as much as parsing one
	}
	for begun := time.Now(); begun.Before(until) && ctx.Err() == nil; {
		request := w.next(c.buf[:0])
		if request == nil {
			return s
		}
		c.buf = request[:0:cap(request)]
		if w.turn != nil {
			if begun = w.turn(); !begun.Before(until) {
				return s
			}
		}
		a, err := c.ask(ctx, request)
		if ctx.Err() != nil {
			return s
		}
		ended := time.Now()
		if err == nil && a.status != w.status {
			s.failed++
			s.note(fmt.Errorf("status %d instead of %d", a.status, w.status))
		} else if err == nil {
			s.latencies = append(s.latencies, ended.Sub(begun))
		}
		if err != nil {
			s.failed++
			s.note(err)
			c.close()
			return s
		}
		begun = ended
	}
	return s
}

func (s *slice) note(err error) {
	if s.why == nil {
		s.why = err
	}
}

// ask sends a request and reads its answer, which must come before the deadline that
// opening the connection sets, or the slice.
func (c *connection) ask(ctx context.Context, request []byte) (answer, error) {
	opened, err := c.open(ctx)
	if err != nil {
		return answer{}, err
	}
	if _, err := opened.Write(request); err != nil {
		return answer{}, err
	}
	a, err := c.reader.read()
	if a.ends || err != nil {
		c.close()
	}
	return a, err
}

// once sends one request on a connection of its own, and keeps its whole answer.
func once(ctx context.Context, address string, request []byte) (answer, error) {
	c := &connection{address: address, reader: answerReader{keep: true}}
	defer c.close()
	defer context.AfterFunc(ctx, c.close)()
	a, err := c.ask(ctx, request)
	return a, errors.Join(err, ctx.Err())
}
