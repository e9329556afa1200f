package web

import "tenure/tenancy/fair"

// Bodies in memory at once, in bytes. One organization's callers share an eighth, and
// so do all who come without an API key: decoded, a body of many small items takes
// twenty times its size for a moment.
const (
	bodyBytes = 64 << 20
	bodyShare = 8
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
	bodies *fair.Budget // bytes of bodies
	turns  *fair.Budget // calls with a body
	places *fair.Places // long works
}

// NewRoom makes room for so many bytes of bodies; 0 for 64 MiB.
func NewRoom(bytes int) *Room {
	if bytes == 0 {
		bytes = bodyBytes
	}
	const what = "requests with a body"
	return &Room{bodies: fair.NewBudget(fair.Bounds{Lane: bytes / bodyShare, All: bytes}, what),
		turns:  fair.NewBudget(fair.Bounds{Lane: bodyCalls, All: bodyCallsOfAll}, what),
		places: fair.NewPlaces(longWorks, longWorksShare, fair.Bounds{})}
}

// held is what a call has of its node's room.
type held struct {
	room   *Room // nil where nothing is counted
	lane   string
	bytes  int  // of its body
	turn   bool // as one with a body
	placed bool // as a long work
}

// giveBack ends the call's hold on the room.
func (h *held) giveBack(org string) {
	if h.bytes > 0 {
		h.room.bodies.Give(h.lane, h.bytes)
	}
	if h.turn {
		h.room.turns.Give(org, 1)
	}
	if h.placed {
		h.room.places.Give(org)
	}
}
