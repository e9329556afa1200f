package evidence

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/history/counts"
)

// whole reports whether a filter leaves nothing of its organizations out.
func (f Filter) whole() bool { return len(f.Clients) == 0 && f.From == 0 && f.To == 0 }

// under is the organization whose subtree a bundle has.
func (b *Bundle) under() string {
	if b.filter.Organization != "" {
		return string(b.filter.Organization)
	}
	return string(b.scope.Acting())
}

// count records what the organizations of a bundle have, and returns a checkpoint that
// covers it. Where nothing can be written the bundle has the counts of before.
func (b *Bundle) count(ctx context.Context) error {
	x := b.exporter
	var orgs []string
	if err := x.DB.View(ctx, func(c *db.Conn) (err error) { orgs, err = b.coveredOrgs(c); return err }); err != nil {
		return err
	}
	_, err := counts.Record(ctx, x.DB, b.under(), orgs, 0, b.scope.Event(history.Event{}))
	if err != nil && fault.Of(err).Code != fault.CodeStorage {
		return err
	}
	var k counts.Counted
	if err := x.DB.View(ctx, func(c *db.Conn) (err error) { k, err = counts.Latest(c, b.under(), 1<<62); return err }); err != nil {
		if fault.Is(err, fault.NotFound) { // the disk is full
			return nil
		}
		return err
	}
	if k.Index < b.last.Size {
		return nil
	}
	if err := x.Log.Cover(ctx, 0); err != nil && fault.Of(err).Code != fault.CodeStorage {
		return err
	}
	b.last, err = x.Log.Checkpoint(ctx)
	return err
}

// coveredOrgs are the organizations that there have been, of those that the bundle covers.
func (b *Bundle) coveredOrgs(c *db.Conn) (covered []string, err error) {
	var orgs []string
	if err := c.Select(&orgs, "SELECT DISTINCT org_id FROM org_version ORDER BY org_id"); err != nil {
		return nil, err
	}
	covered = []string{}
	for _, org := range orgs {
		if b.covers(org) {
			covered = append(covered, org)
		}
	}
	return covered, nil
}

// countsFile writes counts.jsonl: the last count of the bundle's own organizations, and the
// last of all, as far as the bundle covers them.
func (b *Bundle) countsFile(ctx context.Context, w io.Writer) error {
	var out bytes.Buffer
	err := b.exporter.DB.View(ctx, func(c *db.Conn) error {
		orgs, err := b.coveredOrgs(c)
		if err != nil {
			return err
		}
		for _, under := range []string{b.under(), ""} {
			k, err := counts.Latest(c, under, b.last.Size)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			var tree counts.Tree
			if err == nil && under == "" {
				tree, err = b.exporter.Counts.Read(c, k)
			} else if err == nil {
				tree, err = counts.Read(c, k.Size, orgs)
			}
			if err == nil {
				err = b.writeCount(c, &out, k, tree, orgs)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		_, err = w.Write(out.Bytes())
	}
	return err
}

func (b *Bundle) writeCount(c *db.Conn, out io.Writer, k counts.Counted, tree counts.Tree, orgs []string) error {
	root, err := tree.Root()
	if err != nil {
		return err
	}
	if hex.EncodeToString(root[:]) != k.Root {
		return nil // an organization was moved here or away since: it says nothing of these
	}
	stored, err := history.ReadStored(c, []int64{k.Index})
	if err != nil || len(stored) != 1 || stored[0].Detail == nil {
		return fmt.Errorf("log entry %d: its count is missing: %w", k.Index, err)
	}
	line, err := b.proved(c, stored[0])
	if err == nil {
		err = writeLine(out, countLine{Event: &line})
	}
	here := 0
	for _, org := range orgs {
		if tree.Find(org) >= 0 {
			here++
		}
	}
	for _, org := range orgs {
		at := tree.Find(org)
		if at < 0 || err != nil {
			continue
		}
		o := tree.Organizations[at]
		line := countLine{Count: &k.Index, Organization: org, Objects: o.Objects, Digest: hex.EncodeToString(o.Digest[:])}
		if here < len(tree.Organizations) {
			leaf := int64(at)
			path, perr := tree.Prove(at)
			if perr != nil {
				return perr
			}
			line.Leaf, line.Path = &leaf, hexes(path)
		}
		err = writeLine(out, line)
	}
	return err
}

// proved is an event with its detail and its proof.
func (b *Bundle) proved(c *db.Conn, s history.Stored) (keyEvent, error) {
	path, err := history.NewTiles(c).Inclusion(s.Index, b.last.Size)
	if err != nil {
		return keyEvent{}, err
	}
	text := string(s.Detail)
	return keyEvent{event{Index: s.Index, Salt: hex.EncodeToString(s.Salt), Envelope: string(s.Envelope), Detail: &text,
		DetailSalt: hex.EncodeToString(s.DetailSalt)}, hexes(path)}, nil
}
