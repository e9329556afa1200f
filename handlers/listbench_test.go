package handlers_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/history"
)

// BenchmarkLists asks for lists of an installation with 100,000 clients in one setup, or
// as many as TENURE_BENCH_CLIENTS says, over 8 connections. 5,000 clients share a name,
// three of ten an owner label, one has a name of its own, and of each hundred the
// organization below owns one. It reports CPU time, the load's own included, beside the rate: machines
// are often shared. The target of design section 10 is 1,000 a second.
func BenchmarkLists(b *testing.B) {
	n := 100_000
	if text := os.Getenv("TENURE_BENCH_CLIENTS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		check(b, err)
	}
	at := newBench(b)
	_, below, err := at.tenancy.CreateKey(b.Context(), at.scope, tenancy.NewKey{Org: at.owner, Name: "below", Role: tenancy.Editor})
	check(b, err)
	at.seed(b, n)
	bearer := func(key string) string { return "Authorization: Bearer " + key }
	ids := fmt.Sprintf("/v2/modules/%s/setups/%s/clients", snapshots.DefaultModule, at.setup)
	for _, c := range []struct{ name, path, head string }{
		{"Page", "/admin/clients?page_size=100", bearer(at.key)},
		{"OwnerOf100", "/admin/clients?owner=owner-7", bearer(at.key)},
		{"OwnerOfMany", "/admin/clients?owner=many", bearer(at.key)},
		{"NameOfOne", "/admin/clients?client_name=unique", bearer(at.key)},
		{"NameOf5000", "/admin/clients?client_name=shared", bearer(at.key)},
		{"NameOfNone", "/admin/clients?client_name=nobody", bearer(at.key)},
		{"PageOfOrganizationBelow", "/admin/clients?page_size=100", bearer(below)},
		{"PageOfV1", "/v1/clients?limit=100", bearer(at.key)},
		{"SlashIDOfOrganizationBelow", "/oauth2/clients?limit=100", fmt.Sprintf("SlashID-OrgID: %s\r\nSlashID-API-Key: %s", at.owner, below)},
		{"SlashIDOfAll", "/oauth2/clients?limit=100", fmt.Sprintf("SlashID-OrgID: %s\r\nSlashID-API-Key: %s", at.root, at.key)},
		{"IDsByOwner", ids + "?owner=owner-7", bearer(at.key)},
	} {
		b.Run(c.name, func(b *testing.B) {
			at.lists(b, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\n%s\r\n\r\n", c.path, c.head))
		})
	}
	b.Run("IDsOfAll", func(b *testing.B) { // in pieces, so that its length is not known before
		before := cpuTime(b)
		for b.Loop() {
			at.ask(b, "GET", ids, "", 200)
		}
		b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "CPU-µs/op")
	})
}

// lists asks b.N times, over several connections.
func (at *bench) lists(b *testing.B, request []byte) {
	address := at.server.Listener.Addr().String()
	if answer := once(b, address, request); !strings.HasPrefix(string(answer), "HTTP/1.1 200") {
		b.Fatalf("%.300s", answer)
	}
	var next atomic.Int64
	var all sync.WaitGroup
	before := cpuTime(b)
	b.ResetTimer()
	for range 8 {
		all.Go(func() {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			buffer, size := make([]byte, 64<<10), 0
			for next.Add(1) <= int64(b.N) {
				_, err := conn.Write(request)
				for got := 0; err == nil && (got == 0 || got < size); {
					var k int
					if k, err = conn.Read(buffer); size == 0 {
						size = answerSize(buffer[:k])
					}
					got += k
				}
				if err != nil || size == 0 {
					b.Error("no answer: ", err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "CPU-µs/op")
	b.ReportMetric(1000, "target-req/s")
}

// cpuTime is what this process has used.
func cpuTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// seed writes clients of BenchmarkLists.
func (at *bench) seed(b *testing.B, n int) {
	at.write(b, n, func(i int) (*document.Client, tenancy.OrgID) {
		doc := &document.Client{ClientName: fmt.Sprint("name-", i), OwnerLabel: fmt.Sprint("owner-", i/100), Contacts: []string{"ops@shop.example.com"},
			GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"}, Scopes: []string{"openid", "offline_access", "orders:read"},
			RedirectURIs: []string{"https://shop.example.com/cb?client=" + strconv.Itoa(i)}, PolicyURI: "https://shop.example.com/policy",
			TosURI: "https://shop.example.com/tos", TokenEndpointAuthMethod: "client_secret_basic"}
		switch {
		case i == 21:
			doc.ClientName = "unique"
		case i%max(n/5000, 1) == 0:
			doc.ClientName = "shared"
		}
		if i%10 < 3 && i/100 != 7 {
			doc.OwnerLabel = "many"
		}
		if i%100 == 7 {
			return doc, at.owner
		}
		return doc, at.root
	})
}

// write writes clients as the store would, but for their events, which reads do not need.
func (at *bench) write(b *testing.B, n int, client func(i int) (*document.Client, tenancy.OrgID)) {
	const together = 50
	ids, salt := at.tenancy.IDs(), make([]byte, 32)
	start := history.Micros(time.Now().Add(-24 * time.Hour).UnixMicro())
	tx := at.db.Raw().MustBegin()
	for from := 0; from < n; from += together {
		var entities, rows, bodies, terms [][]any
		for i := from; i < min(from+together, n); i++ {
			when := start + history.Micros(i)*5000
			id, snapshot, sum := ids.Ordered(when), ids.Ordered(when), sha256.Sum256([]byte(strconv.Itoa(i)))
			doc, org := client(i)
			entities = append(entities, []any{id, "client", snapshots.DefaultModule, at.setup, hex.EncodeToString(sum[:16]), 1, org, "hydra", int64(when)})
			rows = append(rows, []any{snapshots.DefaultModule, at.setup, id, int64(when.Millis()), 1, snapshot, "content", "", salt, 0, int64(when)})
			bodies = append(bodies, []any{snapshot, salt, string(document.Encode(doc))})
			terms = append(terms, []any{string(at.setup), "name", doc.ClientName, id}, []any{string(at.setup), "owner", doc.OwnerLabel, id})
		}
		insert(b, tx, "entity (entity_id, kind, module, setup_id, client_id, incarnation, org_id, surface, recorded_at)", entities)
		insert(b, tx, "snapshot (module, setup_id, entity_id, valid_from, attempt, snapshot_id, kind, base_id, commitment, imported, recorded_at)", rows)
		insert(b, tx, "snapshot_body (snapshot_id, salt, content)", bodies)
		insert(b, tx, "entity_term (bucket, field, value, entity_id)", terms)
	}
	check(b, tx.Commit())
}

func insert(b *testing.B, tx *sqlx.Tx, table string, rows [][]any) {
	var args []any
	for _, row := range rows {
		args = append(args, row...)
	}
	marks := "(?" + strings.Repeat(", ?", len(rows[0])-1) + ")"
	_, err := tx.Exec("INSERT INTO "+table+" VALUES "+marks+strings.Repeat(", "+marks, len(rows)-1), args...)
	check(b, err)
}
