package bench

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// clock is the time of a proxy, and how it waits for an instant.
type clock struct {
	now   func() time.Time
	until func(time.Time)
}

func wallClock() clock {
	return clock{time.Now, func(t time.Time) { pause(time.Until(t)) }}
}

// parcel is bytes that may pass at an instant.
type parcel struct {
	due time.Time
	raw []byte
}

// queued is how many parcels one direction of a connection may have under way. What is
// more waits in the sender's socket, as on a network with full buffers.
const queued = 4096

// delay copies from one side to the other, each read later by the delay. Reading goes on
// meanwhile, so that what was sent together arrives together, at any rate. seen is called
// for each read.
func delay(to io.Writer, from io.Reader, by time.Duration, c clock, seen func()) error {
	parcels := make(chan parcel, queued)
	writing := make(chan error, 1)
	go func() {
		for p := range parcels {
			c.until(p.due)
			if _, err := to.Write(p.raw); err != nil {
				writing <- err
				for range parcels { // the reader must not wait
				}
				return
			}
		}
		writing <- nil
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			seen()
			parcels <- parcel{c.now().Add(by), slices.Clone(buf[:n])}
		}
		if err != nil {
			close(parcels)
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return errors.Join(err, <-writing)
		}
	}
}

// proxy listens on loopback and passes every connection to one address, with a delay in
// each direction.
type proxy struct {
	listener net.Listener
	network  string
	to       string
	by       time.Duration
	clock    clock
	trips    atomic.Int64 // round trips so far, of all connections
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

func newProxy(network, to string, by time.Duration) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, network: network, to: to, by: by, clock: wallClock()}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.running.Go(p.accept)
	return p, nil
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// close ends the proxy with its connections.
func (p *proxy) close() {
	p.cancel()
	p.listener.Close()
	p.running.Wait()
}

func (p *proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.pass(near) })
	}
}

// pass connects one connection with the address behind the proxy. It ends when one of
// both does.
func (p *proxy) pass(near net.Conn) {
	defer near.Close()
	var dialer net.Dialer
	far, err := dialer.DialContext(p.ctx, p.network, p.to)
	if err != nil {
		return
	}
	defer far.Close()
	end := func() { near.Close(); far.Close() }
	defer context.AfterFunc(p.ctx, end)()
	// A round trip begins with what is sent after something has come back.
	var answered atomic.Bool
	answered.Store(true)
	sent := func() {
		if answered.Swap(false) {
			p.trips.Add(1)
		}
	}
	var both sync.WaitGroup
	for _, way := range []struct {
		to, from net.Conn
		seen     func()
	}{{far, near, sent}, {near, far, func() { answered.Store(true) }}} {
		both.Go(func() {
			defer end()
			_ = delay(way.to, way.from, p.by, p.clock, way.seen) // the ends of the connection see an error, too
		})
	}
	both.Wait()
}

// upstream is where a postgres:// URL says that the server listens.
func upstream(dsn string) (network, address string, err error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", "", errors.New("the --database URL does not parse")
	}
	host, port := u.Hostname(), u.Port()
	if h := u.Query().Get("host"); h != "" {
		host = h
	}
	if p := u.Query().Get("port"); p != "" {
		port = p
	}
	if port == "" {
		port = "5432"
	}
	switch {
	case host == "":
		return "", "", errors.New("--distance needs a --database URL with a host")
	case strings.HasPrefix(host, "/"):
		return "unix", host + "/.s.PGSQL." + port, nil
	}
	return "tcp", net.JoinHostPort(host, port), nil
}

// echoes is how many round trips echoTime takes the median of.
const echoes = 50

// echoTime is how long a byte takes through a proxy to an echo and back: what a
// distance is on this machine.
func echoTime(distance time.Duration) (time.Duration, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(c, c)
		}
	}()
	p, err := newProxy("tcp", l.Addr().String(), distance/2)
	if err != nil {
		return 0, err
	}
	defer p.close()
	c, err := net.Dial("tcp", p.address())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var times []float64
	for b := []byte{1}; len(times) < echoes; {
		start := time.Now()
		if _, err := c.Write(b); err != nil {
			return 0, err
		}
		if _, err := io.ReadFull(c, b); err != nil {
			return 0, err
		}
		times = append(times, float64(time.Since(start)))
	}
	return time.Duration(median(times)), nil
}
