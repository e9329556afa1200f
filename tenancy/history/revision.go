package history

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tenure/tenancy/fault"
)

// Revision says how much of the log somebody has seen, so that a node can be asked to
// show as much. Callers take its text as it is; only this file knows what is in it.
type Revision struct {
	size       int64
	generation int64 // of the log's origin: a new one may follow on entries that are gone
}

const revisionBase = 36

// String is "r", the size, and from the second origin on a dot and its number.
func (r Revision) String() string {
	text := "r" + strconv.FormatInt(r.size, revisionBase)
	if r.generation > 1 {
		text += "." + strconv.FormatInt(r.generation, revisionBase)
	}
	return text
}

// revisionTime is how long a node that is asked for a later revision waits for it.
const revisionTime = 2 * time.Second

// revisionPause is how long it waits between two polls.
const revisionPause = 50 * time.Millisecond

// Revision is what this node has seen, its own changes among it.
func (l *Log) Revision() Revision { return Revision{l.Size(), l.generation} }

// ParseRevision reads what String made; false for another text.
func ParseRevision(text string) (r Revision, ok bool) {
	size, generation, later := strings.Cut(strings.TrimPrefix(text, "r"), ".")
	var err1, err2 error
	r.size, err1 = strconv.ParseInt(size, revisionBase, 64)
	if r.generation = 1; later {
		r.generation, err2 = strconv.ParseInt(generation, revisionBase, 64)
	}
	return r, err1 == nil && err2 == nil && r.size >= 0 && r.String() == text
}

// generationOf is the number of an origin: its first has none.
func generationOf(origin string) int64 {
	n, err := strconv.ParseInt(origin[len(strings.TrimRight(origin, "0123456789")):], 10, 64)
	if err != nil {
		return 1
	}
	return n
}

// AtLeast returns nil once memory has every change up to a revision, which it polls for,
// again and again where the store does not answer. It is Unavailable if that takes longer
// than revisionTime, or if the log does not have so many entries: another installation's
// revision, or one of what a failover lost. It is Malformed for a revision of before the log's
// origin: nobody can tell whether it is of entries that are gone, and others are in their place.
func (l *Log) AtLeast(ctx context.Context, r Revision) error {
	if r.generation != l.generation {
		return fault.New(fault.Malformed, "", "the revision that was asked for is of an earlier history: the log has a new origin since")
	}
	size := r.size
	waiting, cancel := context.WithTimeout(ctx, revisionTime)
	defer cancel()
	var err error
	for !l.shows(size) {
		if err = l.pollFor(waiting, size); err == nil || l.gone.Load() != nil {
			break
		}
		select {
		case <-l.after(revisionPause):
			continue
		case <-waiting.Done():
		}
		break
	}
	switch gone := l.Gone(); {
	case gone != nil:
		return gone
	case l.shows(size):
		return nil
	}
	f := fault.Wrap(err, fault.Unavailable, "", "this node does not show the revision that was asked for")
	f.RetryAfter = PollEvery
	return f
}

// shows reports whether every mirror has the first size events.
func (l *Log) shows(size int64) bool {
	if l.shared {
		return size <= l.mirrored.Load().size
	}
	return size <= l.Size() && l.Fresh()
}

// pollFor polls, unless a poll of somebody else has got so far meanwhile.
func (l *Log) pollFor(ctx context.Context, size int64) error {
	if err := l.lockPolls(ctx); err != nil {
		return err
	}
	defer l.unlockPolls()
	if l.shows(size) {
		return nil
	}
	return l.poll(ctx, l.db)
}
