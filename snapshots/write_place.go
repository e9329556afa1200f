package snapshots

import (
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Match is what the caller of a write knows of the object (If-Match): its fault
// says that the object is another by now. It is asked in the transaction with
// the snapshots in force of the object and of its setup, the object's owner and
// the id of the newest valid secret; each is empty for none. Nil is no condition.
type Match func(snapshot, setup, owner, secret string) error

// matches asks the change's Match with what the write builds on.
func (w *writing[T]) matches() error {
	if w.change.Match == nil {
		return nil
	}
	if w.base == nil {
		return w.change.Match("", "", string(w.entity.Owner), "")
	}
	setup, secret := w.base.ID, ""
	if w.setupActive != nil {
		setup = w.setupActive.ID
	}
	if w.entity.Kind == KindClient {
		rows, err := secretsFrom(&w.tx.Conn, w.entity.ID, w.now)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.ValidAt(w.now) {
				secret = r.ID
				break
			}
		}
	}
	return w.change.Match(string(w.base.ID), string(setup), string(w.entity.Owner), secret)
}

// place decides when the change takes effect, inside the transaction: what
// was the future when the request arrived may be the past by now.
func (w *writing[T]) place() (err error) {
	w.validFrom, w.base = w.now, w.active
	if w.change.Imported != nil {
		return w.placeImported(*w.change.Imported)
	}
	if at := w.change.ValidFrom; at != nil {
		if err := w.explicit(*at); err != nil {
			return err
		}
		if w.scheduled {
			return w.findBase()
		}
	}
	// Each snapshot has an instant of its own: at least 1 ms after the one it follows.
	for w.base != nil && w.base.ValidFrom >= w.validFrom {
		w.validFrom = w.base.ValidFrom + 1
		if err := w.findBase(); err != nil {
			return err
		}
	}
	if w.validFrom > w.now && w.validFrom > w.s.log.Most(maxAhead).Millis() {
		f := fault.New(fault.Unavailable, "", "too many changes of one object at once; try again shortly")
		f.RetryAfter = maxAhead
		return f
	}
	history.Advance(w.tx, w.validFrom.Micros())
	return nil
}

// findBase reads what is in force at the change's own instant.
func (w *writing[T]) findBase() (err error) {
	if !w.fresh {
		w.base, err = inForce(&w.tx.Conn, w.entity, w.validFrom)
	}
	return err
}

// explicit takes a valid_from that the caller wrote.
func (w *writing[T]) explicit(at history.Millis) error {
	if at > w.now {
		w.validFrom, w.scheduled = at, true
		return nil
	}
	if w.active != nil && w.active.ValidFrom == at {
		f := fault.At("/valid_from", "active-instant",
			"it is the instant of the snapshot in force; leave it out to change the configuration now")
		f.Code = fault.CodeActiveInstant
		return f
	}
	if at < w.now-graceBack {
		return fault.At("/valid_from", "past", "it is in the past; a snapshot can only take effect now or later")
	}
	return nil
}

// loadBase reads the base's content, and what else the change's place is next
// to, and compares the base with what the caller expects.
func (w *writing[T]) loadBase() (err error) {
	if w.attempt = 1; !w.fresh {
		if w.next, w.attempt, err = placeAt(w.tx, w.entity, w.validFrom); err != nil {
			return err
		}
	}
	if w.base != nil {
		if w.base.tombstone() {
			return unknown(w.entity.Kind)
		}
		if w.baseDoc, w.baseRaw, err = body[T](w.s, &w.tx.Conn, w.base.ID); err != nil {
			return err
		}
	}
	return w.matches()
}
