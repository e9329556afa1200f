//go:build linux

package drill

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// proxy passes TCP connections on, until it is told to swallow them: then connections
// stay open and nothing comes through. In a network of the drill's own the kernel drops the
// packets; elsewhere the proxy holds back what they carry.
type proxy struct {
	t        testing.TB
	listener net.Listener
	mu       sync.Mutex
	to       string
	closed   chan struct{} // of the present hole; nil while connections pass
	dropping bool          // the kernel drops them
	open     map[net.Conn]bool
}

func newProxy(t testing.TB, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{t: t, listener: l, to: to, open: map[net.Conn]bool{}}
	go p.accept()
	t.Cleanup(p.close)
	return p
}

func (p *proxy) port() string {
	_, port, _ := strings.Cut(p.listener.Addr().String(), ":")
	return port
}

func (p *proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.pass(conn)
	}
}

func (p *proxy) pass(near net.Conn) {
	p.keep(near)
	defer p.drop(near)
	p.wait()
	far, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	p.keep(far)
	defer p.drop(far)
	var both sync.WaitGroup
	both.Go(func() { p.copy(far, near) })
	both.Go(func() { p.copy(near, far) })
	both.Wait()
}

// copy passes on what comes until one side ends, holding it back while there is a hole.
func (p *proxy) copy(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.wait()
		if n > 0 {
			if _, failed := to.Write(buffer[:n]); failed != nil {
				err = failed
			}
		}
		if err != nil {
			if err != io.EOF {
				from.Close()
			}
			to.Close()
			return
		}
	}
}

// wait returns when connections pass.
func (p *proxy) wait() {
	p.mu.Lock()
	hole := p.closed
	p.mu.Unlock()
	if hole != nil {
		<-hole
	}
}

// swallow begins a hole.
func (p *proxy) swallow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed != nil || p.dropping:
	case dropPackets(p.t, p.port(), true):
		p.dropping = true
	default:
		p.closed = make(chan struct{})
	}
}

// heal ends a hole. What it held back gets through.
func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dropping {
		dropPackets(p.t, p.port(), false)
		p.dropping = false
	}
	if p.closed != nil {
		close(p.closed)
		p.closed = nil
	}
}

func (p *proxy) keep(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = true
}

func (p *proxy) drop(c net.Conn) {
	c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
}

func (p *proxy) close() {
	p.listener.Close()
	p.heal()
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
	}
}
