package web_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/tenancytest"
)

// BenchmarkAdapter compares a bare net/http handler with the whole way through
// the adapter (60 routes, authentication, authorization for a descendant,
// entity tag, one log event) for the same bytes. Slices of both alternate, and
// "ratio" is the median over the pairs of bare time to adapter time: 1 would
// mean that the adapter is free.
func BenchmarkAdapter(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	b.Run("log=file", func(b *testing.B) { compare(b, zerolog.New(file).With().Timestamp().Logger()) })
	b.Run("log=discard", func(b *testing.B) { compare(b, zerolog.New(io.Discard).With().Timestamp().Logger()) })
}

const (
	benchConns = 32
	benchPairs = 12
)

func compare(b *testing.B, log zerolog.Logger) {
	w := tenancytest.New(b, dbtest.SQLite(b))
	body := bytes.Repeat([]byte("0123456789abcdef"), 96)
	cached := &web.Reply{Status: 200, Body: body, ETag: `"5d41402abc4b2a76b9719d911017c592"`,
		Header: http.Header{"Tenure-Snapshot-Id": {"5d41402abc4b2a76b9719d911017c592"}}}
	hit := route("GET", "/v2/modules/{module}/setups/{setup}/clients/{client}", func(c *web.Call) (*web.Reply, error) {
		if !c.Scope.Covers(w.Harbour) || c.Var("client") != "shop" {
			return nil, fmt.Errorf("not the client that was asked for")
		}
		return cached, nil
	})
	s := surface("bench", hit)
	for i := range 59 {
		s.Routes = append(s.Routes, route("GET", fmt.Sprintf("/v2/other%d/{id}", i), hit.Handle))
	}
	bare := serve(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	}), "")
	full := serve(b, web.New(web.Config{Tenancy: w.Store, Log: log}, []web.Surface{s}), w.Key(w.North, tenancy.Reader))

	bare.run(1000)
	full.run(1000)
	var ratios []float64
	var bareTime, fullTime time.Duration
	n := max(b.N/benchPairs, benchConns)
	b.ResetTimer()
	for range benchPairs {
		before := bare.run(n / 2)
		with := full.run(n)
		before += bare.run(n - n/2)
		ratios = append(ratios, float64(before)/float64(with))
		bareTime, fullTime = bareTime+before, fullTime+with
	}
	b.StopTimer()
	slices.Sort(ratios)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(float64(bareTime.Microseconds())/float64(n*benchPairs), "bare-µs/req")
	b.ReportMetric(float64(fullTime.Microseconds())/float64(n*benchPairs), "adapter-µs/req")
}

// load is a server and kept connections to it that repeat one request. The
// client side is as little as can be: it shares the processors.
type load struct {
	request []byte
	size    int // of an answer
	conns   []net.Conn
}

func serve(b *testing.B, h http.Handler, key string) *load {
	server := httptest.NewServer(h)
	l := &load{request: []byte("GET /v2/modules/oauthv2/setups/default/clients/shop HTTP/1.1\r\nHost: localhost\r\n" +
		"User-Agent: bench\r\nAccept: application/json\r\nAuthorization: Bearer " + key + "\r\n\r\n")}
	for range benchConns {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		l.conns = append(l.conns, conn)
	}
	b.Cleanup(func() {
		for _, conn := range l.conns {
			conn.Close()
		}
		server.Close()
	})
	l.size = l.measure(b)
	return l
}

// measure makes one request and returns the size of its answer, which is the
// same for all.
func (l *load) measure(b *testing.B) int {
	l.conns[0].Write(l.request)
	var raw bytes.Buffer
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(l.conns[0], &raw)), nil)
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		b.Fatalf("%d %s %v", resp.StatusCode, text, err)
	}
	return raw.Len()
}

// run makes n requests over all connections and returns how long that took.
func (l *load) run(n int) time.Duration {
	began := time.Now()
	var all sync.WaitGroup
	for i, conn := range l.conns {
		mine := n / len(l.conns)
		if i < n%len(l.conns) {
			mine++
		}
		all.Go(func() {
			answer := make([]byte, l.size)
			for range mine {
				conn.Write(l.request)
				if _, err := io.ReadFull(conn, answer); err != nil {
					panic(err)
				}
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

// BenchmarkServe is the adapter alone, without a connection.
func BenchmarkServe(b *testing.B) {
	f := newFixture(b, surface("bench", route("GET", "/v2/modules/{module}/setups/{setup}/clients/{client}", func(c *web.Call) (*web.Reply, error) {
		return text("{}")
	})))
	r := httptest.NewRequest("GET", "/v2/modules/oauthv2/setups/default/clients/shop", nil)
	r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Reader))
	w := &discard{header: make(http.Header)}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		f.log.Reset()
		f.handler.ServeHTTP(w, r)
	}
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
