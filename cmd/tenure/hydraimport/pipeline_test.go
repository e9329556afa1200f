package hydraimport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tenure/jwk/jwktest"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// crowd is a target that lets a number of puts begin before one of them ends.
type crowd struct {
	mu              sync.Mutex
	cond            *sync.Cond
	want, now, most int
	left            int // to begin
}

func newCrowd(want, clients int) *crowd {
	c := &crowd{want: want, left: clients}
	c.cond = sync.NewCond(&c.mu)
	return c
}

func (w *crowd) put(_ context.Context, c sourceClient) (result, error) {
	c.waits()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.left = w.now+1, w.left-1
	w.most = max(w.most, w.now)
	w.cond.Broadcast()
	for w.now < w.want && w.left > 0 && w.most < w.want {
		w.cond.Wait()
	}
	w.now--
	return c.result(resultCreated), nil
}

func (w *crowd) close() error { return nil }

// TestClientsUnderWay: as many as --jobs says, and as many bytes as docs/limits.md says.
func TestClientsUnderWay(t *testing.T) {
	room := jwktest.Limit(t, "Requests", "bytes of an import's file that are worked on at the same time")[0]
	if room != maxUnderway {
		t.Errorf("the page says %d bytes", room)
	}
	for _, c := range []struct{ clients, size, jobs, want int }{
		{500, 100, 100, 100},
		{100, room / 20, 90, 20},
		{3, 100, 1, 1},
	} {
		path := filepath.Join(t.TempDir(), "clients.json")
		var file strings.Builder
		for i := range c.clients {
			client := fmt.Sprintf(`{"client_id":"c%d","client_name":"`, i)
			file.WriteString(client + strings.Repeat("x", c.size-len(client)-2) + `"}`)
		}
		must(t, os.WriteFile(path, []byte(file.String()), 0o600))
		source, err := openFile(path)
		must(t, err)
		defer source.close()
		var out bytes.Buffer
		report, err := newReport(&out, io.Discard, Options{Format: "text"})
		must(t, err)
		to := newCrowd(c.want, c.clients)
		must(t, putAll(t.Context(), source, to, report, c.jobs))
		if to.most != c.want || report.Created != c.clients {
			t.Errorf("%d clients of %d bytes, %d jobs: %d under way, want %d", c.clients, c.size, c.jobs, to.most, c.want)
		}
	}
}

// TestImportOfLargeClients: none is refused because others are under way.
func TestImportOfLargeClients(t *testing.T) {
	const clients = 40
	var file strings.Builder
	var addresses []string
	for i := range 200 {
		addresses = append(addresses, fmt.Sprintf(`"https://app.example/%d/%s"`, i, strings.Repeat("x", 1900)))
	}
	for i := range clients {
		fmt.Fprintf(&file, `{"client_id":"c%d","token_endpoint_auth_method":"none","redirect_uris":[%s]}`, i, strings.Join(addresses, ","))
	}
	path := filepath.Join(t.TempDir(), "clients.json")
	must(t, os.WriteFile(path, []byte(file.String()), 0o600))
	wants(t, mustImport(t, path, Options{Database: filepath.Join(t.TempDir(), "tenure.db")}), "40 clients: 40 created, 0 updated, 0 unchanged, 0 refused")
}

// TestLimitsOfTheImport: db.TestBatchOfAnOption tries the transactions.
func TestLimitsOfTheImport(t *testing.T) {
	if n := jwktest.Limit(t, "Requests", "clients of an import that are worked on at the same time"); n[0] != DefaultJobs || n[1] != ServerJobs || n[2] != MostJobs {
		t.Errorf("the page says %d", n)
	}
	if n := jwktest.Limit(t, "Requests", "writes of one transaction of an import with `--database`"); n[0] != maxBatch || n[2] != 2*maxBatch {
		t.Errorf("the page says %d", n)
	}
	for _, jobs := range []int{-1, MostJobs + 1} {
		if _, err := imports(t, importFixture("list.json"), Options{Database: filepath.Join(t.TempDir(), "a.db"), Jobs: jobs}); err == nil || !strings.Contains(err.Error(), "--jobs must be from 1 to 4096") {
			t.Errorf("--jobs %d: %v", jobs, err)
		}
	}
	f := Options{Database: filepath.Join(t.TempDir(), "a.db"), Jobs: MostJobs}
	wants(t, mustImport(t, importFixture("list.json"), f), "5 clients: 5 created, 0 updated, 0 unchanged, 0 refused")
}

// TestNewClientsBeforeADeletedOne: an import that has begun to create without looking first still
// leaves a client deleted that was deleted here, and finds one that is there.
func TestNewClientsBeforeADeletedOne(t *testing.T) {
	f := Options{Database: filepath.Join(t.TempDir(), "tenure.db"), Jobs: 1}
	write := func(ids ...string) string {
		path := filepath.Join(t.TempDir(), "clients.json")
		var file strings.Builder
		for _, id := range ids {
			fmt.Fprintf(&file, `{"client_id":%q,"token_endpoint_auth_method":"none"}`, id)
		}
		must(t, os.WriteFile(path, []byte(file.String()), 0o600))
		return path
	}
	mustImport(t, write("gone", "kept"), f)
	n := openImported(t, f.Database)
	must(t, snapshots.Delete[document.Client](t.Context(), n.Snapshots, n.Tenancy.Operator("test"), n.client("gone").Entity.Ref(), nil))
	n.done()
	wants(t, mustImport(t, write("new-1", "new-2", "gone", "new-3", "kept"), f), "unchanged  gone  (deleted here, and stays deleted)", "unchanged  kept",
		"5 clients: 3 created, 0 updated, 2 unchanged, 0 refused")
	openImported(t, f.Database).done()
}
