package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenure/cmd/tenure/exit"
)

// TestInfoOfAnEarlierStart: the file is there while its server runs, not while
// another one starts; and its keys are not lost if that start fails.
func TestInfoOfAnEarlierStart(t *testing.T) {
	dir := t.TempDir()
	file, database := filepath.Join(dir, "info.json"), filepath.Join(dir, "tenure.db")
	first := started(t, file, "serve", "--database", database)
	key := first.info.Organizations[0].APIKey
	first.stop(t)
	if key == "" {
		t.Fatal("the first start shows no key")
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there after its server ended: %v", err)
	}
	must(t, os.Rename(file+".earlier", file)) // as a start that was killed leaves it
	if code, said := fails(t, "serve", "--listen", "nonsense", "--info", file, "--database", database); code != exit.Usage {
		t.Fatalf("exit %d: %s", code, said)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of the first start is there although the next one cannot listen: %v", err)
	}
	if code, said := fails(t, "serve", "--listen", "127.0.0.1:0", "--info", file, "--database", filepath.Join(dir, "none", "x.db")); code != exit.Database {
		t.Fatalf("exit %d: %s", code, said)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of the first start is there while another one starts: %v", err)
	}
	second := started(t, file, "serve", "--database", database)
	defer second.stop(t)
	if got := second.info.Organizations[0].APIKey; got != key {
		t.Errorf("the key is %q, want that of the first start", got)
	}
	left, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range left {
		if name := f.Name(); name != "info.json" && !strings.HasPrefix(name, "tenure.db") {
			t.Errorf("%s is left over", name)
		}
	}
}

// TestLogFileIsClosed: a server that ends, here before it has begun, closes its
// log.
func TestLogFileIsClosed(t *testing.T) {
	const open = "/proc/self/fd"
	if _, err := os.Stat(open); err != nil {
		t.Skip("this system does not list open files")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "log")
	for _, command := range [][]string{{"serve"}, {"dev", "--open-finance-listen", "off"}} {
		args := append(command, "--listen", "127.0.0.1:0", "--log-file", file, "--database", filepath.Join(dir, "none", "x.db"))
		if code := run(args, io.Discard, io.Discard); code == 0 {
			t.Fatalf("%s serves a database in a folder that is not there", command)
		}
		files, err := os.ReadDir(open)
		must(t, err)
		for _, f := range files {
			if to, _ := os.Readlink(filepath.Join(open, f.Name())); to == file {
				t.Errorf("%s leaves its log open", command)
			}
		}
	}
}
