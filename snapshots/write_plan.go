package snapshots

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"tenure/jwk"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Plan is what a change would do, and what it stands on. Digest names all of
// it: a change that carries it does exactly this or nothing.
type Plan struct {
	Digest    string // 64 lower-case hex characters
	Base      SnapshotID
	ValidFrom *history.Millis // as asked for; nil for now
	Later     []Later         // planned snapshots that follow it, oldest first
	Changes   bool            // false: the content is the base's already
}

// Later is a planned snapshot that a change is put in front of. It was made
// without it.
type Later struct {
	ID        SnapshotID
	ValidFrom history.Millis
}

// ErrMoved is the Conflict of a change whose plan is out of date; Plan is the new
// one.
type ErrMoved struct{ Plan Plan }

func (e *ErrMoved) Error() string { return "the plan is out of date" }

// Unwrap makes it a Conflict with fault.CodePlanMoved.
func (e *ErrMoved) Unwrap() error {
	return fault.New(fault.Conflict, fault.CodePlanMoved, "%s; a new one is attached", e.Error())
}

// plan describes the change as the transaction finds it, and holds it to the
// digest that it carries.
func (w *writing[T]) plan(raw []byte, changes bool) (Plan, error) {
	p := Plan{ValidFrom: w.change.ValidFrom, Changes: changes}
	if w.base != nil {
		p.Base = w.base.ID
	}
	if !w.fresh {
		var rows []snapshotRow
		if err := w.tx.Select(&rows, "SELECT "+snapshotColumns+ofEntity+" AND s.valid_from > ?"+notWithdrawn+" ORDER BY s.valid_from",
			w.entity.Module, w.entity.Setup, w.entity.ID, w.validFrom); err != nil {
			return p, err
		}
		for _, r := range rows {
			p.Later = append(p.Later, Later{r.ID, r.ValidFrom})
		}
	}
	setup := SnapshotID("")
	if w.setupActive != nil {
		setup = w.setupActive.ID
	}
	h := sha256.New()
	fmt.Fprintf(h, "plan v1\n%s\n%s\n%s\n", w.entity.ID, p.Base, setup)
	if p.ValidFrom != nil {
		fmt.Fprintf(h, "%d", *p.ValidFrom)
	}
	for _, l := range p.Later {
		fmt.Fprintf(h, "\n%s", l.ID)
	}
	fmt.Fprintf(h, "\n%d\n", len(raw))
	h.Write(raw)
	p.Digest = hex.EncodeToString(h.Sum(nil))
	if w.change.Digest != "" && w.change.Digest != p.Digest {
		return p, &ErrMoved{p}
	}
	return p, nil
}

// Lost is something that a client had at the snapshot rolled back to, and
// that the rollback does not bring back.
type Lost struct {
	What string // "secret": ended since; "certificate": comes back, and has expired
	ID   string // of the secret; subject of the certificate
	At   history.Millis
}

// Rollback appends a snapshot with the content of an earlier one, as a change
// like any other: ch.Apply is not used. It brings no secret and no token back;
// what a client had then and has no longer is told.
func Rollback[T document.Content](ctx context.Context, s *Store, scope tenancy.Scope, ref Ref, to SnapshotID, ch Change[T]) (Outcome[T], []Lost, error) {
	if err := scope.Check(writePermission(kindOf[T]()) | tenancy.History | tenancy.Plans); err != nil {
		return Outcome[T]{}, nil, err
	}
	found, err := Snapshot[T](ctx, s, scope, ByRef(ref), to)
	if err != nil {
		return Outcome[T]{}, nil, err
	}
	ch.Apply = func(*T, *document.Setup) (*T, error) { return found.Content, nil }
	out, err := Edit(ctx, s, scope, ref, ch)
	client, ok := any(found).(Resolved[document.Client])
	if err != nil && !rehearsed(err) || !ok {
		return out, nil, err
	}
	lost, failed := s.lost(ctx, client, out.ValidFrom)
	return out, lost, errors.Join(failed, err)
}

func (s *Store) lost(ctx context.Context, then Resolved[document.Client], from history.Millis) ([]Lost, error) {
	rows, err := secretsFrom(s.db.Single(ctx), then.Entity.ID, then.ValidFrom)
	if err != nil {
		return nil, err
	}
	at := max(from, s.log.Now().Millis())
	lost := []Lost{}
	for _, r := range rows {
		start := max(then.ValidFrom, r.ValidFrom)
		if had := r.ValidAt(start) && (then.NextValidFrom == 0 || start < then.NextValidFrom); had && !r.ValidAt(at) {
			lost = append(lost, Lost{"secret", r.ID, r.EndsAt})
		}
	}
	for _, key := range jwk.Keys([]byte(then.Content.JWKS)) {
		for _, c := range key.Certificates {
			if ends := history.Millis(c.NotAfter.UnixMilli()); ends < at {
				lost = append(lost, Lost{"certificate", c.Subject, ends})
			}
		}
	}
	return lost, nil
}
