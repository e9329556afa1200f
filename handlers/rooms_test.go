package handlers_test

import (
	"go/ast"
	"testing"
)

// The sizes that a newcomer can still read: files of a folder and lines of a
// package, both without tests, and lines of any file.
const (
	mostFiles = 35
	mostLines = 8000
	mostStore = 6000 // of snapshots, the one that everything is tempted to grow in
	longest   = 450
)

func TestNoRoomIsTooLarge(t *testing.T) {
	files, lines := map[string]int{}, map[string]int{}
	for _, s := range sources(t) {
		long := s.set.File(s.file.FileStart).LineCount() - 1
		if long > longest && !ast.IsGenerated(s.file) {
			t.Errorf("%s has %d lines; at most %d", s.path, long, longest)
		}
		if !s.test {
			files[s.dir]++
			lines[s.dir] += long
		}
	}
	for dir, n := range files {
		if n > mostFiles {
			t.Errorf("%s has %d files beside tests; at most %d", dir, n, mostFiles)
		}
		most := mostLines
		if dir == "snapshots" {
			most = mostStore
		}
		if lines[dir] > most {
			t.Errorf("%s has %d lines beside tests; at most %d", dir, lines[dir], most)
		}
	}
}
