package snapshots

import (
	"math"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/history"
)

// Name says which entity a read is about. It is made by ByRef, ByEntity,
// ByClientID, Anywhere and Registered; the zero Name names nothing.
type Name struct {
	how       naming
	ref       Ref // what is empty in it was not named
	clientID  string
	preferred EntityID
}

// ByRef names an entity the way a path does. An empty module is any.
func ByRef(ref Ref) Name { return Name{how: byRef, ref: ref} }

// ByEntity names an entity by its id alone.
func ByEntity(id EntityID) Name { return Name{how: byEntity, ref: Ref{Entity: id}} }

// ByClientID names the client that has a client_id in a setup at the instant
// asked for, whichever incarnation that is. An empty module is any.
func ByClientID(module string, setup EntityID, clientID string) Name {
	return Name{how: byClientID, ref: Ref{Module: module, Setup: setup}, clientID: clientID}
}

// Anywhere names the client that has a client_id in any setup. If several have
// one, the preferred setup's is meant.
func Anywhere(clientID string, preferred EntityID) Name {
	return Name{how: anywhere, clientID: clientID, preferred: preferred}
}

// Within narrows Anywhere to one setup. An empty module is any, an empty setup
// narrows nothing.
func (n Name) Within(module string, setup EntityID) Name {
	if setup != "" {
		n.how, n.ref = within, Ref{Module: module, Setup: setup}
	}
	return n
}

// Registered names the client that has a client_id in a setup, the way its own
// registration URI does: a client outside the subtree is Forbidden, not unknown,
// even if the scope may not use the setup.
func Registered(module string, setup EntityID, clientID string) Name {
	return Name{how: registered, ref: Ref{Module: module, Setup: setup}, clientID: clientID}
}

// naming is one way to name an entity.
type naming uint8

const (
	byNothing naming = iota
	byRef
	byEntity
	byClientID
	anywhere
	within
	registered
)

// manner is what a way of naming means for the answer.
type manner struct {
	setup   bool // the caller named the setup, so the fault says that the setup is unknown
	outside bool // a client outside the subtree is Forbidden, not unknown
	ended   bool // single snapshots of a deleted entity can still be read
}

var manners = [...]manner{
	byNothing:  {},
	byRef:      {setup: true},
	byEntity:   {ended: true},
	byClientID: {setup: true},
	anywhere:   {outside: true},
	within:     {setup: true, outside: true},
	registered: {outside: true},
}

func (n Name) manner() manner { return manners[n.how] }

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

// forever is the instant by which everything is known.
const forever = history.Micros(math.MaxInt64)

// moment is an Instant with what it leaves out filled in.
type moment struct {
	at    history.Millis
	known history.Micros
}

func (in Instant) moment(now history.Millis) moment {
	m := moment{now, forever}
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
