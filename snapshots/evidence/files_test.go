package evidence

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenure/snapshots/evidence/pages"
	"tenure/tenancy/db/dbtest"
)

// FuzzVerify: no foreign zip makes the reader panic, and none that differs in
// its files from the seed's holds against the seed's keys.
func FuzzVerify(f *testing.F) {
	in := newInstallation(f, dbtest.SQLite(f))
	seed := in.zip(f, in.Harbour, Filter{Clients: []string{string(in.shop)}})
	files := unpacked(f, seed)
	f.Add(seed)
	f.Add([]byte{})
	f.Add(packed(f, map[string]string{"../x": "y", fileManifest: "{}"}))
	keys, err := ParseKeys(in.trusted(f))
	must(f, err)
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := Read(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return
		}
		if _, err := Verify(b, Options{Known: keys, Say: func(string) {}}); err != nil {
			return
		}
		for name, text := range unpacked(t, raw) {
			if files[name] != text {
				t.Errorf("%s is another, and holds", name)
			}
		}
	})
}

// FuzzLines: no foreign text of the files themselves makes a check panic.
func FuzzLines(f *testing.F) {
	in := newInstallation(f, dbtest.SQLite(f))
	files := in.bundle(f, in.Harbour, Filter{Clients: []string{string(in.shop)}})
	f.Add(files[fileManifest], files[fileEvents], files[fileProofs], files[fileSnapshots], files[fileConsistency])
	f.Add("{}", "{}\n", "{}\n", "{}\n", "{}")
	f.Add(`{"version":1,"objects":[{"id":""}],"files":[{"name":"x"}]}`, `{"index":-1}`, `{"index":-1,"hashes":[""]}`, `{"id":"../x"}`, `{"first_size":-1}`)
	f.Fuzz(func(t *testing.T, manifest, events, proofs, snapshots, consistency string) {
		b := copied(files)
		b[fileManifest], b[fileEvents], b[fileProofs], b[fileSnapshots], b[fileConsistency] = manifest, events, proofs, snapshots, consistency
		same := true
		for name, text := range b {
			same = same && files[name] == text
		}
		if said, err := verify(t, b, in.trusted(t)...); (err == nil) != same {
			t.Errorf("holds %t, the same %t\n%s", err == nil, same, said)
		}
	})
}

// TestForeignZips: what is too large, stands twice or leads elsewhere.
func TestForeignZips(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	good := in.bundle(t, in.Harbour, Filter{})
	twice := func(name, text string) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for n, content := range good {
			w, err := z.Create(n)
			must(t, err)
			_, err = io.WriteString(w, content)
			must(t, err)
		}
		w, err := z.Create(name)
		must(t, err)
		_, err = io.WriteString(w, text)
		must(t, err)
		must(t, z.Close())
		return out.Bytes()
	}
	for name, want := range map[string]string{
		pages.FileEvents: "the file events.html does not belong to a bundle, or is repeated", "/etc/passwd": "the file /etc/passwd does not belong",
		"../../x": "the file ../../x does not belong", "snapshots/../x": "does not belong to a bundle", "a\x1b[2Jb": `the file "a\x1b[2Jb" does not belong`,
	} {
		raw := twice(name, good[pages.FileEvents])
		f, err := Read(bytes.NewReader(raw), int64(len(raw)))
		must(t, err)
		var said strings.Builder
		_, err = Verify(f, Options{Say: func(s string) { said.WriteString(s + "\n") }})
		found(t, name, want, said.String(), err)
	}

	// a header that promises more than any bundle has, and one whose file is another size
	raw := packed(t, good)
	at := bytes.LastIndex(raw, []byte("PK\x01\x02"))
	large := bytes.Clone(raw)
	copy(large[at+24:], []byte{0xfe, 0xff, 0xff, 0xff})
	if _, err := Read(bytes.NewReader(large), int64(len(large))); err == nil {
		t.Error("4 GiB are read")
	}
	wrong := bytes.Clone(raw)
	copy(wrong[at+24:], []byte{0xff, 0xff, 0, 0})
	if f, err := Read(bytes.NewReader(wrong), int64(len(wrong))); err == nil {
		if _, err := Verify(f, Options{Say: func(string) {}}); err == nil {
			t.Error("a wrong size holds")
		}
	}
	if _, err := Read(strings.NewReader("no zip"), 6); err == nil {
		t.Error("text is a zip")
	}
	var many bytes.Buffer
	z := zip.NewWriter(&many)
	for i := range maxFiles + 1 {
		_, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i)})
		must(t, err)
	}
	must(t, z.Close())
	if _, err := Read(bytes.NewReader(many.Bytes()), int64(many.Len())); err == nil || !strings.Contains(err.Error(), "files") {
		t.Errorf("too many files: %v", err)
	}
}

// TestForeignDirectories: a link is never followed out of the bundle.
func TestForeignDirectories(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	dir := t.TempDir()
	for name, text := range in.bundle(t, in.Harbour, Filter{}) {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	outside := filepath.Join(t.TempDir(), "page")
	must(t, os.Rename(filepath.Join(dir, pages.FileEvents), outside))
	must(t, os.Symlink(outside, filepath.Join(dir, pages.FileEvents)))
	f, err := Open(dir)
	must(t, err)
	defer f.Close()
	var said strings.Builder
	_, err = Verify(f, Options{Say: func(s string) { said.WriteString(s + "\n") }})
	found(t, "a link", "events.html", said.String(), err)
	if _, err := Open(filepath.Join(dir, "none")); err == nil {
		t.Error("nothing is opened")
	}
}
