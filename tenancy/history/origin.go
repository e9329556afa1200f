package history

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// CodeRefused is the code of the fault (kind Conflict) that says that the log
// is not the one that was published.
const CodeRefused = "log-refused"

// The event that begins an origin. Its detail is JSON: "origin", "previous", the last
// checkpoint of the one before, and "rolled_back", what is gone, where a node has told of that.
const (
	ObjectLog  = "log"
	kindOrigin = Kind("log.origin")
	logID      = "log"
)

const originName = "log-origin"

// originOf is the log's origin; empty if it has none yet.
func originOf(c *db.Conn) (string, error) {
	var origin string
	err := c.Get(&origin, "SELECT value FROM installation WHERE name = ?", originName)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return origin, err
}

// ReadOrigin is the origin that the log's checkpoints are signed under; empty
// if none was signed yet.
func ReadOrigin(ctx context.Context, d *db.DB) (origin string, err error) {
	err = d.View(ctx, func(c *db.Conn) error {
		origin, err = originOf(c)
		return err
	})
	return origin, err
}

// bindOrigin gives a log its origin if it has none: wanted, or a random one.
func bindOrigin(ctx context.Context, d *db.DB, keys *Keys, wanted string) error {
	held, err := ReadOrigin(ctx, d)
	if err != nil || held != "" {
		return err
	}
	if wanted == "" {
		var id [16]byte
		if _, err := io.ReadFull(rand.Reader, id[:]); err != nil {
			return err
		}
		wanted = "tenure-" + hex.EncodeToString(id[:]) + "/log"
	}
	if _, err := keys.Verifiers(wanted); err != nil { // before it is there for good
		return err
	}
	return d.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec("INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", originName, wanted)
		if err == nil && n > 0 {
			err = beginFresh(tx, wanted)
		}
		return err
	})
}

// standing checks the newest stored checkpoint: it is of this tree, and one of
// the keys has signed it, so that a key that was lost or mixed up is noticed
// before anything is signed with another.
func (s state) standing(t *Tiles, keys *Keys) error {
	if s.last == nil {
		if keys == nil {
			return nil
		}
		return s.signable()
	}
	if keys != nil {
		if err := signedBy(keys, *s.last); err != nil {
			return fmt.Errorf("the log's newest checkpoint: %w", err)
		}
	}
	if s.last.Size > s.head.Size {
		return refused("the log has %d entries, and a checkpoint of %d was signed", s.head.Size, s.last.Size)
	}
	ok, err := s.last.agrees(t)
	if err == nil && !ok {
		err = refused("the log does not begin with its checkpoint of %d entries", s.last.Size)
	}
	return err
}

func signedBy(keys KnownKeys, c Checkpoint) error {
	known, err := keys.Verifiers(c.Origin)
	if err == nil {
		_, err = OpenCheckpoint(c.Note, known)
	}
	if err != nil {
		return fmt.Errorf("none of the keys has signed it: %w", err)
	}
	return nil
}

func refused(format string, args ...any) error {
	return fault.New(fault.Conflict, CodeRefused, "%s", fmt.Sprintf(format, args...)+
		": the database was restored or replaced, and signs nothing until tenure log new-origin")
}

// published compares the log with the checkpoint that was kept outside of it.
func (s state) published(c *db.Conn, t *Tiles, text []byte, keys *Keys) (Checkpoint, error) {
	kept, err := ReadCheckpoint(text)
	if err == nil && keys != nil {
		err = signedBy(keys, kept)
	}
	if err != nil {
		return kept, fault.Wrap(err, fault.Conflict, CodeRefused, "the checkpoint that was kept outside of the database is of another log, or is broken: %v", err)
	}
	if kept.Origin != s.origin {
		ended, err := endedBy(c, kept)
		if err == nil && !ended {
			err = refused("%q has published %d entries, and this log is %q", kept.Origin, kept.Size, s.origin)
		}
		return kept, err
	}
	if kept.Size > s.head.Size {
		return kept, refused("the log has %d entries, and %d were published", s.head.Size, kept.Size)
	}
	ok, err := kept.agrees(t)
	if err == nil && !ok {
		err = refused("the log does not begin with the %d entries that were published", kept.Size)
	}
	return kept, err
}

// endedBy reports whether a later origin names a checkpoint of kept's origin
// that is not before it.
func endedBy(c *db.Conn, kept Checkpoint) (bool, error) {
	var details []string
	if err := c.Select(&details, `SELECT d.content FROM log_event e JOIN log_detail d ON d.idx = e.idx
		WHERE e.object_id = ? ORDER BY e.object_seq`, logID); err != nil {
		return false, err
	}
	for _, detail := range details {
		var members map[string]string
		if err := json.Unmarshal([]byte(detail), &members); err != nil {
			return false, fmt.Errorf("a log origin's detail: %w", err)
		}
		if members["previous"] == "" { // the old origin's checkpoints were gone
			continue
		}
		previous, err := ReadCheckpoint([]byte(members["previous"]))
		if err != nil {
			return false, err
		}
		if previous.Origin == kept.Origin && (previous.Size > kept.Size || previous.Size == kept.Size && previous.Root == kept.Root) {
			return true, nil
		}
	}
	return false, nil
}

// NewOrigin ends the log's origin and begins the next, with an event that names
// the last checkpoint of the old one: kept, if it is given and greater than what
// is stored, or none where the log's checkpoints are gone. e says who does it and
// why. What nodes told of a log that was rolled back ends with it. A log that has
// published nothing, and of which nobody has told that, is a fault of kind Conflict.
func NewOrigin(ctx context.Context, d *db.DB, kept []byte, e Event) (origin string, last Checkpoint, err error) {
	var old string
	var gone *RolledBack
	err = d.View(ctx, func(c *db.Conn) error {
		if gone, err = ReadRolledBack(c); err != nil {
			return err
		}
		old, last, err = lastPublished(c, kept, gone)
		return err
	})
	if err != nil {
		return "", last, err
	}
	origin = nextOrigin(old)
	members := map[string]string{"origin": origin, "previous": string(last.Note)}
	if gone != nil {
		members["rolled_back"] = gone.String()
	}
	detail, err := json.Marshal(members)
	if err != nil {
		return "", last, err
	}
	e.Kind, e.ObjectKind, e.Object, e.Detail = kindOrigin, ObjectLog, logID, detail
	err = d.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec("UPDATE installation SET value = ? WHERE name = ? AND value = ?", origin, originName, old)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "", "the log has just got a new origin")
		}
		if err == nil {
			err = beginFresh(tx, origin)
		}
		if err == nil {
			_, err = tx.Exec("DELETE FROM installation WHERE name = ?", rolledBackName)
		}
		if err == nil {
			e := e
			e.Effective = At(tx).Millis()
			Record(tx, e)
		}
		return err
	})
	return origin, last, err
}

// lastPublished is the log's origin and its greatest checkpoint that is known of.
func lastPublished(c *db.Conn, kept []byte, gone *RolledBack) (origin string, last Checkpoint, err error) {
	if origin, err = originOf(c); err != nil {
		return "", last, err
	}
	head, err := ReadHead(c)
	if err != nil {
		return "", last, err
	}
	newest, _, err := NewestCheckpoint(c)
	switch {
	case err != nil && !fault.Is(err, fault.NotFound):
		return "", last, err
	case newest.Size > head.Size:
		return "", last, fault.New(fault.Conflict, "", "the database has a checkpoint of %d entries and a log of %d: restore it whole first",
			newest.Size, head.Size)
	case err == nil && newest.Origin == origin:
		last = newest
	}
	outside := [][]byte{kept}
	if gone != nil {
		outside = append(outside, []byte(gone.Checkpoint))
	}
	for _, kept := range outside {
		if len(kept) == 0 {
			continue
		}
		outside, err := ReadCheckpoint(kept)
		if err != nil {
			return "", last, err
		}
		if outside.Origin == origin && outside.Size >= last.Size {
			last = outside
		}
	}
	var since string // what the log's last entry is
	if err := c.Get(&since, "SELECT kind FROM log_event ORDER BY idx DESC LIMIT 1"); err != nil && !fault.Is(err, fault.NotFound) {
		return "", last, err
	}
	fresh, err := isFresh(c, origin)
	if err != nil {
		return "", last, err
	}
	if gone != nil && origin != "" {
		return origin, last, nil
	}
	if origin == "" || last.Note == nil && fresh || since == string(kindOrigin) && last.Note != nil && last.Size == head.Size {
		return "", last, fault.New(fault.Conflict, "", "the log has published nothing under its origin: it needs no new one")
	}
	return origin, last, nil
}

// nextOrigin counts: …/log, …/log2, …/log3.
func nextOrigin(origin string) string {
	base := strings.TrimRight(origin, "0123456789")
	n, err := strconv.Atoi(origin[len(base):])
	if err != nil || n < 1 {
		return origin + "2"
	}
	return base + strconv.Itoa(n+1)
}
