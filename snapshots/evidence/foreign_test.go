package evidence

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenure/snapshots/evidence/pages"
	"tenure/tenancy/db/dbtest"
)

// folder unpacks a bundle.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// TestPipesAndDevices: what is in a folder and is no file is refused and not
// read: a pipe would wait for ever, a device never end.
func TestPipesAndDevices(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	files := in.bundle(t, in.Harbour, Filter{})
	for what, put := range map[string]func(path string) error{
		"a pipe":    func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a device":  func(path string) error { return syscall.Mknod(path, syscall.S_IFCHR|0o600, 1<<8|5) }, // /dev/zero
		"its link":  func(path string) error { return os.Symlink("/dev/zero", path) },
		"a folder":  func(path string) error { return os.Mkdir(path, 0o700) },
		"no folder": func(path string) error { return os.WriteFile(filepath.Dir(path)+"/x.pipe", nil, 0o600) },
	} {
		for _, name := range []string{fileManifest, fileSignature, fileEvents, pages.FileIndex, fileLast} {
			dir := folder(t, files)
			must(t, os.Remove(filepath.Join(dir, name)))
			if err := put(filepath.Join(dir, name)); errors.Is(err, syscall.EPERM) {
				continue // only root makes devices
			} else {
				must(t, err)
			}
			want := name + ": it is not a file but a link, a pipe, a device or a socket, and is not read"
			if strings.Contains(what, "folder") {
				want = name + " is missing"
			}
			var said strings.Builder
			within(t, what+" as "+name, func() error {
				f, err := Open(dir)
				if err != nil {
					return err
				}
				defer f.Close()
				_, err = Verify(f, Options{Say: func(s string) { said.WriteString(s + "\n") }})
				found(t, what+" as "+name, want, said.String(), err)
				return nil
			})
		}
	}
	pipe := filepath.Join(t.TempDir(), "evidence.zip")
	must(t, syscall.Mkfifo(pipe, 0o600))
	within(t, "a pipe for a zip", func() error {
		if _, err := Open(pipe); !errors.Is(err, errIrregular) {
			t.Errorf("a pipe is opened: %v", err)
		}
		return nil
	})
}

// TestFolderThatIsALink: a link in the place of a folder is told as one. What is behind it
// is not missing, but it is not read.
func TestFolderThatIsALink(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	dir := folder(t, in.bundle(t, in.Harbour, Filter{}))
	for _, name := range []string{"snapshots", "pages", "checkpoints"} {
		outside := filepath.Join(t.TempDir(), name)
		must(t, os.Rename(filepath.Join(dir, name), outside))
		must(t, os.Symlink(outside, filepath.Join(dir, name)))
		f, err := Open(dir)
		must(t, err)
		var said strings.Builder
		_, err = Verify(f, Options{Say: func(s string) { said.WriteString(s + "\n") }})
		found(t, name, name+": it is not a folder but a link, and is not followed", said.String(), err)
		if strings.Contains(said.String(), "is missing") {
			t.Errorf("%s: %s", name, said.String())
		}
		must(t, f.Close())
		must(t, os.Remove(filepath.Join(dir, name)))
		must(t, os.Rename(outside, filepath.Join(dir, name)))
	}
}

// TestPipeInTheMeantime: a pipe that takes a file's place after the folder was
// listed is not waited for.
func TestPipeInTheMeantime(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	dir := folder(t, in.bundle(t, in.Harbour, Filter{}))
	f, err := Open(dir)
	must(t, err)
	defer f.Close()
	must(t, os.Remove(filepath.Join(dir, fileEvents)))
	must(t, syscall.Mkfifo(filepath.Join(dir, fileEvents), 0o600))
	within(t, "the pipe", func() error {
		var said strings.Builder
		_, err := Verify(f, Options{Say: func(s string) { said.WriteString(s + "\n") }})
		found(t, "the pipe", fileEvents+": it is not a file", said.String(), err)
		return nil
	})
}

// within fails the test where fn waits.
func within(t *testing.T, what string, fn func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		must(t, err)
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: it waits", what)
	}
}

// TestPromises: what a manifest promises beyond what is there is found, though
// it is signed.
func TestPromises(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	one := Filter{Clients: []string{string(in.shop)}}
	timed := Filter{Clients: []string{string(in.shop)}, To: in.beforeTheEdits}
	for name, c := range map[string]struct {
		of     Filter
		change func(m *manifest)
		want   string
	}{
		"made before its events": {one, func(m *manifest) { m.MadeAt = "2026-01-02T03:04:07Z" }, "was recorded after 2026-01-02T03:04:07Z, when the bundle was made"},
		"made at no time":        {one, func(m *manifest) { m.MadeAt = "yesterday" }, "manifest.json: made_at is no instant"},
		"not made":               {one, func(m *manifest) { m.MadeAt = "" }, "manifest.json: made_at is no instant"},
		"from no time":           {timed, func(m *manifest) { m.Filter.From = "1 May" }, "manifest.json: filter.from is no instant"},
		"to a time after it was made": {timed, func(m *manifest) { m.Filter.To = "2027-01-01T00:00:00Z" },
			"filter.to promises events up to 2027-01-01T00:00:00Z, but the bundle was made "},
		"a client that is not there": {one, func(m *manifest) { m.Filter.Clients = append(m.Filter.Clients, string(in.south)) },
			"filter.clients names the client " + string(in.south) + ", which is not among the objects"},
		"a client that is not there, with a time": {timed, func(m *manifest) { m.Filter.Clients = append(m.Filter.Clients, string(in.south)) },
			"filter.clients names the client " + string(in.south) + ", which is not among the objects"},
		"a client twice": {one, func(m *manifest) { m.Filter.Clients = append(m.Filter.Clients, string(in.shop)) },
			"filter.clients: " + string(in.shop) + " is repeated"},
		"many clients": {one, func(m *manifest) { m.Filter.Clients = make([]string, MaxClients+1) }, "filter.clients names more than 100 clients"},
		"a whole history": {timed, func(m *manifest) { m.Filter.To = "" },
			"client " + string(in.shop) + ": its events end with the 1. of 3, though no time was asked for"},
		"a client with no events, and no time": {one, func(m *manifest) {
			m.Filter.Clients = append(m.Filter.Clients, string(in.south))
			m.Objects = append(m.Objects, object{ID: string(in.south), Kind: "client", Total: 1})
		}, "client " + string(in.south) + ": the manifest contradicts itself"},
		"pages of another form": {one, func(m *manifest) { m.Pages = 7 }, "the pages are of form 7 and this program makes form 2: verify with the program that made them, test"},
	} {
		files := in.bundle(t, in.Root, c.of)
		in.resign(t, files, c.change)
		said, err := verify(t, files, in.trusted(t)...)
		found(t, name, c.want, said, err)
	}
	// with a time, a client without events in it is an answer, and holds
	quiet := in.bundle(t, in.North, Filter{Clients: []string{string(in.shop)}, From: in.Log.Now()})
	if said, err := verify(t, quiet, in.trusted(t)...); err != nil || !strings.Contains(quiet[pages.Dir+string(in.shop)+".html"], "Nothing was recorded") {
		t.Errorf("%v\n%s", err, said)
	}
	// an end that is later than the bundle is no bound
	late := in.bundle(t, in.North, Filter{To: in.Log.Now() + 1e12})
	if said, err := verify(t, late, in.trusted(t)...); err != nil || strings.Contains(late[fileManifest], `"to"`) {
		t.Errorf("%v\n%s", err, said)
	}
}

// TestRepeatedMembers: a text that two programs could read in two ways is
// refused, in each file.
func TestRepeatedMembers(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	original := in.bundle(t, in.North, Filter{})
	for file, c := range map[string]struct{ old, new, want string }{
		fileManifest:    {`"version": 3`, `"version": 3, "vErsion": 3`, "manifest.json: the member vErsion is repeated"},
		fileEvents:      {`{"index":`, `{"index":0,"index":`, "events.jsonl: line 1: the member index is repeated"},
		fileProofs:      {`"hashes":`, `"hashes":[],"hashes":`, "line 1: the member hashes is repeated"},
		fileSnapshots:   {`{"id":`, `{"id":"x","\u0069d":`, "snapshots.jsonl: line 1: the member id is repeated"},
		fileConsistency: {`{"first_size":`, `{"first_size":1,"FIRST_SIZE":`, "checkpoints/consistency.json: the member FIRST_SIZE is repeated"},
		fileNames:       {`{"id":`, `{"id":"x","id":`, "names.json: the member id is repeated"},
	} {
		f := copied(original)
		f[file] = strings.Replace(f[file], c.old, c.new, 1)
		if f[file] == original[file] {
			t.Fatalf("%s has no %s", file, c.old)
		}
		if file == fileManifest { // signed as it is: an operator can sign anything
			text := f[file]
			in.sign(t, f, text)
		} else {
			in.resign(t, f, nil)
		}
		said, err := verify(t, f, in.trusted(t)...)
		found(t, file, c.want, said, err)
	}
	for text, ok := range map[string]bool{
		`{"a":{"b":1},"c":{"b":1}}`: true, `[{"a":1},{"a":1}]`: true, `{"a":"a","b":["a","a"]}`: true, `1`: true, `{"a":{}, "b":[]}`: true,
		`{"a":[{"x":1,"x":2}]}`: false, `{"k":1,"\u212a":2}`: false, `{"a":1,"b":{"c":1},"A":2}`: false,
	} {
		var v any
		if err := decode([]byte(text), &v); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestForgedLines: what a line or the manifest says beside the hashes is checked,
// too, even if the manifest is signed for it.
func TestForgedLines(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	original, second := in.bundle(t, in.North, Filter{}), in.bundle(t, in.South, Filter{})
	// replace changes a member of the first line that has a text
	replace := func(file, match string, change func(line map[string]any)) func(files map[string]string) {
		return func(files map[string]string) {
			list := splitLines(files[file])
			for i, l := range list {
				if strings.Contains(l, match) {
					var line map[string]any
					must(t, json.Unmarshal([]byte(l), &line))
					change(line)
					raw, _ := json.Marshal(line)
					list[i], match = string(raw), "\x00"
				}
			}
			files[file] = joinLines(list)
		}
	}
	for name, c := range map[string]struct {
		change   func(files map[string]string)
		manifest func(m *manifest)
		want     string
	}{
		"another tenant's contents, named": {func(files map[string]string) {
			for name, text := range second {
				if strings.HasPrefix(name, dirSnapshots) {
					files[name] = text
				}
			}
		}, func(m *manifest) {
			for name, text := range second {
				if strings.HasPrefix(name, dirSnapshots) {
					m.Files = append(m.Files, fileOf(name, text))
				}
			}
		}, "is the content of no event here, or said to be erased"},
		"another first event": {replace(fileSnapshots, `"id"`, func(line map[string]any) { line["index"] = 0 }), nil,
			"it says that its first event is entry 0"},
		"a key's detail withheld": {replace(fileEvents, "key.created", func(line map[string]any) {
			delete(line, "detail")
			delete(line, "detail_salt")
			line["detail_gone"] = withheld
		}), func(m *manifest) { m.Withheld++ }, "its detail is withheld, and only those of organizations can be"},
		"a detail, and withheld": {replace(fileEvents, `"detail":"`, func(line map[string]any) { line["detail_gone"] = withheld }),
			func(m *manifest) { m.Withheld++ }, "its detail is here and said not to be"},
		"more withheld": {func(map[string]string) {}, func(m *manifest) { m.Withheld++ }, "details that are withheld, here are"},
		"a proof of other sizes": {func(files map[string]string) {
			files[fileConsistency] = strings.Replace(files[fileConsistency], `"first_size":`, `"first_size":1`, 1)
		}, nil, "checkpoints/first: the proof is from 1"},
	} {
		files := copied(original)
		c.change(files)
		in.resign(t, files, c.manifest)
		said, err := verify(t, files, in.trusted(t)...)
		found(t, name, c.want, said, err)
	}
}

// TestErasedWithoutAnEvent: an operator that calls a content or a detail erased
// needs the event that says so, after it and of the same object.
func TestErasedWithoutAnEvent(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	f := in.bundle(t, in.Root, Filter{})
	snapshot := string(in.shopSnapshots[0])
	delete(f, dirSnapshots+snapshot+".json")
	list := splitLines(f[fileSnapshots])
	for i := range list {
		var c content
		must(t, json.Unmarshal([]byte(list[i]), &c))
		if c.ID == snapshot {
			c.Salt, c.Erased = "", true
			raw, _ := json.Marshal(c)
			list[i] = string(raw)
		}
	}
	f[fileSnapshots] = joinLines(list)
	in.resign(t, f, func(m *manifest) { m.Erased = 1 })
	said, err := verify(t, f, in.trusted(t)...)
	found(t, "a content", "(client "+string(in.shop)+", its event 1) is erased, and no client.erased event says so", said, err)

	f = in.bundle(t, in.Root, Filter{})
	entries := splitLines(f[fileEvents])
	for i := range entries {
		var e event
		must(t, json.Unmarshal([]byte(entries[i]), &e))
		if strings.Contains(e.Envelope, `"kind":"key.created"`) && e.Detail != nil {
			e.Detail, e.DetailSalt, e.DetailGone = nil, "", gone
			raw, _ := json.Marshal(e)
			entries[i] = string(raw)
			break
		}
	}
	f[fileEvents] = joinLines(entries)
	in.resign(t, f, nil)
	said, err = verify(t, f, in.trusted(t)...)
	found(t, "a detail", "its detail is erased, and no client.erased event says so", said, err)
}

// TestChangedPages: a page that was changed, added or left out is found and
// named, though the manifest is signed for it.
func TestChangedPages(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	original := in.bundle(t, in.North, Filter{})
	page := pages.Dir + string(in.shop) + ".html"
	const other = ": it does not say what the other files of the bundle say"
	for name, c := range map[string]struct {
		change func(f map[string]string)
		want   string
	}{
		"a word of the index": {func(f map[string]string) {
			f[pages.FileIndex] = strings.Replace(f[pages.FileIndex], "Evidence of", "Proof of", 1)
		}, pages.FileIndex + other},
		"a value":        {func(f map[string]string) { f[page] = strings.Replace(f[page], ">renamed<", ">another<", 1) }, page + other},
		"a page longer":  {func(f map[string]string) { f[page] += "\n" }, page + other},
		"a page shorter": {func(f map[string]string) { f[page] = f[page][:len(f[page])-1] }, page + other},
		"an actor in a row": {func(f map[string]string) {
			f[pages.FileEvents] = strings.Replace(f[pages.FileEvents], "admin", "other", 1)
		}, pages.FileEvents + other},
		"a cell": {func(f map[string]string) {
			f[pages.FileCSV] = strings.Replace(f[pages.FileCSV], "because of", "without", 1)
		}, pages.FileCSV + other},
		"a page left out":    {func(f map[string]string) { delete(f, page) }, page + " is missing"},
		"the index left out": {func(f map[string]string) { delete(f, pages.FileIndex) }, pages.FileIndex + " is missing"},
		"a name":             {func(f map[string]string) { f[fileNames] = strings.Replace(f[fileNames], `"shop"`, `"chop"`, 1) }, page + other},
		"the names left out": {func(f map[string]string) { delete(f, fileNames) }, fileNames + " is missing"},
	} {
		f := copied(original)
		c.change(f)
		in.resign(t, f, nil)
		said, err := verify(t, f, in.trusted(t)...)
		found(t, name, c.want, said, err)
	}
	f := copied(original)
	extra := pages.Dir + strings.Repeat("0", 32) + ".html"
	f[extra] = "x"
	in.resign(t, f, func(m *manifest) { m.Files = append(m.Files, fileOf(extra, "x")) })
	said, err := verify(t, f, in.trusted(t)...)
	found(t, "a page of nothing", extra+" is a page of nothing in this bundle", said, err)
}
