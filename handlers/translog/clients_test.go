package translog_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db/dbtest"
)

// sizes at which the clients read the log: around the borders of tiles.
var sizes = []int64{100, 255, 256, 257, 512, 700, 1025}

// TestTorchwood drives a C2SP tlog-tiles client that nobody here wrote: it
// fetches the checkpoint, every entry and every tile over HTTP, and verifies
// them all.
func TestTorchwood(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		f := newFixture(t, dsn, true)
		verifier, err := note.NewVerifier(f.vkey)
		must(t, err)
		fetcher, err := torchwood.NewTileFetcher(f.server.URL+"/log/", torchwood.WithHTTPClient(f.server.Client()))
		must(t, err)
		client, err := torchwood.NewClient(fetcher)
		must(t, err)
		var seen [][]byte // goes on over all sizes
		for _, size := range sizes {
			f.grow(t, size)
			text, err := fetcher.ReadEndpoint(bg, "checkpoint")
			must(t, err)
			opened, err := note.Open(text, note.VerifierList(verifier))
			must(t, err)
			checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
			must(t, err)
			if checkpoint.N != size || checkpoint.Origin != "example.org/log" || !strings.HasPrefix(checkpoint.Extension, "recorded ") {
				t.Fatalf("the log has %d entries, its checkpoint says\n%s", size, text)
			}
			want := f.entries(t)
			for done := false; !done; done = int64(len(seen)) == size {
				before := len(seen)
				for idx, entry := range client.Entries(bg, checkpoint.Tree, int64(before)) {
					if idx != int64(len(seen)) || !bytes.Equal(entry, want[idx]) {
						t.Fatalf("entry %d is read as %q at %d, want %q", len(seen), entry, idx, want[len(seen)])
					}
					seen = append(seen, bytes.Clone(entry))
				}
				must(t, client.Err())
				if len(seen) == before {
					break // it leaves a partial bundle for later
				}
			}
			for _, idx := range []int64{0, size / 2, size - 1} {
				entry, proof, err := client.Entry(bg, checkpoint.Tree, idx)
				if err != nil || !bytes.Equal(entry, want[idx]) {
					t.Errorf("entry %d of %d: %q, %v", idx, size, entry, err)
				}
				if err := tlog.CheckRecord(proof, size, checkpoint.Hash, idx, tlog.RecordHash(want[idx])); err != nil {
					t.Errorf("entry %d of %d: %v", idx, size, err)
				}
			}
		}
		if len(seen) < 1024 {
			t.Errorf("the client has read %d entries", len(seen))
		}
		// It does find what is wrong: a tree of another root.
		if _, _, err := client.Entry(bg, tlog.Tree{N: 1025, Hash: tlog.Hash{1}}, 5); err == nil {
			t.Error("the client finds an entry in a tree that is not there")
		}
	})
}

// httpTiles is a tlog.TileReader over the server's paths.
type httpTiles struct {
	t *testing.T
	f *fixture
}

func (httpTiles) Height() int                     { return 8 }
func (httpTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (h httpTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		res, body := h.f.ask(h.t, http.MethodGet, "tile/"+strings.TrimPrefix(tile.Path(), "tile/8/"))
		if res.StatusCode != http.StatusOK {
			h.t.Fatalf("%s: %s: %s", tile.Path(), res.Status, body)
		}
		data[i] = body
	}
	return data, nil
}

// TestSumdbTiles reads the log with the Go checksum database's own library, and
// proves that each size of it begins with all before.
func TestSumdbTiles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		f := newFixture(t, dsn, true)
		verifier, err := note.NewVerifier(f.vkey)
		must(t, err)
		var before []tlog.Tree
		for _, size := range sizes {
			f.grow(t, size)
			_, text := f.ask(t, http.MethodGet, "checkpoint")
			checkpoint, _, _, err := log.ParseCheckpoint(text, "example.org/log", verifier)
			must(t, err)
			tree := tlog.Tree{N: int64(checkpoint.Size), Hash: tlog.Hash(checkpoint.Hash)}
			hashes := tlog.TileHashReader(tree, httpTiles{t, f})
			for _, old := range before {
				proof, err := tlog.ProveTree(tree.N, old.N, hashes)
				must(t, err)
				if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
					t.Errorf("from %d to %d: %v", old.N, tree.N, err)
				}
			}
			before = append(before, tree)
		}
	})
}
