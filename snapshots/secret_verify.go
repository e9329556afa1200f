package snapshots

import (
	"cmp"
	"context"
	"time"

	"tenure/snapshots/credential"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fair"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Verified is a client that proved who it is by one of its secrets.
type Verified struct {
	Entity Entity
	secret string // id of the secret, where RenewSecret has something to do
}

// VerifySecret proves that a caller is the client with the client_id, by a secret
// and by the auth method it is registered with; it returns what a scope for that
// client is made of. Unauthenticated for anything else, after no less work than a
// slow hash and no less time than Options.FailureTime: neither tells unknown,
// generated, chosen and imported secrets apart.
func (s *Store) VerifySecret(ctx context.Context, setup EntityID, clientID, method, secret string) (Verified, error) {
	begun := time.Now()
	v, err := s.verifySecret(ctx, setup, clientID, method, secret)
	if fault.Is(err, fault.Unauthenticated) {
		pause(ctx, s.failureTime-time.Since(begun))
	}
	return v, err
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *Store) verifySecret(ctx context.Context, setup EntityID, clientID, method, secret string) (Verified, error) {
	e, err := s.current(ctx, setup, clientID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Verified{}, err
	}
	var rows []secretRow
	now := s.log.Now().Millis()
	if err == nil {
		if rows, err = secretsFrom(s.db.Single(ctx), e.ID, now); err != nil {
			return Verified{}, err
		}
	}
	found, slow := (*secretRow)(nil), false
	for i, r := range rows {
		if !r.ValidAt(now) {
			continue
		}
		slow = slow || !r.Hash.Fast()
		matches, err := s.matches(ctx, s.turns.Open, clientID, r.Hash, secret)
		if err != nil {
			return Verified{}, err
		}
		if matches {
			found = &rows[i]
			break
		}
	}
	if found == nil && !slow {
		if _, err := s.matches(ctx, s.turns.Open, clientID, credential.Dummy, secret); err != nil { // an unknown client costs what a known one does
			return Verified{}, err
		}
	}
	if found == nil || !s.authenticatesBy(ctx, e, method, now) {
		return Verified{}, errClient()
	}
	s.verified(e)
	v := Verified{Entity: e}
	if found.Hash.Renews(secret) {
		v.secret = found.ID
	}
	return v, nil
}

// authenticatesBy reports whether the client is in force and registered with
// the method; one without any has RFC 7591's default.
func (s *Store) authenticatesBy(ctx context.Context, e Entity, method string, now history.Millis) bool {
	t, err := s.timeline(ctx, e.ID, now)
	if err != nil || t.active == nil || t.active.tombstone() {
		return false
	}
	v, err := assembleOne[document.Client](ctx, s, t)
	return err == nil && !v.Content.Public() && cmp.Or(v.Content.TokenEndpointAuthMethod, "client_secret_basic") == method
}

func assembleOne[T document.Content](ctx context.Context, s *Store, t *timeline) (Version[T], error) {
	var v Version[T]
	if held(s, t, &v) {
		return v, nil
	}
	err := s.db.View(ctx, func(c *db.Conn) (err error) {
		v, err = version[T](s, c, t.entity, t.active)
		return err
	})
	return v, err
}

// Imported reports whether the secret is held by another system's hash, which
// RenewSecret replaces.
func (v Verified) Imported() bool { return v.secret != "" }

// RenewSecret replaces the imported hash of a secret that was just proved by
// one of ours: the same secret under a new id, with the same beginning and
// end. It stays what nobody can be shown.
func (s *Store) RenewSecret(ctx context.Context, scope tenancy.Scope, v Verified, plain string) error {
	if err := scope.Check(tenancy.WriteClients); err != nil || !v.Imported() {
		return err
	}
	hash, err := s.hashChosen(ctx, s.turns.Open, string(v.Entity.ID), plain)
	if err != nil {
		return err
	}
	n := s.newSecret(plain, hash)
	n.hidden = true
	ref := Ref{Module: v.Entity.Module, Setup: v.Entity.Setup, Entity: v.Entity.ID}
	_, err = s.changeSecrets(ctx, scope, ref, func(w *writing[document.Client]) error {
		rows, err := secretsFrom(&w.tx.Conn, w.entity.ID, w.now)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.ID != v.secret || !r.ValidAt(w.now) {
				continue
			}
			if err := w.addSecret(n, r.ValidFrom, ""); err != nil {
				return err
			}
			// An end that came with a planned secret follows from that one.
			var ends history.Millis
			if err := w.tx.Get(&ends, "SELECT COALESCE(min(ends_at), 0) FROM secret_end WHERE secret_id = ? AND snapshot_id = ''", r.ID); err != nil {
				return err
			}
			if ends != 0 {
				s.endSecret(w.tx, w.scope, w.entity, n.ID, ends, "")
			}
			s.endSecret(w.tx, w.scope, w.entity, r.ID, w.now, "")
			return nil
		}
		return nil // another request was first
	})
	return err
}

func errClient() error {
	return fault.New(fault.Unauthenticated, "", "the client is unknown, or its credentials are not valid")
}

// matches reports whether the hash is the secret's.
func (s *Store) matches(ctx context.Context, in *fair.Places, lane string, hash credential.Hash, secret string) (ok bool, err error) {
	if hash.Fast() {
		return hash.Matches(secret), nil
	}
	err = in.Do(ctx, lane, func() error { ok = hash.Matches(secret); return nil })
	return ok, err
}

// hashChosen hashes a secret that a person or another system chose.
func (s *Store) hashChosen(ctx context.Context, in *fair.Places, lane, secret string) (hash credential.Hash, err error) {
	err = in.Do(ctx, lane, func() (err error) { hash, err = credential.Chosen(s.ids, secret); return err })
	return hash, err
}
