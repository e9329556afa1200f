package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/evidence/pages"
	"tenure/tenancy/db/dbtest"
)

// The exit codes of testdata/evidence-verifier/verify.py.
const (
	secondHolds   = 0
	secondWrong   = 2 // no bundle, no key
	secondUnknown = 8 // all holds, by keys that were not given
	secondFails   = 9
)

const secondVerifier = "../../testdata/evidence-verifier"

// toVerify is a bundle, and what the second verifier has to say of it.
type toVerify struct {
	name, path string
	known      []string
	want       int
}

// TestSecondVerifier: a verifier that was written from the documents alone, in
// another language, finds what this one finds: bundles of every kind hold, and
// each falsified one of the other tests fails. Pages it does not make.
func TestSecondVerifier(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no python3")
		}
		t.Skip("no python3 on this machine")
	}
	dir := t.TempDir()
	var list []toVerify
	put := func(name string, raw []byte, known []string, want int) {
		path := filepath.Join(dir, fmt.Sprint(len(list), ".zip"))
		must(t, os.WriteFile(path, raw, 0o600))
		list = append(list, toVerify{name, path, known, want})
	}
	alsoVerify = func(name string, raw []byte, known []string, said string, err error) {
		want := secondFails
		var failure *Failure
		switch {
		case err == nil && strings.Contains(said, "not confirmed: "):
			want = secondUnknown
		case err == nil:
			want = secondHolds
		case !errors.As(err, &failure):
			t.Errorf("%s: %v", name, err)
		case onlyPages(said):
			return
		}
		put(name+"\n"+said, raw, known, want)
	}
	defer func() { alsoVerify = nil }()

	in := newInstallation(t, dbtest.SQLite(t))
	trusted := in.trusted(t)
	shop := []string{string(in.shop)}
	for name, files := range map[string]map[string]string{
		"the whole installation": in.bundle(t, in.Root, Filter{}),
		"a child":                in.bundle(t, in.Harbour, Filter{}),
		"a subtree":              in.bundle(t, in.Root, Filter{Organization: in.North}),
		"one client":             in.bundle(t, in.North, Filter{Clients: shop}),
		"from":                   in.bundle(t, in.North, Filter{Clients: shop, From: in.beforeTheEdits}),
		"to":                     in.bundle(t, in.North, Filter{To: in.beforeTheEdits}),
		"nothing":                in.bundle(t, in.North, Filter{From: in.Log.Now() + 1e9}),
		"a client with nothing":  in.bundle(t, in.North, Filter{Clients: shop, From: in.Log.Now() + 1e9}),
	} {
		put(name, packed(t, files), trusted, secondHolds)
	}
	client := in.bundle(t, in.North, Filter{Clients: shop})
	raw := packed(t, client)
	put("since", in.zip(t, in.North, Filter{Clients: shop, Since: 3}), trusted, secondHolds)
	put("no key", raw, nil, secondUnknown)
	put("one key of two", raw, trusted[:1], secondUnknown)
	put("a key of another log", raw, strings.Fields(oldBundle(t)[fileKeys]), secondFails)
	put("what is no key", raw, []string{"none"}, secondWrong)
	put("no zip", []byte("no zip"), trusted, secondWrong)
	put("a file twice", twice(t, client), trusted, secondFails)
	for name, change := range map[string]func(path string) error{
		"a folder":            func(string) error { return nil },
		"a link in a folder":  func(path string) error { return errors.Join(os.Rename(path, path+"2"), os.Symlink(path+"2", path)) },
		"a pipe in a folder":  func(path string) error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)) },
		"more in a folder":    func(path string) error { return os.WriteFile(path+".more", nil, 0o600) },
		"a folder for a file": func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
	} {
		at := folder(t, client)
		must(t, change(filepath.Join(at, fileEvents)))
		want := secondFails
		if name == "a folder" {
			want = secondHolds
		}
		list = append(list, toVerify{name, at, trusted, want})
	}
	_, err = in.Store.Erase(ctx, in.Admin(in.North), in.shop, snapshots.Erasure{Reason: "request 17", Delete: true})
	must(t, err)
	in.Tick()
	in.Tick() // a bundle before has signed some microseconds ahead of the clock
	put("an erased client", in.zip(t, in.North, Filter{Clients: shop}), trusted, secondHolds)
	put("an erased client in the whole", in.zip(t, in.Root, Filter{}), trusted, secondHolds)
	put("an erased client before it was", in.zip(t, in.North, Filter{Clients: shop, To: in.beforeTheEdits}), trusted, secondHolds)

	t.Run("OldBundle", TestOldBundle)
	t.Run("VerifyFinds", TestVerifyFinds)
	t.Run("ForgedManifests", TestForgedManifests)
	t.Run("Promises", TestPromises)
	t.Run("RepeatedMembers", TestRepeatedMembers)
	t.Run("ErasedWithoutAnEvent", TestErasedWithoutAnEvent)
	t.Run("ChangedPages", TestChangedPages)
	t.Run("ForgedSince", TestForgedSince)
	t.Run("ForgedLines", TestForgedLines)
	t.Run("InheritedSince", TestInheritedSince)
	t.Run("ForgedParts", TestForgedParts)
	t.Run("BundleOfVersion2", TestBundleOfVersion2)
	t.Run("ForgedLogKeys", TestForgedLogKeys)
	t.Run("LeftOutObject", TestLeftOutObject)
	if len(list) < 100 {
		t.Errorf("only %d bundles", len(list))
	}

	// each exit code once as a process of its own, all others in two that verify many
	alone := make(map[int]bool)
	halves := make([][]toVerify, 2)
	for i, b := range list {
		if alone[b.want] {
			halves[i%2] = append(halves[i%2], b)
			continue
		}
		alone[b.want] = true
		c := exec.Command(python, append([]string{secondVerifier + "/verify.py"}, b.arguments()...)...)
		out, _ := c.CombinedOutput()
		b.check(t, c.ProcessState.ExitCode(), string(out))
	}
	var both sync.WaitGroup
	for _, half := range halves {
		both.Go(func() { verifyMany(t, python, half) })
	}
	both.Wait()
}

// verifyMany verifies bundles in one process, a line for each.
func verifyMany(t *testing.T, python string, list []toVerify) {
	var in, problems bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, b := range list {
		if err := lines.Encode(b.arguments()); err != nil {
			t.Error(err)
		}
	}
	c := exec.Command(python, "-B", "-c", `
import contextlib, io, json, sys
sys.path.insert(0, sys.argv[1])
import verify
for line in sys.stdin:
    sys.argv[1:], out = json.loads(line), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = verify.main()
    print(json.dumps({"code": code, "said": out.getvalue()}))
`, secondVerifier)
	c.Stdin, c.Stderr = &in, &problems
	out, err := c.Output()
	if err != nil {
		t.Errorf("%v\n%s", err, problems.String())
	}
	answers := json.NewDecoder(bytes.NewReader(out))
	for _, b := range list {
		var answer struct {
			Code int
			Said string
		}
		if err := answers.Decode(&answer); err != nil {
			t.Errorf("%v, of %s", err, b.name)
			return
		}
		b.check(t, answer.Code, answer.Said)
	}
}

func (b toVerify) arguments() []string {
	list := []string{b.path}
	for _, key := range b.known {
		list = append(list, "--key", key)
	}
	return list
}

func (b toVerify) check(t *testing.T, code int, said string) {
	if code != b.want || code == secondFails && !strings.Contains(said, "FAILS: ") || code == secondHolds && !strings.Contains(said, "not checked: pages") {
		t.Errorf("exit code %d instead of %d:\n%s\nof %s", code, b.want, said, b.name)
	}
}

// onlyPages says whether nothing but a page is wrong, which only a program that
// makes pages finds.
func onlyPages(said string) bool {
	for _, l := range strings.Split(said, "\n") {
		if strings.HasPrefix(l, "FAILS: ") && !strings.HasSuffix(l, ": it does not say what the other files of the bundle say") &&
			!strings.Contains(l, "the pages are of form") && !strings.Contains(l, pages.Dir) {
			return false
		}
	}
	return true
}

// twice is a zip in which a file stands a second time.
func twice(t *testing.T, files map[string]string) []byte {
	t.Helper()
	other := strings.Repeat("x", len(fileReadme))
	more := copied(files)
	more[other] = files[fileReadme]
	return bytes.ReplaceAll(packed(t, more), []byte(other), []byte(fileReadme))
}
