package history

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// SignEvery is the least time between two checkpoints of an installation.
const SignEvery = time.Second

// PublisherOptions of OpenPublisher.
type PublisherOptions struct {
	Keys   *Keys  // nil: this node signs nothing
	Origin string // for a log that has none yet; empty for a random one
	// Kept is the checkpoint that was last published, as Keep was given it;
	// nil if there is none.
	Kept []byte
	Keep func(note []byte) error // keeps a checkpoint outside the database; nil for nowhere
}

// Publisher signs checkpoints and shows what is below them. A checkpoint leaves
// it only after it is committed and kept.
type Publisher struct {
	db    *db.DB
	log   *Log
	keys  *Keys
	keep  func([]byte) error
	edges edges

	signing sync.Mutex
	keeping sync.Mutex
	kept    Checkpoint // the greatest that was handed to keep
}

// OpenPublisher gives a log its origin, if it has none and there are keys, and
// compares the log with what was published of it. A log that is behind that, or
// has another history, is a fault with CodeRefused: it signs nothing until an
// operator starts a new origin (NewOrigin).
func OpenPublisher(ctx context.Context, d *db.DB, l *Log, opts PublisherOptions) (*Publisher, error) {
	p := &Publisher{db: d, log: l, keys: opts.Keys, keep: opts.Keep}
	if p.keep == nil {
		p.keep = func([]byte) error { return nil }
	}
	if opts.Keys != nil {
		if err := bindOrigin(ctx, d, opts.Keys, opts.Origin); err != nil {
			return nil, fmt.Errorf("the log's origin: %w", err)
		}
	}
	err := d.View(ctx, func(c *db.Conn) error {
		s, err := p.read(c)
		if err != nil {
			return err
		}
		if err := s.standing(p.tiles(c), opts.Keys); err != nil {
			return err
		}
		if opts.Kept != nil {
			p.kept, err = s.published(c, p.tiles(c), opts.Kept, opts.Keys)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Publisher) tiles(c *db.Conn) *Tiles { return newTiles(c, &p.edges) }

// state is what there is to sign, and what is signed.
type state struct {
	origin string // empty if there is none yet
	head   Head
	last   *Checkpoint // the newest under origin; nil for none
	at     Micros      // when last was signed
	fresh  bool        // nothing was signed under origin yet
}

func (p *Publisher) read(c *db.Conn) (s state, err error) {
	if s.origin, err = originOf(c); err != nil {
		return s, err
	}
	if s.head, err = ReadHead(c); err != nil {
		return s, err
	}
	newest, at, err := NewestCheckpoint(c)
	switch {
	case err != nil && !fault.Is(err, fault.NotFound):
		return s, err
	case err == nil && newest.Origin == s.origin:
		s.last, s.at = &newest, at
		return s, nil
	}
	s.fresh, err = isFresh(c, s.origin)
	return s, err
}

// due reports whether there is something new to sign, and the last was signed at
// least so long ago.
func (s state) due(now Micros, least time.Duration) bool {
	return s.last == nil || s.last.Size < s.head.Size && now-s.at >= Micros(least.Microseconds())
}

// Cover signs a checkpoint if entries are not covered by one, and the last was signed
// at least so long ago. Otherwise, and without keys, it writes nothing.
func (p *Publisher) Cover(ctx context.Context, least time.Duration) error {
	if p.keys == nil {
		return nil
	}
	s, err := p.look(ctx)
	if err != nil {
		return err
	}
	if s.head.Size == 0 || !s.due(p.log.Now(), least) {
		return nil
	}
	_, err = p.checkpoint(ctx, least)
	return err
}

// look reads the state, and refuses one that does not go on from what this publisher has
// published.
func (p *Publisher) look(ctx context.Context) (s state, err error) {
	if err := p.log.Gone(); err != nil {
		return s, err
	}
	p.keeping.Lock()
	kept := p.kept
	p.keeping.Unlock()
	err = p.db.View(ctx, func(c *db.Conn) error {
		if s, err = p.read(c); err != nil || kept.Note == nil {
			return err
		}
		if s.last != nil && s.origin == kept.Origin && (s.last.Size > kept.Size || s.last.Size == kept.Size && s.last.Root == kept.Root) {
			return nil
		}
		if kept.Size <= s.head.Size { // the log may be what it was, without its checkpoints or under another origin
			if same, err := kept.agrees(NewTiles(c)); err != nil || same {
				return err
			}
		}
		if kept.Origin != s.origin {
			if ended, err := endedBy(c, kept); err != nil || ended {
				return err
			}
		}
		return p.rolledBack(s, kept)
	})
	return s, err
}

func (p *Publisher) rolledBack(s state, kept Checkpoint) error {
	return p.log.rolledBack(RolledBack{Seen: kept.Size, SeenAt: kept.Signed.At, Found: s.head.Size, FoundAt: Micros(s.head.Clock), Checkpoint: string(kept.Note)})
}

// Kept is the greatest checkpoint that this publisher has published, or was told of when
// it was opened; without a note for none.
func (p *Publisher) Kept() Checkpoint {
	p.keeping.Lock()
	defer p.keeping.Unlock()
	return p.kept
}

// Checkpoint is the newest one. If the log has grown since, a new one is
// signed, but not more than one in SignEvery over all nodes. Without keys it is
// a fault of kind NotFound.
func (p *Publisher) Checkpoint(ctx context.Context) (Checkpoint, error) {
	if p.keys == nil {
		return Checkpoint{}, fault.New(fault.NotFound, "", "this server has no key to sign checkpoints of its log with")
	}
	return p.checkpoint(ctx, SignEvery)
}

func (p *Publisher) checkpoint(ctx context.Context, least time.Duration) (Checkpoint, error) {
	s, err := p.look(ctx)
	if err != nil {
		return Checkpoint{}, err
	}
	if s.due(p.log.Now(), least) {
		if s.last == nil {
			p.signing.Lock()
		} else if !p.signing.TryLock() { // the last one is good until the next is there
			return *s.last, p.publish(ctx, *s.last)
		}
		defer p.signing.Unlock()
		if s, err = p.look(ctx); err != nil { // another may have signed since
			return Checkpoint{}, err
		}
		if s.due(p.log.Now(), least) {
			signed, err := p.sign(ctx, s)
			switch {
			case err == nil:
				s.last = &signed
			case s.last == nil || fault.Of(err).Code != fault.CodeStorage: // on a full disk the last one is still good
				return Checkpoint{}, err
			}
		}
	}
	return *s.last, p.publish(ctx, *s.last)
}

// sign signs the tree of s, which it has read before, and stores what it signed. Where
// another node has signed as much meanwhile, that is returned: checkpoints are stored in the
// order of their sizes, each after the one that it names.
func (p *Publisher) sign(ctx context.Context, s state) (signed Checkpoint, err error) {
	if err := p.db.View(ctx, func(c *db.Conn) error { return s.sound(p.tiles(c)) }); err != nil {
		return Checkpoint{}, err
	}
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		origin, err := originOf(&tx.Conn)
		if err == nil && origin != s.origin {
			err = fault.New(fault.Unavailable, "", "the log has a new origin")
		}
		var newest Checkpoint
		if err == nil {
			if newest, _, err = NewestCheckpoint(&tx.Conn); fault.Is(err, fault.NotFound) {
				err = nil
			}
		}
		if err == nil && newest.Note != nil && newest.Size >= s.head.Size {
			signed = newest
			return nil
		}
		var made Checkpoint
		var keys *Keys
		if err == nil {
			keys, err = p.unretired(&tx.Conn)
		}
		if err == nil {
			made, err = keys.sign(s.origin, s.head.Size, tlog.Hash(s.head.Root), Signing{At: At(tx), Previous: newest.Size})
		}
		if err == nil {
			signed, err = store(tx, made)
		}
		if err == nil && s.last == nil {
			err = endFresh(tx)
		}
		return err
	})
	return signed, err
}

// unretired are the node's keys without those that the log says are retired.
func (p *Publisher) unretired(c *db.Conn) (*Keys, error) {
	list, err := ReadSigningKeys(c)
	if err != nil {
		return nil, err
	}
	keys := p.keys.Unretired(SignsLog, list)
	if keys == nil {
		return nil, fault.New(fault.Unavailable, "", "every key with which this node signs the log is retired")
	}
	return keys, nil
}

// sound refuses a head that is not the root of its tree, and a tree that does
// not begin with what was signed before.
func (s state) sound(t *Tiles) error {
	root, err := t.Root(s.head.Size)
	if err != nil {
		return err
	}
	if root != tlog.Hash(s.head.Root) {
		return fault.New(fault.Internal, "", "the root of the log's head is not that of its tree: nothing is signed")
	}
	if s.last == nil {
		return s.signable()
	}
	if ok, err := s.last.agrees(t); err != nil || !ok {
		return fault.Wrap(err, fault.Internal, "", "the log does not begin with its last checkpoint: nothing is signed")
	}
	return nil
}

// publish keeps a checkpoint outside the database before anybody is shown it. One that
// was published before is only replaced by one of a log that begins with it.
func (p *Publisher) publish(ctx context.Context, c Checkpoint) error {
	p.keeping.Lock()
	defer p.keeping.Unlock()
	if c.Origin == p.kept.Origin && c.Size <= p.kept.Size {
		return nil
	}
	if err := p.log.Gone(); err != nil {
		return err
	}
	if err := p.db.View(ctx, func(conn *db.Conn) error {
		fresh := NewTiles(conn) // what is remembered may be of what is gone
		ok, err := c.agrees(fresh)
		if err == nil && ok && c.Origin == p.kept.Origin {
			ok, err = p.kept.agrees(fresh)
		}
		if err != nil || ok {
			return err
		}
		s, err := p.read(conn)
		if err == nil {
			err = p.rolledBack(s, p.kept)
		}
		return err
	}); err != nil {
		return err
	}
	if err := p.keep(c.Note); err != nil {
		return fault.Wrap(err, fault.Unavailable, "", "the checkpoint cannot be kept")
	}
	p.kept = c
	return nil
}

// Tile is the first width hashes of tile n at a level, if a checkpoint covers
// them; else a fault of kind NotFound.
func (p *Publisher) Tile(ctx context.Context, level, n int64, width int) (data []byte, err error) {
	err = p.below(ctx, level, n, width, func(t *Tiles) error {
		data, err = t.Tile(level, n, width)
		return err
	})
	return data, err
}

// Entries is the bundle of the first width entries of tile n, if a checkpoint
// covers them; else a fault of kind NotFound.
func (p *Publisher) Entries(ctx context.Context, n int64, width int) (data []byte, err error) {
	err = p.below(ctx, 0, n, width, func(t *Tiles) error {
		data, err = t.Entries(n, width)
		return err
	})
	return data, err
}

func (p *Publisher) below(ctx context.Context, level, n int64, width int, fn func(*Tiles) error) error {
	if err := p.log.Gone(); err != nil {
		return err
	}
	return p.db.View(ctx, func(c *db.Conn) error {
		newest, _, err := NewestCheckpoint(c)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if level < 0 || level > maxLevel || n < 0 || n > newest.Size || width < 1 || width > tileWidth ||
			n*tileWidth+int64(width) > newest.Size>>(tileHeight*level) {
			return fault.New(fault.NotFound, "", "no checkpoint covers this tile")
		}
		return fn(p.tiles(c))
	})
}

// Consistency proves that the tree of the newest checkpoint begins with that of
// its first old entries, of which it returns the root. The proof is made only if
// it holds. An old that is no size below the checkpoint's is a fault of kind
// NotFound.
func (p *Publisher) Consistency(ctx context.Context, old int64) (proof tlog.TreeProof, root tlog.Hash, newest Checkpoint, err error) {
	if newest, err = p.Checkpoint(ctx); err != nil {
		return nil, root, newest, err
	}
	if old < 0 || old > newest.Size {
		return nil, root, newest, fault.New(fault.NotFound, "", "no checkpoint covers a tree of this size")
	}
	err = p.db.View(ctx, func(c *db.Conn) error {
		t := p.tiles(c)
		if root, err = t.Root(old); err != nil {
			return err
		}
		if proof, err = t.Consistency(old, newest.Size); err != nil || old == 0 {
			return err
		}
		return tlog.CheckTree(proof, newest.Size, newest.Root, old, root)
	})
	return proof, root, newest, err
}

// Receipt is the offline proof that the entry idx is in the log, at the newest
// checkpoint. An entry so new that none may be signed yet is a fault of kind
// Unavailable.
func (p *Publisher) Receipt(ctx context.Context, idx int64) (text []byte, err error) {
	checkpoint, err := p.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	if idx >= checkpoint.Size {
		f := fault.New(fault.Unavailable, "", "no checkpoint covers this entry yet")
		f.RetryAfter = SignEvery
		return nil, f
	}
	err = p.db.View(ctx, func(c *db.Conn) error {
		if checkpoint, err = checkpoint.withCosignatures(c); err == nil {
			text, err = Receipt(p.tiles(c), idx, checkpoint)
		}
		return err
	})
	return text, err
}

// Endorse records an event for each key of this node that the log does not name yet
// (Keys.Endorse), so that none signs unsaid. e says who does it.
func (p *Publisher) Endorse(ctx context.Context, e Event) error {
	if p.keys == nil {
		return nil
	}
	origin, err := ReadOrigin(ctx, p.db)
	if err != nil {
		return err
	}
	return p.keys.Endorse(ctx, p.db, SignsLog, origin, false, e)
}
