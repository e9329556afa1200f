package history

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// maxProblems bounds what Check reports.
const maxProblems = 100

// Check recomputes the whole log from its rows: every commitment, leaf, chain
// of an object and detail, every tile, the frontier, the root, and the tree of
// every checkpoint. It returns one sentence for each thing that is wrong, at
// most 100. It reads in pages, so the memory it needs does not grow with the log.
func Check(c *db.Conn) ([]string, error) {
	k := &checker{conn: c, tree: &tree{ranges.NewEmptyRange(0)}, signedAfter: math.MinInt64}
	k.rows = rowChecker{checker: k, named: map[string]int64{}}
	head, err := ReadHead(c)
	if err != nil {
		return nil, err
	}
	if err := k.checkpoint(); err != nil {
		return nil, err
	}
	for from := int64(math.MinInt64); ; {
		rows, err := k.page(from)
		if err != nil {
			return nil, err
		}
		k.details = make(map[int64]string, len(rows))
		for _, r := range rows {
			if err := k.event(r); err != nil {
				return nil, err
			}
		}
		if err := k.compareDetails(rows); err != nil {
			return nil, err
		}
		if len(rows) < pollBatch {
			break
		}
		from = rows[len(rows)-1].Idx + 1
	}
	for _, step := range []func() error{k.unreached, k.rows.unnamed, k.orphans} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if err := k.head(head); err != nil {
		return nil, err
	}
	err = k.tiles(k.tree.size())
	return k.problems, err
}

type checker struct {
	conn     *db.Conn
	tree     *tree
	next     int64 // the index that the next entry must have
	lastAt   Micros
	problems []string

	details     map[int64]string // what the events of the page say of their details
	rows        rowChecker
	signed      []tlog.Tree // some checkpoints whose size the tree has not reached, the smallest first
	signedAfter int64       // size of the last checkpoint that was read
	signedAll   bool        // there are no more to read
}

// chained is an event with the one of the same object that has the number
// before its own; zero where there is none.
type chained struct {
	eventRow
	PreviousIdx int64  `db:"previous_idx"` // -1 for none
	Previous    []byte `db:"previous"`     // its commitment
}

func (k *checker) page(from int64) (rows []chained, err error) {
	err = k.conn.Select(&rows, "SELECT e."+strings.ReplaceAll(eventColumns, ", ", ", e.")+`, COALESCE(p.idx, -1) AS previous_idx, p.commitment AS previous
		FROM log_event e LEFT JOIN log_event p ON p.object_id = e.object_id AND p.object_seq = e.object_seq - 1
		WHERE e.idx >= ? ORDER BY e.idx LIMIT ?`, from, pollBatch)
	return rows, err
}

func (k *checker) report(format string, args ...any) {
	if len(k.problems) < maxProblems {
		k.problems = append(k.problems, fmt.Sprintf(format, args...))
	}
}

func (k *checker) event(r chained) error {
	if r.Idx != k.next {
		k.report("log: entry %d stands where %d is expected", r.Idx, k.next)
	}
	k.next = r.Idx + 1
	commitment := Commitment(r.Salt, []byte(r.Envelope))
	if !bytes.Equal(commitment[:], r.Commitment) {
		k.report("log entry %d: the commitment does not match the envelope", r.Idx)
	}
	leaf := LeafHash(PublicEntry(commitment))
	if !bytes.Equal(leaf[:], r.LeafHash) {
		k.report("log entry %d: the leaf hash does not match the entry", r.Idx)
	}
	if err := k.tree.append(leaf); err != nil {
		return err
	}
	if err := k.checkpoint(); err != nil {
		return err
	}
	env, err := DecodeEnvelope([]byte(r.Envelope))
	if err != nil {
		k.report("log entry %d: %v", r.Idx, err)
		return nil
	}
	if env.Kind != r.Kind || env.Object != r.ObjectID || env.Seq != r.ObjectSeq || env.Ref != r.Ref ||
		env.Org != r.OrgID || env.Actor != r.Actor || int64(env.RecordedAt) != r.RecordedAt {
		k.report("log entry %d: its columns differ from its envelope", r.Idx)
	}
	follows, err := k.follows(r, env)
	if err != nil {
		return err
	}
	if !follows {
		k.report("log entry %d: the chain of %s %s is broken", r.Idx, env.ObjectKind, env.Object)
	}
	if env.RecordedAt < k.lastAt {
		k.report("log entry %d: recorded before the entry in front of it", r.Idx)
	}
	k.lastAt = env.RecordedAt
	k.details[r.Idx] = env.Detail
	return k.rows.event(r.eventRow, env)
}

// follows reports whether the event is the next of its object after the last
// one in front of it. Where the object's numbers do not already show that, it
// looks for that last one.
func (k *checker) follows(r chained, env Envelope) (bool, error) {
	if r.ObjectSeq == env.Seq && env.Previous == hex.EncodeToString(r.Previous) &&
		(env.Seq == 1 && r.PreviousIdx == -1 || env.Seq > 1 && r.PreviousIdx >= 0 && r.PreviousIdx < r.Idx) {
		return true, nil
	}
	if len(k.problems) == maxProblems {
		return true, nil // it would not be reported any more
	}
	for before := r.Idx; ; {
		var last struct {
			Idx        int64  `db:"idx"`
			Envelope   string `db:"envelope"`
			Commitment []byte `db:"commitment"`
		}
		err := k.conn.Get(&last, `SELECT idx, envelope, commitment FROM log_event WHERE object_id = ? AND idx < ?
			ORDER BY idx DESC LIMIT 1`, r.ObjectID, before)
		if fault.Is(err, fault.NotFound) {
			return env.Seq == 1 && env.Previous == "", nil
		}
		if err != nil {
			return false, err
		}
		if said, err := DecodeEnvelope([]byte(last.Envelope)); err == nil {
			return env.Seq == said.Seq+1 && env.Previous == hex.EncodeToString(last.Commitment), nil
		}
		before = last.Idx
	}
}

// compareDetails compares the details of a page's events with what the events say.
func (k *checker) compareDetails(rows []chained) error {
	if len(rows) == 0 {
		return nil
	}
	err := k.conn.Each(func(scan func(...any) error) error {
		var idx int64
		var salt, content []byte
		if err := scan(&idx, &salt, &content); err != nil {
			return err
		}
		said, ok := k.details[idx]
		if c := Commitment(salt, content); ok && said != hex.EncodeToString(c[:]) {
			k.report("log entry %d: its detail does not match the envelope", idx)
		}
		delete(k.details, idx)
		return nil
	}, "SELECT idx, salt, content FROM log_detail WHERE idx >= ? AND idx <= ?", rows[0].Idx, rows[len(rows)-1].Idx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if k.details[r.Idx] == "" {
			continue
		}
		if err := k.erased(r.Idx); err != nil {
			return err
		}
	}
	return nil
}

// orphans reports details that belong to no entry.
func (k *checker) orphans() error {
	var lost []int64
	err := k.conn.Select(&lost, "SELECT d.idx FROM log_detail d WHERE NOT EXISTS (SELECT 1 FROM log_event e WHERE e.idx = d.idx) ORDER BY d.idx LIMIT ?", maxProblems)
	for _, idx := range lost {
		k.report("log: there is a detail of entry %d, which is not there", idx)
	}
	return err
}

func (k *checker) erased(idx int64) error {
	var n int
	err := k.conn.Get(&n, "SELECT count(*) FROM erasure WHERE ref = ?", strconv.FormatInt(idx, 10))
	if err == nil && n == 0 {
		k.report("log entry %d: its detail is missing", idx)
	}
	return err
}

// readCheckpoints reads some more trees that were signed, the smallest first.
func (k *checker) readCheckpoints() error {
	read := 0
	err := k.conn.Each(func(scan func(...any) error) error {
		var row storedCheckpoint
		if err := scan(&row.Size, &row.Note, &row.RecordedAt); err != nil {
			return err
		}
		read, k.signedAfter = read+1, row.Size
		c, err := row.read()
		if err != nil {
			k.report("log: checkpoint of %d entries: %v", row.Size, err)
			return nil
		}
		k.signed = append(k.signed, tlog.Tree{N: c.Size, Hash: c.Root})
		return nil
	}, "SELECT "+checkpointColumns+" FROM log_checkpoint WHERE size > ? ORDER BY size LIMIT ?", k.signedAfter, pollBatch)
	k.signedAll = read < pollBatch
	return err
}

// nextSigned makes sure that signed has the next checkpoint, if there is one.
func (k *checker) nextSigned() error {
	for len(k.signed) == 0 && !k.signedAll {
		if err := k.readCheckpoints(); err != nil {
			return err
		}
	}
	return nil
}

// checkpoint compares the tree with the checkpoint of its size, if there is one.
func (k *checker) checkpoint() error {
	if err := k.nextSigned(); err != nil {
		return err
	}
	if len(k.signed) == 0 || k.signed[0].N != k.tree.size() {
		return nil
	}
	if root, err := k.tree.root(); err != nil || !bytes.Equal(root, k.signed[0].Hash[:]) {
		k.report("log: the checkpoint of %d entries has another root than they have", k.signed[0].N)
	}
	k.signed = k.signed[1:]
	return nil
}

// unreached reports the checkpoints of more entries than there are.
func (k *checker) unreached() error {
	for {
		if err := k.nextSigned(); err != nil || len(k.signed) == 0 {
			return err
		}
		for _, c := range k.signed {
			k.report("log: a checkpoint of %d entries was signed, there are %d", c.N, k.tree.size())
		}
		k.signed = nil
	}
}

func (k *checker) head(head Head) error {
	root, err := k.tree.root()
	if err != nil {
		return err
	}
	switch {
	case head.Size != k.tree.size():
		k.report("log: the head says %d entries, there are %d", head.Size, k.tree.size())
	case !bytes.Equal(head.Root, root):
		k.report("log: the root of the head is not the root of its entries")
	case !bytes.Equal(head.Frontier, k.tree.frontier()):
		k.report("log: the frontier of the head is not that of its entries")
	}
	if Micros(head.Clock) < k.lastAt {
		k.report("log: the clock of the head is behind its last entry")
	}
	return nil
}

func (k *checker) tiles(size int64) error {
	for level, width := int64(0), int64(tileWidth); width <= size; level, width = level+1, width*tileWidth {
		for n := int64(0); n < size/width; n++ {
			if err := k.tile(level, n); err != nil {
				return err
			}
		}
	}
	var count, expected int64
	for width := int64(tileWidth); width <= size; width *= tileWidth {
		expected += size / width
	}
	if err := k.conn.Get(&count, "SELECT count(*) FROM log_tile"); err != nil {
		return err
	}
	if count != expected {
		k.report("log: %d tiles, expected %d", count, expected)
	}
	return nil
}

func (k *checker) tile(level, n int64) error {
	var data []byte
	err := k.conn.Get(&data, "SELECT data FROM log_tile WHERE level = ? AND n = ?", level, n)
	if fault.Is(err, fault.NotFound) {
		k.report("log: tile %d/%d is missing", level, n)
		return nil
	}
	if err != nil {
		return err
	}
	var want []byte
	if level == 0 {
		err = k.conn.Each(func(scan func(...any) error) error {
			var leaf []byte
			err := scan(&leaf)
			want = append(want, leaf...)
			return err
		}, "SELECT leaf_hash FROM log_event WHERE idx >= ? AND idx < ? ORDER BY idx", n*tileWidth, (n+1)*tileWidth)
	} else {
		want, err = tileAbove(k.conn, level-1, n)
	}
	if err == nil && !bytes.Equal(data, want) {
		k.report("log: tile %d/%d does not match its entries", level, n)
	}
	return err
}
