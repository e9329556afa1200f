package snapshots

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
			if r.validAt(w.now) {
				secret = r.ID
				break
			}
		}
	}
	return w.change.Match(string(w.base.ID), string(setup), string(w.entity.Owner), secret)
}
