package history

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// MaxNote bounds a checkpoint that comes from outside, in bytes.
const MaxNote = 64 << 10

// Checkpoint is a signed statement of a log's size and root (C2SP
// tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
	Note   []byte // as it was signed
	Signed Signing
}

// Signing is what an extension line of the note says of when it was signed: "recorded",
// microseconds since 1970, "after", and the size of the installation's checkpoint
// before it (0 for the first). It is zero where there is no such line, as before
// schema version 4.
type Signing struct {
	At       Micros
	Previous int64
}

func (s Signing) line() string { return fmt.Sprintf("recorded %d after %d\n", s.At, s.Previous) }

// OpenCheckpoint reads a signed note. At least one signature must be by a key
// that is known, and none by such a key may be wrong.
func OpenCheckpoint(text []byte, known note.Verifiers) (Checkpoint, error) {
	if len(text) > MaxNote {
		return Checkpoint{}, fmt.Errorf("checkpoint: more than %d bytes", MaxNote)
	}
	n, err := note.Open(text, known)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return parseCheckpoint(n.Text, text)
}

// ReadCheckpoint reads a note that is trusted for where it was found: it looks
// at no signature.
func ReadCheckpoint(text []byte) (Checkpoint, error) {
	if len(text) > MaxNote {
		return Checkpoint{}, fmt.Errorf("checkpoint: more than %d bytes", MaxNote)
	}
	_, err := note.Open(text, note.VerifierList())
	var unverified *note.UnverifiedNoteError
	if !errors.As(err, &unverified) {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return parseCheckpoint(unverified.Note.Text, text)
}

// parseCheckpoint reads a note's text, and takes only the form that encoding
// the result makes again. Lines behind the third say nothing to us.
func parseCheckpoint(body string, text []byte) (Checkpoint, error) {
	var c log.Checkpoint
	rest, err := c.Unmarshal([]byte(body))
	switch {
	case err != nil:
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	case len(c.Hash) != hashSize:
		return Checkpoint{}, fmt.Errorf("checkpoint: a root of %d bytes", len(c.Hash))
	case c.Size > math.MaxInt64:
		return Checkpoint{}, fmt.Errorf("checkpoint: %d entries are too many", c.Size)
	case string(c.Marshal())+string(rest) != body:
		return Checkpoint{}, errors.New("checkpoint: not in the one form")
	}
	return Checkpoint{c.Origin, int64(c.Size), tlog.Hash(c.Hash), text, signing(string(rest))}, nil
}

// signing reads the first extension line; zero for another line.
func signing(rest string) (s Signing) {
	line, _, _ := strings.Cut(rest, "\n")
	if n, err := fmt.Sscanf(line, "recorded %d after %d", &s.At, &s.Previous); err != nil || n != 2 || s.line() != line+"\n" {
		return Signing{}
	}
	return s
}

// sign makes the checkpoint of a tree with every key.
func (k *Keys) sign(origin string, size int64, root tlog.Hash, when Signing) (Checkpoint, error) {
	signers, err := k.signers(origin)
	if err != nil {
		return Checkpoint{}, err
	}
	body := log.Checkpoint{Origin: origin, Size: uint64(size), Hash: root[:]}.Marshal()
	text, err := note.Sign(&note.Note{Text: string(body) + when.line()}, signers...)
	return Checkpoint{origin, size, root, text, when}, err
}

// storedCheckpoint is a row of log_checkpoint.
type storedCheckpoint struct {
	Size       int64  `db:"size"`
	Note       string `db:"note"`
	RecordedAt int64  `db:"recorded_at"`
}

const checkpointColumns = "size, note, recorded_at"

// read parses the row's note, and holds its size against the row's.
func (r storedCheckpoint) read() (Checkpoint, error) {
	c, err := ReadCheckpoint([]byte(r.Note))
	switch {
	case err != nil:
	case c.Size != r.Size:
		err = fmt.Errorf("checkpoint: the note is of %d entries, its row of %d", c.Size, r.Size)
	case c.Signed.At != 0 && int64(c.Signed.At) != r.RecordedAt:
		err = fmt.Errorf("checkpoint: the note was signed at %d, its row says %d", c.Signed.At, r.RecordedAt)
	}
	return c, err
}

// NewestCheckpoint is the greatest that is stored, and when it was signed; a
// fault of kind NotFound if there is none.
func NewestCheckpoint(c *db.Conn) (Checkpoint, Micros, error) {
	var row storedCheckpoint
	if err := c.Get(&row, "SELECT "+checkpointColumns+" FROM log_checkpoint ORDER BY size DESC LIMIT 1"); err != nil {
		return Checkpoint{}, 0, err
	}
	newest, err := row.read()
	return newest, Micros(row.RecordedAt), err
}

// store keeps a checkpoint, unless one of its size is there: then that one
// stands, and must be of the same tree. It returns what is stored.
func store(tx *db.Tx, c Checkpoint) (Checkpoint, error) {
	if _, err := tx.Exec("INSERT INTO log_checkpoint ("+checkpointColumns+") VALUES (?, ?, ?) ON CONFLICT (size) DO NOTHING",
		c.Size, string(c.Note), int64(c.Signed.At)); err != nil {
		return Checkpoint{}, err
	}
	var row storedCheckpoint
	if err := tx.Get(&row, "SELECT "+checkpointColumns+" FROM log_checkpoint WHERE size = ?", c.Size); err != nil {
		return Checkpoint{}, err
	}
	stored, err := row.read()
	if err == nil && (stored.Origin != c.Origin || stored.Root != c.Root) {
		err = fault.New(fault.Internal, "", "a checkpoint of %d entries was signed with another root or origin", c.Size)
	}
	return stored, err
}

// agrees reports whether the tree that t reads begins with that of c.
func (c Checkpoint) agrees(t *Tiles) (bool, error) {
	root, err := t.Root(c.Size)
	return err == nil && bytes.Equal(root[:], c.Root[:]), err
}
