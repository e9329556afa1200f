package snapshots

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"tenure/snapshots/caches"
	"tenure/snapshots/candidates"
	"tenure/snapshots/selftoken"
	"tenure/tenancy"
	"tenure/tenancy/history"
)

// cache holds what reads would ask the database again for.
//
// contents and entities never go stale: what they hold is immutable, until an erasure empties contents; current
// is true while the entity is not deleted, which every use asks; bearers is true until another client is made. A
// timeline (what is in force, and until when) does, and so do secrets: an event about their entity drops them,
// and a fill that read an older state than the newest drop is not kept. rendered holds bytes without secrets;
// their key names everything they depend on, and they are looked up only after Authorize. matches is which
// clients ever had a name or an owner label; it learns from the events which ones changed since.
type cache struct {
	entities  caches.Cache[EntityID, Entity]
	contents  caches.Cache[SnapshotID, content]
	current   caches.Cache[clientKey, Entity]
	timelines caches.Cache[EntityID, *timeline]
	rendered  caches.Cache[RenderKey, *Rendering]
	secrets   caches.Cache[EntityID, *secrets]
	bearers   caches.Cache[string, bearing]
	matches   *candidates.Matches
	totals    candidates.Totals
	made      atomic.Int64 // clients made, and restored by themselves or with their setup, since the start
	erased    atomic.Int64 // clients erased since the start
	fresh     func() bool
	set       caches.Set
	shards    [256]shard
}

// content is a decoded snapshot with its exact bytes.
type content struct {
	doc any
	raw []byte
}

// bearing is which clients bear a client_id, as of a number of clients made.
type bearing struct {
	entities []Entity
	made     int64
}

// timeline is an entity around one instant: from when its active snapshot is
// in force until just before next. Only a finite stretch of time is known, so
// every use compares with the clock.
type timeline struct {
	entity Entity
	active *snapshotRow // nil: nothing is in force
	next   history.Millis
	size   int64 // of the log that the fill saw

	// What was read later is dropped with the rest.
	token  atomic.Pointer[selftoken.Row] // a client's, once it was verified
	policy atomic.Pointer[Policy]        // a setup's, once it was asked for
}

// covers reports whether the timeline answers for at. The system's clock may
// step back, hence the lower bound.
func (t *timeline) covers(at history.Millis) bool {
	return (t.next == 0 || at < t.next) && (t.active == nil || at >= t.active.ValidFrom)
}

// RenderKey names everything that an answer's bytes depend on.
type RenderKey struct {
	Entity   EntityID
	Snapshot SnapshotID
	Setup    SnapshotID // the setup's snapshot in force: inherited values
	Owner    tenancy.OrgID
	Surface  string // with the form, where one surface has several
}

// Rendering is what a surface made of a snapshot. Reply is the surface's own
// ready answer, whose body is Body; one that was copied for a list has none. None of it ever changes.
type Rendering struct {
	Body  []byte
	Reply any
	Gap   int // where in Body the surface puts what is not kept: a secret, the last use

	labels []candidates.Term // name and owner label, of what a list made
	copied bool              // by a Form's Copy, for lists only
}

// shard remembers up to which log size drops have happened for its share of
// the entities.
type shard struct {
	mu      sync.Mutex
	dropped int64
}

// The weights are bytes of the heap, with what the caches keep beside an entry
// (TestWeightsAreBytes).
func weighEntity(EntityID, Entity) uint32         { return 420 }
func weighCurrent(k clientKey, _ Entity) uint32   { return uint32(len(k.clientID)) + 450 }
func weighSecrets(_ EntityID, t *secrets) uint32  { return uint32(200 + 300*len(t.rows)) }
func weighBearers(id string, b bearing) uint32    { return uint32(len(id) + 350*len(b.entities) + 150) }
func weighContent(_ SnapshotID, c content) uint32 { return uint32(3*len(c.raw)) + 2000 }
func weighTimeline(_ EntityID, t *timeline) uint32 {
	n := 750
	if t.token.Load() != nil {
		n += 250
	}
	if p := t.policy.Load(); p != nil {
		n += p.Weight()
	}
	return uint32(n)
}
func weighRendering(_ RenderKey, r *Rendering) uint32 {
	n := len(r.Body) + 400
	for _, t := range r.labels {
		n += len(t.Value) + 40
	}
	return uint32(n)
}

func newCache(bytes uint64, fresh func() bool) *cache {
	bytes = max(bytes, 16) // each part needs a share
	c := &cache{fresh: fresh}
	c.matches = candidates.NewMatches(&c.set, bytes/16)
	c.entities = caches.New(&c.set, "entities", bytes/16, weighEntity)
	c.bearers = caches.New(&c.set, "bearers", bytes/16, weighBearers)
	c.current = caches.New(&c.set, "current", bytes/16, weighCurrent)
	c.contents = caches.New(&c.set, "contents", bytes/4, weighContent)
	c.timelines = caches.New(&c.set, "timelines", bytes/8, weighTimeline)
	c.rendered = caches.New(&c.set, "rendered", bytes/16*5, weighRendering)
	c.secrets = caches.New(&c.set, "secrets", bytes/16, weighSecrets)
	return c
}

func (c *cache) shard(id EntityID) *shard {
	var h uint8
	for i := 0; i < len(id); i++ {
		h = h*31 + id[i]
	}
	return &c.shards[h]
}

// follow drops what committed events change; size is the log's after them.
func (c *cache) follow(events []history.Applied, size int64) {
	for _, e := range events {
		switch Kind(e.ObjectKind) {
		case KindSetup, KindResourceServer, KindClient:
			if Kind(e.ObjectKind) == KindClient && e.Seq == 1 || strings.HasSuffix(string(e.Kind), ".restored") {
				c.made.Add(1)
			}
			if e.Kind == kindErased {
				c.forget()
			}
			id := EntityID(e.Object)
			if Kind(e.ObjectKind) == KindClient {
				c.matches.Changed(e.Object, size)
			}
			s := c.shard(id)
			s.mu.Lock()
			s.dropped = max(s.dropped, size)
			c.timelines.Invalidate(id)
			c.secrets.Invalidate(id)
			s.mu.Unlock()
		}
	}
}

// forget drops every content and every answer: which ones an erasure means is
// not looked up, it is rare. A fill that saw another count of erasures before it
// read does not stay.
func (c *cache) forget() {
	c.erased.Add(1)
	c.contents.InvalidateAll()
	c.rendered.InvalidateAll()
	c.matches.Forget()
}

// keep stores a fill, or weighs it again, unless something newer was dropped meanwhile.
func (c *cache) keep(t *timeline) {
	s := c.shard(t.entity.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.size >= s.dropped {
		c.timelines.Set(t.entity.ID, t)
	}
}

// held is the timeline of id if it answers for at: in a fresh node, or where ctx says that
// memory is all there is.
func (c *cache) held(ctx context.Context, id EntityID, at history.Millis) *timeline {
	if t, ok := c.timelines.GetIfPresent(id); ok && t.covers(at) && (c.fresh() || history.IsOnlyMemory(ctx)) {
		return t
	}
	return nil
}

// known is the timeline of id, whichever instants it answers for; nil for none.
func (c *cache) known(id EntityID) *timeline {
	if t, ok := c.timelines.GetIfPresent(id); ok && c.fresh() {
		return t
	}
	return nil
}

// secrets are a client's secrets that had not ended when they were read. The copies
// are sealed, as in the database: no secret stays in memory.
type secrets struct {
	rows []secretRow
	at   history.Millis // when they were read
	size int64          // of the log then
}

// keepSecrets is keep for secrets.
func (c *cache) keepSecrets(id EntityID, t *secrets) {
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.size >= s.dropped {
		c.secrets.Set(id, t)
	}
}

// heldSecrets are the secrets of id, if they answer for at; nil otherwise.
func (c *cache) heldSecrets(id EntityID, at history.Millis) *secrets {
	if t, ok := c.secrets.GetIfPresent(id); ok && t.at <= at && c.fresh() {
		return t
	}
	return nil
}

// Render returns the rendering for key, from the cache or made by fill. Call it
// only with what the caller was found allowed to see; fill must not put a secret
// in. What fails is not kept.
func (s *Store) Render(key RenderKey, fill func() (*Rendering, error)) (*Rendering, error) {
	return s.render(key, s.cache.erased.Load(), fill)
}

// render is Render of what was read when so many clients had been erased.
func (s *Store) render(key RenderKey, erased int64, fill func() (*Rendering, error)) (*Rendering, error) {
	kept, ok := s.cache.rendered.GetIfPresent(key)
	if ok && !kept.copied {
		return kept, nil
	}
	r, err := fill()
	if err != nil {
		return nil, err
	}
	if ok && r.labels == nil {
		r.labels = kept.labels
	}
	s.cache.rendered.Set(key, r)
	if s.cache.erased.Load() != erased {
		s.cache.rendered.Invalidate(key)
	}
	return r, nil
}
