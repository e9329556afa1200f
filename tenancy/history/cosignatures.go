package history

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// Cosignatures of witnesses come after a checkpoint is stored, and a stored checkpoint never
// changes. So they are rows of installation of their own, one for each checkpoint, with
// lines of signatures (C2SP signed-note). They prove themselves, and are in no proof.
const cosignaturesName = "log-cosignatures/%d"

// MaxCosignatures bounds the lines of one checkpoint, in bytes.
const MaxCosignatures = 16 << 10

func cosignatures(c *db.Conn, size int64) (string, error) {
	var lines string
	err := c.Get(&lines, "SELECT value FROM installation WHERE name = ?", fmt.Sprintf(cosignaturesName, size))
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return lines, err
}

// withCosignatures is a stored checkpoint with the cosignatures that it got.
func (k Checkpoint) withCosignatures(c *db.Conn) (Checkpoint, error) {
	lines, err := cosignatures(c, k.Size)
	k.Note = slices.Concat(k.Note, []byte(lines))
	return k, err
}

// Cosigned is a stored checkpoint with the cosignatures that it got.
func (p *Publisher) Cosigned(ctx context.Context, k Checkpoint) (cosigned Checkpoint, err error) {
	err = p.db.View(ctx, func(c *db.Conn) error {
		cosigned, err = k.withCosignatures(c)
		return err
	})
	return cosigned, err
}

// StoreCosignatures keeps lines of signatures for a stored checkpoint, each once. The
// caller has verified them.
func (p *Publisher) StoreCosignatures(ctx context.Context, size int64, lines []byte) error {
	return p.db.Write(ctx, func(tx *db.Tx) error {
		there, err := cosignatures(&tx.Conn, size)
		if err != nil {
			return err
		}
		all := []byte(there)
		for line := range bytes.Lines(lines) {
			if !bytes.Contains(all, line) && len(all)+len(line) <= MaxCosignatures {
				all = append(all, line...)
			}
		}
		if len(all) == len(there) {
			return nil
		}
		_, err = tx.Exec("INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			fmt.Sprintf(cosignaturesName, size), string(all))
		return err
	})
}

// Newest is the newest stored checkpoint, with its cosignatures; a fault of kind NotFound
// if there is none. It signs nothing.
func (p *Publisher) Newest(ctx context.Context) (newest Checkpoint, err error) {
	err = p.db.View(ctx, func(c *db.Conn) error {
		if newest, _, err = NewestCheckpoint(c); err == nil {
			newest, err = newest.withCosignatures(c)
		}
		return err
	})
	return newest, err
}

// ProveGrowth proves that the tree of a stored checkpoint begins with that of its first
// old entries; empty for none and for all.
func (p *Publisher) ProveGrowth(ctx context.Context, old int64, k Checkpoint) (proof tlog.TreeProof, err error) {
	if old < 0 || old > k.Size {
		return nil, fault.New(fault.NotFound, "", "no checkpoint covers a tree of this size")
	}
	if old == 0 || old == k.Size {
		return nil, nil
	}
	err = p.db.View(ctx, func(c *db.Conn) error {
		proof, err = p.tiles(c).Consistency(old, k.Size)
		return err
	})
	return proof, err
}

// CosignedAt is when a witness says that it cosigned, RFC 3339 in UTC: the first eight
// bytes of its signature are seconds since 1970 (C2SP tlog-cosignature).
func CosignedAt(sig note.Signature) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(sig.Base64)
	if err != nil || len(raw) < 12 {
		return "", errors.New("not a cosignature")
	}
	seconds := binary.BigEndian.Uint64(raw[4:12])
	if seconds > 1<<40 {
		return "", errors.New("the cosignature has no time")
	}
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339), nil
}
