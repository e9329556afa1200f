package evidence

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// Bounds of what comes from outside.
const (
	maxFiles    = 3*MaxEvents + 32 // at most one snapshot an event, and a page or two for it
	maxTotal    = 4 << 30          // bytes of all files, unpacked
	maxManifest = 64 << 20
	maxLine     = 8 << 20
	maxSmall    = 1 << 20 // keys, notes, the consistency proof
)

// Files is an opened bundle. Nothing of it is ever written anywhere.
type Files struct {
	sizes map[string]int64
	open  func(name string) (io.ReadCloser, error)
	close func() error
	// foreign is the first name that no bundle has, or that stands twice; empty
	// for none.
	foreign string
	// irregular are the names of entries that are not regular files: a link, a pipe, a device. It is
	// never opened.
	irregular map[string]bool
}

var fileNamePattern = regexp.MustCompile(`^(manifest\.json|manifest\.sig|events\.(jsonl|csv|html)|proofs\.jsonl|snapshots\.jsonl|names\.json|` +
	`snapshots/[0-9a-f]{32}\.json|checkpoints/(first|last|consistency\.json|since\.json|earlier\.jsonl)|log-keys\.jsonl|counts\.jsonl|keys\.txt|README\.txt|evidence\.schema\.json|` +
	`index\.html|pages/[0-9a-f]{32}(-[1-9][0-9]{0,5})?\.html)$`)

// Open opens a zip file, or a directory that one was unpacked into.
func Open(path string) (*Files, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return openDir(path)
	}
	f, size, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	files, err := Read(f, size)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	files.close = f.Close
	return files, nil
}

// Read opens a zip. It refuses one with more files, or more in them, than a
// bundle may have.
func Read(r io.ReaderAt, size int64) (*Files, error) {
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, err
	}
	byName := make(map[string]*zip.File)
	f := newFiles(func(name string) (io.ReadCloser, error) { return byName[name].Open() })
	for _, file := range z.File {
		if file.UncompressedSize64 > maxTotal {
			return nil, fmt.Errorf("a file of more than %d bytes", int64(maxTotal))
		}
		if err := f.put(file.Name, int64(file.UncompressedSize64), file.Mode().IsRegular()); err != nil {
			return nil, err
		}
		byName[file.Name] = file
	}
	return f, f.bounded()
}

func openDir(path string) (*Files, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	f := newFiles(func(name string) (io.ReadCloser, error) {
		file, _, err := regular(name, root.Lstat, root.OpenFile)
		return file, err
	})
	f.close = root.Close
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return f.put(name, info.Size(), d.Type().IsRegular())
	})
	if err == nil {
		err = f.bounded()
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return f, nil
}

var errIrregular = errors.New("it is not a file but a link, a pipe, a device or a socket, and is not read")

// OpenFile opens a regular file, and returns its size. It opens nothing else: a pipe
// would wait for ever, a device never end. A link to a file is one.
func OpenFile(path string) (*os.File, int64, error) {
	return regular(path, os.Stat, os.OpenFile)
}

// ReadFile reads a regular file of at most most bytes.
func ReadFile(path string, most int64) ([]byte, error) {
	f, size, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > most {
		return nil, fmt.Errorf("%s: more than %d bytes", path, most)
	}
	return io.ReadAll(io.LimitReader(f, size))
}

// regular opens a file by open if stat says that it is one, and does not wait for the
// writer of a pipe that was put in its place meanwhile.
func regular(name string, stat func(string) (fs.FileInfo, error), open func(string, int, fs.FileMode) (*os.File, error)) (*os.File, int64, error) {
	info, err := stat(name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errIrregular
	}
	f, err := open(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = errIrregular
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

func newFiles(open func(string) (io.ReadCloser, error)) *Files {
	return &Files{sizes: make(map[string]int64), irregular: make(map[string]bool), open: open, close: func() error { return nil }}
}

func (f *Files) put(name string, size int64, regular bool) error {
	_, twice := f.sizes[name]
	if !regular {
		f.irregular[name] = true
	}
	if (!regular || twice || !fileNamePattern.MatchString(name)) && f.foreign == "" {
		f.foreign = name
	}
	f.sizes[name] = size
	if len(f.sizes) > maxFiles {
		return fmt.Errorf("more than %d files", maxFiles)
	}
	return nil
}

func (f *Files) bounded() error {
	var total int64
	for _, size := range f.sizes {
		if total += size; total > maxTotal {
			return fmt.Errorf("more than %d bytes", int64(maxTotal))
		}
	}
	return nil
}

// Close closes what Open opened.
func (f *Files) Close() error { return f.close() }

// names are sorted, so that the first that is wrong is always the same.
func (f *Files) names() []string {
	list := make([]string, 0, len(f.sizes))
	for name := range f.sizes {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// with reads a file by fn, no further than its own size.
func (f *Files) with(name string, fn func(io.Reader) error) error {
	size, ok := f.sizes[name]
	if dir, _, nested := strings.Cut(name, "/"); nested && f.irregular[dir] {
		return fmt.Errorf("%s: it is not a folder but a link, and is not followed", shown(dir))
	}
	if !ok || !fileNamePattern.MatchString(name) {
		return fmt.Errorf("%s is missing", shown(name))
	}
	if f.irregular[name] {
		return fmt.Errorf("%s: %w", name, errIrregular)
	}
	r, err := f.open(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer r.Close()
	if err := fn(io.LimitReader(r, size)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// small reads a whole file of at most most bytes.
func (f *Files) small(name string, most int64) (data []byte, err error) {
	err = f.with(name, func(r io.Reader) error {
		if f.sizes[name] > most {
			return fmt.Errorf("more than %d bytes", most)
		}
		data, err = io.ReadAll(r)
		return err
	})
	return data, err
}

// shown is a foreign text as a sentence may hold it.
func shown(text string) string {
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	quoted := fmt.Sprintf("%q", text)
	if quoted == `"`+text+`"` {
		return text
	}
	return quoted
}
