package snapshots

import (
	"context"

	"tenure/snapshots/clientsecret"
	"tenure/snapshots/credential"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// NewSecret is a client secret made ready outside the write transaction: its hash is.
type NewSecret struct {
	ID    string
	plain string
	hash  credential.Hash
	// hidden is that nobody can be shown it, though its text is known.
	hidden bool
}

// Plain is the secret's text, for the one answer that shows it.
func (n *NewSecret) Plain() string { return n.plain }

// GenerateSecret makes a secret that this program chose (at least 128 random
// bits), in the form of the dialect that asks.
func (s *Store) GenerateSecret(plain string) (*NewSecret, error) {
	return s.newSecret(plain, credential.Generated(plain)), nil
}

// CheckSecret is clientsecret.Check, for every surface.
func CheckSecret(plain string) []fault.Field { return clientsecret.Check(plain) }

// ChosenSecret makes ready a secret that a person or another system chose:
// Invalid if CheckSecret finds it weak. The hash is slow; Timeout if ctx ends
// before its turn comes.
func (s *Store) ChosenSecret(ctx context.Context, plain string) (*NewSecret, error) {
	if err := fault.Rules(CheckSecret(plain)); err != nil {
		return nil, err
	}
	hash, err := s.hashChosen(ctx, s.turns.Keyed, "", plain)
	if err != nil {
		return nil, err
	}
	return s.newSecret(plain, hash), nil
}

// ImportedSecret makes ready a secret of which only the hash is known, in which
// bcrypt's cost is at most maxCost: the fault wraps a *credential.CostError otherwise.
// Nobody can be shown it, and its last characters are not known either.
func (s *Store) ImportedSecret(text string, maxCost int) (*NewSecret, error) {
	hash, err := credential.ParseHash(text, maxCost)
	if err != nil {
		f := fault.Wrap(err, fault.Invalid, "", "the document breaks a rule")
		f.Fields = []fault.Field{{Path: "/client_secret", Rule: "hash", Message: err.Error()}}
		return nil, f
	}
	return s.newSecret("", hash), nil
}

func (s *Store) newSecret(plain string, hash credential.Hash) *NewSecret {
	return &NewSecret{ID: s.newID(), plain: plain, hash: hash}
}

// CanReveal reports whether secrets can be shown again after their creation.
func (s *Store) CanReveal() bool { return s.sealer != nil }

// secretRow is a secret with the instant it ends at; see package clientsecret.
type secretRow = clientsecret.Row

// secretsAt reads the client's secrets that had not ended at a moment, as far as
// that knew, the newest first; some may start later.
func secretsAt(c *db.Conn, id EntityID, m moment) ([]secretRow, error) {
	return clientsecret.At(c, string(id), m.at, m.known)
}

// secretsFrom is secretsAt with all that is known.
func secretsFrom(c *db.Conn, id EntityID, at history.Millis) ([]secretRow, error) {
	return clientsecret.From(c, string(id), at)
}

// ever is an instant before all others.
const ever = history.Millis(-1)

// secret adds the change's secret, valid from when the change takes effect,
// and ends the client's others then.
func (w *writing[T]) secret(row *snapshotRow) error {
	n := w.change.Secret
	if n == nil {
		return nil
	}
	start := SnapshotID("")
	if w.scheduled {
		start = row.ID
	}
	if err := w.addSecret(n, w.validFrom, start); err != nil || w.fresh { // then it has no other
		return err
	}
	return w.s.endSecrets(w.tx, w.scope, w.entity, w.validFrom, n.ID, start)
}

// addSecret stores a secret that is valid from an instant, on the condition of
// a scheduled snapshot if one is named.
func (w *writing[T]) addSecret(n *NewSecret, from history.Millis, start SnapshotID) error {
	sealer := w.s.sealer
	if n.hidden {
		sealer = nil
	}
	err := clientsecret.Insert(w.tx, w.s.ids, sealer, clientsecret.Client{Entity: string(w.entity.ID), ID: w.entity.ClientID}, string(start), n.plain, clientsecret.Row{ID: n.ID, Hash: n.hash, ValidFrom: from})
	w.s.secretEvent(w.tx, w.scope, w.entity, "client.secret-added", n.ID, from)
	return err
}

// endSecrets ends at the instant every secret of e but one, which came with
// the snapshot with; those that start later end too, unless there is such a one.
func (s *Store) endSecrets(tx *db.Tx, scope tenancy.Scope, e Entity, at history.Millis, except string, with SnapshotID) error {
	if e.Kind != KindClient {
		return nil
	}
	rows, err := secretsFrom(&tx.Conn, e.ID, at)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.ID == except || except != "" && r.ValidFrom > at {
			continue
		}
		s.endSecret(tx, scope, e, r.ID, at, with)
	}
	return nil
}

func (s *Store) endSecret(tx *db.Tx, scope tenancy.Scope, e Entity, id string, at history.Millis, with SnapshotID) {
	clientsecret.End(tx, string(e.ID), id, string(with), at)
	s.secretEvent(tx, scope, e, "client.secret-ended", id, at)
}

func (s *Store) secretEvent(tx *db.Tx, scope tenancy.Scope, e Entity, kind history.Kind, id string, at history.Millis) {
	history.Record(tx, scope.Event(history.Event{Kind: kind, ObjectKind: string(e.Kind), Object: string(e.ID),
		Ref: id, Org: string(e.Owner), Effective: at}))
}

// Disclosed is a secret on its way to whoever may see it; the zero value is none.
type Disclosed struct{ ID, Plain string }

// Disclose returns the client's newest secret that is valid at an instant (0 for
// now; a later one for what is planned) for an answer that shows it. The first of
// an hour to the same caller is returned only once it is logged; those that follow
// are counted, and logged together when the hour is over (Flush). It is zero if
// the client has none, or secrets are not kept recoverable.
func (s *Store) Disclose(ctx context.Context, scope tenancy.Scope, e Entity, at history.Millis) (Disclosed, error) {
	e, found, err := s.disclosable(ctx, scope, e, at)
	if err != nil || found.ID == "" {
		return Disclosed{}, err
	}
	if err := s.disclosures.Show(ctx, scope, string(e.ID), e.Owner, found.ID); err != nil {
		return Disclosed{}, err
	}
	return found, nil
}

// WouldDisclose is Disclose for an answer that has the headers of one that shows
// the secret and no body (HEAD, 304): nothing is shown, so nothing is logged.
func (s *Store) WouldDisclose(ctx context.Context, scope tenancy.Scope, e Entity, at history.Millis) (Disclosed, error) {
	_, found, err := s.disclosable(ctx, scope, e, at)
	return found, err
}

// disclosable finds the secret that an answer to the scope may show, and the
// client as the rows have it.
func (s *Store) disclosable(ctx context.Context, scope tenancy.Scope, e Entity, at history.Millis) (Entity, Disclosed, error) {
	if err := scope.Check(tenancy.Secrets); err != nil {
		return e, Disclosed{}, err
	}
	if s.sealer == nil {
		return e, Disclosed{}, nil
	}
	e, err := s.covered(ctx, scope, Ref{Module: e.Module, Setup: e.Setup, Entity: e.ID})
	if fault.Is(err, fault.NotFound) {
		return e, Disclosed{}, unknown(KindClient)
	}
	if err != nil {
		return e, Disclosed{}, err
	}
	current, err := s.secretAt(ctx, e.ID, at)
	if err != nil || current == nil || len(current.Sealed) == 0 {
		return e, Disclosed{}, err
	}
	plain, err := s.sealer.Open(credential.Bearer{Secret: current.ID, Client: string(e.ID), ClientID: e.ClientID, Hash: current.Hash}, current.Sealed)
	return e, Disclosed{current.ID, plain}, err
}

// SecretMatches reports whether plain is the client's newest secret that is
// valid at an instant (0 for now).
// It may cost an argon2 run, so it is asked outside any transaction. A client
// that the scope does not cover has no secret here.
func (s *Store) SecretMatches(ctx context.Context, scope tenancy.Scope, ref Ref, plain string, at history.Millis) (bool, error) {
	current, err := s.ownSecret(ctx, scope, ref, at)
	if err != nil || current == nil {
		return false, err
	}
	return s.matches(ctx, s.turns.Hashes(scope), scope.Lane(), current.Hash, plain)
}

// HasSecret reports whether the client has a secret that is valid at an
// instant (0 for now).
func (s *Store) HasSecret(ctx context.Context, scope tenancy.Scope, ref Ref, at history.Millis) (bool, error) {
	current, err := s.ownSecret(ctx, scope, ref, at)
	return current != nil, err
}

func (s *Store) ownSecret(ctx context.Context, scope tenancy.Scope, ref Ref, at history.Millis) (*secretRow, error) {
	if err := scope.Check(tenancy.WriteClients); err != nil {
		return nil, err
	}
	e, err := s.covered(ctx, scope, ref)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.secretAt(ctx, e.ID, at)
}

func (s *Store) secretAt(ctx context.Context, id EntityID, at history.Millis) (*secretRow, error) {
	now := s.log.Now().Millis()
	held := s.cache.heldSecrets(id, now)
	if held == nil {
		held = &secrets{at: now, size: s.log.Size()}
		var err error
		if held.rows, err = secretsFrom(s.db.Single(ctx), id, now); err != nil {
			return nil, err
		}
		s.cache.keepSecrets(id, held)
	}
	for i := range held.rows {
		if held.rows[i].ValidAt(max(at, now)) {
			return &held.rows[i], nil
		}
	}
	return nil, nil
}
