package evidence

import (
	"archive/zip"
	"context"
	"encoding/hex"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// since writes the proof that the last checkpoint's tree begins with the one of the
// size that was asked for; nothing where none was.
func (b *Bundle) since(ctx context.Context, z *zip.Writer) error {
	if b.filter.Since == 0 {
		return nil
	}
	var root tlog.Hash
	var path tlog.TreeProof
	err := b.exporter.DB.View(ctx, func(c *db.Conn) (err error) {
		tiles := history.NewTiles(c)
		if root, err = tiles.Root(b.filter.Since); err != nil {
			return err
		}
		path, err = tiles.Consistency(b.filter.Since, b.last.Size)
		return err
	})
	if err == nil {
		err = tlog.CheckTree(path, b.last.Size, b.last.Root, b.filter.Since, root)
	}
	if err != nil {
		return fmt.Errorf("consistency of the log since %d: %w", b.filter.Since, err)
	}
	return b.addJSON(z, fileSince, grown{consistency{b.filter.Since, b.last.Size, hexes(path)}, hex.EncodeToString(root[:])})
}

// proved is a tree that a bundle proves to be the beginning of its log, or its log.
type proved struct {
	size int64
	root tlog.Hash
}

// sinceSize checks the proof from the size that was asked for, if there is one.
func (v *verifier) sinceSize() {
	if _, ok := v.files.sizes[fileSince]; !ok {
		return
	}
	v.check(func() (string, error) {
		text, err := v.files.small(fileSince, maxSmall)
		if err != nil {
			return "", err
		}
		var g grown
		if err := decode(text, &g); err != nil {
			return "", fmt.Errorf("%s: %w", fileSince, err)
		}
		path, err := hashes(g.Hashes)
		var root tlog.Hash
		if err == nil {
			root, err = hash32(g.Root)
		}
		switch {
		case err != nil:
		case g.First < 1 || g.First > v.last.Size || g.Last != v.last.Size:
			err = fmt.Errorf("it is from %d to %d entries, the last checkpoint has %d", g.First, g.Last, v.last.Size)
		default:
			err = tlog.CheckTree(path, v.last.Size, v.last.Root, g.First, root)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", fileSince, err)
		}
		v.trees = append(v.trees, proved{g.First, root})
		return fmt.Sprintf("the log of %d entries begins with that of %d, which was asked for", v.last.Size, g.First), nil
	})
}

// compare compares the bundle's log with the checkpoint that was kept, and with
// the other bundle.
func (v *verifier) compare(o Options) {
	if o.Kept != nil && len(v.trees) > 0 {
		v.joins("the checkpoint that was kept", o.Kept.Origin, []proved{{o.Kept.Size, o.Kept.Root}})
	}
	if o.Against == nil {
		return
	}
	other := &verifier{files: o.Against, known: v.known, say: func(string) {}, entries: make(map[int64]string)}
	other.run()
	if other.failure.Count > 0 {
		v.fail("the other bundle: " + other.failure.First)
		return
	}
	v.say(fmt.Sprintf("holds: the other bundle, of %d events at %d entries of the log, by itself", other.manifest.Events, other.last.Size))
	for _, reason := range other.doubts {
		v.unconfirmed("the other bundle: " + reason)
	}
	if len(v.trees) == 0 {
		return // of a log that fails there is nothing to compare
	}
	if v.joins("the other bundle", other.manifest.Origin, other.trees) {
		v.check(func() (string, error) { return v.sameEntries(other.entries) })
	}
}

// joins compares the bundle's trees with others of what should be the same log, the
// newest first. It is false if that is another log, or the two contradict each other.
func (v *verifier) joins(what, origin string, theirs []proved) bool {
	if origin != v.manifest.Origin {
		v.fail(fmt.Sprintf("%s is of the log %s, this bundle of %s", what, shown(origin), shown(v.manifest.Origin)))
		return false
	}
	ours, newest := v.trees[0], theirs[0]
	joined := newest.size == 0
	for _, t := range theirs {
		for _, o := range v.trees {
			if t.size != o.size {
				continue
			}
			if t.root != o.root {
				v.fail(fmt.Sprintf("the log of %d entries has another root in %s than here: two histories were signed under one name", t.size, what))
				return false
			}
			joined = joined || t == newest || o == ours
		}
	}
	switch {
	case !joined:
		v.unconfirmed(fmt.Sprintf("nothing here proves that one log goes on from the other, of %d entries here and %d in %s; ask for the newer bundle with since=%d",
			ours.size, newest.size, what, min(ours.size, newest.size)))
	case newest.size > ours.size:
		v.say(fmt.Sprintf("holds: the log of %d entries in %s begins with that of %d here", newest.size, what, ours.size))
	default:
		v.say(fmt.Sprintf("holds: the log of %d entries begins with that of %d in %s", ours.size, newest.size, what))
	}
	return true
}

// sameEntries compares the entries that are in both bundles.
func (v *verifier) sameEntries(theirs map[int64]string) (string, error) {
	first, both := int64(-1), 0
	for index, commitment := range v.entries {
		other, ok := theirs[index]
		if !ok {
			continue
		}
		both++
		if other != commitment && (first < 0 || index < first) {
			first = index
		}
	}
	if first >= 0 {
		return "", fmt.Errorf("entry %d is another one in the other bundle: two histories were signed under one name", first)
	}
	return fmt.Sprintf("%d entries are in both bundles, and are the same", both), nil
}

// unconfirmed says something that is not known, and fails nothing.
func (v *verifier) unconfirmed(reason string) {
	v.doubts = append(v.doubts, reason)
	v.say("not confirmed: " + reason)
}
