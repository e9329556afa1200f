package history

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// Applied is a committed event as the feed hands it on.
type Applied struct {
	Idx        int64
	Kind       Kind
	ObjectKind string
	Object     string
	Ref        string
	Org        string
	Seq        int64 // of the object's events; 1 for what has just been made
}

// Log sequences events and keeps the node's clock. It is the db.Sequencer.
type Log struct {
	wall   func() time.Time
	age    func() time.Time // how old the last poll is
	random io.Reader
	after  func(time.Duration) <-chan time.Time

	compare    bool                    // this node's clock with the database's
	generation int64                   // of its origin, when it was loaded: a new one is made with all nodes stopped
	lead       *Decision               // MayLead; nil for nobody's
	accepts    bool                    // AcceptRollback
	owner      func() string           // organization of events of the log itself
	skew       atomic.Int64            // how far this node's clock is ahead of the database's, ns
	read       atomic.Pointer[reading] // of this node's clock when it was compared last
	offset     atomic.Int64            // what now takes off the wall clock, µs
	refuses    atomic.Bool             // the log's clock is so far ahead that no change is accepted

	seen atomic.Int64 // greatest instant committed by or shown to this node, µs
	size atomic.Int64 // events committed by or shown to this node

	mu          sync.Mutex
	subscribers []func(events []Applied, size int64)
	mirrors     []func(c *db.Conn, changes []Change, size int64) error

	db       *db.DB                    // of Load
	shared   bool                      // other nodes may write, too
	polling  chan struct{}             // full while a poll runs
	polled   int64                     // events handed on by polls; owned by the poll that runs
	lastPoll atomic.Pointer[time.Time] // when the last successful poll began to read
	repair   sync.Mutex                // keeps polls and the committer apart unless shared
	missed   atomic.Int64              // batches of this node whose outcome it could not hand on
	caught   atomic.Int64              // what missed was when the last successful poll began to read
	torn     atomic.Int64              // what missed was after the last batch that was made and that memory did not take
	outage   atomic.Pointer[outage]    // of the last poll that ended; nil if it succeeded

	wasExact atomic.Bool           // what Remembers said last
	mirrored atomic.Pointer[point] // all events before it are in every mirror

	tip   atomic.Pointer[tip]        // the end of the log that was seen
	gone  atomic.Pointer[RolledBack] // what Gone is about
	ended chan struct{}              // closed with it
	head  atomic.Int64               // clock of the last head that a poll read, µs

	batch batch    // the committer's goroutine only
	asked tip      // likewise; seen before the head was asked for
	edge  tileEdge // likewise
}

// point is a log by its size and root: another log of the same size has another root.
type point struct {
	size int64
	root []byte
}

// mirroredUpTo notes that every mirror has all events up to a point.
func (l *Log) mirroredUpTo(p point) {
	for old := l.mirrored.Load(); old == nil || old.size < p.size; old = l.mirrored.Load() {
		if l.mirrored.CompareAndSwap(old, &p) {
			return
		}
	}
}

type batch struct {
	tree      *tree
	held      held  // what its instants are held against
	before    int64 // the log's clock
	lead      int64 // the same, where it is ahead and an event is to say so, µs
	most      int64 // what no change may be given an instant after, where the log is ahead, µs; else 0
	reference int64 // of what it is ahead, µs
	first     int64
	leaf      [32]byte // of the first event: tells whether the batch stands
	last      []byte   // leaf of the last event
	changes   []Change
	clock     int64
	newSize   int64
	root      []byte // of newSize
	exact     bool   // every mirror had all events when the batch began
}

// New makes a Log with the wall clock and the source of salts; nil for the
// system's own.
func New(wall func() time.Time, random io.Reader) *Log {
	system := wall == nil
	if system {
		wall = time.Now
	}
	if random == nil {
		random = rand.Reader
	}
	return &Log{wall: wall, age: wall, random: random, after: time.After, polling: make(chan struct{}, 1), ended: make(chan struct{}),
		compare: system, owner: func() string { return "" }}
}

// AgeBy makes clock tell how old the last poll is, in the place of the wall
// clock. It is called before Load, where each reading of the wall clock counts.
func (l *Log) AgeBy(clock func() time.Time) { l.age = clock }

// Load reads the log's head, makes it in a new database, and starts the
// committer of d with this log as its sequencer.
func (l *Log) Load(ctx context.Context, d *db.DB) error {
	root, err := (&tree{ranges.NewEmptyRange(0)}).root()
	if err != nil {
		return err
	}
	if _, err := d.Raw().ExecContext(ctx, d.Raw().Rebind(
		`INSERT INTO log_head (log_id, size, frontier, root, clock) VALUES (1, 0, ?, ?, 0)
		 ON CONFLICT (log_id) DO NOTHING`), []byte{}, root); err != nil {
		return fmt.Errorf("log head: %w", d.Fault(err))
	}
	if err := l.Reread(ctx, d); err != nil {
		return err
	}
	d.Start(l)
	return nil
}

// Reread is Load for a log that only reads: the committer of d, if one runs, stays with
// the log that it has.
func (l *Log) Reread(ctx context.Context, d *db.DB) error {
	l.db, l.shared = d, d.Dialect == db.Postgres
	asked := l.age()
	if err := d.View(ctx, func(c *db.Conn) error {
		before := l.beforeAsking()
		head, err := ReadHead(c)
		if err != nil {
			return err
		}
		if l.clocked() {
			l.compared(before, head.Now)
		}
		seen, err := readTip(c, head)
		if err != nil {
			return err
		}
		if err := l.goesOn(c, head, seen); err != nil { // another node has told
			return err
		}
		origin, err := originOf(c)
		if err != nil {
			return err
		}
		l.generation = generationOf(origin)
		l.sawTip(seen)
		l.head.Store(head.Clock)
		l.observe(head.Clock, head.Size)
		l.polled = head.Size
		l.mirroredUpTo(point{head.Size, head.Root}) // mirrors are loaded later
		return nil
	}); err != nil {
		return fmt.Errorf("log head: %w", err)
	}
	l.lastPoll.Store(&asked)
	return nil
}

// Head is the log's one mutable row.
type Head struct {
	Size     int64  `db:"size"`
	Frontier []byte `db:"frontier"`
	Root     []byte `db:"root"`
	Clock    int64  `db:"clock"`
	Now      int64  `db:"now"`  // the database's own clock, µs; 0 on SQLite
	Told     string `db:"told"` // what a node told that found the log rolled back; empty for nothing
}

// headColumns are those of Head.
func headColumns(clock string) string {
	return "size, frontier, root, clock, " + clock + " AS now, COALESCE((SELECT i.value FROM installation i WHERE i.name = '" + rolledBackName + "'), '') AS told"
}

// ReadHead reads the head within a view.
func ReadHead(c *db.Conn) (Head, error) {
	var h Head
	err := c.Get(&h, "SELECT "+headColumns(c.ServerClock())+" FROM log_head WHERE log_id = 1")
	return h, err
}

// Now is this node's clock: never behind what it has committed or seen, so
// that a read after a write sees the write.
func (l *Log) Now() Micros {
	return Micros(max(l.wall().UnixMicro()-l.offset.Load(), l.seen.Load()))
}

// Committed is the greatest instant that this node has committed or seen.
func (l *Log) Committed() Micros { return Micros(l.seen.Load()) }

// Wall is the system's clock, which Now may be ahead of.
func (l *Log) Wall() Micros { return Micros(l.wall().UnixMicro()) }

// Size is the number of events this node has committed or seen.
func (l *Log) Size() int64 { return l.size.Load() }

// ClockMillis is the clock of the log in a statement, in milliseconds: no instant of a
// change to come is before it.
const ClockMillis = "(SELECT h.clock / 1000 FROM log_head h WHERE h.log_id = 1)"

// lockHead reads the head. The update changes nothing: it is the lock that orders
// writers on every engine.
func lockHead(on db.Dialect) db.Lookup[Head] {
	return db.Lookup[Head]{Moves: true, Query: "UPDATE log_head SET log_id = 1 WHERE log_id = 1 RETURNING " + headColumns(on.ServerClock())}
}

// Needs is the lock of the head, which every batch takes first, and where other nodes
// write the last entry that this one has seen.
func (l *Log) Needs() []db.Need {
	l.asked = *l.tip.Load()
	needs := []db.Need{lockHead(l.db.Dialect)}
	if l.shared && l.asked.size > 0 {
		needs = append(needs, leafAt(l.asked.size-1))
	}
	return needs
}

// Open takes the clock from the head, which is locked.
func (l *Log) Open(tx *db.Tx) error {
	head, err := lockHead(l.db.Dialect).One(&tx.Conn)
	if err == nil && head == nil {
		err = fault.New(fault.NotFound, "", "not found")
	}
	if err != nil {
		return fmt.Errorf("lock log head: %w", err)
	}
	if err := l.stands(&tx.Conn, *head, l.asked); err != nil {
		return err
	}
	t, err := loadTree(head.Size, head.Frontier)
	if err != nil {
		return err
	}
	l.batch = batch{tree: t, first: head.Size, root: head.Root, before: head.Clock}
	if err := l.clocks(tx, *head); err != nil {
		return err
	}
	known := l.mirrored.Load()
	l.batch.exact = known.size == head.Size && bytes.Equal(known.root, head.Root) && l.missed.Load() == l.caught.Load()
	l.wasExact.Store(l.batch.exact)
	l.edge.next = nil
	tx.Clock = head.Clock
	return nil
}

// Next gives a change its instant.
func (l *Log) Next(tx *db.Tx) {
	tx.Clock = max(l.batch.held.now(l.wall().UnixMicro()), tx.Clock+1)
	tx.Stamp = tx.Clock
}

// Remembers reports, inside a transaction, whether this node's memory of rows (Mirror)
// was exact when it began. What the transaction itself has written is not in it.
func (l *Log) Remembers() bool { return l.batch.exact }

// Remembered tells what Remembers is likely to say in the next transaction: what it
// said in the one before, so that nothing is read in vain.
func (l *Log) Remembered() bool { return l.wasExact.Load() }

// Accept binds the rows of a change to its events. Internal for a row of which no event says
// anything.
func (l *Log) Accept(events []any, rows []db.Row) error { return bind(events, rows) }

// Seal writes the batch's events, the tiles they fill and the new head.
func (l *Log) Seal(tx *db.Tx, events []any) error {
	events, err := l.tellLead(tx, events)
	if err != nil {
		return err
	}
	l.batch.clock, l.batch.newSize = tx.Clock, l.batch.first
	if tx.Clock == l.batch.before {
		return nil // nothing that is in the log, or has an instant
	}
	if len(events) == 0 { // a change without an event; its instant counts all the same
		tx.Afterwards("UPDATE log_head SET clock = ? WHERE log_id = 1", tx.Clock)
		return nil
	}
	rows, err := l.sequence(tx, events)
	if err != nil {
		return err
	}
	if err := l.writeTiles(tx, rows); err != nil {
		return err
	}
	insertEvents(tx, rows)
	root, err := l.batch.tree.root()
	if err != nil {
		return err
	}
	l.batch.root = root
	l.batch.newSize = l.batch.tree.size()
	tx.Afterwards("UPDATE log_head SET size = ?, frontier = ?, root = ?, clock = ? WHERE log_id = 1",
		l.batch.newSize, l.batch.tree.frontier(), root, tx.Clock)
	return nil
}

// sequence gives each event its place in the log and in its object's chain.
func (l *Log) sequence(tx *db.Tx, events []any) ([]eventRow, error) {
	chains, err := lastOf(tx, events)
	if err != nil {
		return nil, err
	}
	rows := make([]eventRow, 0, len(events))
	for i, event := range events {
		e := event.(queued)
		if i == 0 && l.batch.first == 0 || e.all {
			if e.rows, err = withVersions(tx, e.rows); err != nil {
				return nil, err
			}
		}
		row, err := l.row(tx, e, chains[e.Object], l.batch.first+int64(len(rows)))
		if err != nil {
			return nil, err
		}
		chains[e.Object] = chain{row.ObjectSeq, row.Commitment}
		if err := l.batch.tree.append([32]byte(row.LeafHash)); err != nil {
			return nil, err
		}
		rows = append(rows, row)
		l.batch.changes = append(l.batch.changes, Change{Row: e.row,
			Applied: Applied{row.Idx, e.Kind, e.ObjectKind, e.Object, e.Ref, e.Org, row.ObjectSeq}})
	}
	copy(l.batch.leaf[:], rows[0].LeafHash)
	l.batch.last = rows[len(rows)-1].LeafHash
	return rows, nil
}

// row builds everything that is stored of one event.
func (l *Log) row(tx *db.Tx, e queued, last chain, idx int64) (eventRow, error) {
	env := Envelope{Version: 2, Kind: e.Kind, ObjectKind: e.ObjectKind, Object: e.Object, Seq: last.Seq + 1,
		Previous: hex.EncodeToString(last.Commitment), Ref: e.Ref, Org: e.Org, Actor: e.Actor, ActingOrg: e.ActingOrg,
		Surface: e.Surface, Reason: e.Reason, RecordedAt: e.at, Effective: e.Effective,
		Content: hex.EncodeToString(e.Commitment)}
	row := eventRow{Idx: idx, Kind: e.Kind, ObjectID: e.Object, ObjectSeq: env.Seq, Ref: e.Ref, OrgID: e.Org,
		Actor: e.Actor, RecordedAt: int64(e.at), detail: e.Detail}
	var salts [64]byte
	if _, err := io.ReadFull(l.random, salts[:]); err != nil {
		return row, fmt.Errorf("salt: %w", err)
	}
	row.Salt = salts[:32]
	if e.Detail != nil {
		row.detailSalt = salts[32:]
		c := Commitment(row.detailSalt, e.Detail)
		env.Detail = hex.EncodeToString(c[:])
	}
	env.Rows = bindings(row.Salt, e.rows)
	if e.all {
		var err error
		if env.Tables, err = digests(&tx.Conn, row.Salt, e.at); err != nil {
			return row, err
		}
	}
	row.Envelope = string(env.encode())
	commitment := Commitment(row.Salt, []byte(row.Envelope))
	leaf := LeafHash(PublicEntry(commitment))
	row.Commitment, row.LeafHash = commitment[:], leaf[:]
	return row, nil
}

// Settle learns what became of the batch and, if it stands, hands it on. Where
// it cannot learn that, or memory cannot take the batch, this node is not Fresh
// until it has polled.
func (l *Log) Settle(view func(func(*db.Conn) error) error, commit error) (bool, error) {
	if commit != nil {
		if landed, err := l.landed(view); !landed {
			if err != nil {
				l.missed.Add(1)
			}
			return false, err
		}
	}
	if !l.shared {
		l.repair.Lock()
		defer l.repair.Unlock()
	}
	l.observe(l.batch.clock, l.batch.newSize)
	if len(l.batch.changes) == 0 {
		return true, nil
	}
	l.edge.keep(point{l.batch.newSize, l.batch.root})
	l.sawTip(tip{point{l.batch.newSize, l.batch.root}, l.batch.last, l.batch.clock})
	if err := l.mirror(nil, l.batch.changes, l.batch.newSize); err != nil {
		l.torn.Store(l.missed.Add(1))
		l.batch.exact = false
	}
	events := make([]Applied, len(l.batch.changes))
	for i, c := range l.batch.changes {
		events[i] = c.Applied
	}
	l.publish(events, l.batch.newSize)
	if l.batch.exact { // not before everybody has it: see AtLeast
		l.mirroredUpTo(point{l.batch.newSize, l.batch.root})
	}
	return true, nil
}

// landed reports whether a batch whose commit failed is there all the same:
// its first leaf is unique, as its salt is. An error means that it cannot tell.
func (l *Log) landed(view func(func(*db.Conn) error) error) (bool, error) {
	if len(l.batch.changes) == 0 {
		return false, nil
	}
	var leaf []byte
	err := view(func(c *db.Conn) error {
		return c.Get(&leaf, "SELECT leaf_hash FROM log_event WHERE idx = ?", l.batch.first)
	})
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil && bytes.Equal(leaf, l.batch.leaf[:]), err
}

func (l *Log) observe(clock, size int64) {
	raise(&l.seen, clock)
	raise(&l.size, size)
}

func raise(v *atomic.Int64, to int64) {
	for old := v.Load(); old < to && !v.CompareAndSwap(old, to); old = v.Load() {
	}
}
