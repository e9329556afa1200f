package fair

import (
	"slices"
	"time"

	"tenure/tenancy/fault"
)

// retryAfter is what the refused are told to wait.
const retryAfter = time.Second

// Bounds of a queue: how many items of one lane may wait, and of all.
type Bounds struct{ Lane, All int }

// Queue holds items in lanes and gives them out in turns: one of each lane that
// has any, then the next of each. The order within a lane is that of arrival. It
// is not safe for use by several goroutines.
type Queue[T comparable] struct {
	bounds Bounds
	lanes  map[string]*lane[T]
	turns  []*lane[T] // those with items, the next one first
	size   int
}

type lane[T comparable] struct {
	name  string
	items []T
}

// NewQueue makes an empty queue.
func NewQueue[T comparable](bounds Bounds) *Queue[T] {
	return &Queue[T]{bounds: bounds, lanes: map[string]*lane[T]{}}
}

// Len is the number of items.
func (q *Queue[T]) Len() int { return q.size }

// Push adds an item at the end of a lane. Throttled if that lane is full,
// Unavailable if the queue is.
func (q *Queue[T]) Push(name string, item T) error {
	l, waiting := q.lanes[name], 0
	if l != nil {
		waiting = len(l.items)
	}
	if waiting >= q.bounds.Lane {
		return refuse(fault.Throttled, "too many requests of one organization are waiting; try again shortly")
	}
	if q.size >= q.bounds.All {
		return refuse(fault.Unavailable, "too many requests are waiting; try again shortly")
	}
	if l == nil {
		l = &lane[T]{name: name}
		q.lanes[name] = l
		q.turns = append(q.turns, l)
	}
	l.items = append(l.items, item)
	q.size++
	return nil
}

// Pop takes the next item of the lanes that may be served; nil serves all. False
// if there is none.
func (q *Queue[T]) Pop(mayServe func(lane string) bool) (item T, ok bool) {
	for i, l := range q.turns {
		if mayServe != nil && !mayServe(l.name) {
			continue
		}
		item, l.items = l.items[0], l.items[1:]
		q.turns = slices.Delete(q.turns, i, i+1)
		q.removed(l, true)
		return item, true
	}
	return item, false
}

// Peek lists the next items, n at most, in the order in which they are popped if none
// is pushed meanwhile.
func (q *Queue[T]) Peek(n int) []T {
	n = min(n, q.size)
	next := make([]T, 0, n)
	for round := 0; len(next) < n; round++ {
		for _, l := range q.turns {
			if round < len(l.items) && len(next) < n {
				next = append(next, l.items[round])
			}
		}
	}
	return next
}

// Remove takes out an item that need not be served; false if it is not there.
func (q *Queue[T]) Remove(name string, item T) bool {
	l := q.lanes[name]
	if l == nil {
		return false
	}
	i := slices.Index(l.items, item)
	if i < 0 {
		return false
	}
	l.items = slices.Delete(l.items, i, i+1)
	if len(l.items) == 0 {
		q.turns = slices.DeleteFunc(q.turns, func(other *lane[T]) bool { return other == l })
	}
	q.removed(l, false)
	return true
}

// removed counts an item less of a lane, which takes its next turn after all others.
func (q *Queue[T]) removed(l *lane[T], served bool) {
	q.size--
	switch {
	case len(l.items) == 0:
		delete(q.lanes, l.name)
	case served:
		q.turns = append(q.turns, l)
	}
}

func refuse(kind fault.Kind, text string) error {
	f := fault.New(kind, "", "%s", text)
	f.RetryAfter = retryAfter
	return f
}
