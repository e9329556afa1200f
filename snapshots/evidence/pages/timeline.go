package pages

import (
	"cmp"
	"slices"

	"tenure/tenancy/history"
)

// version is a snapshot with content.
type version struct {
	id        string
	effective history.Millis
}

// timeline is an object's versions that were not withdrawn, by when they take
// effect.
type timeline []version

// before is the newest version that takes effect before an instant, of those
// that were read until now: a change is made from it. Nil for none.
func (t timeline) before(instant history.Millis) *version {
	at, _ := slices.BinarySearchFunc(t, instant, func(v version, at history.Millis) int { return cmp.Compare(v.effective, at) })
	if at == 0 {
		return nil
	}
	v := t[at-1]
	return &v
}

func (t *timeline) add(v version) {
	at, _ := slices.BinarySearchFunc(*t, v.effective, func(v version, at history.Millis) int {
		if v.effective == at {
			return -1 // behind those of the same instant
		}
		return cmp.Compare(v.effective, at)
	})
	*t = slices.Insert(*t, at, v)
}

func (t *timeline) withdraw(id string) {
	*t = slices.DeleteFunc(*t, func(v version) bool { return v.id == id })
}
