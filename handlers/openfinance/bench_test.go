package openfinance_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tenure/handlers/openfinance"
	"tenure/handlers/openfinance/demo"
	"tenure/handlers/web"
	"tenure/tenancy/db/dbtest"
)

// unthrottled lets every call in, though the clock stands still.
func unthrottled(_ *fixture, c *openfinance.Deps) {
	c.Setups = web.Rate{Every: time.Millisecond, Burst: 1 << 30}
	c.Callers = c.Setups
}

// direct calls the handler without a connection; p is the certificate that one
// would have brought, nil for none.
func (f *fixture) direct(b *testing.B, p *demo.Pair, method, target, body, token string, status int) []byte {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.TLS = &tls.ConnectionState{}
	if p != nil {
		r.TLS.PeerCertificates = []*x509.Certificate{p.Certificate}
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	if w.Code != status {
		b.Fatalf("%s: %d %s", method, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// unlogged empties the log now and then, which would grow otherwise.
func (f *fixture) unlogged(i int) {
	if i%1024 == 0 {
		f.log.Reset()
	}
}

func benchmarkGet(b *testing.B, path func(*fixture) string, p *demo.Pair) {
	f := newFixture(b, dbtest.SQLite(b), unthrottled)
	made := f.send(b, p, "POST", path(f), f.body(nil)).want(b, http.StatusCreated)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		f.direct(b, p, "GET", made.uri(), "", made.token(), http.StatusOK)
		f.unlogged(i)
		i++
	}
}

func BenchmarkGetPlain(b *testing.B) {
	benchmarkGet(b, func(f *fixture) string { return f.plain }, nil)
}

// BenchmarkGetDCR2 verifies the certificate's chain as well.
func BenchmarkGetDCR2(b *testing.B) {
	benchmarkGet(b, func(*fixture) string { return "/reg" }, good())
}

// BenchmarkPost verifies chain and statement and writes; the client is deleted
// again, as software has one, off the clock.
func BenchmarkPost(b *testing.B) {
	f := newFixture(b, dbtest.SQLite(b), unthrottled)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		body := f.body(nil)
		b.StartTimer()
		raw := f.direct(b, good(), "POST", f.listener.URL+"/reg", body, "", http.StatusCreated)
		b.StopTimer()
		var a answer
		ok(b, json.Unmarshal(raw, &a.doc))
		f.direct(b, good(), "DELETE", a.uri(), "", a.token(), http.StatusNoContent)
		f.log.Reset()
		b.StartTimer()
	}
}
