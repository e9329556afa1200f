package history

import (
	"fmt"

	"github.com/Masterminds/squirrel"
	"golang.org/x/mod/sumdb/note"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// Stored is an event with everything that proves it: what its leaf is made of.
type Stored struct {
	Index    int64
	Salt     []byte
	Envelope []byte // exact bytes
	Ref      string // as the envelope says
	// Detail and its salt are nil for an event that has none, and where it was
	// erased.
	Detail, DetailSalt []byte
}

// ReadStored reads the events of the given indexes, in the log's order.
func ReadStored(c *db.Conn, indexes []int64) ([]Stored, error) {
	var rows []struct {
		eventRow
		Content *string `db:"content"`
		Salts   []byte  `db:"detail_salt"`
	}
	err := c.SelectBuilt(&rows, db.Builder().
		Select("e.idx, e.salt, e.envelope, e.ref, d.content, d.salt AS detail_salt").
		From("log_event e").LeftJoin("log_detail d ON d.idx = e.idx").
		Where(squirrel.Eq{"e.idx": indexes}).OrderBy("e.idx"))
	events := make([]Stored, len(rows))
	for i, r := range rows {
		events[i] = Stored{Index: r.Idx, Salt: r.Salt, Envelope: []byte(r.Envelope), Ref: r.Ref}
		if r.Content != nil {
			events[i].Detail, events[i].DetailSalt = []byte(*r.Content), r.Salts
		}
	}
	return events, err
}

// StoredDetails reads the details of events by their indexes, those that there are.
func StoredDetails(c *db.Conn, indexes []int64) (map[int64][]byte, error) {
	var rows []struct {
		Index   int64  `db:"idx"`
		Content string `db:"content"`
	}
	err := c.SelectBuilt(&rows, db.Builder().Select("idx, content").From("log_detail").Where(squirrel.Eq{"idx": indexes}))
	found := make(map[int64][]byte, len(rows))
	for _, r := range rows {
		found[r.Index] = []byte(r.Content)
	}
	return found, err
}

// CheckpointBefore is the greatest stored checkpoint under an origin of at most
// size entries, or the smallest where there is none so small; a fault of kind
// NotFound if none is of that origin.
func CheckpointBefore(c *db.Conn, origin string, size int64) (Checkpoint, error) {
	const ofOrigin = " FROM log_checkpoint WHERE substr(note, 1, ?) = ? AND "
	begin := origin + "\n"
	var row storedCheckpoint
	err := c.Get(&row, "SELECT "+checkpointColumns+ofOrigin+"size <= ? ORDER BY size DESC LIMIT 1", len([]rune(begin)), begin, size)
	if fault.Is(err, fault.NotFound) {
		err = c.Get(&row, "SELECT "+checkpointColumns+ofOrigin+"size > ? ORDER BY size LIMIT 1", len([]rune(begin)), begin, size)
	}
	if err != nil {
		return Checkpoint{}, err
	}
	found, err := row.read()
	if err == nil {
		found, err = found.withCosignatures(c)
	}
	return found, err
}

// SignNote signs a text, which ends with a line feed, with every key under a
// name (C2SP signed-note).
func (k *Keys) SignNote(name, text string) ([]byte, error) {
	signers, err := k.signers(name)
	if err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: text}, signers...)
}

// VerifierKeys are the public keys that verify this node's checkpoints under an
// origin; none where it has no key.
func (p *Publisher) VerifierKeys(origin string) ([]string, error) {
	if p.keys == nil {
		return nil, nil
	}
	return p.keys.VerifierKeys(origin)
}

// Signs reports whether this node has keys to sign checkpoints with.
func (p *Publisher) Signs() bool { return p.keys != nil }

// KnownKeys are what checkpoints are verified with: Keys, or PublicKeys.
type KnownKeys interface {
	Verifiers(origin string) (note.Verifiers, error)
}

// PublicKeys are verifier keys that an outsider has, of any origins.
type PublicKeys []note.Verifier

// Verifiers are those of an origin.
func (k PublicKeys) Verifiers(origin string) (note.Verifiers, error) {
	var list []note.Verifier
	for _, v := range k {
		if v.Name() == origin {
			list = append(list, v)
		}
	}
	return note.VerifierList(list...), nil
}

// CheckKept holds a log against a checkpoint that somebody kept outside of it:
// only that shows an end that was cut off with everything that tells of it. It
// returns a sentence for what is wrong.
func CheckKept(c *db.Conn, head Head, kept Checkpoint) []string {
	if kept.Size > head.Size {
		return []string{fmt.Sprintf("log: the checkpoint that was kept has %d entries, there are %d", kept.Size, head.Size)}
	}
	if same, err := kept.agrees(NewTiles(c)); err != nil || !same {
		return []string{fmt.Sprintf("log: its first %d entries are not those of the checkpoint that was kept", kept.Size)}
	}
	return nil
}
