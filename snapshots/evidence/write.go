package evidence

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/snapshots/evidence/pages"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// pageSize is how many events are read at once.
const pageSize = 500

// committed is a snapshot that events of the bundle commit to.
type committed struct {
	content
	commitment, object string
}

// Write writes the bundle as one zip. An error leaves it without its manifest
// and central directory, so that nobody takes a part for the whole.
func (b *Bundle) Write(ctx context.Context, w io.Writer) error {
	z := zip.NewWriter(w)
	packer := &packer{}
	z.RegisterCompressor(zip.Deflate, packer.begin)
	for _, step := range []struct {
		name  string
		write func(context.Context, io.Writer) error
	}{
		{fileReadme, b.readme}, {fileSchema, schemaFile}, {fileLogKeys, b.logKeys}, {fileKeys, b.keys}, {fileLast, b.lastCheckpoint},
		{fileEvents, b.events}, {fileProofs, b.proofs}, {fileNames, b.namesFile},
	} {
		if err := b.add(z, step.name, func(w io.Writer) error { return step.write(ctx, w) }); err != nil {
			return err
		}
	}
	if err := b.checkpoints(ctx, z); err != nil {
		return err
	}
	if err := b.earlierCheckpoints(ctx, z); err != nil {
		return err
	}
	if b.filter.whole() {
		if err := b.add(z, fileCounts, func(w io.Writer) error { return b.countsFile(ctx, w) }); err != nil {
			return err
		}
	}
	if err := b.snapshots(ctx, z); err != nil {
		return err
	}
	if err := b.missing.unsaid(b.isOpen); err != nil {
		return fault.Wrap(err, fault.Unavailable, "", "something was erased while the bundle was made; ask again")
	}
	m := b.manifest()
	if err := pages.Write(&pages.Bundle{Form: m.Pages, About: m.about(b.last), Names: b.names.forPages(), Events: b.read, Erased: b.gone, Content: func(id string) ([]byte, error) {
		_, content, err := b.body(ctx, id)
		return content, err
	}}, func(name string, write func(io.Writer) error) error { return b.add(z, name, write) }); err != nil {
		return err
	}
	m.Files = b.files
	if err := b.sign(z, m); err != nil {
		return err
	}
	return z.Close()
}

// add writes one file and keeps its digest for the manifest.
func (b *Bundle) add(z *zip.Writer, name string, write func(io.Writer) error) error {
	f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: b.made.Time().Truncate(time.Second)})
	if err != nil {
		return err
	}
	digest := sha256.New()
	size := counter(0)
	if err := write(io.MultiWriter(f, digest, &size)); err != nil {
		return err
	}
	b.files = append(b.files, file{name, hex.EncodeToString(digest.Sum(nil)), int64(size)})
	return nil
}

// packer packs one file after the other with one state, at the level that
// takes least time: the pages are many and alike.
type packer struct{ *flate.Writer }

func (p *packer) begin(w io.Writer) (io.WriteCloser, error) {
	if p.Writer != nil {
		p.Reset(w)
		return p, nil
	}
	var err error
	p.Writer, err = flate.NewWriter(w, flate.BestSpeed)
	return p, err
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// pages reads the bundle's events page by page, each in a view of its own, and
// hands on what fn makes of them when that is closed.
func (b *Bundle) pages(ctx context.Context, w io.Writer, fn func(*db.Conn, *bytes.Buffer, history.Stored, history.Envelope) error) error {
	var out bytes.Buffer
	for part := range slices.Chunk(b.indexes, pageSize) {
		out.Reset()
		err := b.exporter.DB.View(ctx, func(c *db.Conn) error {
			stored, err := history.ReadStored(c, part)
			if err == nil && len(stored) != len(part) {
				err = fmt.Errorf("the log lost entries between %d and %d", part[0], part[len(part)-1])
			}
			if err != nil {
				return err
			}
			for _, s := range stored {
				env, err := history.DecodeEnvelope(s.Envelope)
				if err != nil {
					return fmt.Errorf("log entry %d: %w", s.Index, err)
				}
				if err := fn(c, &out, s, env); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if _, err := w.Write(out.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// events writes events.jsonl, and gathers what the manifest says of them.
func (b *Bundle) events(ctx context.Context, w io.Writer) error {
	at := make(map[string]int, len(b.objects))
	for i, o := range b.objects {
		at[o.ID] = i
	}
	seen := make(map[string]bool)
	return b.pages(ctx, w, func(_ *db.Conn, out *bytes.Buffer, s history.Stored, env history.Envelope) error {
		i, ok := at[env.Object]
		if !ok {
			return fmt.Errorf("log entry %d: its columns differ from its envelope", s.Index)
		}
		b.objects[i].Kind = env.ObjectKind
		if env.Content != "" && !seen[env.Ref] {
			seen[env.Ref] = true
			b.refs = append(b.refs, committed{content{ID: env.Ref, Index: s.Index}, env.Content, env.Object})
		}
		e := event{Index: s.Index, Salt: hex.EncodeToString(s.Salt), Envelope: string(s.Envelope)}
		switch {
		case env.Detail == "":
		case s.Detail == nil:
			e.DetailGone = gone
			b.missing.missing = append(b.missing.missing, missing{env.Object, labelOf(s.Index, env) + ": its detail", s.Index})
		case !b.discloses(env, s.Detail):
			e.DetailGone = withheld
			b.withheld++
		default:
			text := string(s.Detail)
			e.Detail, e.DetailSalt = &text, hex.EncodeToString(s.DetailSalt)
		}
		sum := history.Commitment(s.Salt, s.Envelope)
		b.read = append(b.read, e.forPages(env, hex.EncodeToString(sum[:])))
		b.missing.event(env, s.Index)
		b.made = max(b.made, env.RecordedAt) // another node's clock may be ahead of this one's
		return writeLine(out, e)
	})
}

// isOpen reports whether an object has events behind those that are here.
func (b *Bundle) isOpen(id string) bool {
	return slices.ContainsFunc(b.objects, func(o object) bool { return o.ID == id && o.Last < o.Total })
}

func (b *Bundle) proofs(ctx context.Context, w io.Writer) error {
	var tiles *history.Tiles
	var of *db.Conn
	return b.pages(ctx, w, func(c *db.Conn, out *bytes.Buffer, s history.Stored, _ history.Envelope) error {
		if of != c {
			tiles, of = history.NewTiles(c), c
		}
		path, err := tiles.Inclusion(s.Index, b.last.Size)
		if err != nil {
			return err
		}
		leaf := history.LeafHash(history.PublicEntry(history.Commitment(s.Salt, s.Envelope)))
		if err := tlog.CheckRecord(path, b.last.Size, b.last.Root, s.Index, leaf); err != nil {
			return fmt.Errorf("log entry %d is not in the tree of its checkpoint: %w", s.Index, err)
		}
		return writeLine(out, inclusion{s.Index, hexes(path)})
	})
}

func hexes(hashes []tlog.Hash) []string {
	texts := make([]string, len(hashes))
	for i, h := range hashes {
		texts[i] = hex.EncodeToString(h[:])
	}
	return texts
}

func writeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
