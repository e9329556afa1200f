package snapshots

import (
	"context"

	"tenure/snapshots/clientsecret"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// maxSecrets is how many secrets of a client may be valid beside the newest.
const maxSecrets = 5

// Secret is what may be told of a client's secret: never its text.
type Secret struct {
	ID         string
	Last4      string // empty for a short secret
	ValidFrom  history.Millis
	EndsAt     history.Millis // 0 for never
	RecordedAt history.Micros
}

// RotateSecret adds a secret and lets those before it live until ends (0 for
// without end), at most maxSecrets of them: the oldest beyond that end now. A
// repeated request (Outcome.Repeated) adds none: the first one's counts.
func (s *Store) RotateSecret(ctx context.Context, scope tenancy.Scope, ref Ref, n *NewSecret, ends history.Millis) (out Outcome[document.Client], err error) {
	out.Resolved, err = s.changeSecrets(ctx, scope, ref, func(w *writing[document.Client]) error {
		earlier, err := scope.Earlier(w.tx)
		if out.Repeated = earlier != ""; err != nil || out.Repeated {
			return err
		}
		if err := w.rotate(n, ends); err != nil {
			return err
		}
		return scope.Remember(w.tx, string(w.active.ID))
	})
	return out, err
}

func (w *writing[T]) rotate(n *NewSecret, ends history.Millis) error {
	rows, err := secretsFrom(&w.tx.Conn, w.entity.ID, w.now)
	if err != nil {
		return err
	}
	kept := 0
	for _, r := range rows {
		kept++
		end := ends
		if kept > maxSecrets {
			end = w.now
		}
		if end == 0 || r.EndsAt != 0 && r.EndsAt <= end {
			continue
		}
		w.s.endSecret(w.tx, w.scope, w.entity, r.ID, end, "")
	}
	return w.addSecret(n, w.now, "")
}

// EndRotated ends every secret of a client but the newest.
func (s *Store) EndRotated(ctx context.Context, scope tenancy.Scope, ref Ref) (Resolved[document.Client], error) {
	return s.changeSecrets(ctx, scope, ref, func(w *writing[document.Client]) error {
		rows, err := secretsFrom(&w.tx.Conn, w.entity.ID, w.now)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.ValidAt(w.now) {
				return s.endSecrets(w.tx, w.scope, w.entity, w.now, r.ID, "")
			}
		}
		return nil
	})
}

// changeSecrets runs change on a client that scope may write and that is in
// force, and returns the client.
func (s *Store) changeSecrets(ctx context.Context, scope tenancy.Scope, ref Ref, change func(*writing[document.Client]) error) (Resolved[document.Client], error) {
	if err := scope.Check(tenancy.WriteClients); err != nil {
		return Resolved[document.Client]{}, err
	}
	return inTransaction(ctx, s, scope, s.foresee(scope, ref, clientsecret.Needs(string(ref.Entity))), func(tx *db.Tx) (Resolved[document.Client], error) {
		var found Resolved[document.Client]
		to, err := s.toChange(tx, scope, KindClient, ref)
		if err == nil && to.active == nil {
			err = unknown(KindClient)
		}
		if err != nil {
			return found, err
		}
		w := &writing[document.Client]{s: s, tx: tx, scope: scope, target: to, now: history.At(tx).Millis()}
		if err := change(w); err != nil {
			return found, err
		}
		if found.Version, err = version[document.Client](s, &tx.Conn, to.entity, to.active); err != nil {
			return found, err
		}
		found.Setup, _, err = w.setupVersions()
		return found, err
	})
}

// Secrets lists the secrets that a client had at an instant: those that had not
// ended, and had started or were planned by then. Newest first. Deleted now, the
// client is NotFound; all end with its setup and its organization.
func (s *Store) Secrets(ctx context.Context, scope tenancy.Scope, name Name, in Instant) ([]Secret, error) {
	if err := scope.Check(tenancy.History); err != nil {
		return nil, err
	}
	if !in.Given() {
		e, state, err := s.Find(ctx, scope, name)
		if err == nil && state == Deleted {
			err = unknown(KindClient)
		}
		if err != nil {
			return nil, err
		}
		name = ByEntity(e.ID)
	}
	return inView(ctx, s, scope, in, func(l *look) ([]Secret, error) {
		id, ends := name.ref.Entity, history.Millis(0)
		if l.past {
			p, err := l.find(KindClient, name)
			if err == nil {
				ends, err = l.containersEnd(p, forever.Millis())
			}
			if err != nil {
				return nil, err
			}
			id = p.own.entity.ID
		}
		rows, err := secretsAt(l.view, id, l.moment)
		list := []Secret{}
		for _, r := range rows {
			if r.ValidFrom <= l.at || r.RecordedAt <= l.tree() {
				list = append(list, Secret{r.ID, r.Last4, r.ValidFrom, earlier(r.EndsAt, ends), r.RecordedAt})
			}
		}
		return list, err
	})
}
