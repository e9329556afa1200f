package dbtest

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Gate stands between a test and a PostgreSQL database, and can be shut.
type Gate struct {
	DSN    string // of the database, through the gate
	Direct string // of the same, past it

	socket string
	mu     sync.Mutex
	shut   bool
	silent bool
	conns  map[net.Conn]bool
	tried  int // connections since the gate was shut
}

// NewGate makes a fresh database behind a gate. It is skipped, or fails, as Postgres.
func NewGate(t testing.TB) *Gate {
	t.Helper()
	direct := Postgres(t)
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &Gate{Direct: direct, socket: u.Query().Get("host") + "/.s.PGSQL.5432", conns: map[net.Conn]bool{}}
	g.DSN = fmt.Sprintf("host=127.0.0.1 port=%d user=postgres sslmode=disable dbname=%s", l.Addr().(*net.TCPAddr).Port, u.Path[1:])
	t.Cleanup(func() {
		l.Close()
		g.Shut()
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			g.pass(conn)
		}
	}()
	return g
}

func (g *Gate) pass(here net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.silent || g.shut {
		g.tried++
	}
	if g.silent {
		g.conns[here] = true
		return
	}
	if g.shut {
		here.Close()
		return
	}
	there, err := net.Dial("unix", g.socket)
	if err != nil {
		here.Close()
		return
	}
	g.conns[here], g.conns[there] = true, true
	for _, way := range [][2]net.Conn{{here, there}, {there, here}} {
		go func() {
			io.Copy(gated{g, way[0]}, way[1])
			way[0].Close()
		}()
	}
}

// gated is a connection that lets nothing through a silent gate.
type gated struct {
	gate *Gate
	net.Conn
}

func (c gated) Write(p []byte) (int, error) {
	c.gate.mu.Lock()
	silent := c.gate.silent
	c.gate.mu.Unlock()
	if silent {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// Shut ends all connections and refuses new ones.
func (g *Gate) Shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut, g.tried = true, 0
	g.end()
}

// Silence lets all connections be, and new ones be made, and nothing through.
func (g *Gate) Silence() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.silent, g.tried = true, 0
}

// Open lets everything through again. Connections that were silent are ended.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.silent {
		g.end()
	}
	g.shut, g.silent = false, false
}

// Tried is how many connections were asked for since the gate was shut or silenced.
func (g *Gate) Tried() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tried
}

func (g *Gate) end() {
	for c := range g.conns {
		c.Close()
		delete(g.conns, c)
	}
}
