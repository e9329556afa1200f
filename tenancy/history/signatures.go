package history

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"tenure/tenancy/db"
)

// Signatures is what CheckSignatures found.
type Signatures struct {
	Problems []string // one sentence for each checkpoint that fails, at most 100
	Covered  int64    // entries of the greatest checkpoint that a known key signed; 0 for none
	Entries  int64    // of the log
}

// Uncovered says how many entries no signed checkpoint covers; empty if there are
// none.
func (s Signatures) Uncovered() string {
	if s.Covered >= s.Entries {
		return ""
	}
	return fmt.Sprintf("log: no checkpoint covers the last %d of %d entries", s.Entries-s.Covered, s.Entries)
}

// CheckSignatures verifies every stored checkpoint that one of the keys is said
// to have signed, that the newest is one of those, and that there is one if one was signed.
func CheckSignatures(c *db.Conn, keys KnownKeys) (s Signatures, err error) {
	head, err := ReadHead(c)
	if err != nil {
		return s, err
	}
	s.Entries = head.Size
	k := &checker{conn: c}
	origin, err := originOf(c)
	if err != nil {
		return s, err
	}
	fresh, err := isFresh(c, origin)
	if err != nil {
		return s, err
	}
	gone := origin != "" && !fresh // unless there is one
	var newest error
	err = c.Each(func(scan func(...any) error) error {
		var text string
		var size int64
		if err := scan(&size, &text); err != nil {
			return err
		}
		checkpoint, err := ReadCheckpoint([]byte(text))
		if err != nil {
			return nil // Check says so
		}
		gone = gone && checkpoint.Origin != origin
		newest = signedBy(keys, checkpoint)
		if newest == nil {
			s.Covered = max(s.Covered, checkpoint.Size)
		}
		var wrong *note.InvalidSignatureError
		if errors.As(newest, &wrong) {
			k.report("log: the checkpoint of %d entries has a signature that does not verify", size)
			newest = nil
		}
		return nil
	}, "SELECT size, note FROM log_checkpoint ORDER BY size")
	if gone {
		k.report("log: there is no checkpoint of %q, though one was signed: they were removed", origin)
	}
	if newest != nil {
		k.report("log: the newest checkpoint: %v", newest)
	}
	s.Problems = k.problems
	return s, err
}
