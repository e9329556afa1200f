package web

import (
	"tenure/tenancy/fair"
	"tenure/tenancy/fault"
)

// Bodies in memory at once, in bytes. One organization's keys share an eighth: decoded, a
// body of many small items takes twenty times its size for a moment. As much have the
// callers without a key who register into one setup, and the clients that manage
// themselves below one organization; one address, and one such client, an eighth of that.
// All who show neither a key nor a client's credential have half of the whole, so that
// they never take it all.
const (
	bodyBytes    = 64 << 20
	bodyShare    = 8
	callerShare  = 8
	keylessShare = 2
)

// Calls with a body at once, of one organization's keys and of all: what waits is
// parsed already, and who could only wait is refused before that.
const (
	bodyCalls      = 256
	bodyCallsOfAll = 4096
)

// Long works at once (Call.TakePlace): of a node and of one organization.
const (
	longWorks      = 4
	longWorksShare = 2
)

// Room is what the calls of a node share among them. Its listeners have one together.
type Room struct {
	bodies *fair.Budget // bytes of bodies: by organization, by setup or by the organization above clients
	hosts  *fair.Budget // bytes of bodies without a credential, by address
	selves *fair.Budget // bytes of bodies of clients that manage themselves, by client
	turns  *fair.Budget // calls with a body
	places *fair.Places // long works
}

// NewRoom makes room for so many bytes of bodies; 0 for 64 MiB.
func NewRoom(bytes int) *Room {
	if bytes == 0 {
		bytes = bodyBytes
	}
	const what = "requests with a body"
	one := bytes / bodyShare / callerShare
	return &Room{bodies: fair.NewBudget(fair.Bounds{Lane: bytes / bodyShare, All: bytes}, what),
		hosts:  fair.NewBudget(fair.Bounds{Lane: one, All: bytes / keylessShare}, what),
		selves: fair.NewBudget(fair.Bounds{Lane: one, All: bytes}, what),
		turns:  fair.NewBudget(fair.Bounds{Lane: bodyCalls, All: bodyCallsOfAll}, what),
		places: fair.NewPlaces(longWorks, longWorksShare, fair.Bounds{})}
}

// held is what a call has of its node's room.
type held struct {
	room   *Room // nil where nothing is counted
	shares []share
	bytes  int  // of its body, in each share
	turn   bool // as one with a body
	placed bool // as a long work
}

// share is a part of the room for bodies that a call counts in.
type share struct {
	budget      *fair.Budget
	lane, whose string // whose is for the text of a refusal
}

// sharesOf are those of a call: of its organization where it has an API key, of itself
// where it is a client's own, else of its address and of the setup that it is about.
func (r *Room) sharesOf(c *Call) []share {
	switch client := c.Scope.Client(); {
	case c.Principal.Org != "":
		return []share{{r.bodies, string(c.Principal.Org), "of one organization"}}
	case client != "":
		return []share{{r.selves, client, "of one client"}, {r.bodies, c.Scope.Lane(), "of one organization's clients"}}
	default:
		return []share{{r.hosts, c.Address(), "from one address"}, {r.bodies, "setup:" + c.Var("setupId"), "about one setup"}}
	}
}

// take counts n bytes more in all shares, or in none: Throttled, or Unavailable.
func (h *held) take(n int) error {
	for i, s := range h.shares {
		err := s.budget.Take(s.lane, n)
		if err == nil {
			continue
		}
		for _, counted := range h.shares[:i] {
			counted.budget.Give(counted.lane, n)
		}
		f := fault.Of(err)
		if f.Kind != fault.Throttled {
			return err
		}
		own := fault.New(fault.Throttled, f.Code, "too many requests with a body %s at once; try again shortly", s.whose)
		own.RetryAfter = f.RetryAfter
		return own
	}
	h.bytes += n
	return nil
}

// giveBack ends the call's hold on the room. It may be called again.
func (h *held) giveBack(org string) {
	if h.bytes > 0 {
		for _, s := range h.shares {
			s.budget.Give(s.lane, h.bytes)
		}
	}
	if h.turn {
		h.room.turns.Give(org, 1)
	}
	if h.placed {
		h.room.places.Give(org)
	}
	h.bytes, h.turn, h.placed = 0, false, false
}
