package history

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tenure/tenancy/fault"
)

// A revision says how much of the log somebody has seen, so that a node can be asked to
// show as much. Callers take it as it is; only this file knows what is in it.
const (
	revisionForm = "r"
	revisionBase = 36
)

// revisionTime is how long a node that is asked for a later revision waits for it.
const revisionTime = 2 * time.Second

// revisionPause is how long it waits between two polls.
const revisionPause = 50 * time.Millisecond

// Revision is what this node has seen, its own changes among it.
func (l *Log) Revision() string { return revisionForm + strconv.FormatInt(l.Size(), revisionBase) }

// ParseRevision reads what Revision made; false for another text.
func ParseRevision(text string) (size int64, ok bool) {
	digits, found := strings.CutPrefix(text, revisionForm)
	size, err := strconv.ParseInt(digits, revisionBase, 64)
	return size, found && err == nil && size >= 0 && revisionForm+strconv.FormatInt(size, revisionBase) == text
}

// AtLeast returns nil once memory has every change up to a revision, which it polls for,
// again and again where the store does not answer. It is Unavailable if that takes longer
// than revisionTime, or if the log does not have so many entries: another installation's
// revision, or one of what a failover lost.
func (l *Log) AtLeast(ctx context.Context, size int64) error {
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
