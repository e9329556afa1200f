package handlers_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/document"
)

// BenchmarkHydraGet is GET of a client in Hydra's dialect, warm, beside the
// bare handler.
func BenchmarkHydraGet(b *testing.B) {
	at := newBench(b)
	besideBare(b, at.server, at.request("/admin/clients/bench"))
}

const (
	manyClients = 20_000
	perOwner    = 100
)

// BenchmarkHydraMany asks an installation with 20,000 clients in one setup:
// 200 owner labels, 100 clients each.
func BenchmarkHydraMany(b *testing.B) {
	at := newBench(b)
	at.fill(b)
	b.Run("ListOf100", func(b *testing.B) { at.each(b, http.MethodGet, "/admin/clients?page_size=100", "", 200) })
	b.Run("OwnerOf100", func(b *testing.B) { at.each(b, http.MethodGet, "/admin/clients?owner=owner-7", "", 200) })
	b.Run("OwnerOfNone", func(b *testing.B) { at.each(b, http.MethodGet, "/admin/clients?owner=nobody", "", 200) })
	b.Run("Name", func(b *testing.B) { at.each(b, http.MethodGet, "/admin/clients?client_name=name-7", "", 200) })
	b.Run("Create", func(b *testing.B) {
		at.each(b, http.MethodPost, "/admin/clients", `{"redirect_uris":["https://a.example/cb"],"client_name":"made"}`, 201)
	})
	b.Run("Patch", func(b *testing.B) {
		at.each(b, http.MethodPatch, "/admin/clients/many-00007", `[{"op":"replace","path":"/policy_uri","value":"https://a.example/policy"}]`, 200)
	})
	b.Run("CreateParallel", func(b *testing.B) {
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				at.ask(b, http.MethodPost, "/admin/clients", `{"client_name":"made"}`, 201)
			}
		})
	})
}

// fill makes the clients as another dialect does, many at once: the committer
// puts them together.
func (at *bench) fill(b *testing.B) {
	b.Helper()
	var done sync.WaitGroup
	for worker := range 64 {
		done.Go(func() {
			for i := worker; i < manyClients; i += 64 {
				doc := document.Client{ClientName: fmt.Sprint("name-", i), OwnerLabel: fmt.Sprint("owner-", i/perOwner),
					GrantTypes: []string{"client_credentials"}, RedirectURIs: []string{"https://a.example/cb"}}
				_, err := at.store.CreateClient(context.Background(), at.scope, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: at.setup,
					ClientID: fmt.Sprintf("many-%05d", i), Owner: at.owner, Surface: "bench"}, snapshots.Change[document.Client]{
					Apply: func(*document.Client, *document.Setup) (*document.Client, error) { return &doc, nil }})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
}

func (at *bench) each(b *testing.B, method, path, body string, status int) {
	b.Helper()
	for b.Loop() {
		at.ask(b, method, path, body, status)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

func (at *bench) ask(b *testing.B, method, path, body string, status int) {
	req, err := http.NewRequest(method, at.server.URL+path, bytes.NewReader([]byte(body)))
	check(b, err)
	req.Header.Set("Authorization", "Bearer "+at.key)
	res, err := at.server.Client().Do(req)
	check(b, err)
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != status {
		b.Fatalf("%d, %v", res.StatusCode, err)
	}
}
