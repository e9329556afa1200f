package handlers_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// BenchmarkGetActiveClient compares GET of an active client (authenticated,
// parent rule, ETag, access log to a file, warm) with a bare net/http handler
// that sends the same bytes. Both are asked in turn, in short slices of one
// run, by the same clients over loopback; the median of the slices' ratios is
// reported. The target of design section 10 is 0.60.
func BenchmarkGetActiveClient(b *testing.B) {
	at := newBench(b)
	path := fmt.Sprintf("/v2/modules/%s/setups/%s/clients/%s", snapshots.DefaultModule, at.setup, at.client)
	besideBare(b, at.server, at.request(path))
}

// besideBare reports how often the server answers the request, as a share of a
// bare handler's rate with the same bytes.
func besideBare(b *testing.B, server *httptest.Server, request []byte) {
	answer := once(b, server.Listener.Addr().String(), request)
	head, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		b.Fatalf("%s", head)
	}
	length := []string{strconv.Itoa(len(body))}
	kind := []string{"application/json"}
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"], w.Header()["Content-Length"] = kind, length
		w.Write(body)
	}))
	defer bare.Close()
	const slice = 300 * time.Millisecond
	var ratios []float64
	var rate, plain float64
	b.ResetTimer()
	for range max(5, min(b.N, 9)) {
		before := load(b, bare.Listener.Addr().String(), request, slice)
		own := load(b, server.Listener.Addr().String(), request, slice)
		after := load(b, bare.Listener.Addr().String(), request, slice)
		ratios = append(ratios, 2*own/(before+after))
		rate, plain = max(rate, own), max(plain, before, after)
	}
	sort.Float64s(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(0.60, "target-ratio")
	b.ReportMetric(rate, "req/s")
	b.ReportMetric(plain, "bare-req/s")
	b.ReportMetric(float64(len(body)), "body-bytes")
}

// bench is a running server with the client "bench" that has a key set, in the
// root's default setup.
type bench struct {
	db            *db.DB
	server        *httptest.Server
	store         *snapshots.Store
	scope         tenancy.Scope
	tenancy       *tenancy.Store
	root, owner   tenancy.OrgID
	setup, client snapshots.EntityID
	key           string // an editor's
}

// request is a GET with the key.
func (at *bench) request(path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", path, at.key)
}

func newBench(b *testing.B) *bench { return newBenchOf(b, snapshots.Options{}) }

// newBenchOf is newBench with options.
func newBenchOf(b *testing.B, opts snapshots.Options) *bench {
	ctx := context.Background()
	d := dbtest.Open(b, dbtest.SQLite(b), db.Options{})
	log := history.New(nil, nil)
	check(b, log.Load(ctx, d))
	ids := tenancy.NewIDs(nil)
	ten, err := tenancy.Open(ctx, d, log, ids)
	check(b, err)
	store, err := snapshots.Open(ctx, d, log, ids, opts)
	check(b, err)
	root, _, err := ten.Bootstrap(ctx, ten.Operator("bench"), "root")
	check(b, err)
	operator := ten.Operator("bench")
	child, err := ten.CreateOrganization(ctx, operator, root, "child")
	check(b, err)
	_, key, err := ten.CreateKey(ctx, operator, tenancy.NewKey{Org: root, Name: "editor", Role: tenancy.Editor})
	check(b, err)
	check(b, store.CreateModule(ctx, operator, snapshots.DefaultModule))
	setup, err := store.CreateSetup(ctx, operator, snapshots.DefaultModule, setupChange("bench", nil))
	check(b, err)
	_, err = ten.SetDefaultSetup(ctx, operator, root, string(setup.Entity.ID), func(*db.Tx) error { return nil })
	check(b, err)
	doc := documenttest.FullClient()
	doc.JWKS = ""
	client, err := store.CreateClient(ctx, operator, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: setup.Entity.ID,
		ClientID: "bench", Owner: child.ID, Surface: "bench"}, snapshots.Change[document.Client]{
		Apply: func(*document.Client, *document.Setup) (*document.Client, error) { return &doc, nil }})
	check(b, err)
	file, err := os.Create(filepath.Join(b.TempDir(), "access.log"))
	check(b, err)
	b.Cleanup(func() { file.Close() })
	cfg := web.Config{Tenancy: ten, Log: zerolog.New(file).With().Timestamp().Logger()}
	if store.KeepsReads() {
		cfg.Read = func(key, snapshot string) { store.NoteRead(key, snapshots.SnapshotID(snapshot)) }
	}
	server := httptest.NewServer(handlers.New(cfg,
		handlers.Stores{Tenancy: ten, Snapshots: store}))
	b.Cleanup(server.Close)
	return &bench{db: d, server: server, store: store, scope: operator, tenancy: ten, root: root, owner: child.ID, setup: setup.Entity.ID, client: client.Entity.ID, key: key}
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// once sends the request and returns the whole answer.
func once(tb testing.TB, address string, request []byte) []byte {
	conn, err := net.Dial("tcp", address)
	check(tb, err)
	defer conn.Close()
	_, err = conn.Write(request)
	check(tb, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	check(tb, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	check(tb, err)
	return append([]byte(res.Proto+" "+res.Status+"\r\n\r\n"), body...)
}

// load asks over 16 kept-alive connections for the time of a slice and
// returns requests per second. The clients parse as little as they can: the
// machine's cores are shared with the server.
func load(tb testing.TB, address string, request []byte, slice time.Duration) float64 {
	const connections = 16
	var done sync.WaitGroup
	counts := make([]int, connections)
	start := time.Now()
	for i := range connections {
		done.Add(1)
		go func() {
			defer done.Done()
			counts[i] = ask(address, request, start.Add(slice))
		}()
	}
	done.Wait()
	total := 0
	for _, n := range counts {
		if n < 0 {
			tb.Fatal("a connection failed")
		}
		total += n
	}
	return float64(total) / time.Since(start).Seconds()
}

// ask counts answers on one connection until the deadline; -1 if it fails. All
// answers to one request have the same length, learnt from the first.
func ask(address string, request []byte, until time.Time) int {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return -1
	}
	defer conn.Close()
	buffer := make([]byte, 64<<10)
	size, n := 0, 0
	for time.Now().Before(until) {
		if _, err := conn.Write(request); err != nil {
			return -1
		}
		got := 0
		for size == 0 || got < size {
			k, err := conn.Read(buffer[got:])
			if err != nil {
				return -1
			}
			if got += k; size == 0 {
				size = answerSize(buffer[:got])
			}
		}
		n++
	}
	return n
}

// answerSize is the length of the answer that starts in b; 0 if its head is
// not there yet.
func answerSize(b []byte) int {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	at := bytes.Index(b, []byte("Content-Length: "))
	if end < 0 || at < 0 || at > end {
		return 0
	}
	value := b[at+len("Content-Length: "):]
	length, err := strconv.Atoi(string(value[:bytes.IndexByte(value, '\r')]))
	if err != nil {
		return 0
	}
	return end + 4 + length
}

// BenchmarkGetRegisteredClient is BenchmarkGetActiveClient of a client that reads itself
// at /oauth2/register.
func BenchmarkGetRegisteredClient(b *testing.B) {
	at := newBench(b)
	policy := snapshots.DefaultPolicy()
	policy.Registration = snapshots.RegistrationToken
	check(b, at.store.SetPolicy(context.Background(), at.scope, snapshots.DefaultModule, at.setup, policy))
	doc, token := documenttest.FullClient(), ory.NewToken(at.store, at.tenancy.IDs())
	doc.JWKS = ""
	_, err := snapshots.Edit(context.Background(), at.store, at.scope, snapshots.Ref{Module: snapshots.DefaultModule, Setup: at.setup, Entity: at.client},
		snapshots.Change[document.Client]{Token: token, Apply: func(*document.Client, *document.Setup) (*document.Client, error) { return &doc, nil }})
	check(b, err)
	at.key = token.Text
	besideBare(b, at.server, at.request(ory.PathRegister+"/bench"))
}
