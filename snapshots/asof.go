package snapshots

import (
	"context"
	"math"
	"time"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Instant says on both clocks what a read is about; the zero value is now, with
// everything that is known.
type Instant struct {
	At    *history.Millis // what was, or will be, in force then; nil for now
	Known *history.Micros // counting only what had been recorded by then; nil for all
}

// InstantOf is the instant that a request names on both clocks; nil is not named.
func InstantOf(at, known *time.Time) Instant {
	var in Instant
	if at != nil {
		m := history.Millis(at.UnixMilli())
		in.At = &m
	}
	if known != nil {
		m := history.Micros(known.UnixMicro())
		in.Known = &m
	}
	return in
}

// Given reports whether the instant is another than now.
func (in Instant) Given() bool { return in.At != nil || in.Known != nil }

// Recorded is the instant at which to ask what takes effect when it is recorded,
// as the organization tree does.
func (in Instant) Recorded(now history.Micros) history.Micros {
	m := in.moment(now.Millis())
	if in.At == nil {
		return min(now, m.known)
	}
	return m.tree()
}

// need is what reading at the instant takes: the past and the future are not
// for everybody, nor is what was once planned.
func (in Instant) need(now history.Millis) tenancy.Permission {
	need := tenancy.Resolve
	if in.At != nil && *in.At > now || in.Known != nil {
		need |= tenancy.Plans
	}
	if in.At != nil && *in.At < now || in.Known != nil {
		need |= tenancy.History
	}
	return need
}

// Final reports whether what is read at the instant can never change: both
// clocks are given, and neither is ahead of what was committed.
func (s *Store) Final(in Instant) bool {
	committed := s.log.Committed()
	return in.At != nil && in.Known != nil && *in.At <= committed.Millis() && *in.Known <= committed
}

// moment is an Instant with what it leaves out filled in.
type moment struct {
	at    history.Millis
	known history.Micros
}

func (in Instant) moment(now history.Millis) moment {
	m := moment{now, math.MaxInt64}
	if in.At != nil {
		m.at = *in.At
	}
	if in.Known != nil {
		m.known = *in.Known
	}
	return m
}

// tree is the moment at which the organization tree is asked: what happens to
// it takes effect when it is recorded.
func (m moment) tree() history.Micros { return min(m.at.Micros()+999, m.known) }

const (
	asOfKnown   = " AND s.recorded_at <= ?"
	asOfPresent = asOfKnown + " AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.snapshot_id = s.snapshot_id AND w.recorded_at <= ?)"
)

// inForceAsOf reads the snapshot of e in force at a moment; nil if none was.
func inForceAsOf(c *db.Conn, e Entity, m moment) (*snapshotRow, error) {
	var r snapshotRow
	err := c.Get(&r, "SELECT "+snapshotColumns+ofEntity+" AND s.valid_from <= ?"+asOfPresent+
		" ORDER BY s.valid_from DESC, s.attempt DESC LIMIT 1", e.Module, e.Setup, e.ID, m.at, m.known, m.known)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return &r, err
}

// nextAsOf is the instant of the first snapshot of e after a moment, as far as
// that knew; 0 if there was none.
func nextAsOf(c *db.Conn, e Entity, m moment) (history.Millis, error) {
	var next history.Millis
	err := c.Get(&next, "SELECT s.valid_from"+ofEntity+" AND s.valid_from > ?"+asOfPresent+" ORDER BY s.valid_from LIMIT 1",
		e.Module, e.Setup, e.ID, m.at, m.known, m.known)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return next, err
}

// AsOf resolves what was in force at an instant. NotFound with
// CodeNotYetEffective and the first instant before that, Gone with CodeDeleted
// and the time where it, its setup or its organization was deleted by then.
// What is deleted now can be asked for as it was.
func AsOf[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, ref Ref, in Instant) (Resolved[T], error) {
	if !in.Given() {
		return resolve[T](ctx, s, scope, ref)
	}
	return inView(ctx, s, scope, in, func(c *db.Conn, m moment) (Resolved[T], error) {
		e, err := s.find(c, kindOf[T](), ref)
		if err != nil {
			return Resolved[T]{}, err
		}
		return asOf[T](s, c, scope, e, m)
	})
}

// ClientAsOf is AsOf for a client named by its entity id alone, also for now.
func (s *Store) ClientAsOf(ctx context.Context, scope tenancy.Scope, id EntityID, in Instant) (Resolved[document.Client], error) {
	if !in.Given() {
		if err := scope.Check(tenancy.Resolve); err != nil {
			return Resolved[document.Client]{}, err
		}
		var e Entity
		err := s.db.View(ctx, func(c *db.Conn) (err error) {
			e, err = s.entity(c, id)
			return err
		})
		if fault.Is(err, fault.NotFound) {
			err = unknown(KindClient)
		}
		if err != nil {
			return Resolved[document.Client]{}, err
		}
		found, err := resolve[document.Client](ctx, s, scope, Ref{e.Module, e.Setup, e.ID})
		if fault.HasCode(err, fault.CodeSetupUnknown) {
			err = unknown(KindClient) // no setup was named
		}
		return found, err
	}
	return inView(ctx, s, scope, in, func(c *db.Conn, m moment) (Resolved[document.Client], error) {
		e, err := s.entity(c, id)
		if fault.Is(err, fault.NotFound) || err == nil && e.Kind != KindClient {
			err = unknown(KindClient)
		}
		if err != nil {
			return Resolved[document.Client]{}, err
		}
		return asOf[document.Client](s, c, scope, e, m)
	})
}

// RefOf names a client that the scope covers by its entity id alone.
func (s *Store) RefOf(ctx context.Context, scope tenancy.Scope, id EntityID) (Ref, error) {
	if err := scope.Check(tenancy.Resolve); err != nil {
		return Ref{}, err
	}
	var e Entity
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		e, err = s.entity(c, id)
		return err
	})
	if fault.Is(err, fault.NotFound) || err == nil && (e.Kind != KindClient || !visible(scope, e, true)) {
		err = unknown(KindClient)
	}
	return Ref{e.Module, e.Setup, e.ID}, err
}

// past finds a client whose past the scope may see, deleted or not.
func (s *Store) past(c *db.Conn, scope tenancy.Scope, id EntityID) (Entity, error) {
	if err := scope.Check(tenancy.History | tenancy.Plans); err != nil {
		return Entity{}, err
	}
	e, err := s.entity(c, id)
	if fault.Is(err, fault.NotFound) || err == nil && (e.Kind != KindClient || !scope.CoversObject(string(e.ID), e.Owner)) {
		err = unknown(KindClient)
	}
	return e, err
}

// SnapshotOf reads one snapshot of a client named by its entity id alone, also
// of one that is deleted.
func (s *Store) SnapshotOf(ctx context.Context, scope tenancy.Scope, client EntityID, id SnapshotID) (Resolved[document.Client], error) {
	var found Resolved[document.Client]
	err := s.db.View(ctx, func(c *db.Conn) error {
		e, err := s.past(c, scope, client)
		if err == nil {
			found, err = snapshotOf[document.Client](s, c, e, id)
		}
		return err
	})
	return found, err
}

// Leaf is a client's event as the log has it: what it takes to prove it.
type Leaf struct {
	Index    int64
	Envelope []byte // exact bytes
	Salt     []byte // entry is the commitment of salt and envelope
}

// LeafOf reads the event that made a snapshot of a client.
func (s *Store) LeafOf(ctx context.Context, scope tenancy.Scope, client EntityID, id SnapshotID) (Leaf, error) {
	var row struct {
		Index    int64  `db:"idx"`
		Envelope string `db:"envelope"`
		Salt     []byte `db:"salt"`
	}
	err := s.db.View(ctx, func(c *db.Conn) error {
		e, err := s.past(c, scope, client)
		if err != nil {
			return err
		}
		err = errNoRow()
		if storable(string(id)) {
			err = c.Get(&row, "SELECT idx, envelope, salt FROM log_event WHERE object_id = "+asText+" AND ref = "+asText+" ORDER BY object_seq LIMIT 1", e.ID, id)
		}
		if fault.Is(err, fault.NotFound) {
			err = unknownSnapshot()
		}
		return err
	})
	return Leaf{row.Index, []byte(row.Envelope), row.Salt}, err
}

// Versions goes over a client's snapshots in force up to an instant, oldest
// first, as far as that knew. One whose content is erased, and the end, have no
// Content.
func (s *Store) Versions(ctx context.Context, scope tenancy.Scope, client EntityID, in Instant, each func(Version[document.Client]) error) error {
	return s.db.View(ctx, func(c *db.Conn) error {
		e, err := s.past(c, scope, client)
		if err != nil {
			return err
		}
		m := in.moment(s.log.Now().Millis())
		return c.Each(func(scan func(...any) error) error {
			var r snapshotRow
			var content string
			if err := scan(&r.Entity, &r.ID, &r.Kind, &r.ValidFrom, &r.Attempt, &r.Base, &r.Commitment, &r.Imported, &r.RecordedAt, &content); err != nil {
				return err
			}
			v := versionOf[document.Client](e, &r)
			if content != "" {
				var err error
				if v.Content, err = document.Decode[document.Client]([]byte(content)); err != nil {
					return err
				}
			}
			return each(v)
		}, "SELECT "+snapshotColumns+`, COALESCE((SELECT b.content FROM snapshot_body b WHERE b.snapshot_id = s.snapshot_id), '')`+
			ofEntity+" AND s.valid_from <= ?"+asOfPresent+" ORDER BY s.valid_from, s.attempt",
			e.Module, e.Setup, e.ID, m.at, m.known, m.known)
	})
}

// ClientByIDAsOf is AsOf for the client that bore a client_id in a setup then,
// whichever incarnation that was.
func (s *Store) ClientByIDAsOf(ctx context.Context, scope tenancy.Scope, setup EntityID, clientID string, in Instant) (Resolved[document.Client], error) {
	if !in.Given() {
		return s.ClientByID(ctx, scope, setup, clientID)
	}
	return inView(ctx, s, scope, in, func(c *db.Conn, m moment) (Resolved[document.Client], error) {
		var rows []entityRow
		if storable(clientID) && storable(string(setup)) {
			if err := c.Select(&rows, "SELECT "+entityColumns+" FROM entity WHERE setup_id = "+asText+" AND kind = 'client'"+
				" AND client_id = "+asText+" ORDER BY incarnation DESC", setup, clientID); err != nil {
				return Resolved[document.Client]{}, err
			}
		}
		failed := unknown(KindClient)
		for _, r := range rows {
			found, err := asOf[document.Client](s, c, scope, r.entity(), m)
			if !fault.Is(err, fault.NotFound) {
				return found, err
			}
			if failed = err; !fault.HasCode(err, fault.CodeNotYetEffective) {
				break
			}
		}
		return Resolved[document.Client]{}, failed
	})
}

// inView runs a read at a moment, for a scope that may see it.
func inView[R any](ctx context.Context, s *Store, scope tenancy.Scope, in Instant, read func(*db.Conn, moment) (R, error)) (R, error) {
	now := s.log.Now().Millis()
	var found R
	if err := scope.Check(in.need(now)); err != nil {
		return found, err
	}
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		found, err = read(c, in.moment(now))
		return err
	})
	return found, err
}

// asOf resolves an entity at a moment, if the scope may see its past.
func asOf[T document.Content](s *Store, c *db.Conn, scope tenancy.Scope, e Entity, m moment) (Resolved[T], error) {
	found := Resolved[T]{}
	if e.Kind == KindClient && !scope.CoversObject(string(e.ID), e.Owner) || !scope.UsesSetup(string(e.Setup), e.Owner) && !scope.Covers(e.Owner) {
		return found, unknown(e.Kind)
	}
	if !scope.CoversObject(string(e.ID), e.Owner) {
		return found, fault.New(fault.Forbidden, "", "the history of a setup is for the organization that owns it and those above it")
	}
	row, err := inForceAsOf(c, e, m)
	if err != nil {
		return found, err
	}
	if row == nil {
		return found, notYet(c, e, m)
	}
	setup, err := s.find(c, KindSetup, SetupRef(e.Module, e.Setup))
	if err != nil {
		return found, err
	}
	setupRow, err := inForceAsOf(c, setup, m)
	if err != nil {
		return found, err
	}
	if err := endedAsOf(c, e, row, setupRow, m); err != nil {
		return found, err
	}
	if found.Version, err = version[T](s, c, e, row); err != nil {
		return found, err
	}
	if found.NextValidFrom, err = nextAsOf(c, e, m); err != nil {
		return found, err
	}
	if found.SetupNext, err = nextAsOf(c, setup, m); err != nil {
		return found, err
	}
	found.Setup = Version[document.Setup]{Entity: setup, Content: &document.Setup{}}
	if setupRow != nil {
		if found.Setup, err = version[document.Setup](s, c, setup, setupRow); fault.Is(err, fault.Gone) {
			found.Setup.Content, err = &document.Setup{}, nil
		}
	}
	return found, err
}

// notYet is the fault of an entity that no snapshot was in force of.
func notYet(c *db.Conn, e Entity, m moment) error {
	first, err := nextAsOf(c, e, m)
	if err != nil {
		return err
	}
	f := fault.New(fault.NotFound, fault.CodeNotYetEffective, "it was not in force yet")
	if first != 0 {
		f.Instant = first.Time()
		f.Message = "it was not in force yet; its first snapshot takes effect at " + first.Time().Format(instantLayout)
	}
	return f
}

const instantLayout = "2006-01-02T15:04:05.000Z"

// endedAsOf is the Gone of an entity that was deleted by a moment, by itself,
// with its setup, or with its organization or one above that; nil if it was
// there.
func endedAsOf(c *db.Conn, e Entity, own, setup *snapshotRow, m moment) error {
	at := history.Micros(0)
	what := ""
	for _, r := range []*snapshotRow{own, setup} {
		if r != nil && r.tombstone() && (at == 0 || r.ValidFrom.Micros() < at) {
			at, what = r.ValidFrom.Micros(), "it was deleted at "
			if r != own {
				what = "its setup was deleted at "
			}
		}
	}
	org, err := tenancy.EndedAt(c, e.Owner, m.tree())
	if err != nil {
		return err
	}
	if org != 0 && (at == 0 || org < at) {
		at, what = org, "its organization was deleted at "
	}
	if at == 0 {
		return nil
	}
	f := fault.New(fault.Gone, fault.CodeDeleted, "%s", what+at.Time().Format(instantLayout))
	f.Instant = at.Time()
	return f
}
