package evidence

import (
	"fmt"

	"tenure/tenancy/history"
)

// kindErased is the event after which contents and details of its object may
// be missing.
const kindErased history.Kind = "client.erased"

// erasures are what is missing as erased, and the events that say so.
type erasures struct {
	said    map[string]int64 // by object, the index of its last such event
	missing []missing
}

type missing struct {
	object, what string
	index        int64 // of the event that it belongs to
}

func (e *erasures) event(env history.Envelope, index int64) {
	if e.said == nil {
		e.said = make(map[string]int64)
	}
	if env.Kind == kindErased {
		e.said[env.Object] = index
	}
}

// unsaid is the first thing that is missing though no event here says that it
// was erased; open are objects that have later events, which are not here.
func (e *erasures) unsaid(open func(object string) bool) error {
	for _, m := range e.missing {
		if said, ok := e.said[m.object]; (!ok || said < m.index) && !open(m.object) {
			return fmt.Errorf("%s is erased, and no %s event says so", m.what, kindErased)
		}
	}
	return nil
}
