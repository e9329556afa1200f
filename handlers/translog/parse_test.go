package translog

import (
	"testing"

	"filippo.io/torchwood"
)

// A path is read as torchwood reads it.
func FuzzParseTile(f *testing.F) {
	for _, seed := range []string{"0/000", "entries/x001/000.p/17", "data/000", "63/x999/999", "0/x009/x223/x372/x036/x854/x775/807", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		mine, ok := parseTile(path)
		theirs, err := torchwood.ParseTilePath("tile/" + path)
		if len(path) > maxPath || len(path) > 5 && path[:5] == "data/" || err == nil && theirs.N < 0 {
			if ok {
				t.Errorf("%q is taken", path)
			}
			return
		}
		if ok != (err == nil) || ok && mine != theirs {
			t.Errorf("%q: %v %t, torchwood %v %v", path, mine, ok, theirs, err)
		}
		if ok && torchwood.TilePath(mine) != "tile/"+path {
			t.Errorf("%q is another path than %q", path, torchwood.TilePath(mine))
		}
	})
}
