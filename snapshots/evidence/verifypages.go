package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"tenure/snapshots/evidence/pages"
)

// pages makes the pages again from the other files, and compares.
func (v *verifier) pages() (string, error) {
	m := &v.manifest
	if m.Version == versionOld {
		return "events.html and events.csv are for reading only: a bundle of this version has no pages that can be compared", nil
	}
	if m.Pages < pages.FormOld || m.Pages > pages.Form {
		return "", fmt.Errorf("the pages are of form %d and this program makes form %d: verify with the program that made them, %s", m.Pages, pages.Form, shown(m.MadeWith))
	}
	text, err := v.files.small(fileNames, maxManifest)
	if err != nil {
		return "", err
	}
	var n names
	if err := decode(text, &n); err != nil {
		return "", fmt.Errorf("%s: %w", fileNames, err)
	}
	made := make(map[string]bool)
	content := func(id string) ([]byte, error) { return v.files.small(dirSnapshots+id+".json", maxLine) }
	err = pages.Write(&pages.Bundle{Form: m.Pages, About: m.about(v.last), Names: n.forPages(), Events: v.read, Erased: v.gone, Content: content},
		func(name string, write func(io.Writer) error) error {
			made[name] = true
			return v.files.with(name, func(r io.Reader) error { return sameAs(r, write) })
		})
	if err != nil {
		return "", err
	}
	for _, name := range v.files.names() {
		if strings.HasPrefix(name, pages.Dir) && !made[name] {
			return "", fmt.Errorf("%s is a page of nothing in this bundle", shown(name))
		}
	}
	return fmt.Sprintf("%d pages and tables for people say what the other files say", len(made)), nil
}

var errOther = errors.New("it does not say what the other files of the bundle say")

// sameAs compares what a reader has with what write writes.
func sameAs(r io.Reader, write func(io.Writer) error) error {
	if err := write(&against{r: r}); err != nil {
		return err
	}
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return errOther
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

// against is a writer for what a reader has.
type against struct {
	r   io.Reader
	buf []byte
}

func (a *against) Write(p []byte) (int, error) {
	if cap(a.buf) < len(p) {
		a.buf = make([]byte, len(p))
	}
	have := a.buf[:len(p)]
	if _, err := io.ReadFull(a.r, have); err != nil || !bytes.Equal(have, p) {
		return 0, errOther
	}
	return len(p), nil
}
